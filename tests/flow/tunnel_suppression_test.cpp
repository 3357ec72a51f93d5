// Questions for stations behind other nodes, answered where they are asked: STANDARDS ND-10, TR-14.
#include "tests/flow/tunnelled.h"

namespace uswitch::test {
namespace {

const Ip self = "192.0.2.1", peer = "192.0.2.2", other = "192.0.2.3";
const Ip here4 = "10.0.0.1", there4 = "10.0.0.2", here6 = "fd00::1", there6 = "fd00::2";
const Ip there6_group = "ff02::1:ff00:2";
const Mac here = mac(1), there = mac(2), all = "ff:ff:ff:ff:ff:ff",
          there6_group_mac = "33:33:ff:00:00:02", all_nodes_mac = "33:33:00:00:00:01";

// Router, solicited, override.
constexpr uint32_t R = 0x80000000, S = 0x40000000, O = 0x20000000;

FrameBuilder arp_question() {
  return frame().eth(here, all).arp_request(here, here4, there4);
}
FrameBuilder arp_answer(const Mac& from = there) {
  return frame().eth(from, here).arp_reply(from, there4, here, here4);
}
FrameBuilder nd_question(const Ip& source = here6) {
  return frame()
      .eth(here, there6_group_mac)
      .ipv6(source, there6_group)
      .neighbor_solicitation(there6, here);
}
FrameBuilder nd_answer(uint32_t flags = S | O) {
  return frame().eth(there, here).ipv6(there6, here6).neighbor_advertisement(there6, there, flags);
}

class TunnelSuppression : public ::testing::Test {
 protected:
  TunnelSuppression() : node(self) {
    remote = node.add_remote(peer, 7);
    node.listen();
    node.sw.settings(remote).suppress = true;
    node.sw.tables().suppression = std::make_shared<Suppression>(64, HashKey::random());
    second = node.sw.add_port(node.network);
  }

  void from_remote(const FrameBuilder& f) {
    node.arrive(peer, vxlan(7) + f.bytes());
    node.sw.receivers();
  }

  // What the question brought: an answer from here, or its own copies elsewhere.
  enum Outcome { answered, flooded, neither };
  Outcome ask(const FrameBuilder& question) {
    node.sw.send(node.local, question);
    const auto sent = node.sent();
    answer = node.sw.received(node.local);
    const auto beside = node.sw.received(second);
    if (answer.size() == 1 && sent.empty() && beside.empty()) return answered;
    const bool as_it_is = sent.size() == 1 && sent[0].payload == vxlan(7) + question.bytes();
    return answer.empty() && as_it_is && beside.size() == 1 ? flooded : neither;
  }

