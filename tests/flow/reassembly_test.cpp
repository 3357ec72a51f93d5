// Datagrams in fragments to the router itself: STANDARDS R4-11, FR-3..8. Reassembly in detail:
// tests/unit/core/reassembly_test.cpp.
#include <algorithm>

#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

enum class Order { forward, backward, mixed };

class Whole : public Routed, public testing::WithParamInterface<bool> {
 protected:
  bool v4 = GetParam();
  size_t ip_header = v4 ? 20 : 40;

  FrameBuilder request(size_t size) const {
    return (v4 ? from_a().ipv4(a4, gw4) : from_a().ipv6(a6, gw6)).echo_request(7, 1).pattern(size);
  }
  FrameBuilder reply(size_t size) const {
    const FrameBuilder f = from_router(a_net, mac(1));
    return (v4 ? FrameBuilder(f).ipv4(gw4, a4) : FrameBuilder(f).ipv6(gw6, a6))
        .echo_reply(7, 1)
        .pattern(size);
  }
  Bytes message_of(const Bytes& f) const {
    return {f.begin() + 14 + static_cast<ptrdiff_t>(ip_header), f.end()};
  }
  FrameBuilder piece(uint16_t offset, bool more, uint16_t id, std::span<const uint8_t> part) const {
    if (v4)
      return from_a().ipv4(a4, gw4).ip_id(id).fragment(offset, more).protocol(1).payload(part);
    return from_a().ipv6(a6, gw6).fragment_header(offset, more, id).protocol(58).payload(part);
  }
  // The request in fragments of this many bytes each.
  std::vector<FrameBuilder> pieces(size_t size, uint16_t id = 5, size_t each = 1440) const {
    const Bytes message = message_of(request(size).bytes());
    std::vector<FrameBuilder> all;
    for (size_t at = 0; at < message.size(); at += each) {
      const size_t length = std::min(each, message.size() - at);
      all.push_back(piece(static_cast<uint16_t>(at), at + length < message.size(), id,
                          std::span(message).subspan(at, length)));
    }
    return all;
  }
  // What came out, put together; its fragments must be in order and as one datagram's.
  Bytes answer(uint16_t mtu = 1500) {
    Bytes message;
    std::vector<uint32_t> ids;
    for (const Bytes& f : sw.received(a)) {
      EXPECT_EQ(frame_fault(f), "");
      EXPECT_LE(f.size(), 14u + mtu);
      const bool has_header = !v4 && f[20] == 44;
      const size_t offset = v4           ? (load_be16(&f[20]) & 0x1fffu) * 8
                            : has_header ? load_be16(&f[56]) & 0xfff8u
                                         : 0;
      EXPECT_EQ(offset, message.size());
      ids.push_back(v4 ? load_be16(&f[18]) : has_header ? load_be32(&f[58]) : 0);
      message.insert(message.end(),
                     f.begin() + 14 + static_cast<ptrdiff_t>(ip_header + (has_header ? 8 : 0)),
                     f.end());
    }
    EXPECT_TRUE(std::all_of(ids.begin(), ids.end(), [&](uint32_t id) { return id == ids[0]; }));
    return message;
  }
};

INSTANTIATE_TEST_SUITE_P(Family, Whole, testing::Bool(),
                         [](const auto& family) { return family.param ? "Ip4" : "Ip6"; });

TEST_P(Whole, R4_11_LargestEchoInAndOutInFragments) {
  const size_t size = v4 ? 65507 : 65487;  // a reply of 65535 bytes of IP
  const Bytes expected = message_of(reply(size).bytes());
  for (const Order order : {Order::forward, Order::backward, Order::mixed}) {
    std::vector<FrameBuilder> all = pieces(size, static_cast<uint16_t>(order));
    if (order == Order::backward) std::reverse(all.begin(), all.end());
    if (order == Order::mixed) std::rotate(all.begin(), all.begin() + 11, all.end());
    sw.send_batch(a, all);
    EXPECT_EQ(answer(), expected);
  }
  EXPECT_EQ(sw.total_drops(), 0u);
  EXPECT_EQ(sw.held(), 0u);
}

TEST_P(Whole, R4_11_FromOnePortOrSeveralAndOneByOne) {
  const PortId other = sw.add_port(a_net);
  size_t n = 0;
  for (const FrameBuilder& f : pieces(10000)) sw.send(n++ % 2 ? other : a, f);
  EXPECT_EQ(answer(), message_of(reply(10000).bytes()));
  EXPECT_THAT(sw.received(other), IsEmpty());
}

// More pieces than a packet of the router's own lives: dropped, not torn (Outbox::fresh).
TEST_P(Whole, R4_11_AnswerThatTakesTooManyPiecesIsDropped) {
  const size_t size = v4 ? 65507 : 65487;
  sw.interface(a_net).mtu = v4 ? 576 : 1280;
  for (const FrameBuilder& f : pieces(size)) sw.send(a, f);
  if (v4) {
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(sw.drops(Reason::needs_fragmentation), 1u);
    for (const FrameBuilder& f : pieces(30000)) sw.send(a, f);
    EXPECT_EQ(answer(576), message_of(reply(30000).bytes()));
  } else {
    EXPECT_EQ(answer(1280), message_of(reply(size).bytes()));
  }
}

