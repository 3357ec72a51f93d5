// The kernel of an endpoint in a replay, as far as the switch cannot do without it: it answers ARP
// and neighbour discovery for its addresses. So packets find their way also to endpoints of which
// there is no capture, or one that begins too late. Main thread.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/batch.h"
#include "router/interface.h"

namespace uswitch {

class ReplayStation {
 public:
  ReplayStation(const MacAddress& mac, const std::vector<IpPrefix>& addresses);

  // What it says to a frame that has come to it, without a tag; nothing to most.
  std::optional<std::vector<uint8_t>> answer(std::span<const uint8_t> frame,
                                             PacketPool& pool) const;

 private:
  bool answer_arp(const Packet& packet, Packet& out) const;
  bool answer_nd(const Packet& packet, Packet& out) const;

  RouterInterface own_;  // what the messages are written from
};

}  // namespace uswitch
