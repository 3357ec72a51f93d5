// What the relays of published host ports have in common: what one relays, what it counts, the
// thread that they all run on, and how one waits for clients.
//
// RelayEntry, RelayCounts and RelayLimits are plain values. RelayThread and what is in it belong to
// the relay thread ("mine"), except for `io`, to which any thread may post.
#pragma once
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "control/relay_socket.h"
#include "core/counters.h"
#include "core/time.h"
#include "wire/address.h"

namespace uswitch {

// A port of the host and the endpoint's that answers behind it. Their families need not be the
// same.
struct RelayEntry {
  IpAddress address;  // 0.0.0.0, ::: all that the host has, of that family
  uint16_t port = 0;  // 0: the system chooses one
  bool udp = false;   // otherwise TCP
  IpAddress to;
  uint16_t to_port = 0;
  std::vector<IpPrefix> allow;  // clients; empty: everybody

  bool operator==(const RelayEntry&) const = default;
};

// Flows are TCP connections, and UDP clients that were heard of lately.
struct RelayCounts {
  uint64_t opened = 0, active = 0;
  uint64_t refused = 0;    // connections or datagrams: not allowed, or too many flows
  uint64_t failed = 0;     // flows for which the endpoint could not be reached
  uint64_t bytes_in = 0;   // from clients
  uint64_t bytes_out = 0;  // from the endpoint

  RelayCounts& operator+=(const RelayCounts& other);
  bool operator==(const RelayCounts&) const = default;
};

struct RelayLimits {
  // Of all entries together, and at most what the process's descriptors allow: a flow takes up to
  // two of them, and `reserve` are left to everything else.
  size_t flows = 16384;
  size_t reserve = 512;
  size_t udp_flows = 4096;  // of one entry
  Duration udp_idle = std::chrono::seconds(300);
};

struct RelayThread {
  explicit RelayThread(const RelayLimits& of) : limits(of) {}

  boost::asio::io_context io{1};  // one thread runs it
  RelayLimits limits;
  size_t flows = 0;
  // What is on its way from one socket to another. Nothing stays here between two handlers.
  std::array<uint8_t, size_t{64} * 1024> buffer;
};

// One entry at work: a socket to which clients come. Its members are called on the relay thread,
// those that say so on any. Handlers keep it alive for a moment after stop().
class Relay : public std::enable_shared_from_this<Relay> {
 public:
  // `socket` is open_published's. `thread` must outlive it.
  Relay(RelayThread& thread, UniqueFd socket, RelayEntry entry);
  virtual ~Relay() = default;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  const RelayEntry& entry() const { return entry_; }  // any thread
  RelayCounts counts() const;                         // any thread

  void start();
  // Closes its sockets, those of its flows too; nothing is relayed any more.
  void stop();
  virtual void end_flows() = 0;
  // RelayLimits::udp_idle is another one.
  virtual void idle_changed() {}

 protected:
  // Some of the clients that wait, so that others have their turn; the rest is asked for again.
  // False when the host has no room for them.
  virtual bool serve() = 0;

  bool is_allowed(const IpAddress& client) const;
  bool is_full() const { return thread_.flows >= thread_.limits.flows; }
  bool is_stopped() const { return !socket_.is_open(); }
  void opened();
  void closed();

  RelayThread& thread_;
  const SocketAddress to_;
  RelayDescriptor socket_;
  Counter refused_, failed_, bytes_in_, bytes_out_;

 private:
  void pause();

  const RelayEntry entry_;
  Counter opened_, closed_;
  boost::asio::steady_timer pause_;
};

}  // namespace uswitch
