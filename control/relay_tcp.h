// A published TCP port: accepts its clients and lets a RelayConnection carry each to the endpoint.
//
// A Relay (see there), on the relay thread. A client that may not come, or comes when there are
// RelayLimits::flows, is reset and counted. A connection is accepted before the endpoint has: one
// that the endpoint refuses is reset, which is all that TCP lets a relay say.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <unordered_set>

#include "control/relay.h"
#include "control/relay_connection.h"
#include "control/relay_socket.h"

namespace uswitch {

class TcpRelay : public Relay, public std::enable_shared_from_this<TcpRelay> {
 public:
  // `listener` is open_published's. `thread` must outlive it.
  TcpRelay(RelayThread& thread, UniqueFd listener, RelayEntry entry,
           std::shared_ptr<RelayCounters> counters);

  void start() override;
  void stop() override;

 private:
  bool accept();
  void pause();
  void serve(UniqueFd client, const IpAddress& from);
  bool admits(const IpAddress& from) const;
  void ended(RelayConnection* connection);

  RelayThread& thread_;
  const RelayEntry entry_;
  const SocketAddress to_;
  std::shared_ptr<RelayCounters> counters_;
  RelayDescriptor listener_;
  boost::asio::steady_timer pause_;
  std::unordered_set<RelayConnection*> connections_;
};

}  // namespace uswitch
