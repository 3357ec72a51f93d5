#include "tunnel/source_ports.h"

#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <system_error>

namespace uswitch {

namespace {

constexpr unsigned first_port = 49152, ports = 65536 - first_port;  // RFC 7348 5

// What the process may have without asking anybody. Descriptors for all else must be left.
unsigned affordable(unsigned wanted) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) < 0) return wanted;
  if (files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  return static_cast<unsigned>(std::clamp<rlim_t>(files.rlim_cur / 8, 1, wanted));
}

}  // namespace

// From a random place on, so that two tunnels, or two programs, rarely want the same ports.
SourcePorts::SourcePorts(const UdpOptions& options) {
  const unsigned wanted = affordable(options.source_ports);
  const unsigned start = std::random_device{}() % ports;
  for (unsigned i = 0; i < ports && sockets_.size() < wanted; ++i) {
    const auto port = static_cast<uint16_t>(first_port + (start + i) % ports);
    if (UniqueFd fd = open_sending(options, port)) sockets_.push_back(std::move(fd));
  }
  if (sockets_.empty()) {
    throw std::system_error(
        EADDRINUSE, std::generic_category(),
        "cannot send from " + options.local.to_string() + ": every port from 49152 on is taken");
  }
}

}  // namespace uswitch
