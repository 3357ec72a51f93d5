// What the router does with neighbour discovery (RFC 4861, RFC 4862, RFC 9131; STANDARDS ND-1..7,
// ND-10): learns who is where, answers for its own addresses and, on other networks, for the
// host's, tells stations about itself when they ask for routers, and defends its addresses.
//
// Kind "mine": one a worker.
#pragma once
#include "router/nd_message.h"
#include "router/pace.h"
#include "router/sender.h"
#include "wire/ndp.h"

namespace uswitch {

class Nd {
 public:
  explicit Nd(Sender& sender) : sender_(sender) {}

  // Whether the ICMPv6 message belongs here: types 133 to 137.
  static bool takes(const Packet& packet);
  // An IPv6 packet that takes() said yes to, on a network that has a router, or a copy of it; it
  // stays as it is. none, or why the router does not believe it.
  Reason receive(const Routing& routing, const Packet& packet, Time now);

 private:
  struct Message;  // what all of these need of it

  Reason solicitation(const Message& m);
  Reason advertisement(const Message& m);
  Reason router_solicitation(const Message& m);
  void learn_source(const Message& m);
  void claim(const Message& m, const nd_message::Claim& claim, const nd_message::To& to);

  Sender& sender_;
  Pace defence_{defend_interval};
};

}  // namespace uswitch
