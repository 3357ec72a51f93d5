#include "tunnel/source_ports.h"

#include <algorithm>
#include <random>
#include <system_error>

#include "core/open_files.h"

namespace uswitch {

namespace {

constexpr unsigned first_port = 49152, ports = 65536 - first_port;  // RFC 7348 5

// Descriptors for all else must be left.
unsigned affordable(unsigned wanted) {
  return static_cast<unsigned>(std::clamp<uint64_t>(raised_open_files() / 8, 1, wanted));
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
