#include <gtest/gtest.h>

#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/ndp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::FrameBuilder;
using test::Ip;
using test::mac;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}
std::span<const uint8_t> after(const Bytes& b, size_t offset) {
  return std::span(b).subspan(offset);
}

TEST(EthernetView, Getters) {
  Bytes b = v4().bytes();
  auto eth = EthernetView::parse(b);
  ASSERT_TRUE(eth);
  EXPECT_EQ(eth->source(), mac(1));
  EXPECT_EQ(eth->destination(), mac(2));
  EXPECT_EQ(eth->type(), ether_type::ipv4);
  EXPECT_EQ(eth->payload().size(), 20u);
  EXPECT_FALSE(EthernetView::parse(after(b, b.size() - 13)));
}

TEST(VlanView, VL1_TagControlInformation) {
  Bytes b = frame().eth(mac(1), mac(2)).vlan(0xabc, 5).ether_type(0x1234).bytes();
  b[14] |= 0x10;
  auto tag = VlanView::parse(after(b, 12));
  ASSERT_TRUE(tag);
  EXPECT_EQ(tag->tpid(), 0x8100);
  EXPECT_EQ(tag->tci(), 0xbabc);
  EXPECT_EQ(tag->vid(), 0xabc);
  EXPECT_EQ(tag->pcp(), 5);
  EXPECT_TRUE(tag->dei());
  EXPECT_EQ(tag->inner_type(), 0x1234);
  EXPECT_FALSE(VlanView::parse(std::span(b).subspan(12, 5)));
  EXPECT_FALSE(VlanView::parse(v4().udp(1, 2).bytes()));
}

TEST(ArpView, ARP1_Getters) {
  Bytes b = frame().eth(mac(1), mac(2)).arp_reply(mac(3), "10.0.0.3", mac(4), "10.0.0.4").bytes();
  auto arp = ArpView::parse(after(b, 14));
  ASSERT_TRUE(arp);
  EXPECT_EQ(arp->operation(), ArpView::reply);
  EXPECT_EQ(arp->sender_mac(), mac(3));
  EXPECT_EQ(arp->sender_ip(), Ip("10.0.0.3"));
  EXPECT_EQ(arp->target_mac(), mac(4));
  EXPECT_EQ(arp->target_ip(), Ip("10.0.0.4"));
}

TEST(Ipv4View, GettersAndChecksum) {
  Bytes b =
      v4().tos(0xb8).ip_id(7).ttl(3).fragment(1480, true).protocol(17).zeros(8).pad(60).bytes();
  auto ip = Ipv4View::parse(after(b, 14));
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->bytes().size(), 28u);  // R4-2
  EXPECT_EQ(ip->header_size(), 20u);
  EXPECT_EQ(ip->payload().size(), 8u);
  EXPECT_EQ(ip->tos(), 0xb8);
  EXPECT_EQ(ip->id(), 7);
  EXPECT_EQ(ip->ttl(), 3);
  EXPECT_EQ(ip->fragment_offset(), 1480u);
  EXPECT_TRUE(ip->more_fragments());
  EXPECT_TRUE(ip->is_fragment());
  EXPECT_FALSE(ip->dont_fragment());
  EXPECT_EQ(ip->source(), Ip("10.0.0.1"));
  EXPECT_EQ(ip->destination(), Ip("10.0.0.2"));
  EXPECT_TRUE(ip->checksum_valid());
  b[22] ^= 1;
  EXPECT_FALSE(ip->checksum_valid());
}

TEST(Ipv4View, DontFragmentIsNotAFragment) {
  Bytes b = v4().dont_fragment().bytes();
  auto ip = Ipv4View::parse(after(b, 14));
  ASSERT_TRUE(ip);
  EXPECT_TRUE(ip->dont_fragment());
  EXPECT_FALSE(ip->is_fragment());
}

TEST(MutableViews, SettersAndChecksumsMakeASoundFrame) {
  Bytes b = v4().udp(1, 2).payload("hi").bytes();
  auto ip = MutableIpv4View::parse(std::span(b).subspan(14));
  ASSERT_TRUE(ip);
  ip->set_source(Ip("192.0.2.1"));
  ip->set_destination(Ip("192.0.2.2"));
  ip->set_ttl(9);
  ip->set_tos(4);
  ip->set_id(0xbeef);
  ip->fill_checksum();
  auto udp = MutableUdpView::parse(ip->payload());
  ASSERT_TRUE(udp);
  udp->set_source_port(1000);
  udp->set_destination_port(53);
  udp->set_checksum(0);
  uint16_t sum = checksum::add(ip->pseudo_sum(udp->bytes().size()), checksum::sum(udp->bytes()));
  udp->set_checksum(checksum::finish_udp(sum));
  Bytes expected = frame()
                       .eth(mac(1), mac(2))
                       .ipv4("192.0.2.1", "192.0.2.2")
                       .ttl(9)
                       .tos(4)
                       .ip_id(0xbeef)
                       .udp(1000, 53)
                       .payload("hi")
                       .bytes();
  EXPECT_EQ(b, expected);
}

