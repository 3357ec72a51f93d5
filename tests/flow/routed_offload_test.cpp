// Super-segments, unfinished checksums, tags and MSS on their way through the router: STANDARDS
// TR-1, TR-15, VH-3, VL-1..4, PM-4.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

constexpr Capabilities no_offloads{};

class RoutedOffload : public Routed {
 protected:
  FrameBuilder tcp(uint16_t segment, size_t size = 30000) const {
    return from_a().ipv4(a4, b4).ip_id(7).tcp(1, 2).seq(5).pattern(size).gso(segment);
  }
  FrameBuilder tcp6(uint16_t segment) const {
    return from_a().ipv6(a6, b6).tcp(1, 2).seq(5).pattern(30000).gso(segment);
  }
  FrameBuilder udp(uint16_t segment) const { return to_b().pattern(30000).gso(segment); }

  void expect_whole(const FrameBuilder& f) {
    sw.send(a, f);
    const auto out = sw.received_with_offload(b);
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].bytes, passed_on(f, b_net, mac(2)));
    const Offload was = f.offload(), is = out[0].offload;
    EXPECT_EQ(is.gso, was.gso);
    EXPECT_EQ(is.segment_size, was.segment_size);
    EXPECT_EQ(is.needs_checksum, was.needs_checksum);
    EXPECT_EQ(is.checksum_start, was.checksum_start);
    EXPECT_EQ(is.checksum_offset, was.checksum_offset);
  }
};

TEST_F(RoutedOffload, R4_3_VH_11_SuperSegmentsPassWhole) {
  expect_whole(tcp(1460));
  expect_whole(tcp6(1440));
  expect_whole(udp(1472));
  expect_whole(to_b().pattern(1000).partial_checksum());
  expect_whole(to_b6().pattern(1000).partial_checksum());
}

TEST_F(RoutedOffload, TR_1_PortThatCannotGetsFinishedSegments) {
  sw.settings(b).capabilities = no_offloads;
  for (const FrameBuilder& f :
       {tcp(1460), tcp6(1440), udp(1472), to_b().zeros(9).partial_checksum()}) {
    sw.send(a, f);
    const auto out = sw.received(b);
    EXPECT_EQ(out.size(), f.offload().segment_size ? 21u : 1u);
    for (const Bytes& segment : out) {
      EXPECT_EQ(frame_fault(segment), "");
      EXPECT_EQ(segment[is_v6(segment) ? 21 : 22], 63);
    }
  }
}

TEST_F(RoutedOffload, TR_15_PM_2_JudgedByTheirSegments) {
  sw.interface(b_net).mtu = 1400;
  expect_whole(tcp(1360));
  sw.send(a, tcp(1361).dont_fragment());
  Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{3, 4}));
  EXPECT_EQ(icmp_rest(out), 1400u);
  expect_whole(tcp6(1340));
  sw.send(a, tcp6(1341));
  out = only(a);
  EXPECT_EQ(told_by(out), (Told{2, 0}));
  EXPECT_EQ(icmp_rest(out), 1400u);
  EXPECT_EQ(sw.drops(Reason::needs_fragmentation), 2u);
}

// Segments, and of each of those fragments.
TEST_F(RoutedOffload, FR_1_TooLongSegmentsThatMayBeCut) {
  sw.interface(b_net).mtu = 600;
  sw.send(a, tcp(1460, 5000));
  Bytes stream;
  uint16_t id = 7;
  for (const Bytes& f : sw.received(b)) {
    EXPECT_EQ(frame_fault(f), "");
    EXPECT_LE(f.size(), 614u);
    const uint16_t field = load_be16(&f[20]);
    EXPECT_EQ(load_be16(&f[18]), id);
    if ((field & 0x2000) == 0) ++id;
    const ptrdiff_t headers = (field & 0x1fff) == 0 ? 54 : 34;
    stream.insert(stream.end(), f.begin() + headers, f.end());
  }
  EXPECT_EQ(id, 7 + 4) << "segments";
  const Bytes whole = tcp(1460, 5000).bytes();
  EXPECT_EQ(stream, Bytes(whole.begin() + 54, whole.end()));
  EXPECT_EQ(sw.total_drops(), 0u);
}

TEST_F(RoutedOffload, ARP_10_TheyWaitWhole) {
  const FrameBuilder f = from_a().ipv4(a4, "10.1.0.9").tcp(1, 2).pattern(30000).gso(1460);
  sw.send(a, f);
  sw.receivers();
  sw.send(b, arp_reply_of(9, "10.1.0.9", b_net, "10.1.0.1"));
  const auto out = sw.received_with_offload(b);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].bytes, passed_on(f, b_net, mac(9)));
  EXPECT_EQ(out[0].offload.gso, Offload::Gso::tcp4);
}

TEST_F(RoutedOffload, VL_2_VL_3_TagsOfBothNetworksOnOneTrunk) {
  const PortId trunk = sw.add_port(no_network, {{10, a_net}, {20, b_net}});
  for (const char* address : {"10.0.0.7", "fd00:a::7"})
    sw.neighbours().add_permanent(a_net, Ip(address), mac(7));
  for (const char* address : {"10.1.0.8", "fd00:b::8"})
    sw.neighbours().add_permanent(b_net, Ip(address), mac(8));
  sw.add_static(a_net, mac(7), trunk);
  sw.add_static(b_net, mac(8), trunk);
  const MacAddress in = gateway_mac(a_net), out = gateway_mac(b_net);
  // In by VLAN 10, out by the same port as VLAN 20, with its priority.
  sw.send(trunk, frame().eth(mac(7), in).vlan(10, 5).ipv4("10.0.0.7", "10.1.0.8").udp(1, 2));
  EXPECT_THAT(sw.received(trunk), ElementsAre(frame()
                                                  .eth(out, mac(8))
                                                  .vlan(20, 5)
                                                  .ipv4("10.0.0.7", "10.1.0.8")
                                                  .ttl(63)
                                                  .udp(1, 2)
                                                  .bytes()));
  // From a trunk to an access port and back.
  sw.send(trunk, frame().eth(mac(7), in).vlan(10).ipv6("fd00:a::7", b6).udp(1, 2));
  EXPECT_THAT(
      sw.received(b),
      ElementsAre(frame().eth(out, mac(2)).ipv6("fd00:a::7", b6).ttl(63).udp(1, 2).bytes()));
  sw.send(b, frame().eth(mac(2), out).ipv6(b6, "fd00:a::7").udp(2, 1));
  EXPECT_THAT(
      sw.received(trunk),
      ElementsAre(
          frame().eth(in, mac(7)).vlan(10).ipv6(b6, "fd00:a::7").ttl(63).udp(2, 1).bytes()));
}

