// Every frame is accounted for: rx + copies = tx + drops + held, and there is no reason to drop one
// that cannot occur.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/support/test_switch.h"

namespace uswitch::test {
namespace {

using std::chrono::seconds;

const MacAddress broadcast = MacAddress::from_u64(0xffffffffffff);

FrameBuilder to_all(unsigned from) {
  return frame().eth(mac(from), broadcast).arp_request(mac(from), "10.0.0.1", "10.0.0.2");
}
FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}

// To the gateway's MAC: on to station 2, and for the gateway itself.
const MacAddress gateway = TestSwitch::router_mac(0);
FrameBuilder up4(const Ip& source = "10.0.0.1", const Ip& destination = "10.0.0.2") {
  return frame().eth(mac(1), gateway).ipv4(source, destination);
}
FrameBuilder gw4() {
  return up4("10.0.0.1", "10.0.0.254");
}
FrameBuilder far4() {
  return up4("10.0.0.1", "10.1.0.2");
}
FrameBuilder gw6() {
  return frame().eth(mac(1), gateway).ipv6("fd00::1", "fd00::254");
}
FrameBuilder piece(uint16_t offset, bool more) {
  return gw4().fragment(offset, more).protocol(1);
}

// One switch a reason. The frame that is dropped comes in at port `in`.
struct Scene {
  explicit Scene(size_t buffers = 192) : sw(buffers) {}

  TestSwitch sw;
  NetworkId net = sw.add_network("office");
  PortId in = sw.add_port(net), out = sw.add_port(net);