  Node node;
  PortId remote, second;
  std::vector<Bytes> answer;
};

TEST_F(TunnelSuppression, ND10_ArpForAKnownStationIsAnsweredAsItWould) {
  EXPECT_EQ(ask(arp_question()), flooded);
  from_remote(arp_answer());
  ASSERT_EQ(ask(arp_question().pad(60)), answered);
  EXPECT_EQ(answer[0], arp_answer().bytes());
}

TEST_F(TunnelSuppression, ND10_NeighbourSolicitationsToo) {
  EXPECT_EQ(ask(nd_question()), flooded);
  from_remote(nd_answer());
  ASSERT_EQ(ask(nd_question()), answered);
  EXPECT_EQ(answer[0], nd_answer().bytes());
  EXPECT_EQ(frame_fault(answer[0]), "");
}

// A host that believed otherwise would take it out of its default routers (RFC 4861 7.2.5).
TEST_F(TunnelSuppression, ND10_ARouterIsAnsweredForAsARouter) {
  from_remote(nd_answer(R | S | O));
  ASSERT_EQ(ask(nd_question()), answered);
  EXPECT_EQ(answer[0], nd_answer(R | S | O).bytes());
}

TEST_F(TunnelSuppression, ND10_LearnsFromRequestsAndAnnouncements) {
  from_remote(frame().eth(there, all).arp_request(there, there4, "10.0.0.77"));
  EXPECT_EQ(ask(arp_question()), answered);
  from_remote(frame()
                  .eth(there, all_nodes_mac)
                  .ipv6(there6, "ff02::1")
                  .neighbor_advertisement(there6, there, O));
  EXPECT_EQ(ask(nd_question()), answered);
}

TEST_F(TunnelSuppression, ND10_DuplicateAddressDetectionPasses) {
  from_remote(arp_answer());
  from_remote(nd_answer());
  EXPECT_EQ(ask(frame().eth(here, all).arp_request(here, "0.0.0.0", there4)), flooded);
  EXPECT_EQ(ask(frame()
                    .eth(here, there6_group_mac)
                    .ipv6("::", there6_group)
                    .neighbor_solicitation(there6)),
            flooded);
}

TEST_F(TunnelSuppression, ND10_AnnouncementsPassAndSayThatTheAddressIsHere) {
  from_remote(arp_answer());
  EXPECT_EQ(ask(frame().eth(here, all).arp_request(here, there4, there4)), flooded);
  EXPECT_EQ(ask(arp_question()), flooded);
  from_remote(nd_answer());
  EXPECT_EQ(ask(frame()
                    .eth(here, all_nodes_mac)
                    .ipv6(there6, "ff02::1")
                    .neighbor_advertisement(there6, here, O)),
            flooded);
  EXPECT_EQ(ask(nd_question()), flooded);
}

TEST_F(TunnelSuppression, TR14_NotForAStationThatMovedHere) {
  from_remote(arp_answer());
  // Its MAC is heard at a local port, by a frame that says nothing of addresses.
  node.sw.send(second, frame().eth(there, here).ether_type(0x88b5).zeros(46));
  node.sw.receivers(), node.sent();
  EXPECT_EQ(ask(arp_question()), flooded);
}

TEST_F(TunnelSuppression, TR14_AnAddressThatMovedBetweenNodesIsItsNewStations) {
  from_remote(arp_answer());
  from_remote(arp_answer(mac(3)));
  ASSERT_EQ(ask(arp_question()), answered);
  EXPECT_EQ(answer[0], arp_answer(mac(3)).bytes());
}

TEST_F(TunnelSuppression, TR14_AgesWithTheMacTable) {
  from_remote(arp_answer());
  node.sw.advance(std::chrono::seconds(200));
  from_remote(frame().eth(there, here).ether_type(0x88b5).zeros(46));  // the MAC stays known
  EXPECT_EQ(ask(arp_question()), answered);
  node.sw.advance(std::chrono::seconds(102));
  EXPECT_EQ(ask(arp_question()), flooded);
}

TEST_F(TunnelSuppression, TR14_NotOnceTheMacIsForgotten) {
  from_remote(arp_answer());
  node.sw.network(node.network).fdb->flush_port(remote);
  EXPECT_EQ(ask(arp_question()), flooded);
}

TEST_F(TunnelSuppression, TR14_NetworksAreApart) {
  const NetworkId apart = node.sw.add_network("apart");
  const PortId asker = node.sw.add_port(apart), beside = node.sw.add_port(apart);
  from_remote(arp_answer());
  node.sw.send(asker, arp_question());
  EXPECT_TRUE(node.sw.received(asker).empty());
  EXPECT_EQ(node.sw.received(beside).size(), 1u);
}

TEST_F(TunnelSuppression, TheTagOfTheAskersNetworkIsOnTheAnswer) {
  const PortId trunk = node.sw.add_port(no_network, {{30, node.network}});
  from_remote(arp_answer());
  node.sw.send(trunk, frame().eth(here, all).vlan(30).arp_request(here, here4, there4));
  const auto got = node.sw.received(trunk);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0],
            frame().eth(there, here).vlan(30).arp_reply(there, there4, here, here4).bytes());
}

