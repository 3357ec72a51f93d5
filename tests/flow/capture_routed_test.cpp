// What captures see of packets that are routed, translated, cut, kept waiting, or the router's own.
#include <gmock/gmock.h>

#include "tests/flow/captured.h"
#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::Field;

class CaptureRouted : public Natted {
 protected:
  static std::vector<uint64_t> ids(const std::vector<Seen>& all) {
    std::vector<uint64_t> list;
    for (const Seen& s : all) list.push_back(s.id);
    return list;
  }
};

TEST_F(CaptureRouted, PC6_ATranslatedPacketKeepsItsId) {
  const auto capture = sw.capture({});
  const auto first = from(alice, web.v4).udp(4000, 53).payload("query");
  const auto answer = from(web, own4).udp(53, 4000).payload("answer");
  send(alice, first);
  send(web, answer);
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen),
              ElementsAre("in p0 -> p3", "out p3 <- p0", "in p3 -> p0", "out p0 <- p3"));
  EXPECT_EQ(seen[0].id, seen[1].id);
  EXPECT_EQ(seen[2].id, seen[3].id);
  EXPECT_NE(seen[0].id, seen[2].id);
  EXPECT_EQ(seen[0].bytes, first.bytes());
  EXPECT_EQ(seen[1].bytes, only(web)) << "as it left, after NAT";
  EXPECT_EQ(seen[2].bytes, answer.bytes());
}

TEST_F(CaptureRouted, AFilterForTheOldAddressSeesThePacketLeaveToo) {
  const auto capture = sw.capture({.filter = PacketFilter("src host 10.0.0.2")});
  send(alice, from(alice, web.v4).udp(4000, 53));
  send(anna, from(anna, web.v4).udp(4001, 53));
  EXPECT_THAT(words(take_seen(*capture)), ElementsAre("in p0 -> p3", "out p3 <- p0"));
}

// First by its own turn, then in passes over the batch.
TEST_F(CaptureRouted, AFilterForTheNewAddressSeesThePacketLeave) {
  const auto capture = sw.capture({.filter = PacketFilter("src host 198.51.100.1")});
  for (int i = 0; i < 2; ++i) {
    send(alice, from(alice, web.v4).udp(4000, 53));
    auto seen = take_seen(*capture);
    ASSERT_THAT(words(seen), ElementsAre("out p3 <- p0"));
    clear_free_id(seen[0].bytes);
    EXPECT_EQ(seen[0].bytes, only(web));
  }
}

TEST_F(CaptureRouted, AnAnswerOfTheRouterIsAPacketOfItsOwn) {
  const auto capture = sw.capture({});
  send(alice, from(alice, "10.0.0.1").echo_request(1, 1));
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen), ElementsAre("in p0 answered", "in (router)", "out p0 <- (router)"));
  EXPECT_NE(seen[0].id, seen[1].id);
  EXPECT_EQ(seen[1].id, seen[2].id);
}

TEST_F(CaptureRouted, AnErrorOfTheRouterIsAPacketOfItsOwn) {
  const auto capture = sw.capture({});
  const auto routers = sw.capture({.ports = {no_port}});
  send(alice, from(alice, "203.0.113.9").udp(1, 2));
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen), ElementsAre("in p0 drop no_route", "in (router)", "out p0 <- (router)"));
  EXPECT_THAT(words(take_seen(*routers)), ElementsAre("in (router)"));
}

TEST_F(CaptureRouted, WhatIsForTheRouterEndsThere) {
  const auto capture = sw.capture({});
  send(alice, from(alice, "10.0.0.1").icmp(0, 0));
  EXPECT_THAT(words(take_seen(*capture)), ElementsAre("in p0 drop icmp_unhandled"));
}

TEST_F(CaptureRouted, APacketThatWaitedIsTheSameOne) {
  const PortId port = sw.add_port(lab);
  const auto capture = sw.capture({.filter = PacketFilter("udp")});
  send(alice, from(alice, "10.1.0.77").udp(1, 2));
  ASSERT_THAT(words(take_seen(*capture)), ElementsAre("in p0 consumed"));
  send(alice, from(alice, "10.1.0.77").udp(3, 4));
  const uint64_t id = take_seen(*capture).at(0).id;
  sw.send(port, frame()
                    .eth(mac(77), TestSwitch::router_mac(lab))
                    .arp_reply(mac(77), "10.1.0.77", TestSwitch::router_mac(lab), "10.1.0.1"));
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen), ElementsAre("out p5 <- p0", "out p5 <- p0"));
  EXPECT_EQ(seen[1].id, id);
}

