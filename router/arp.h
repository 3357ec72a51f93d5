// What the router does with ARP (RFC 826, RFC 5227; STANDARDS ARP-1..8, ARP-13): learns who is
// where, answers for its own addresses and, on other networks, for the host's, and defends its own.
//
// Kind "mine": one a worker.
#pragma once
#include "router/pace.h"
#include "router/sender.h"
#include "wire/arp.h"

namespace uswitch {

class Arp {
 public:
  explicit Arp(Sender& sender) : sender_(sender) {}

  // An ARP frame on a network that has a router, or a copy of it; it stays as it is. none, or why
  // the router does not believe it.
  Reason receive(const Routing& routing, const Packet& packet, Time now);

  // What receive() will return, and whether it will answer then; changes nothing.
  static Reason judge(const Routing& routing, const Packet& packet);
  static bool is_asked(const Routing& routing, const Packet& packet);

 private:
  void learn(const Routing& routing, NetworkId network, const ArpView& arp, Time now);
  void reply(const RouterInterface& own, NetworkId network, const ArpView& request);
  void defend(const RouterInterface& own, NetworkId network, const IpAddress& address, Time now);

  Sender& sender_;
  Pace defence_{defend_interval};
};

}  // namespace uswitch