TEST_F(RoutedOffload, VL_4_TagMovesTheChecksumOffsetsNotTheChecksum) {
  const PortId trunk = sw.add_port(no_network, {{20, b_net}});
  sw.add_station(b, "10.1.0.8", mac(8));
  sw.add_static(b_net, mac(9), trunk);
  sw.neighbours().add_permanent(b_net, Ip("10.1.0.9"), mac(9));
  sw.send(a, from_a().ipv4(a4, "10.1.0.9").tcp(1, 2).pattern(5000).gso(1000));
  const auto out = sw.received_with_offload(trunk);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(load_be16(&out[0].bytes[12]), 0x8100);
  EXPECT_EQ(out[0].offload.checksum_start, 34 + 4);
  sw.settings(trunk).capabilities = no_offloads;
  sw.send(a, from_a().ipv4(a4, "10.1.0.9").tcp(1, 2).pattern(5000).gso(1000));
  const auto segments = sw.received(trunk);
  EXPECT_EQ(segments.size(), 5u);
  for (const Bytes& f : segments) EXPECT_EQ(frame_fault(f), "");
}

TEST_F(RoutedOffload, VL_2_ATagThatNamesTheOtherNetworkNamesItsGateway) {
  const PortId trunk = sw.add_port(a_net, {{20, b_net}});
  sw.send(trunk,
          frame().eth(mac(7), broadcast_mac).vlan(20).arp_request(mac(7), "10.1.0.7", "10.0.0.1"));
  EXPECT_THAT(sw.received(trunk), IsEmpty());
  sw.send(trunk,
          frame().eth(mac(7), broadcast_mac).vlan(20).arp_request(mac(7), "10.1.0.7", "10.1.0.1"));
  EXPECT_EQ(sw.received(trunk).size(), 1u);
}

struct MssRow {
  const char* name;
  const char* flags;
  uint16_t mss, expected4, expected6;
};

TEST_F(RoutedOffload, PM_4_ClampsTheSegmentSizeOfBothSyns) {
  sw.interface(b_net).mtu = 1400;
  const MssRow rows[] = {
      {"too long", "S", 1460, 1360, 1340},     {"answer too", "SA", 1460, 1360, 1340},
      {"never raised", "S", 1000, 1000, 1000}, {"not of other segments", "A", 1460, 1460, 1460},
      {"just as long", "S", 1360, 1360, 1340},
  };
  for (const bool on_a : {true, false}) {
    sw.interface(a_net).clamp_mss = on_a;
    sw.interface(b_net).clamp_mss = !on_a;
    for (const MssRow& row : rows) {
      SCOPED_TRACE(row.name);
      const auto with = [&](FrameBuilder f, uint16_t mss) {
        const uint8_t options[] = {2, 4, static_cast<uint8_t>(mss >> 8), static_cast<uint8_t>(mss)};
        return f.tcp(1, 2).flags(row.flags).tcp_options(options);
      };
      sw.send(a, with(from_a().ipv4(a4, b4), row.mss));
      EXPECT_THAT(sw.received(b), ElementsAre(passed_on(with(from_a().ipv4(a4, b4), row.expected4),
                                                        b_net, mac(2))));
      sw.send(b, with(frame().eth(mac(2), gateway_mac(b_net)).ipv6(b6, a6), row.mss));
      EXPECT_THAT(sw.received(a),
                  ElementsAre(passed_on(
                      with(frame().eth(mac(2), gateway_mac(b_net)).ipv6(b6, a6), row.expected6),
                      a_net, mac(1))));
    }
  }
}

TEST_F(RoutedOffload, PM_4_NothingIsAddedAndNothingDoneUnasked) {
  sw.interface(b_net).mtu = 1400;
  const uint8_t options[] = {2, 4, 0x05, 0xb4};
  const FrameBuilder with = from_a().ipv4(a4, b4).tcp(1, 2).flags("S").tcp_options(options);
  sw.send(a, with);
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(with, b_net, mac(2))));
  sw.interface(a_net).clamp_mss = true;
  const FrameBuilder without = from_a().ipv4(a4, b4).tcp(1, 2).flags("S");
  sw.send(a, without);
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(without, b_net, mac(2))));
}

TEST_F(RoutedOffload, PM_4_TR_1_UnfinishedChecksumStaysThePseudoHeaders) {
  sw.interface(a_net).clamp_mss = true;
  sw.interface(b_net).mtu = 1400;
  sw.settings(b).capabilities = no_offloads;
  const uint8_t options[] = {2, 4, 0x05, 0xb4};
  sw.send(a, from_a().ipv4(a4, b4).tcp(1, 2).flags("S").tcp_options(options).partial_checksum());
  EXPECT_EQ(load_be16(&only(b)[56]), 1360);
}

}  // namespace
}  // namespace uswitch::test
