// The last steps of the router for any packet: who is next on its network, what is his MAC, and
// what happens when nobody knows. Also all that the router says of itself goes out through here.
//
// Theory of operation. A packet to a station whose MAC is known gets it and goes on. Otherwise a
// copy waits here (Parking) while the station is asked for; whichever worker hears the answer wakes
// those whose packets wait, and settle() sends them on, or, when nobody answered, tells their
// sources (ARP-10, ND-4).
//
// Kind "mine": one a worker, called within its turns.
#pragma once
#include <optional>

#include "core/outbox.h"
#include "core/time.h"
#include "core/verdict.h"
#include "router/icmp_error.h"
#include "router/icmp_limit.h"
#include "router/interface.h"
#include "router/parking.h"
#include "router/token_bucket.h"

namespace uswitch {

// The station a packet goes to next: by its own address when the destination is on the network
// itself, else the gateway. Filled in place: a copy costs a failed store forwarding, 5 ns.
using Station = Neighbours::Key;
inline void set_station(const Neighbours& neighbours, const RouteHop& hop,
                        const IpAddress& destination, Station& station) {
  if (hop.onlink)
    station.address = destination;
  else
    station.address = hop.gateway;
  station.network = hop.network;
  station.home = neighbours.home(station.network, station.address);
}

class Sender {
 public:
  Sender(Outbox& outbox, unsigned worker)
      : outbox_(outbox), worker_(worker), fragment_id_(worker << 26) {}

  // forward with the packet readdressed, consumed while it waits, or a drop, of which the source
  // was told.
  Verdict to_station(const Routing& routing, Packet& packet, const Station& station, Time now);

  // The station's MAC and the router's own into the frame, which is in this network now.
  static void readdress(const Routing& routing, Packet& packet, NetworkId network,
                        const MacAddress& mac);

  // Tells the source of a packet what became of it, if that may be told (IC-1, IC-4, I6-2).
  void answer(const Routing& routing, const Packet& about, const IcmpError& error, Time now);

  // Answers a TCP segment that nobody here listens for (R4-13), if that may be answered.
  void reset(const Routing& routing, const Packet& about, Time now);

  // An IP packet of the router's own: from fresh(), or one that came in and was turned round. It
  // finds its way like any other and may be longer than the MTU; a link-local destination is on the
  // packet's network. From here on the router is its ingress.
  Verdict originate(const Routing& routing, Packet& packet, Time now);
  // What a stage's caller does with a verdict, for a packet that is in no batch.
  void finish(Packet& packet, Verdict verdict);
  // A finished frame of its own from fresh(), into this network.
  void send_frame(Packet& frame, NetworkId network);

  // Cuts a packet that may be fragmented for the MTU of the station's network and sends the pieces
  // on (FR-1, FR-2).
  Verdict to_station_in_pieces(const Routing& routing, Packet& packet, const Station& station,
                               Time now);

  // Whether it can be: fresh packets must outlive the cutting. Changes nothing.
  static bool can_cut(const Packet& packet, uint32_t mtu);

  // Something that packets wait for has been decided.
  void settle(const Routing& routing, Time now);
  size_t held() const { return parking_.size(); }

  // The packet has come to its end at the router: consumed. In the books the router is a port,
  // which it has been sent to.
  Verdict deliver(const Packet& packet);

  Packet* fresh() { return outbox_.fresh(); }
  void untranslate(Packet& packet, Time now) {
    if (packet.ingress != no_port) outbox_.untranslate(packet, now);
  }
  void drop(const Packet& packet, Reason reason) { outbox_.drop(packet, reason); }
  PortCounters& counters(PortId ingress) { return outbox_.counters(ingress); }

 private:
  // A scan must not keep ICMP errors from being sent, nor errors resets: 1000 a second, 50 at once.
  static constexpr Duration reset_interval = std::chrono::milliseconds(1);
  static constexpr int reset_burst = 50;

  Verdict wait(const Routing& routing, Packet& packet, const Station& station, Time now);
  Verdict park(Packet& packet, const Station& station);
  void drop(const SavedPacket& saved, Reason reason);
  Verdict verdict_of(const Routing& routing, Packet& packet, Parking::Outcome outcome,
                     const MacAddress& mac, Time now);
  Verdict fail(const Routing& routing, Packet& packet, Time now);
  std::optional<Station> way(const Routing& routing, const Packet& packet) const;
  std::optional<IpAddress> source_for(const Routing& routing, const Packet& about) const;
  template <class Cutter>
  bool send_pieces(const Routing& routing, Cutter& cutter, const Station& station, Time now,
                   unsigned& pieces);
  bool cut(const Routing& routing, const Packet& packet, const Station& station, Time now,
           unsigned& pieces);
  bool cut_super_segment(const Routing& routing, const Packet& packet, const Station& station,
                         Time now, unsigned& pieces);

  Outbox& outbox_;
  unsigned worker_;
  IcmpLimit limit_;
  TokenBucket resets_;
  Parking parking_;
  uint32_t fragment_id_;  // of IPv6; workers count in ranges of their own (FR-8)
};

// A question for a station, as ARP or neighbour discovery has it; `to` when it is asked whether it
// is still there.
void write_question(const RouterInterface& own, const IpAddress& target,
                    const std::optional<MacAddress>& to, Packet& out);

}  // namespace uswitch
