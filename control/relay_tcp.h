// A published TCP port: accepts its clients and lets a RelayConnection carry each to the endpoint.
//
// A Relay (see there). A client that may not come, or comes when there are RelayLimits::flows, is
// reset and counted. A connection is accepted before the endpoint has: one that the endpoint
// refuses is reset, which is all that TCP lets a relay say.
#pragma once
#include <unordered_set>

#include "control/relay.h"
#include "control/relay_connection.h"

namespace uswitch {

class TcpRelay : public Relay {
 public:
  using Relay::Relay;

  // Resets its connections.
  void end_flows() override;

 private:
  bool serve() override;
  void carry(UniqueFd client, const IpAddress& from);
  void ended(RelayConnection* connection);

  std::unordered_set<RelayConnection*> connections_;
};

}  // namespace uswitch
