// Packets that the router takes from one network to another.
#include <gtest/gtest.h>

#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

using Routing4 = Routed;

TEST_F(Routing4, R4_3_R4_14_ForwardsWithNewMacsAndOneHopLess) {
  sw.send(a, to_b().ttl(64).payload("hello"));
  EXPECT_EQ(sw.received(b),
            frames(from_router(b_net, mac(2)).ipv4(a4, b4).ttl(63).udp(7, 9).payload("hello")));
}

TEST_F(Routing4, R4_3_TtlRunsOut) {
  sw.send(a, to_b().ttl(1).payload("hello"));
  EXPECT_EQ(sw.received(b).size(), 0u);
  EXPECT_EQ(sw.drops(Reason::ttl_exceeded), 1u);
  const auto out = sw.received(a);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(frame_fault(out[0]), "");
  EXPECT_EQ(out[0][34], 11);
}

TEST_F(Routing4, R4_11_AnswersEchoRequests) {
  sw.send(a, frame()
                 .eth(mac(1), gateway_mac(a_net))
                 .ipv4(a4, "10.0.0.1")
                 .echo_request(7, 1)
                 .payload("data"));
  EXPECT_EQ(sw.received(a), frames(from_router(a_net, mac(1))
                                       .ipv4("10.0.0.1", a4)
                                       .ttl(64)
                                       .echo_reply(7, 1)
                                       .payload("data")));
}

TEST_F(Routing4, I6_1_PointsToTheProtocolBehindExtensionHeaders) {
  sw.send(a, from_a().ipv6(a6, "fd00:a::1").extension(60).protocol(200).payload("hello"));
  const auto out = sw.received(a);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(frame_fault(out[0]), "");
  EXPECT_EQ(out[0][54], 4);   // parameter problem
  EXPECT_EQ(out[0][55], 1);   // unrecognised next header
  EXPECT_EQ(out[0][61], 40);  // named by the first byte behind the IPv6 header
}

TEST_F(Routing4, R6_3_StaysSilentWhenNothingFollows) {
  sw.send(a, from_a().ipv6(a6, "fd00:a::1").protocol(59));
  EXPECT_EQ(sw.received(a).size(), 0u);
  EXPECT_EQ(sw.drops(Reason::no_protocol), 1u);
}

}  // namespace
}  // namespace uswitch::test
