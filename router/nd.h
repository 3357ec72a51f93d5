// What the router does with neighbour discovery (RFC 4861, RFC 4862, RFC 9131; STANDARDS ND-1..7,
// ND-10): learns who is where, answers for its own addresses and, on other networks, for the
// host's, tells stations about itself when they ask for routers, and defends its addresses.
//
// Kind "mine": one a worker.
#pragma once
#include <optional>

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

  // What receive() will return, and whether it will answer then; changes nothing.
  static Reason judge(const Routing& routing, const Packet& packet);
  static bool is_asked(const Routing& routing, const Packet& packet);

 private:
  struct Message;  // what all of these need of it

  static std::optional<Message> message_of(const Routing& routing, const Packet& packet, Time now);
  static Reason judge(const Message& m);
  static Reason judge_solicitation(const Message& m);
  static Reason judge_advertisement(const Message& m);
  static Reason judge_router_solicitation(const Message& m);
  static bool is_asked(const Message& m);
  void answer(const Message& m);
  void defend(const Message& m);
  void advertise(const Message& m);
  void learn_source(const Message& m);
  void learn_target(const Message& m);
  void claim(const Message& m, const nd_message::Claim& claim, const nd_message::To& to);

  Sender& sender_;
  Pace defence_{defend_interval};
};

}  // namespace uswitch