TEST_F(TunnelSuppression, TheRouterAnswersForItself) {
  node.sw.add_router(node.network, {"10.0.0.2/24"});
  from_remote(arp_answer());
  node.sw.drops(Reason::arp_conflict);
  node.sw.send(node.local, arp_question());
  const auto got = node.sw.received(node.local);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(MacAddress::load(got[0].data() + 6), TestSwitch::router_mac(node.network));
}

TEST_F(TunnelSuppression, OffForThePortOrAltogetherNothingIsAnswered) {
  node.sw.settings(remote).suppress = false;
  from_remote(arp_answer());
  EXPECT_EQ(ask(arp_question()), flooded);
  node.sw.settings(remote).suppress = true;
  from_remote(arp_answer());
  node.sw.settings(remote).suppress = false;
  EXPECT_EQ(ask(arp_question()), flooded);
  node.sw.tables().suppression = nullptr;
  node.sw.settings(remote).suppress = true;
  EXPECT_EQ(ask(arp_question()), flooded);
}

// What leaves a doubt is neither believed nor answered.
TEST_F(TunnelSuppression, ND10_NothingIsLearnedFromMessagesInDoubt) {
  const FrameBuilder doubtful[] = {
      frame().eth(mac(3), here).arp_reply(there, there4, here, here4),  // in another's name
      frame().eth(there, all).arp_request(there, "0.0.0.0", there4),    // a probe
      nd_answer(S),                                                     // may be an anycast address
      frame().eth(there, here).ipv6(there6, here6).neighbor_advertisement(there6, {}, S | O),
      frame().eth(there, here).ipv6(there6, here6).neighbor_advertisement(there6, mac(3), S | O),
      nd_answer().ttl(254),
      nd_answer().l4_checksum(0x1234),
      // Does not say whether its sender is a router.
      frame()
          .eth(there, "33:33:ff:00:00:09")
          .ipv6(there6, "ff02::1:ff00:9")
          .neighbor_solicitation("fd00::9", there),
  };
  for (const FrameBuilder& f : doubtful) from_remote(f);
  from_remote(frame().eth(there, here).ether_type(0x88b5).zeros(46));
  EXPECT_EQ(ask(arp_question()), flooded);
  EXPECT_EQ(ask(nd_question()), flooded);
}

TEST_F(TunnelSuppression, ND10_ASolicitationByAnotherEndsWhatWasKnown) {
  from_remote(nd_answer());
  from_remote(frame()
                  .eth(mac(3), "33:33:ff:00:00:09")
                  .ipv6(there6, "ff02::1:ff00:9")
                  .neighbor_solicitation("fd00::9", mac(3)));
  EXPECT_EQ(ask(nd_question()), flooded);
}

TEST_F(TunnelSuppression, ND10_QuestionsInDoubtPass) {
  from_remote(arp_answer());
  from_remote(nd_answer());
  EXPECT_EQ(ask(frame().eth(here, all).arp_request(mac(9), here4, there4)), flooded);
  EXPECT_EQ(ask(frame()
                    .eth(here, there6_group_mac)
                    .ipv6(here6, there6_group)
                    .neighbor_solicitation(there6, mac(9))),
            flooded);
  EXPECT_EQ(ask(nd_question().ttl(64)), flooded);
  EXPECT_EQ(ask(nd_question().l4_checksum(0x1234)), flooded);
  EXPECT_EQ(ask(frame().eth(here, all).arp_request(here, here4, "10.0.0.3")), flooded);
}

// A question to one station goes to it: it is asked whether it is still there.
TEST_F(TunnelSuppression, ND10_QuestionsToOneStationReachIt) {
  from_remote(arp_answer());
  node.sw.send(node.local, frame().eth(here, there).arp_request(here, here4, there4));
  EXPECT_EQ(node.sent().size(), 1u);
  EXPECT_TRUE(node.sw.received(node.local).empty());
}

}  // namespace
}  // namespace uswitch::test