  void send(const FrameBuilder& f) { sw.send(in, f); }
  void send_guarded(const FrameBuilder& f) {
    sw.settings(in).guard =
        std::make_shared<Guard>(mac(1), std::vector<IpAddress>{Ip("10.0.0.1"), Ip("fd00::1")});
    send(f);
  }
  void send_refused(Reason reason) {
    sw.port(out).refuse(reason);
    send(v4().udp(1, 2));
  }
  void send_isolated() {
    sw.settings(in).isolated = sw.settings(out).isolated = true;
    send(to_all(1));
  }
  void send_back() {
    sw.add_static(net, mac(2), in);
    send(v4().udp(1, 2));
  }
  void send_alone() {
    in = sw.add_port(sw.add_network("lonely"));
    send(to_all(1));
  }
  void add_router() {
    sw.add_router(net, {"10.0.0.254/24", "fd00::254/64"});
    sw.add_station(in, Ip("10.0.0.1"), mac(1));
    sw.add_station(in, Ip("fd00::1"), mac(1));
    sw.add_station(out, Ip("10.0.0.2"), mac(2));
  }
  void send_up(const FrameBuilder& f) {
    add_router();
    send(f);
  }
  void send_up(std::initializer_list<FrameBuilder> frames, Duration then) {
    add_router();
    for (const FrameBuilder& f : frames) send(f);
    sw.pass_time(then);
  }
  void send_along(const char* to, RouteKind kind) {
    add_router();
    sw.add_route(to, kind);
    send(up4("10.0.0.1", IpPrefix::parse(to)->address).udp(1, 2));
  }
  void send_the_wrong_way() {
    add_router();
    sw.interface(net).reverse_path = ReversePath::strict;
    send(up4("99.0.0.1").udp(1, 2));
  }
  void send_across(NetworkId other) {
    add_router();
    sw.add_router(other, {"10.1.0.254/24"});
    sw.interface(net).isolated = true;
    send(up4("10.0.0.1", "10.1.0.2").udp(1, 2));
  }
  void send_too_long() {
    add_router();
    sw.interface(net).mtu = 1000;
    send(up4().dont_fragment().udp(1, 2).zeros(1000));
  }
  // Into more pieces than the reassembly takes.
  void send_crumbs() {
    add_router();
    for (uint16_t i = 0; i <= Reassembly::max_fragments; ++i) {
      send(piece(static_cast<uint16_t>(8 * i), true).zeros(8));
    }
  }
  void send_to_nobody(size_t packets) {
    add_router();
    for (size_t i = 0; i < packets; ++i) send(up4("10.0.0.1", "10.0.0.9").udp(1, 2));
  }
  // From outside to the gateway, which publishes a port for a few.
  void send_from_outside(const FrameBuilder& f) {
    add_router();
    sw.add_outside(net);
    Publish few;
    few.on = net;
    few.first_port = few.last_port = 80;
    few.to = Ip("10.0.0.2");
    few.allow = {*IpPrefix::parse("10.9.0.0/16")};
    sw.nat().policy.add_publish(Ip("10.0.0.254"), 17, few);
    send(f);
  }
  // A network outside, with a station.
  PortId add_outside(uint32_t max_connections) {
    add_router();
    const NetworkId far = sw.add_network("far");
    const PortId port = sw.add_port(far);
    sw.add_router(far, {"10.1.0.254/24"});
    sw.add_station(port, Ip("10.1.0.2"), mac(3));
    sw.add_outside(far, max_connections);
    return port;
  }
  void send_masqueraded(const FrameBuilder& f, std::initializer_list<const char*> pool) {
    add_outside(16);
    sw.masquerade("10.0.0.0/24", 1, pool);
    send(f);
  }
  // While the one connection that there is room for is in use.
  void send_one_flow_more() {
    const PortId far = add_outside(1);
    const FrameBuilder there = far4().udp(1, 2);
    send(there);
    sw.send(far,
            frame().eth(mac(3), TestSwitch::router_mac(1)).ipv4("10.1.0.2", "10.0.0.1").udp(2, 1));
    send(there);
    send(far4().udp(1, 3));
  }
  void send_between_nodes() {
    sw.settings(in).overlay = sw.settings(out).overlay = true;
    send(to_all(1));
  }
  void send_untagged_to_a_trunk() {
    in = sw.add_port(no_network, {{10, net}});
    send(to_all(1));
  }
};

// Makes port `in` drop a frame for this reason. No default: the compiler refuses a reason that is
// not here.
void provoke(Reason reason, Scene& s) {
  switch (reason) {
    case Reason::none:
      return;
    case Reason::frame_too_short:
      return s.send(v4().truncate(13));
    case Reason::bad_offload:
      return s.send(v4().tcp(1, 2).pattern(3000).gso(1));
    case Reason::malformed_l3:
      return s.send_guarded(v4().udp(1, 2).ip_length(9000));
    case Reason::malformed_l4:
      return s.send_guarded(v4().udp(1, 2).udp_length(9000));
    case Reason::vlan_invalid:
      return s.send(frame().eth(mac(1), mac(2)).vlan(4095).ether_type(0x88b5));
    case Reason::vlan_not_member:
      return s.send(frame().eth(mac(1), mac(2)).vlan(10).ether_type(0x88b5));
    case Reason::vlan_untagged:
      return s.send_untagged_to_a_trunk();
    case Reason::source_invalid:
      return s.send(frame().eth(broadcast, mac(2)).ether_type(0x88b5));
    case Reason::router_mac_source:
      return s.send_up(frame().eth(gateway, mac(2)).ether_type(0x88b5));
    case Reason::link_local_group:
      return s.send(frame().eth(mac(1), "01:80:c2:00:00:0e").ether_type(0x88cc));
    case Reason::same_port:
      return s.send_back();
    case Reason::no_egress:
      return s.send_alone();
    case Reason::isolated:
      return s.send_isolated();
    case Reason::guard_mac:
      return s.send_guarded(to_all(9));
    case Reason::guard_ip:
      return s.send_guarded(frame().eth(mac(1), mac(2)).ipv4("10.0.0.9", "10.0.0.2").udp(1, 2));
    case Reason::guard_arp:
      return s.send_guarded(
          frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.9", "10.0.0.2"));
    case Reason::guard_nd:
      return s.send_guarded(v6().neighbor_advertisement("fd00::9", mac(1)));
    case Reason::guard_ra:
      return s.send_guarded(v6().router_advertisement(mac(1)));
    case Reason::guard_hidden: {
      FrameBuilder f = v6();
      for (int i = 0; i < 9; ++i) f.extension(60);
      return s.send_guarded(f.udp(1, 2));
    }
    case Reason::guard_dhcp:
      return s.send_guarded(v4().udp(67, 68));
    case Reason::exceeds_mtu:
      return s.send(v4().udp(1, 2).zeros(1500));
    case Reason::egress_full:
    case Reason::egress_down:
    case Reason::egress_refused:
      return s.send_refused(reason);
    case Reason::no_buffer:
      s.sw.settings(s.out).capabilities = {};
      return s.send(v4().tcp(1, 2).pattern(3000).gso(1000));
    case Reason::fragment_invalid:
      return s.send_up(piece(0, true).zeros(13));
    case Reason::fragment_duplicate:
      return s.send_up({piece(8, true).zeros(8), piece(8, true).zeros(8)}, {});
    case Reason::fragment_overlap:
      return s.send_up({piece(8, true).zeros(16), piece(16, true).zeros(16)}, {});
    case Reason::reassembly_full:
      return s.send_crumbs();
    case Reason::reassembly_timeout:
      return s.send_up({piece(8, true).zeros(16)}, seconds(31));
    case Reason::not_ip:
      return s.send_up(frame().eth(mac(1), gateway).ether_type(0x88b5).zeros(46));
    case Reason::bad_ip_checksum:
      return s.send_up(up4().udp(1, 2).ip_checksum(1));
    case Reason::martian_source:
      return s.send_up(up4("127.0.0.1").udp(1, 2));
    case Reason::martian_destination:
      return s.send_up(up4("10.0.0.1", "127.0.0.1").udp(1, 2));
    case Reason::ip_broadcast:
      return s.send_up(up4("10.0.0.1", "10.0.0.255").udp(1, 2));
    case Reason::multicast_not_routed:
      return s.send_up(up4("10.0.0.1", "239.0.0.1").udp(1, 2));
    case Reason::link_local_scope:
      return s.send_up(up4("169.254.0.1").udp(1, 2));
    case Reason::source_routed:
      return s.send_up(up4().ip_options(std::to_array<uint8_t>({131, 3, 4, 0})).udp(1, 2));
    case Reason::bad_ip_option:
      return s.send_up(up4().ip_options(std::to_array<uint8_t>({7, 1, 0, 0})).udp(1, 2));
    case Reason::no_route:
      return s.send_up(up4("10.0.0.1", "99.0.0.1").udp(1, 2));
    case Reason::route_blackhole:
      return s.send_along("99.0.0.0/8", RouteKind::blackhole);
    case Reason::route_unreachable:
      return s.send_along("99.0.0.0/8", RouteKind::unreachable);
    case Reason::route_prohibited:
      return s.send_along("99.0.0.0/8", RouteKind::prohibit);
    case Reason::reverse_path:
      return s.send_the_wrong_way();
    case Reason::network_isolated:
      return s.send_across(s.sw.add_network("lab"));
    case Reason::ttl_exceeded:
      return s.send_up(up4().ttl(1).udp(1, 2));
    case Reason::needs_fragmentation:
      return s.send_too_long();
    case Reason::neighbour_failed:
      return s.send_up({up4("10.0.0.1", "10.0.0.9").udp(1, 2)}, seconds(4));
    case Reason::neighbour_busy:
      return s.send_to_nobody(Parking::max_per_neighbour + 1);
    case Reason::arp_invalid:
      return s.send_up(
          frame().eth(mac(1), gateway).arp_request(broadcast, "10.0.0.1", "10.0.0.254"));
    case Reason::arp_conflict:
      return s.send_up(
          frame().eth(mac(1), gateway).arp_request(mac(1), "10.0.0.254", "10.0.0.254"));
    case Reason::nd_invalid:
      return s.send_up(gw6().neighbor_solicitation("fd00::254").ttl(64));
    case Reason::nd_conflict:
      return s.send_up(gw6().neighbor_advertisement("fd00::254", Mac(mac(1))));
    case Reason::bad_l4_checksum:
      return s.send_up(gw4().echo_request(1, 1).l4_checksum(1));
    case Reason::no_listener:
      return s.send_up(gw4().udp(1, 2));
    case Reason::no_protocol:
      return s.send_up(gw4().protocol(253).zeros(8));
    case Reason::icmp_unhandled:
      return s.send_up(gw4().echo_reply(1, 1));
    case Reason::unsolicited:
      return s.send_from_outside(gw4().udp(1, 2));
    case Reason::client_refused:
      return s.send_from_outside(gw4().udp(1, 80));
    case Reason::icmp_unrelated:
      return s.send_from_outside(gw4().icmp(3, 3).payload("no packet"));
    case Reason::tcp_out_of_state:
      return s.send_masqueraded(far4().tcp(1, 2).flags("SA"), {"10.1.0.254"});
    case Reason::bad_tcp_checksum:
      return s.send_masqueraded(far4().tcp(1, 2).flags("S").l4_checksum(1), {"10.1.0.254"});
    case Reason::untranslatable:
      return s.send_masqueraded(far4().icmp(5, 1), {"10.1.0.254"});
    case Reason::nat_ports_exhausted:
      return s.send_masqueraded(far4().udp(1, 2), {});
    case Reason::connections_full:
      return s.send_one_flow_more();
    case Reason::split_horizon:
      return s.send_between_nodes();
    // What a tunnel refuses, and why, is in tunnel_test.
    case Reason::tunnel_malformed:
    case Reason::tunnel_unknown_remote:
    case Reason::tunnel_unknown_network:
    case Reason::tunnel_bad_checksum:
    case Reason::tunnel_congested:
      return s.sw.send(s.in, MemoryPort::Frame{v4().udp(1, 2).bytes(), {}, false, 0, reason});
    case Reason::tunnel_unreachable:
      return s.send_refused(reason);
  }
}

// All that is held of a datagram goes with the fragment that spoils it.
bool takes_several(Reason reason) {
  return reason == Reason::fragment_overlap || reason == Reason::reassembly_full;
}

TEST(Accounting, EveryReasonOccursAndIsCountedWhereTheFrameCameIn) {
  for (size_t i = 1; i < reason_count; ++i) {
    const auto reason = static_cast<Reason>(i);
    SCOPED_TRACE(info(reason).name);
    Scene s(reason == Reason::no_buffer ? 1 : 192);
    provoke(reason, s);
    for (size_t other = 0; other < reason_count; ++other) {
      EXPECT_EQ(s.sw.counters(s.in).drops[other].get() != 0, other == i) << other;
    }
    const uint64_t drops = s.sw.counters(s.in).drops[i].get();
    EXPECT_EQ(s.sw.total_drops(), drops) << "booked on another port";
    EXPECT_TRUE(drops == 1 || takes_several(reason)) << drops;
  }
}

TEST(Accounting, ReasonsAreDescribed) {
  for (size_t i = 1; i < reason_count; ++i) {
    const ReasonInfo& r = reason_table[i];
    EXPECT_FALSE(r.name.empty());
    EXPECT_TRUE(r.sentence.ends_with('.')) << r.name;
    constexpr std::string_view rooms[] = {"core", "switch", "router", "nat", "tunnel"};
    EXPECT_NE(std::ranges::find(rooms, r.room), std::end(rooms)) << r.name;
  }
}

TEST(Accounting, BytesAreThoseOfTheFramesAsTheyPassThePort) {
  TestSwitch sw;
  const NetworkId net = sw.add_network("office");
  const PortId a = sw.add_port(net), b = sw.add_port(no_network, {{10, net}});
  sw.send(a, to_all(1));  // 42 bytes
  EXPECT_EQ(sw.counters(a).rx_bytes.get(), 42u);
  EXPECT_EQ(sw.counters(b).tx_bytes.get(), 46u);
}

}  // namespace
}  // namespace uswitch::test
