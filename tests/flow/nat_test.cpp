// Translation in the pipeline: masquerade, published ports, hairpin.
#include <gtest/gtest.h>

#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

TEST_F(Natted, NG7_SourceIsMasqueradedAndTheAnswerComesBack) {
  sw.send(a, from_a().ipv4(a4, server).udp(4000, 53).payload("query"));
  EXPECT_EQ(sw.received(out), frames(from_router(out_net, mac(9)).ipv4(own, server).ttl(63).udp(4000, 53).payload("query")));
  sw.send(out, from_server().ipv4(server, own).udp(53, 4000).payload("answer"));
  EXPECT_EQ(sw.received(a), frames(from_router(a_net, mac(1)).ipv4(server, a4).ttl(63).udp(53, 4000).payload("answer")));
}

TEST_F(Natted, UnsolicitedFromOutsideIsDropped) {
  sw.send(out, from_server().ipv4(server, own).udp(53, 4000).payload("hello"));
  sw.send(out, from_server().ipv4(server, a4).udp(53, 4000).payload("hello"));
  sw.send(out, from_server().ipv4(server, own).tcp(53, 4000).flags("S"));
  EXPECT_EQ(sw.receivers(), std::vector<PortId>{});
  EXPECT_EQ(sw.drops(Reason::unsolicited), 3u);
}

TEST_F(Natted, PublishedPortReachesTheServerWithTheClientsAddress) {
  sw.publish(out_net, own, 8080, 6, a4, 80);
  sw.send(out, from_server().ipv4(server, own).tcp(5000, 8080).flags("S").seq(1));
  EXPECT_EQ(sw.received(a), frames(from_router(a_net, mac(1)).ipv4(server, a4).ttl(63).tcp(5000, 80).flags("S").seq(1)));
  sw.send(a, from_a().ipv4(a4, server).tcp(80, 5000).flags("SA").seq(7).ack(2));
  EXPECT_EQ(sw.received(out), frames(from_router(out_net, mac(9)).ipv4(own, server).ttl(63).tcp(8080, 5000).flags("SA").seq(7).ack(2)));
}

TEST_F(Natted, HP1_T8_HairpinFromTheServerItself) {
  sw.publish(out_net, own, 8080, 6, a4, 80);
  sw.send(a, from_a().ipv4(a4, own).tcp(5000, 8080).flags("S").seq(1));
  EXPECT_EQ(sw.received(a), frames(from_router(a_net, mac(1)).ipv4(own, a4).ttl(63).tcp(5000, 80).flags("S").seq(1)));
}

TEST_F(Natted, R4_3_TtlErrorIsAboutThePacketThatTheInnerHostSent) {
  sw.send(a, from_a().ipv4(a4, server).ttl(1).udp(4000, 53).payload("query"));
  const auto errors = sw.received(a);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(frame_fault(errors[0]), "");
  EXPECT_EQ(IpAddress::load4(&errors[0][14 + 20 + 8 + 12]), a4);
  sw.send(a, from_a().ipv4(a4, server).ttl(1).udp(4000, 53).payload("query"));
  EXPECT_EQ(sw.received(a).size(), 1u);
}

}  // namespace
}  // namespace uswitch::test
