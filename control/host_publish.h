// Ports of the host's own addresses behind which an endpoint answers (nat.publish with `on: host`).
//
// What comes to the host's own sockets never passes the router, so such a port is a real socket of
// the host, which also keeps the port from being given away twice, and its flows are relayed: TCP
// from connection to connection, UDP from datagram to datagram, to the endpoint's address, which
// the host reaches through its own port of the switch. Client and endpoint may use different
// versions of IP. The endpoint sees the host's address, not the client's.
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
    uint64_t opened = 0, active = 0, refused = 0, failed = 0;  // see RelayCounters
    uint64_t bytes_in = 0, bytes_out = 0;
  };

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

  bool has(Id id) const { return published_.contains(id); }
  std::vector<View> list() const;  // by id

 private:
  struct Published {
    RelayEntry entry;
    std::shared_ptr<RelayCounters> counters;
    std::shared_ptr<Relay> relay;
  };

  void run_there(const std::function<void()>& work);

  RelayThread state_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<Id, Published> published_;
  std::thread thread_;
};

// How many flows a process with this limit of open files may have; a few at least.
size_t flows_within(uint64_t open_files, const RelayLimits& limits);

}  // namespace uswitch