TEST(Ipv6View, GettersAndSetters) {
  Bytes b = v6().tos(0xb8).ttl(3).udp(1, 2).payload("hi").pad(90).bytes();
  auto ip = MutableIpv6View::parse(std::span(b).subspan(14));
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->bytes().size(), 50u);
  EXPECT_EQ(ip->traffic_class(), 0xb8);
  EXPECT_EQ(ip->flow_label(), 0u);
  EXPECT_EQ(ip->hop_limit(), 3);
  EXPECT_EQ(ip->next_header(), ip_protocol::udp);
  EXPECT_EQ(ip->source(), Ip("fd00::1"));
  EXPECT_EQ(ip->destination(), Ip("fd00::2"));
  uint16_t sum = ip->pseudo_sum(ip_protocol::udp, ip->payload().size());
  EXPECT_EQ(checksum::add(sum, checksum::sum(ip->payload())), 0xffff);
  ip->set_traffic_class(0x41);
  EXPECT_EQ(ip->traffic_class(), 0x41);
  EXPECT_EQ(b[14] >> 4, 6);
}

TEST(Ipv6Chain, R6_3_KeepsWhatTheFragmentHeaderSays) {
  Bytes b = v6().extension(0).fragment_header(1480, true, 77).protocol(17).zeros(9).bytes();
  auto chain = walk_extensions(*Ipv6View::parse(after(b, 14)));
  EXPECT_TRUE(chain.has_fragment_header);
  EXPECT_TRUE(chain.more_fragments);
  EXPECT_FALSE(chain.complete);
  EXPECT_FALSE(chain.malformed);
  EXPECT_EQ(chain.fragment_offset, 1480);
  EXPECT_EQ(chain.fragment_id, 77u);
  EXPECT_EQ(chain.protocol, 17);
  EXPECT_EQ(chain.offset, 56u);
  EXPECT_EQ(chain.next_header_at, 48u);
}

TEST(TcpView, GettersAndOptions) {
  const uint8_t options[] = {2, 4, 5, 0xb4};
  Bytes b =
      v4().tcp(1, 2).flags("SE").seq(3).ack(4).window(5).tcp_options(options).payload("x").bytes();
  auto tcp = TcpView::parse(after(b, 34));
  ASSERT_TRUE(tcp);
  EXPECT_EQ(tcp->source_port(), 1);
  EXPECT_EQ(tcp->destination_port(), 2);
  EXPECT_EQ(tcp->sequence(), 3u);
  EXPECT_EQ(tcp->acknowledgment(), 4u);
  EXPECT_EQ(tcp->window(), 5);
  EXPECT_TRUE(tcp->has(TcpView::Flag::syn));
  EXPECT_FALSE(tcp->has(TcpView::Flag::ack));
  EXPECT_EQ(tcp->header_size(), 24u);
  EXPECT_EQ(Bytes(tcp->options().begin(), tcp->options().end()), Bytes(options, options + 4));
  EXPECT_EQ(tcp->payload().size(), 1u);
}

TEST(UdpView, LeavesOutWhatIsBeyondItsLength) {
  Bytes b = v4().udp(1, 2).udp_length(10).zeros(20).bytes();
  auto udp = UdpView::parse(after(b, 34));
  ASSERT_TRUE(udp);
  EXPECT_EQ(udp->payload().size(), 2u);
}

TEST(NdpView, ND1_TargetsAndLinkAddresses) {
  constexpr auto source = NdpView::Option::source_link_address;
  constexpr auto target = NdpView::Option::target_link_address;
  Bytes b = v6().neighbor_advertisement("fd00::3", mac(3)).bytes();
  auto ndp = NdpView::parse(after(b, 54));
  ASSERT_TRUE(ndp);
  EXPECT_EQ(ndp->type(), icmp6_type::neighbor_advertisement);
  EXPECT_EQ(ndp->target(), Ip("fd00::3"));
  EXPECT_EQ(ndp->link_address(target), mac(3));
  EXPECT_FALSE(ndp->link_address(source));

  b = v6().router_advertisement(mac(3)).bytes();
  ndp = NdpView::parse(after(b, 54));
  ASSERT_TRUE(ndp);
  EXPECT_FALSE(ndp->target());
  EXPECT_EQ(ndp->link_address(source), mac(3));

  b = v6().redirect("fe80::1", "fd00::9").bytes();
  ASSERT_TRUE(ndp = NdpView::parse(after(b, 54)));
  EXPECT_EQ(ndp->target(), Ip("fe80::1"));
}

TEST(NdpView, ND1_RefusesShortMessagesAndBadOptions) {
  auto parse = [](const FrameBuilder& builder) {
    Bytes b = builder.bytes();
    return NdpView::parse(after(b, 54)).has_value();
  };
  EXPECT_TRUE(parse(v6().router_solicitation()));
  EXPECT_FALSE(parse(v6().icmp(133, 0).truncate(61)));
  EXPECT_FALSE(parse(v6().router_advertisement().truncate(69)));
  EXPECT_FALSE(parse(v6().neighbor_solicitation("fd00::3").truncate(77)));
  EXPECT_FALSE(parse(v6().redirect("fd00::3", "fd00::4").truncate(93)));
  EXPECT_FALSE(parse(v6().neighbor_solicitation("fd00::3", mac(1)).set(79, {0})));
  EXPECT_FALSE(parse(v6().neighbor_solicitation("fd00::3", mac(1)).set(79, {2})));
  EXPECT_FALSE(parse(v6().neighbor_solicitation("fd00::3").zeros(7)));
  EXPECT_FALSE(parse(v6().echo_request(1, 1).zeros(64)));
}

}  // namespace
}  // namespace uswitch
