// The router as a stage of the pipeline: frames that are addressed to the gateway's MAC leave it
// for another network, or for the same one, with new MACs and one hop less to live; or they are the
// router's own.
//
// Theory of operation. A batch goes through in passes, so that the memory that look-ups wait for is
// on its way while other packets are looked at: check() headers and sources; look_up() routes;
// finish(): judge (may it go there?), find the next station, put in that station's MAC. Between
// them nat does its part. Nearly all packets are finished then. The others (answers, errors,
// fragments, stations to be asked for) keep the verdict to_router and are handled one by one when
// their turn in the batch has come, so that what belongs to one flow stays in order (BR-8).
//
// Kind "mine": one a worker.
#pragma once
#include <array>
#include <optional>
#include <span>

#include "core/batch.h"
#include "router/arp.h"
#include "router/local.h"
#include "router/nd.h"
#include "router/sender.h"

namespace uswitch {

class Router {
 public:
  Router(Outbox& outbox, unsigned worker) : sender_(outbox, worker) {}

  // Frames of one batch that are addressed to the MAC of their network's router, layouts known.
  // verdicts[i] becomes to_router or a drop.
  void check(const Routing& routing, std::span<Packet* const> packets, std::span<Verdict> verdicts);
  // The three below: of those whose verdict is to_router.
  void look_up(const Routing& routing, std::span<Packet* const> packets,
               std::span<const Verdict> verdicts);
  // verdicts[i] becomes forward, or stays to_router: then take_turn(i) must follow.
  void finish(const Routing& routing, std::span<Packet* const> packets, std::span<Verdict> verdicts,
              Time now);
  // In the order of the batch, the `index`th packet of it.
  Verdict take_turn(const Routing& routing, Packet& packet, size_t index, Time now);

  // The network that the `index`th packet goes out to; no_network: to the router itself, or
  // nowhere.
  NetworkId way_of(size_t index) const {
    return plans_[index].local ? no_network : network_of(plans_[index].target);
  }
  static NetworkId way_to(const Routing& routing, const IpAddress& destination) {
    return network_of(routing.routes->lookup(destination));
  }
  // Its destination has changed since look_up().
  void look_up_anew(const Routing& routing, const Packet& packet, size_t index);

  // Puts a fragment to the others of its datagram. next: `whole`, a fresh packet, is the datagram
  // now; consumed: it waits for others; or a drop.
  Verdict reassemble(const Routing& routing, Packet& fragment, Packet& whole, Time now) {
    return local_.reassemble(routing, fragment, whole, now);
  }
  // Tells the sender of a packet that it was refused on purpose (I-8).
  void tell_prohibited(const Routing& routing, const Packet& packet, Time now);
  // Tells the sender of a packet that was not even addressed to the router that it is too long for
  // where it goes: one of those that may not be cut.
  void tell_too_big(const Routing& routing, const Packet& packet, uint16_t mtu, Time now);

  // Whether a frame to a group is of interest here, and what becomes of the router's copy of it:
  // consumed or a drop. The frame stays as it is.
  static bool listens_to(const Packet& packet);
  Verdict listen(const Routing& routing, const Packet& packet, Time now);

  // Neighbours that packets wait for have been found or given up.
  void settle(const Routing& routing, Time now) { sender_.settle(routing, now); }
  // From time to time: gives up fragments that wait for others.
  void expire(const Routing& routing, Time now) { local_.expire(routing, now); }
  // Packets that came in and are neither sent nor dropped yet.
  size_t held() const { return sender_.held() + local_.held(); }

  // A frame that the control thread composed, from fresh().
  void send_frame(Packet& frame, NetworkId network) { sender_.send_frame(frame, network); }

  // What a packet's headers, its route and the rules say of it. Pure: check() and judge() change
  // nothing but the plan.
  struct Plan {
    const RouteTarget* target = nullptr;
    Station station;
    bool local = false;
    Reason reason = Reason::none;  // why it may not pass

    // As new, but for the station.
    void begin() {
      target = nullptr;
      local = false;
      reason = Reason::none;
    }
  };

  // Of a packet that is no ARP: why it is not even looked at.
  static Reason check(const Routing& routing, const Packet& packet, Plan& plan);
  // Whether it may go where plan.target, its route, leads; sets the next station, or `local`.
  static Reason judge(const Routing& routing, const Packet& packet, Plan& plan);
  // Whether a packet that was judged to need it is cut into fragments.
  static bool is_cut(const Packet& packet, Reason reason);
  // What every packet goes through that is sure to be forwarded.
  static void pass(const Routing& routing, Packet& packet, NetworkId to);
  // What the source of one that was judged so is told; nothing for the silent drops.
  static std::optional<IcmpError> error_of(const Routing& routing, const Packet& packet,
                                           Reason reason, NetworkId to);

 private:
  static NetworkId network_of(const RouteTarget* target) {
    return target && target->kind == RouteKind::forward ? target->hops[0].network : no_network;
  }
  Verdict refuse(const Routing& routing, Packet& packet, const Plan& plan, Time now);

  Sender sender_;
  Arp arp_{sender_};
  Nd nd_{sender_};
  Local local_{sender_, nd_};
  std::array<Plan, Batch::limit> plans_;
};

}  // namespace uswitch
