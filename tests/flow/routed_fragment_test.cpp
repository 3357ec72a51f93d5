// Packets that are longer than the next network's MTU: STANDARDS FR-1, FR-2, FR-7, PM-2, PM-7.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

struct Piece {
  uint16_t offset;
  bool more;
  Bytes header, payload;  // of IPv4
};

Piece piece_of(const Bytes& f) {
  const auto header = static_cast<ptrdiff_t>((f[14] & 0x0fu) * 4);
  const uint16_t field = load_be16(&f[20]);
  const auto l3 = f.begin() + 14;
  return {static_cast<uint16_t>((field & 0x1fff) * 8), (field & 0x2000) != 0,
          Bytes(l3, l3 + header), Bytes(l3 + header, f.end())};
}

class RoutedFragments : public Routed {
 protected:
  RoutedFragments() {
    sw.settings(a).mtu = 9000;
    sw.interface(a_net).mtu = 9000;
  }
  std::vector<Piece> pieces() {
    std::vector<Piece> all;
    for (const Bytes& f : sw.received(b)) {
      EXPECT_EQ(frame_fault(f), "");
      EXPECT_LE(f.size(), 14u + sw.interface(b_net).mtu);
      all.push_back(piece_of(f));
    }
    return all;
  }
  // What the pieces, which must be in order, are together.
  static Bytes joined(const std::vector<Piece>& pieces) {
    Bytes all;
    for (const Piece& p : pieces) {
      EXPECT_EQ(p.offset, all.size());
      all.insert(all.end(), p.payload.begin(), p.payload.end());
    }
    return all;
  }
  static Bytes payload_of(const FrameBuilder& f) { return piece_of(f.bytes()).payload; }
};

TEST_F(RoutedFragments, FR_1_CutInOrderOnMultiplesOf8AndIdKept) {
  for (const size_t size : {1473u, 1480u, 2953u, 8000u}) {
    const FrameBuilder f = to_b().ip_id(0xabcd).tos(0x2e).pattern(size);
    sw.send(a, f);
    const auto all = pieces();
    ASSERT_EQ(all.size(), (size + 8 + 1479) / 1480);
    EXPECT_EQ(joined(all), payload_of(f));
    for (const Piece& p : all) {
      const bool last = &p == &all.back();
      EXPECT_EQ(p.more, !last);
      if (!last) {
        EXPECT_EQ(p.payload.size(), 1480u);
      }
      EXPECT_EQ(load_be16(&p.header[4]), 0xabcd);
      EXPECT_EQ(p.header[1], 0x2e);
      EXPECT_EQ(p.header[8], 63) << "one hop less";
    }
    EXPECT_EQ(sw.total_drops(), 0u);
  }
}

TEST_F(RoutedFragments, FR_1_JustFits) {
  const FrameBuilder f = to_b().pattern(1472);
  sw.send(a, f);
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(f, b_net, mac(2))));
}

TEST_F(RoutedFragments, FR_1_SmallestMtu) {
  sw.interface(b_net).mtu = 68;
  const FrameBuilder f = to_b().pattern(1000);
  sw.send(a, f);
  const auto all = pieces();
  EXPECT_EQ(all.size(), 21u);
  EXPECT_EQ(joined(all), payload_of(f));
}

TEST_F(RoutedFragments, FR_1_OptionsWithTheCopyBitOnly) {
  const uint8_t options[] = {0x9e, 4, 1, 2, 0x1e, 4, 3, 4};  // copied, not copied
  const FrameBuilder f = from_a().ipv4(a4, b4).ip_options(options).udp(7, 9).pattern(3000);
  sw.send(a, f);
  const auto all = pieces();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(joined(all), payload_of(f));
  EXPECT_EQ(Bytes(all[0].header.begin() + 20, all[0].header.end()),
            Bytes(std::begin(options), std::end(options)));
  for (const size_t later : {1u, 2u})
    EXPECT_EQ(Bytes(all[later].header.begin() + 20, all[later].header.end()),
              Bytes(options, options + 4));
}

TEST_F(RoutedFragments, FR_1_PM_7_NotToBeCut) {
  for (const uint16_t mtu : {1500, 1400, 576, 68}) {
    sw.advance(seconds(10));
    sw.interface(b_net).mtu = mtu;
    const FrameBuilder f = to_b().dont_fragment().pattern(8000);
    sw.send(a, f);
    const Bytes out = only(a);
    EXPECT_EQ(told_by(out), (Told{3, 4}));
    EXPECT_EQ(icmp_rest(out), mtu) << "bytes 6 and 7, the others 0 (RFC 1191 4)";
    EXPECT_EQ(sw.drops(Reason::needs_fragmentation), 1u);
    EXPECT_THAT(sw.received(b), IsEmpty());
  }
}