TEST_F(CaptureRouted, APacketThatWaitedInVainIsDropped) {
  const auto capture = sw.capture({.filter = PacketFilter("udp")});
  const auto drops = sw.capture({.filter = PacketFilter("udp"), .drops = true});
  send(alice, from(alice, "10.1.0.77").udp(1, 2));
  const uint64_t id = take_seen(*capture).at(0).id;
  for (int i = 0; i < 10; ++i) {
    std::vector<Neighbours::Question> questions;
    sw.neighbours().sweep(sw.now(), questions);
    sw.pass_time(seconds(1));
  }
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen), Contains("in p0 drop neighbour_failed"));
  EXPECT_EQ(seen[0].id, id);
  EXPECT_THAT(words(take_seen(*drops)), ElementsAre("in p0 drop neighbour_failed"));
}

// A mark of a capture that has ended is not taken for one of that which has its place.
TEST_F(CaptureRouted, APacketThatWaitedForAnotherCaptureIsNotOfThisOne) {
  const PortId port = sw.add_port(lab);
  const auto first = sw.capture({});
  send(alice, from(alice, "10.1.0.77").udp(1, 2));
  sw.end_capture(*first);
  const auto second = sw.capture({.filter = PacketFilter("tcp")});
  sw.send(port, frame()
                    .eth(mac(77), TestSwitch::router_mac(lab))
                    .arp_reply(mac(77), "10.1.0.77", TestSwitch::router_mac(lab), "10.1.0.1"));
  EXPECT_EQ(sw.received(port).size(), 2u) << "the question and the packet";
  EXPECT_THAT(words(take_seen(*second)), IsEmpty());
}

TEST_F(CaptureRouted, PiecesHaveTheIdOfTheWhole) {
  const auto capture = sw.capture({});
  sw.interface(lab).mtu = 600;
  send(alice, from(alice, "10.1.0.2").udp(1, 2).zeros(1200));
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen),
              ElementsAre("in p0 consumed", "out p2 <- p0", "out p2 <- p0", "out p2 <- p0"));
  EXPECT_THAT(ids(seen), Each(seen[0].id));
}

TEST_F(CaptureRouted, ADroppedTranslationIsSeenAmongDrops) {
  const auto drops = sw.capture({.drops = true});
  send(web, from(web, own4).udp(53, 4000));
  const auto seen = take_seen(*drops);
  ASSERT_THAT(words(seen), ElementsAre("in p3 drop unsolicited"));
  EXPECT_EQ(seen[0].bytes, from(web, own4).udp(53, 4000).bytes());
}

TEST_F(CaptureRouted, ATraceSaysWhatTheStagesDo) {
  const auto trace = sw.capture({.filter = PacketFilter("udp"), .explain = true});
  send(alice, from(alice, web.v4).udp(4000, 53));
  send(alice, from(alice, "10.0.0.1").echo_request(1, 1));
  const auto seen = take_seen(*trace);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(words(seen[0]), "in p0 -> p3");
  EXPECT_EQ(seen[1].kind, CaptureRecord::Kind::text);
  EXPECT_EQ(words(seen[2]), "out p3 <- p0");
  EXPECT_EQ(seen[1].id, seen[0].id);
  EXPECT_EQ(seen[2].id, seen[0].id);
  const std::string text(seen[1].bytes.begin(), seen[1].bytes.end());
  EXPECT_THAT(text, testing::HasSubstr("masquerade"));
}

TEST_F(CaptureRouted, ATraceExplainsSoManyPacketsAndNoMore) {
  const auto trace = sw.capture({.explain = true});
  for (int i = 0; i < 1000; ++i) send(alice, from(alice, web.v4).udp(4000, 53));
  const size_t burst = take_seen(*trace).size() / 3;
  EXPECT_EQ(burst, 65u);
  EXPECT_EQ(burst + trace->lost(), 1000u);
  EXPECT_EQ(sw.received(web.port).size(), 1000u);
  sw.advance(seconds(1));
  send(alice, from(alice, web.v4).udp(4000, 53));
  EXPECT_EQ(take_seen(*trace).size(), 3u);
}

}  // namespace
}  // namespace uswitch::test
