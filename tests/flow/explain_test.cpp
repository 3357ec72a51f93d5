// What explain says, in words; that it is what happens, every flow test sees to (ExplainCheck).
#include "engine/explain.h"

#include <random>

#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class Explain : public Natted {
 protected:
  Explanation ask(const Host& h, const FrameBuilder& f) {
    PacketPool pool(1);
    Packet& packet = *pool.take();
    f.store(packet);
    return explain(sw.tables(), h.port, packet, sw.now());
  }
  std::string text(const Host& h, const FrameBuilder& f) { return ask(h, f).to_text(); }
};

TEST_F(Explain, AFirstPacketOutIsToldStageByStage) {
  EXPECT_EQ(text(alice, from(alice, web.v4).udp(4000, 53)),
            "vlan       no tag on port p0: network office\n"
            "headers    IPv4 10.0.0.2:4000 > 198.51.100.9:53 UDP len 0\n"
            "guard      none: the port may use any address\n"
            "bridge     source 02:00:00:00:00:01 on port p0: known there\n"
            "bridge     02:00:00:00:ff:00 is the gateway of office\n"
            "nat        new flow 10.0.0.2:4000 > 198.51.100.9:53, masqueraded as 198.51.100.1 "
            "(rule from 10.0.0.0/24, out outside), goes on as 198.51.100.1:4000 > "
            "198.51.100.9:53\n"
            "route      198.51.100.9 -> directly on outside\n"
            "neighbour  198.51.100.9 on outside is 02:00:00:00:00:09, permanent\n"
            "router     from office to outside: MACs of gateway and station, TTL 63\n"
            "bridge     02:00:00:00:00:09 in outside: behind port p3, static\n"
            "egress     port p3\n"
            "=> leaves by p3\n");
}

TEST_F(Explain, U1_AServerSpeaksFromThePortThatIsPublishedForIt) {
  sw.publish(outside, own4, 5353, udp17, alice.v4, 53);
  EXPECT_THAT(text(alice, from(alice, web.v4).udp(53, 9999)),
              HasSubstr("masqueraded as 198.51.100.1 (rule from 10.0.0.0/24, out outside) from the "
                        "port that is published for it, goes on as 198.51.100.1:5353 > "
                        "198.51.100.9:9999"));
}

TEST_F(Explain, TheFrameIsTheOneThatWouldLeave) {
  const Explanation e = ask(alice, from(alice, web.v4).udp(4000, 53));
  EXPECT_EQ(e.frame, to(web, own4).udp(4000, 53).bytes());
  EXPECT_EQ(e.egress, Ports{web.port});
  EXPECT_TRUE(e.certain);
  EXPECT_EQ(sw.nat().connections->size(), 0u);
  EXPECT_EQ(sw.nat().ports->size(), 0u);
}

TEST_F(Explain, AnAnswerBelongsToTheConnectionThatWasOpened) {
  open_udp(Family::v4);
  const std::string told = text(web, from(web, own4).udp(53, 4000));
  EXPECT_THAT(told, HasSubstr("198.51.100.9:53 > 198.51.100.1:4000: a connection of which it is an "
                              "answer, goes on as 198.51.100.9:53 > 10.0.0.2:4000"));
  EXPECT_THAT(told, HasSubstr("=> leaves by p0"));
}

TEST_F(Explain, ADropNamesReasonAndSentenceAndWhoIsTold) {
  EXPECT_THAT(text(web, from(web, own4).udp(1, 2)),
              HasSubstr("=> dropped as unsolicited: From outside, and nobody inside"));
  const Explanation e = ask(alice, from(alice, Ip("192.0.2.1")).udp(1, 2));
  EXPECT_EQ(e.drops, std::vector{Reason::no_route});
  EXPECT_THAT(e.to_text(), HasSubstr("route    192.0.2.1 -> no route"));
  EXPECT_THAT(e.to_text(), HasSubstr("its sender is told by ICMP 'no route' (type 3 code 0)"));
}

TEST_F(Explain, APublishedPortIsSaidToLeadSomewhere) {
  sw.publish(outside, own4, 80, tcp6, bob.v4, 8080);
  EXPECT_THAT(text(web, from(web, own4).tcp(5, 80).flags("S")),
              HasSubstr("198.51.100.1:80 is published: leads to 10.1.0.2:8080"));
}

TEST_F(Explain, APortThatIsDrawnIsNotKnownBefore) {
  open_udp(Family::v4);
  const Explanation e = ask(anna, from(anna, web.v4).udp(4000, 53));
  EXPECT_FALSE(e.certain);
  EXPECT_THAT(e.to_text(),
              HasSubstr("its port is taken, so one is drawn when a real packet comes"));
}

