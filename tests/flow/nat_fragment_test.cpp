// Datagrams in fragments are translated whole and leave in fragments again (U-14, NG-5, TR-5).
#include <algorithm>
#include <random>
#include <set>

#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

// A datagram's transport bytes and what stands before them.
struct Datagram {
  Bytes frame;
  size_t header() const { return is_v6(frame) ? 54u : 34u; }
  uint8_t protocol() const { return frame[is_v6(frame) ? 20 : 23]; }
  Bytes body() const { return {frame.begin() + static_cast<ptrdiff_t>(header()), frame.end()}; }
};

class NatFragments : public Natted {
 protected:
  // The same head in fragments of so many bytes of the datagram.
  static std::vector<FrameBuilder> in_fragments(FrameBuilder head, const FrameBuilder& whole,
                                                uint16_t id, size_t each = 1448) {
    const Datagram d{whole.bytes()};
    const bool v6 = is_v6(d.frame);
    const Bytes body = d.body();
    std::vector<FrameBuilder> all;
    for (size_t at = 0; at < body.size(); at += each) {
      const bool more = at + each < body.size();
      const auto offset = static_cast<uint16_t>(at);
      FrameBuilder f = head;
      if (v6)
        f.fragment_header(offset, more, id);
      else
        f.ip_id(id).fragment(offset, more);
      f.protocol(d.protocol());
      f.payload(std::span(body).subspan(at, std::min(each, body.size() - at)));
      all.push_back(f);
    }
    return all;
  }

  // The transport bytes of what came in fragments, each of which must fit the MTU and be sound.
  static Bytes joined(const std::vector<Bytes>& fragments, size_t mtu = 1500) {
    Bytes body;
    for (const Bytes& f : fragments) {
      EXPECT_EQ(frame_fault(f), "");
      EXPECT_LE(f.size(), mtu + 14);
      const bool v6 = is_v6(f);
      const size_t offset = v6 ? load_be16(&f[56]) & 0xfff8u : (load_be16(&f[20]) & 0x1fffu) * 8u;
      const size_t start = v6 ? 62 : 34;
      body.resize(std::max(body.size(), offset + f.size() - start));
      std::copy(f.begin() + static_cast<ptrdiff_t>(start), f.end(),
                body.begin() + static_cast<ptrdiff_t>(offset));
    }
    return body;
  }
  static Bytes body_of(const FrameBuilder& whole) { return Datagram{whole.bytes()}.body(); }

  enum class Order { as_sent, reversed, first_last, shuffled };
  static constexpr Order orders[] = {Order::as_sent, Order::reversed, Order::first_last,
                                     Order::shuffled};
  static void put_in(Order order, std::vector<FrameBuilder>& fragments) {
    if (order == Order::reversed) std::ranges::reverse(fragments);
    if (order == Order::first_last)
      std::rotate(fragments.begin(), fragments.begin() + 1, fragments.end());
    if (order == Order::shuffled) std::ranges::shuffle(fragments, std::mt19937(5));
  }

  // The host sends the datagram in this order of fragments; it arrives like that.
  void expect_passes(const Host& sender, FrameBuilder head, const FrameBuilder& sent,
                     const Host& receiver, const FrameBuilder& arrives, Order order) {
    std::vector<FrameBuilder> fragments = in_fragments(head, sent, ++id_);
    put_in(order, fragments);
    sw.send_batch(sender.port, fragments);
    const std::vector<Bytes> got = sw.received(receiver.port);
    EXPECT_GT(got.size(), 1u);
    EXPECT_EQ(joined(got), body_of(arrives));
  }
  // The id that all of the so many frames which came to web have.
  uint16_t one_id_of(size_t frames) {
    const auto got = sw.received_with_offload(web.port);
    EXPECT_EQ(got.size(), frames);
    std::set<uint16_t> ids;
    for (const auto& f : got) {
      EXPECT_EQ(frame_fault(f.bytes), "");
      ids.insert(load_be16(&f.bytes[18]));
    }
    EXPECT_EQ(ids.size(), 1u);
    return ids.empty() ? uint16_t{0} : *ids.begin();
  }
  uint16_t id_ = 0;
};

