// Ports of the host's own addresses behind which an endpoint answers (nat.publish with `on: host`).
//
// What comes to the host's own sockets never passes the router, so such a port is a real socket of
// the host, which also keeps the port from being given away twice, and its flows are relayed: TCP
// from connection to connection, UDP from datagram to datagram, to the endpoint's address, which
// the host reaches through its own port of the switch. The endpoint sees the host's address, not
// the client's.
//
// Owner: the control thread, which calls all of this. The bytes pass on a thread of their own, the
// relay thread, so that they keep nothing else waiting; only remove() and the destructor wait for
// it, for one round of what it has to do (each flow moves at most 256 KiB a round).
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "control/relay.h"

namespace uswitch {

class HostPublish {
 public:
  using Id = uint32_t;  // the caller's

  struct View {
    Id id = 0;
    RelayEntry entry;  // with the port that the system chose, when it was to
    RelayCounts counts;
  };

  // Raises the process's limit of open files as far as it may.
  HostPublish() : HostPublish(RelayLimits()) {}
  explicit HostPublish(const RelayLimits& limits);
  ~HostPublish();  // as remove(), of all
  HostPublish(const HostPublish&) = delete;
  HostPublish& operator=(const HostPublish&) = delete;

  // The port is taken when this returns. Throws DeviceError with one sentence when it cannot be
  // (another program has it, the host has no such address, no right), std::logic_error when the id
  // is in use; nothing has changed then.
  void add(Id id, RelayEntry entry);
  // The port is free and its connections are reset when this returns. Nothing for an unknown id.
  void remove(Id id);

  // Soon after this returns:
  // Endpoints with these addresses are gone. Their connections are reset, their UDP clients
  // forgotten; the ports stay.
  void forget(const std::set<IpAddress>& endpoints);
  // Another RelayLimits::udp_idle, also for the clients that are there.
  void set_udp_idle(Duration idle);

  bool has(Id id) const { return published_.contains(id); }
  std::vector<View> list() const;  // by id
  // Of all ports; those that were removed count on, but have no active flows.
  RelayCounts total() const;
  size_t max_flows() const { return max_flows_; }

 private:
  void run_there(const std::function<void()>& work);

  RelayThread state_;
  const size_t max_flows_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<Id, std::shared_ptr<Relay>> published_;
  RelayCounts removed_;
  std::thread thread_;
};

// How many flows a process with this limit of open files may have; a few at least.
size_t flows_within(uint64_t open_files, const RelayLimits& limits);

}  // namespace uswitch
