// What the relays of published host ports have in common: what one relays, what it counts, and the
// thread that they all run on.
//
// RelayEntry is a plain value. RelayCounters are written by the relay thread and read by any.
// RelayThread and what is in it belong to the relay thread ("mine"), except for `io`, to which any
// thread may post.
#pragma once
#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/counters.h"
#include "wire/address.h"

namespace uswitch {

// A port of the host and the endpoint's that answers behind it. Their families need not be the
// same.
struct RelayEntry {
  // Without: all that the host has, of both families. 0.0.0.0 and :: are all of their own family.
  std::optional<IpAddress> address;
  uint16_t port = 0;  // 0: the system chooses one
  bool udp = false;   // otherwise TCP
  IpAddress to;
  uint16_t to_port = 0;
  std::vector<IpPrefix> allow;  // clients; empty: everybody

  bool operator==(const RelayEntry&) const = default;
};

inline bool is_allowed(const RelayEntry& entry, const IpAddress& client) {
  return entry.allow.empty() || std::ranges::any_of(entry.allow, [&](const IpPrefix& prefix) {
           return prefix.contains(client);
         });
}

// Flows are TCP connections, and UDP clients that were heard of lately.
struct RelayCounters {
  Counter opened, closed;
  Counter refused;    // connections or datagrams: not allowed, or too many flows
  Counter failed;     // flows for which the endpoint could not be reached
  Counter bytes_in;   // from clients
  Counter bytes_out;  // from the endpoint
};

struct RelayLimits {
  // Of all entries together, and at most what the process's descriptors allow: a flow takes up to
  // two of them, and `reserve` are left to everything else.
  size_t flows = 16384;
  size_t reserve = 512;
  size_t udp_flows = 4096;  // of one entry; for a new one the one longest unused goes
  std::chrono::milliseconds udp_idle{300'000};  // U-5
};

struct RelayThread {
  explicit RelayThread(const RelayLimits& of) : limits(of) {}

  boost::asio::io_context io{1};  // one thread runs it
  RelayLimits limits;
  size_t flows = 0;
  // What is on its way from one socket to another. Nothing stays here between two handlers.
  std::array<uint8_t, size_t{64} * 1024> buffer;
};

// One entry at work. Its members are called on the relay thread. Handlers keep it alive for a
// moment after stop().
class Relay {
 public:
  virtual ~Relay() = default;
  virtual void start() = 0;
  // Closes its sockets, those of its flows too; nothing is relayed any more.
  virtual void stop() = 0;
};

}  // namespace uswitch