TEST_F(NatFragments, U14_NG5_TR5_UdpOf60KbBothWaysInAnyOrder) {
  for (Family f : families) {
    for (Order order : orders) {
      SCOPED_TRACE(static_cast<int>(order));
      const FrameBuilder out = from(alice, web.at(f)), in = from(web, own(f));
      expect_passes(alice, out, FrameBuilder(out).udp(4000, 53).pattern(60000), web,
                    to(web, own(f)).udp(4000, 53).pattern(60000), order);
      expect_passes(web, in, FrameBuilder(in).udp(53, 4000).pattern(60001), alice,
                    to(alice, web.at(f)).udp(53, 4000).pattern(60001), order);
    }
  }
  EXPECT_EQ(sw.total_drops(), 0u);
}

TEST_F(NatFragments, TR5_EchoOf8KbBothWays) {
  for (Family f : families) {
    for (Order order : orders) {
      const FrameBuilder out = from(alice, web.at(f)), in = from(web, own(f));
      expect_passes(alice, out, FrameBuilder(out).echo_request(7, 1).pattern(8000), web,
                    to(web, own(f)).echo_request(7, 1).pattern(8000), order);
      expect_passes(web, in, FrameBuilder(in).echo_reply(7, 1).pattern(8000), alice,
                    to(alice, web.at(f)).echo_reply(7, 1).pattern(8000), order);
    }
  }
}

TEST_F(NatFragments, U14_PublishedAndHairpinnedDatagrams) {
  for (Family f : families) {
    sw.publish(outside, own(f), 5353, udp17, alice.at(f), 53);
    for (const Host* client : {&web, &anna, &bob}) {
      const FrameBuilder out = from(*client, own(f));
      const Ip& known_as = client == &web ? web.at(f) : own(f);
      expect_passes(*client, out, FrameBuilder(out).udp(5000, 5353).pattern(9000), alice,
                    to(alice, known_as).udp(5000, 53).pattern(9000), Order::shuffled);
      forget();
    }
  }
}

TEST_F(NatFragments, TR5_EqualIdsOfTwoHostsStayApart) {
  for (Family f : families) {
    const FrameBuilder one = from(alice, web.at(f)), two = from(anna, web.at(f));
    const FrameBuilder sent1 = FrameBuilder(one).udp(4001, 53).pattern(3000);
    const FrameBuilder sent2 = FrameBuilder(two).udp(4002, 53).fill(3000, 7);
    const auto f1 = in_fragments(one, sent1, 9), f2 = in_fragments(two, sent2, 9);
    for (size_t i = 0; i < f1.size(); ++i) send(alice, f1[i]), send(anna, f2[i]);
    std::vector<Bytes> got = sw.received(web.port);
    ASSERT_EQ(got.size(), 6u);
    EXPECT_EQ(joined({got.begin(), got.begin() + 3}),
              body_of(to(web, own(f)).udp(4001, 53).pattern(3000)));
    EXPECT_EQ(joined({got.begin() + 3, got.end()}),
              body_of(to(web, own(f)).udp(4002, 53).fill(3000, 7)));
  }
}

// To web they are two datagrams of one sender, which it must not mix (RFC 6864 5.3.1).
TEST_F(NatFragments, N6_FR8_DatagramsOfTwoHostsLeaveUnderIdsOfTheirOwn) {
  std::set<uint16_t> ids;
  for (const Host* h : {&alice, &anna, &alice}) {
    const FrameBuilder head = from(*h, web.v4);
    sw.send_batch(h->port, in_fragments(head, FrameBuilder(head).udp(4001, 53).pattern(3000), 9));
    ids.insert(one_id_of(3));
  }
  EXPECT_EQ(ids.size(), 3u);
}