TEST_F(Explain, AStationThatIsAskedForKeepsThePacketWaiting) {
  const std::string told = text(alice, from(alice, Ip("10.1.0.77")).udp(1, 2));
  EXPECT_THAT(told, HasSubstr("10.1.0.77 on lab: its MAC is not known, ARP asks for it"));
  EXPECT_THAT(told, HasSubstr("=> waits in the router for an answer from 10.1.0.77 on lab"));
  EXPECT_EQ(sw.neighbours().counts().created, sw.neighbours().size());
}

TEST_F(Explain, AFloodSaysWhoIsLeftOutAndThatTheRouterHears) {
  sw.settings(alice.port).isolated = sw.settings(anna.port).isolated = true;
  const std::string told =
      text(alice, frame().eth(mac(1), broadcast_mac).arp_request(mac(1), alice.v4, "10.0.0.1"));
  EXPECT_THAT(told, HasSubstr("port p1: left out, isolated: Both ports are isolated"));
  EXPECT_THAT(told, HasSubstr("the router hears it and answers"));
}

TEST_F(Explain, AsksInAgesAndStates) {
  sw.send(alice.port, frame().eth(mac(77), mac(78)).ipv4("10.0.0.7", "10.0.0.8").udp(1, 2));
  sw.advance(milliseconds(3500));
  EXPECT_THAT(text(anna, frame().eth(mac(3), mac(77)).ipv4("10.0.0.3", "10.0.0.7").udp(1, 2)),
              HasSubstr("02:00:00:00:00:4d in office: behind port p0, 3 s ago"));
}

// Frames of all kinds, damaged at random: whatever comes, explain says what happens (ExplainCheck),
// and reads no byte that is not there.
class ExplainDamaged : public Natted, public testing::WithParamInterface<unsigned> {
 protected:
  ExplainDamaged() {
    sw.publish(outside, own4, 80, tcp6, bob.v4, 8080);
    sw.add_route("192.0.2.0/24", outside, dns.v4);
    sw.add_route("203.0.113.0/24", RouteKind::prohibit);
    sw.interface(lab).mtu = 1280;
    sw.interface(office).reverse_path = ReversePath::strict;
  }
  std::vector<FrameBuilder> seeds(Family f) const {
    const Ip echo_to = f == Family::v4 ? Ip("10.0.0.1") : Ip("fd00:a::1");
    return {from(alice, web.at(f)).udp(4000, 53).payload("ask"),
            from(alice, web.at(f)).tcp(4001, 80).flags("S"),
            from(alice, bob.at(f)).udp(1, 2).zeros(1300),
            from(alice, bob.at(f)).tcp(1, 2).flags("A"),
            from(alice, own(f)).tcp(5, 80).flags("S"),
            from(alice, echo_to).echo_request(1, 1),
            from(alice, anna.at(f)).udp(1, 2),
            from(alice, f == Family::v4 ? Ip("203.0.113.5") : Ip("2001:db8:1::1")).udp(1, 2)};
  }
  std::vector<FrameBuilder> from_outside(Family f) const {
    return {from(web, own(f)).udp(53, 4000), from(web, own(f)).tcp(80, 4001).flags("SA"),
            from(web, own(f)).tcp(5, 80).flags("S"), from(web, alice.at(f)).udp(1, 2),
            error(from(web, own(f)), {3, 3}, to(web, own(f)).udp(4000, 53))};
  }
  static FrameBuilder arp() {
    return frame().eth(mac(1), broadcast_mac).arp_request(mac(1), "10.0.0.2", "10.0.0.1");
  }
};

TEST_P(ExplainDamaged, IsForetoldAndChangesNothing) {
  std::mt19937 random(GetParam());
  std::vector<std::pair<PortId, Bytes>> all;
  for (const Family f : families) {
    for (const FrameBuilder& b : seeds(f)) all.emplace_back(alice.port, b.bytes());
    for (const FrameBuilder& b : from_outside(f)) all.emplace_back(web.port, b.bytes());
  }
  all.emplace_back(alice.port, arp().bytes());
  for (int i = 0; i < 500; ++i) {
    auto [port, bytes] = all[random() % all.size()];
    for (unsigned n = random() % 4; n > 0; --n) {
      bytes[random() % std::min<size_t>(bytes.size(), 80)] = static_cast<uint8_t>(random());
    }
    if (random() % 16 == 0) bytes.resize(random() % bytes.size());
    if (bytes.empty()) continue;
    sw.send(port, MemoryPort::Frame{std::move(bytes), {}, false, 0});
    if (random() % 8 == 0) sw.pass_time(milliseconds(200));
    if (HasFailure()) FAIL() << "at frame " << i;
  }
  sw.pass_time(std::chrono::seconds(70));
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExplainDamaged, testing::Range(1u, 7u));

}  // namespace
}  // namespace uswitch::test