TEST_F(RoutedFragments, PM_2_PM_7_Ipv6IsNeverCut) {
  for (const uint16_t mtu : {1500, 1400, 1280}) {
    sw.interface(b_net).mtu = mtu;
    sw.send(a, to_b6().pattern(8000));
    const Bytes out = only(a);
    EXPECT_EQ(told_by(out), (Told{2, 0}));
    EXPECT_EQ(icmp_rest(out), mtu);
    EXPECT_EQ(sw.drops(Reason::needs_fragmentation), 1u);
  }
  sw.send(a, to_b6().pattern(1280 - 48));
  EXPECT_EQ(sw.receivers(), Ports{b});
}

TEST_F(RoutedFragments, PM_2_TooBigIsToldEveryTime) {
  for (int i = 0; i < 40; ++i) {
    sw.send(a, i % 2 ? to_b6().pattern(8000) : to_b().dont_fragment().pattern(8000));
    EXPECT_EQ(sw.received(a).size(), 1u) << i;
    sw.advance(milliseconds(2));
  }
}

TEST_F(RoutedFragments, FR_2_FragmentsOfFragments) {
  const Bytes whole = payload_of(to_b().pattern(5000));
  const auto part = [&](size_t from, size_t size, bool more) {
    return from_a()
        .ipv4(a4, b4)
        .ip_id(5)
        .fragment(static_cast<uint16_t>(from), more)
        .protocol(17)
        .payload(std::span(whole).subspan(from, size));
  };
  sw.send(a, part(0, 3000, true));
  sw.send(a, part(3000, 2008, false));
  const auto all = pieces();
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(joined(all), whole);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(all[i].more, i != 4) << i;
}

TEST_F(RoutedFragments, FR_2_ARouterOnTheWayPutsNothingTogether) {
  const FrameBuilder last = from_a().ipv4(a4, b4).fragment(1480, false).protocol(17).pattern(100);
  sw.send(a, last);
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(last, b_net, mac(2))));
  EXPECT_EQ(sw.held(), 0u);
}

TEST_F(RoutedFragments, FR_6_TinyFirstFragmentPassesWhereNothingIsFiltered) {
  const FrameBuilder tiny = from_a().ipv4(a4, b4).fragment(0, true).protocol(6).pattern(8);
  sw.send(a, tiny);
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(tiny, b_net, mac(2))));
}

TEST_F(RoutedFragments, VH_3_ChecksumIsMadeBeforeTheCut) {
  sw.send(a, to_b().pattern(3000).partial_checksum());
  EXPECT_EQ(joined(pieces()), payload_of(to_b().pattern(3000)));
}

TEST_F(RoutedFragments, BR_8_PiecesStayInOrderAmongOtherPackets) {
  std::vector<FrameBuilder> sent;
  for (uint16_t i = 0; i < 90; ++i) sent.push_back(to_b().ip_id(i).zeros(i % 3 == 0 ? 3000 : 100));
  sw.send_batch(a, sent);
  const auto all = pieces();
  ASSERT_EQ(all.size(), 30u * 3 + 60);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const Piece& x, const Piece& y) {
    return std::pair(load_be16(&x.header[4]), x.offset) <
           std::pair(load_be16(&y.header[4]), y.offset);
  }));
}

TEST_F(RoutedFragments, ARP_10_PiecesWaitForTheNeighbourTogether) {
  const FrameBuilder f = from_a().ipv4(a4, "10.1.0.9").udp(1, 2).pattern(4000);
  sw.send(a, f);
  EXPECT_EQ(sw.received(b).size(), 1u);
  EXPECT_EQ(sw.held(), 3u);
  sw.send(b, arp_reply_of(9, "10.1.0.9", b_net, "10.1.0.1"));
  EXPECT_EQ(joined(pieces()), payload_of(f));
}

TEST_F(RoutedFragments, ARP_10_OneErrorForAllThePieces) {
  sw.send(a, from_a().ipv4(a4, "10.1.0.9").udp(1, 2).pattern(4000));
  sw.pass_time(milliseconds(3200));
  EXPECT_EQ(told_by(only(a)), (Told{3, 1}));
  EXPECT_EQ(sw.drops(Reason::neighbour_failed), 3u);
}

}  // namespace
}  // namespace uswitch::test