// Also of what came in one piece, for it is cut here or by a router on its way.
TEST_F(NatFragments, N6_FR8_SoDoThoseThatCameInOnePiece) {
  sw.interface(outside).mtu = 1300;
  std::set<uint16_t> ids;
  for (const Host* h : {&alice, &anna, &alice}) {
    send(*h, from(*h, web.v4).ip_id(9).udp(4001, 53).pattern(1400));
    ids.insert(one_id_of(2));
    send(*h, from(*h, web.v4).ip_id(9).udp(4001, 53).pattern(100));
    ids.insert(one_id_of(1));
  }
  EXPECT_EQ(ids.size(), 6u);
}

// The segments of one count up from its id.
TEST_F(NatFragments, N6_FR8_SuperSegmentsTakeOneForEachSegment) {
  sw.settings(web.port).capabilities = {};
  std::set<uint16_t> ids;
  for (const Host* h : {&alice, &anna, &alice}) {
    send(*h, from(*h, web.v4).ip_id(9).udp(4001, 53).pattern(3000).gso(1000));
    send(*h, from(*h, web.v4).ip_id(9).tcp(4001, 80).pattern(3001).gso(1000));
    for (const auto& f : sw.received_with_offload(web.port)) {
      EXPECT_EQ(frame_fault(f.bytes), "");
      ids.insert(load_be16(&f.bytes[18]));
    }
  }
  EXPECT_EQ(ids.size(), 21u);
}

TEST_F(NatFragments, N6_FR8_WhatMayNotBeCutOrKeepsItsSourceKeepsItsId) {
  sw.publish(outside, own4, 5353, udp17, alice.v4, 53);
  send(alice, from(alice, web.v4).ip_id(9).dont_fragment().udp(4001, 53).pattern(100));
  EXPECT_EQ(one_id_of(1), 9);
  send(web, from(web, own4).ip_id(9).udp(5000, 5353));
  const auto got = sw.received_with_offload(alice.port);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(load_be16(&got[0].bytes[18]), 9);
}

TEST_F(NatFragments, N6_FR8_ErrorsThatLeaveUnderAnotherSourceToo) {
  open_udp(Family::v4);
  ASSERT_TRUE(web_reaches_alice(Family::v4));
  std::set<uint16_t> ids;
  for (int i = 0; i < 2; ++i) {
    const FrameBuilder about = to(alice, web.v4).udp(53, 4000).payload("answer");
    send(alice, error(from(alice, web.v4).ip_id(9), {3, 3}, about));
    ids.insert(one_id_of(1));
  }
  EXPECT_EQ(ids.size(), 2u);
}

// The inner host is told, about the packet that it knows.
TEST_F(NatFragments, U13_WhatMustNotBeCutAndDoesNotFit) {
  sw.interface(outside).mtu = 1300;
  for (Family f : families) {
    const FrameBuilder ip =
        f == Family::v4 ? from(alice, web.v4).ip_id(9).dont_fragment() : from(alice, web.v6);
    const FrameBuilder sent = FrameBuilder(ip).udp(4000, 53).pattern(1400);
    send(alice, sent);
    const Bytes told = only(alice);
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told_by(told), f == Family::v4 ? (Told{3, 4}) : (Told{2, 0}));
    EXPECT_EQ(icmp_rest(told), 1300u);
    const Bytes quote = quote_of(told);
    Bytes whole = l3_of(sent.bytes());
    whole.resize(quote.size());
    EXPECT_EQ(quote, whole);
    expect_drop(Reason::needs_fragmentation);
  }
}

// The whole is cut for the way out, whatever its pieces were when they came.
TEST_F(NatFragments, CT12_U13_LeavesInPiecesThatFit) {
  sw.interface(outside).mtu = 1300;
  for (Family f : families) {
    const FrameBuilder out = from(alice, web.at(f));
    sw.send_batch(alice.port, in_fragments(out, FrameBuilder(out).udp(4000, 53).pattern(4000), 1));
    EXPECT_EQ(joined(sw.received(web.port), 1300),
              body_of(to(web, own(f)).udp(4000, 53).pattern(4000)));
  }
  send(alice, from(alice, web.v4).udp(4000, 53).pattern(1400));  // one that came in one piece
  EXPECT_EQ(joined(sw.received(web.port), 1300),
            body_of(to(web, own4).udp(4000, 53).pattern(1400)));
}

