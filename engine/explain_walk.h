// The walk behind explain(): one packet of its own, and what has been said of it so far. Each part
// is a stage: it adds steps, and either goes on to the next one or ends the walk.
#pragma once
#include <memory>
#include <string>

#include "engine/explain.h"
#include "nat/nat.h"
#include "router/router.h"
#include "switch/bridge.h"

namespace uswitch {

class ExplainWalk {
 public:
  ExplainWalk(const Tables& tables, PortId ingress, const Packet& packet, Time now);
  Explanation run() &&;

 private:
  const PortSettings& port() const { return tables_.settings[ingress_]; }
  const Network& network() const { return tables_.networks[packet_.network]; }
  const Routing& routing() const { return tables_.routing; }

  void say(std::string stage, std::string text) {
    told_.steps.push_back({std::move(stage), std::move(text)});
  }
  void lose(Reason reason);
  void lose(std::string stage, Reason reason, const std::string& why = {});
  void doubt(std::string stage, std::string what);
  void finish();

  // explain.cpp
  void admit();
  bool classify();
  void layout();
  bool guard();
  void bridge();
  void learn(MacAddress source);
  void find_station();
  PortId where_is(NetworkId network, const MacAddress& mac) const;
  void to_port(PortId id);
  void flood();
  unsigned to_members(PortId except, Reason& why_none);
  void leave_by(PortId id);

  // explain_router.cpp
  void route();
  void listen();
  void look_up(Router::Plan& plan);
  void go_on(Router::Plan& plan);
  void receive();
  void refuse(Reason reason, NetworkId to);
  void next_station(const Station& station);
  void forward();

  // explain_nat.cpp: whether it goes on
  bool translate();
  bool open_flow();
  NetworkId way_to(const IpAddress& destination) const;

  const Tables& tables_;
  const PortId ingress_;
  const Time now_;
  std::unique_ptr<uint8_t[]> bytes_;
  Packet packet_;
  Explanation told_;

  // The source as the MAC table will have it once the packet has passed.
  NetworkId source_network_ = no_network;
  MacAddress source_;
  uint32_t pieces_of_ = 0;  // bytes of L3 packet, when it is cut into fragments
};

}  // namespace uswitch
