#include "wire/print.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::frame;
using test::FrameBuilder;
using test::mac;

FrameBuilder eth() {
  return frame().eth(mac(1), mac(2));
}
FrameBuilder v4() {
  return eth().ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return eth().ipv6("fd00::1", "fd00::2");
}

TEST(Describe, NamesWhatAFrameIs) {
  struct {
    FrameBuilder frame;
    const char* line;
  } rows[] = {
      {v4().tcp(4242, 80).flags("S").seq(1),
       "IPv4 10.0.0.1:4242 > 10.0.0.2:80 TCP SYN seq 1 win 64240 len 0"},
      {v6().tcp(4242, 80).flags("FA").seq(7).ack(9).window(1).payload("abc"),
       "IPv6 [fd00::1]:4242 > [fd00::2]:80 TCP FIN,ACK seq 7 ack 9 win 1 len 3"},
      {v4().tcp(1, 2).flags("").seq(1),
       "IPv4 10.0.0.1:1 > 10.0.0.2:2 TCP no flags seq 1 win 64240 len 0"},
      {eth().vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(1, 53).payload("hello").pad(64),
       "VLAN 10 IPv4 10.0.0.1:1 > 10.0.0.2:53 UDP len 5"},
      {eth().vlan(7, 0, 0x88a8).vlan(8).arp_request(mac(1), "10.0.0.1", "10.0.0.2"),
       "VLAN 7 VLAN 8 ARP who has 10.0.0.2, tell 10.0.0.1"},
      {eth().arp_reply(mac(1), "10.0.0.1", mac(2), "10.0.0.2"),
       "ARP 10.0.0.1 is at 02:00:00:00:00:01"},
      {v4().echo_request(3, 4).zeros(56),
       "IPv4 10.0.0.1 > 10.0.0.2 ICMP echo request id 3 seq 4 len 56"},
      {v6().echo_reply(3, 4), "IPv6 fd00::1 > fd00::2 ICMPv6 echo reply id 3 seq 4 len 0"},
      {v4().icmp(3, 4).zeros(28), "IPv4 10.0.0.1 > 10.0.0.2 ICMP unreachable code 4 len 28"},
      {v6().icmp(2, 0, 1280).zeros(48),
       "IPv6 fd00::1 > fd00::2 ICMPv6 packet too big mtu 1280 len 48"},
      {v4().icmp(42, 1), "IPv4 10.0.0.1 > 10.0.0.2 ICMP type 42 code 1 len 0"},
      {v6().neighbor_solicitation("fd00::3", mac(1)),
       "IPv6 fd00::1 > fd00::2 ICMPv6 neighbor solicitation for fd00::3 from 02:00:00:00:00:01"},
      {v6().neighbor_advertisement("fd00::3", mac(1)),
       "IPv6 fd00::1 > fd00::2 ICMPv6 neighbor advertisement for fd00::3 is at 02:00:00:00:00:01"},
      {v6().router_advertisement(), "IPv6 fd00::1 > fd00::2 ICMPv6 router advertisement"},
      {v6().neighbor_solicitation("fd00::3").zeros(8),
       "IPv6 fd00::1 > fd00::2 ICMPv6 neighbor solicitation (malformed)"},
      {v4().ip_id(7).fragment(1480, true).protocol(17).zeros(8),
       "IPv4 10.0.0.1 > 10.0.0.2 fragment id 7 offset 1480 more protocol 17 len 8"},
      {v6().fragment_header(8, false, 77).protocol(6).zeros(3),
       "IPv6 fd00::1 > fd00::2 fragment id 77 offset 8 last protocol 6 len 3"},
      {v4().protocol(132).zeros(12), "IPv4 10.0.0.1 > 10.0.0.2 protocol 132 len 12"},
      {v6(), "IPv6 fd00::1 > fd00::2 protocol 59 len 0"},
      {eth().ether_type(0x88cc).zeros(46),
       "02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x88cc len 46"},
      {eth().ether_type(38).zeros(46), "02:00:00:00:00:01 > 02:00:00:00:00:02 802.3 len 46"},
      {v4().ihl(4), "malformed IPv4 len 20"},
      {v6().ip_length(1), "malformed IPv6 len 40"},
      {v6().extension(60).set(55, {9}), "IPv6 fd00::1 > fd00::2 malformed extension header"},
      {v4().tcp(1, 2).data_offset(4), "IPv4 10.0.0.1 > 10.0.0.2 malformed TCP"},
      {v4().udp(1, 2).udp_length(7), "IPv4 10.0.0.1 > 10.0.0.2 malformed UDP"},
      {v4().protocol(1), "IPv4 10.0.0.1 > 10.0.0.2 malformed ICMP"},
      {eth().ether_type(0x806), "malformed ARP len 0"},
      // TR-16: a tag and then nothing.
      {eth().vlan(10).truncate(16), "02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x8100 len 2"},
      {eth().truncate(13), "too short for Ethernet, len 13"},
  };
  for (const auto& row : rows) EXPECT_EQ(describe(row.frame.bytes()), row.line);
}

// TR-16: every prefix of a frame, and frames with any one byte replaced. The sanitizers judge.
TEST(Describe, TR16_BearsAnyBytes) {
  std::mt19937 random(1);
  for (const FrameBuilder& builder : {v4().tcp(1, 2).zeros(8), v6().extension(0).udp(1, 2),
                                      v6().neighbor_solicitation("fd00::3", mac(1)),
                                      eth().vlan(1).arp_request(mac(1), "10.0.0.1", "10.0.0.2")}) {
    test::Bytes whole = builder.bytes();
    for (size_t size = 0; size < whole.size(); ++size) {
      test::Bytes exact(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_FALSE(describe(exact).empty());
      test::Bytes changed = whole;
      changed[size] = static_cast<uint8_t>(random());
      EXPECT_FALSE(describe(changed).empty());
    }
  }
}

}  // namespace
}  // namespace uswitch