TEST_F(NatFragments, TR5_FragmentsThatMustNotBeCutPass) {
  const FrameBuilder out = from(alice, web.v4);
  auto fragments = in_fragments(out, FrameBuilder(out).udp(4000, 53).pattern(4000), 1);
  for (FrameBuilder& f : fragments) f.dont_fragment();
  sw.send_batch(alice.port, fragments);
  EXPECT_EQ(joined(sw.received(web.port)), body_of(to(web, own4).udp(4000, 53).pattern(4000)));
}

TEST_F(NatFragments, NG5_ManySmallDatagramsOfOneBatch) {
  sw.interface(outside).mtu = 1280;
  for (Family f : families) {
    const FrameBuilder out = from(alice, web.at(f));
    std::vector<FrameBuilder> batch;
    for (uint8_t i = 0; i < 32; ++i) {
      const auto pieces = in_fragments(out, FrameBuilder(out).udp(4000, 53).fill(2800, i), 100 + i);
      ASSERT_EQ(pieces.size(), 2u);
      batch.insert(batch.end(), pieces.begin(), pieces.end());
    }
    sw.send_batch(alice.port, batch);
    const std::vector<Bytes> got = sw.received(web.port);
    ASSERT_EQ(got.size(), 96u);
    for (uint8_t i = 0; i < 32; ++i) {
      EXPECT_EQ(joined({got.begin() + 3 * i, got.begin() + 3 * i + 3}, 1280),
                body_of(to(web, own(f)).udp(4000, 53).fill(2800, i)));
    }
  }
}

TEST_F(NatFragments, TR5_WithoutItsFirstFragmentNothingPasses) {
  for (Family f : families) {
    const FrameBuilder out = from(alice, web.at(f));
    auto fragments = in_fragments(out, FrameBuilder(out).udp(4000, 53).pattern(4000), 1);
    fragments.erase(fragments.begin());
    sw.send_batch(alice.port, fragments);
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(sw.held(), 2u);
    sw.pass_time(seconds(61));
    EXPECT_EQ(sw.drops(Reason::reassembly_timeout), 2u);
    EXPECT_EQ(sw.held(), 0u);
    EXPECT_EQ(sw.receivers(), Ports{});
  }
}

TEST_F(NatFragments, TR5_UnsolicitedDatagramsAreDroppedWhole) {
  for (Family f : families) {
    const FrameBuilder in = from(web, own(f));
    sw.send_batch(web.port, in_fragments(in, FrameBuilder(in).udp(53, 4000).pattern(4000), 1));
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(sw.drops(Reason::unsolicited), 1u) << "what it was put together from has arrived";
  }
}

TEST_F(NatFragments, U14a_FloodsOfHalvesAreBoundedAndHurtNobodyElse) {
  open_udp(Family::v4);
  open_udp(Family::v6);
  const FrameBuilder head4 = from(web, own4), head6 = from(web, own6);
  const FrameBuilder whole4 = FrameBuilder(head4).udp(53, 4000).pattern(2000);
  const FrameBuilder whole6 = FrameBuilder(head6).udp(53, 4000).pattern(2000);
  for (uint16_t i = 0; i < 5000; ++i) {
    send(web, in_fragments(head4, whole4, i)[i % 2]);
    send(web, in_fragments(head6, whole6, i)[i % 2]);
    if (i % 500 != 0) continue;
    EXPECT_TRUE(web_reaches_alice(Family::v4));
    EXPECT_TRUE(web_reaches_alice(Family::v6));
  }
  EXPECT_LE(sw.held(), 2048u);
  EXPECT_GE(sw.drops(Reason::reassembly_full), 10000u - 2048u);
  // Another source's datagram still gets through.
  const FrameBuilder out = from(alice, web.v4);
  expect_passes(alice, out, FrameBuilder(out).udp(4000, 53).pattern(9000), web,
                to(web, own4).udp(4000, 53).pattern(9000), Order::shuffled);
}

}  // namespace
}  // namespace uswitch::test