TEST_P(Whole, FR_3_DatagramsAreToldApart) {
  const auto one = pieces(2000, 1), two = pieces(2000, 2);
  sw.send(a, one[0]);
  sw.send(a, two[1]);
  EXPECT_THAT(sw.received(a), IsEmpty());
  sw.send(a, two[0]);
  EXPECT_EQ(answer(), message_of(reply(2000).bytes()));
  sw.send(a, one[1]);
  EXPECT_EQ(answer(), message_of(reply(2000).bytes()));
}

TEST_P(Whole, FR_3_AfterTheTimeOutItBeginsAnew) {
  const auto all = pieces(2000);
  sw.send(a, all[1]);
  sw.pass_time(v4 ? seconds(31) : seconds(61));
  EXPECT_EQ(sw.drops(Reason::reassembly_timeout), 1u);
  sw.send(a, all[0]);
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.held(), 1u);
}

TEST_P(Whole, FR_4_OverlapLosesAllOfIt) {
  const Bytes message = message_of(request(2000).bytes());
  sw.send(a, piece(0, true, 5, std::span(message).first(1440)));
  sw.send(a, piece(1432, true, 5, std::span(message).subspan(1432, 16)));
  sw.send(a, piece(1440, false, 5, std::span(message).subspan(1440)));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::fragment_overlap), 3u);
  EXPECT_EQ(sw.held(), 0u);
  sw.pass_time(seconds(61));
  EXPECT_EQ(sw.receivers(), Ports{}) << "silently";
}

TEST_P(Whole, FR_4_ExactDuplicateIsIgnored) {
  const auto all = pieces(2000);
  sw.send_batch(a, {all[0], all[0], all[1]});
  EXPECT_EQ(answer(), message_of(reply(2000).bytes()));
  EXPECT_EQ(sw.drops(Reason::fragment_duplicate), 1u);
}

TEST_P(Whole, FR_5_LengthThatIsNoMultipleOf8) {
  const Bytes message = message_of(request(2000).bytes());
  const FrameBuilder f = piece(0, true, 5, std::span(message).first(13));
  sw.send(a, f);
  EXPECT_EQ(sw.drops(Reason::fragment_invalid), 1u);
  if (v4) {
    EXPECT_EQ(sw.receivers(), Ports{});
    return;
  }
  const Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{4, 0}));
  EXPECT_EQ(icmp_rest(out), 4u) << "the payload length";
}

TEST_P(Whole, FR_5_BeyondTheLargestDatagram) {
  const FrameBuilder f = piece(65528, false, 5, Bytes(16));
  sw.send(a, f);
  EXPECT_EQ(sw.drops(Reason::fragment_invalid), 1u);
  if (v4) {
    EXPECT_EQ(sw.receivers(), Ports{});
    return;
  }
  const Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{4, 0}));
  EXPECT_EQ(icmp_rest(out), 42u) << "the fragment offset";
}

class Fragmented : public Routed {};

TEST_F(Fragmented, FR_6_FirstFragmentMustShowAllHeaders) {
  sw.send(a, from_a().ipv6(a6, gw6).fragment_header(0, true).extension(60));
  sw.send(a, from_a().ipv6(a6, gw6).fragment_header(0, true).protocol(6).zeros(16));
  EXPECT_EQ(sw.drops(Reason::fragment_invalid), 2u);
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Fragmented, FR_7_AtomicFragmentStandsAlone) {
  const auto first = from_a().ipv6(a6, gw6).fragment_header(0, true, 5).echo_request(7, 1).zeros(8);
  sw.send(a, first);
  sw.send(a,
          from_a().ipv6(a6, gw6).fragment_header(0, false, 5).echo_request(7, 2).payload("data"));
  EXPECT_EQ(only(a),
            from_router(a_net, mac(1)).ipv6(gw6, a6).echo_reply(7, 2).payload("data").bytes());
  EXPECT_EQ(sw.held(), 1u);
}

TEST_F(Fragmented, FR_8_ItsOwnDatagramsHaveIdsOfTheirOwn) {
  std::vector<uint32_t> ids;
  sw.settings(a).mtu = 9000;
  for (uint16_t i = 0; i < 100; ++i) {
    sw.send(a, from_a().ipv6(a6, gw6).echo_request(7, i).zeros(2000));
    for (const Bytes& f : sw.received(a)) {
      if (load_be16(&f[56]) == 1) ids.push_back(load_be32(&f[58]));
    }
  }
  ASSERT_EQ(ids.size(), 100u);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_F(Fragmented, R4_13_UdpInFragmentsIsRefusedWhole) {
  const Bytes whole = from_a().ipv4(a4, gw4).udp(1, 2).pattern(2000).bytes();
  const std::span<const uint8_t> datagram = std::span(whole).subspan(34);
  const auto piece = [&](uint16_t offset, bool more, std::span<const uint8_t> part) {
    return from_a().ipv4(a4, gw4).ip_id(5).fragment(offset, more).protocol(17).payload(part);
  };
  sw.send(a, piece(1480, false, datagram.subspan(1480)));
  sw.send(a, piece(0, true, datagram.first(1480)));
  const Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{3, 3}));
  EXPECT_EQ(load_be16(&quote_of(out)[2]), 2028);
  EXPECT_EQ(sw.drops(Reason::no_listener), 1u);
}

}  // namespace
}  // namespace uswitch::test
