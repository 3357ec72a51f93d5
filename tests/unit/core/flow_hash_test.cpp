#include "core/flow_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::FrameBuilder;
using test::Ip;
using test::mac;

constexpr uint32_t seed = 4711;

FrameBuilder eth() {
  return frame().eth(mac(1), mac(2));
}
FrameBuilder v4(const Ip& source = "10.0.0.1", const Ip& destination = "10.0.0.2") {
  return eth().ipv4(source, destination);
}
FrameBuilder v6(const Ip& source = "fd00::1", const Ip& destination = "fd00::2") {
  return eth().ipv6(source, destination);
}

uint32_t hash(const FrameBuilder& builder, uint32_t with = seed) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  builder.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  return flow_hash(p, with);
}

// As a router quotes it: from the IP header on, up to so many bytes.
Bytes quote(const FrameBuilder& builder, size_t most = 500) {
  const Bytes whole = builder.bytes();
  return {whole.begin() + 14, whole.begin() + static_cast<long>(std::min(14 + most, whole.size()))};
}
uint32_t error4(const Bytes& quoted, uint8_t type = 3) {
  return hash(v4("192.0.2.1", "10.0.0.1").icmp(type, 4).payload(quoted));
}
uint32_t error6(const Bytes& quoted, uint8_t type = 2) {
  return hash(v6("2001:db8::1", "fd00::1").icmp(type, 0).payload(quoted));
}

void expect_all_differ(const std::vector<FrameBuilder>& frames) {
  std::set<uint32_t> hashes;
  for (const FrameBuilder& f : frames) hashes.insert(hash(f));
  EXPECT_EQ(hashes.size(), frames.size());
}

TEST(FlowHash, EP_1_WhatChangesWithinAFlowIsOfNoAccount) {
  const uint8_t options[4] = {1, 1, 1, 1};
  const uint32_t tcp = hash(v4().tcp(1, 2));
  EXPECT_EQ(hash(v4().tcp(1, 2).seq(7).ack(9).flags("SA").payload("hello")), tcp);
  EXPECT_EQ(hash(v4().ttl(3).tos(8).ip_id(99).tcp(1, 2)), tcp);
  EXPECT_EQ(hash(v4().ip_options(options).tcp(1, 2)), tcp);
  EXPECT_EQ(hash(v4().tcp(1, 2).pad(60)), tcp);
  EXPECT_EQ(hash(frame().eth(mac(8), mac(9)).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)), tcp);
  const uint32_t udp = hash(v6().udp(1, 2));
  EXPECT_EQ(hash(v6().ttl(3).tos(8).udp(1, 2).payload("hello")), udp);
  EXPECT_EQ(hash(v6().extension(0).extension(60).udp(1, 2)), udp);
}

TEST(FlowHash, EP_1_EveryPartOfTheTupleCounts) {
  expect_all_differ({v4().tcp(1, 2), v4().udp(1, 2), v4().tcp(3, 2), v4().tcp(1, 3), v4().tcp(2, 1),
                     v4("10.0.0.3").tcp(1, 2), v4("10.0.0.1", "10.0.0.3").tcp(1, 2),
                     v4("10.0.0.2", "10.0.0.1").tcp(1, 2), v4("10.0.0.2", "10.0.0.1").tcp(2, 1)});
  expect_all_differ({v6().tcp(1, 2), v6().udp(1, 2), v6().tcp(3, 2), v6().tcp(1, 3), v6().tcp(2, 1),
                     v6("fd01::1").tcp(1, 2), v6("fd00::3").tcp(1, 2),
                     v6("fd00::1", "fd01::2").tcp(1, 2), v6("fd00::1", "fd00::3").tcp(1, 2),
                     v6("fd00::2", "fd00::1").tcp(1, 2), v6("fd00::2", "fd00::1").tcp(2, 1)});
}

TEST(FlowHash, EP_1_PortsOfAllProtocolsThatHaveThem) {
  const uint8_t one[8] = {0, 1, 0, 2}, other[8] = {0, 1, 0, 3};
  for (uint8_t protocol : {33, 132, 136}) {
    EXPECT_NE(hash(v4().protocol(protocol).payload(one)),
              hash(v4().protocol(protocol).payload(other)));
    EXPECT_NE(hash(v6().protocol(protocol).payload(one)),
              hash(v6().protocol(protocol).payload(other)));
    EXPECT_EQ(hash(v4().protocol(protocol).zeros(3)), hash(v4().protocol(protocol)));
  }
}

TEST(FlowHash, EP_1_UnknownProtocolsHaveNoPorts) {
  for (uint8_t protocol : {47, 50, 253}) {
    EXPECT_EQ(hash(v4().protocol(protocol).zeros(20)), hash(v4().protocol(protocol).pattern(40)));
    EXPECT_EQ(hash(v6().protocol(protocol).zeros(20)), hash(v6().protocol(protocol).pattern(40)));
  }
  expect_all_differ({v4().protocol(47), v4().protocol(253), v4("10.0.0.3").protocol(47)});
  expect_all_differ({v6().protocol(47), v6().protocol(253), v6("fd00::3").protocol(47)});
}

TEST(FlowHash, EP_1_EchoIdCountsAsPort) {
  EXPECT_EQ(hash(v4().echo_request(7, 1)), hash(v4().echo_request(7, 2)));
  EXPECT_NE(hash(v4().echo_request(7, 1)), hash(v4().echo_request(8, 1)));
  EXPECT_EQ(hash(v6().echo_request(7, 1)), hash(v6().echo_request(7, 2)));
  EXPECT_NE(hash(v6().echo_reply(7, 1)), hash(v6().echo_reply(8, 1)));
}

// Two tiers, each with four paths: what the first sends one way, the second still spreads.
TEST(FlowHash, EP_1_KeyedPerDevice) {
  std::array<size_t, 4> second{};
  size_t first = 0;
  for (uint16_t port = 0; port < 4000; ++port) {
    const FrameBuilder f = v4().udp(port, 53);
    if (hash(f, 1) % 4 != 0) continue;
    ++first;
    ++second[hash(f, 2) % 4];
  }
  EXPECT_NEAR(static_cast<double>(first), 1000, 100);
  for (size_t n : second) EXPECT_NEAR(static_cast<double>(n), static_cast<double>(first) / 4, 50);
}

// Flows that differ as little as flows do, over the hash's highest and lowest bits.
TEST(FlowHash, EP_1_SpreadsSimilarFlows) {
  constexpr size_t buckets = 16, flows = 16'000;
  std::array<size_t, buckets> low{}, high{}, low6{};
  for (uint16_t i = 0; i < flows; ++i) {
    const IpAddress source = IpAddress::from_v4(0x0a000000u + i / 40);
    const uint32_t h = hash(v4(source).tcp(static_cast<uint16_t>(40'000 + 2 * (i % 40)), 443));
    ++low[h % buckets];
    ++high[h >> 28];
    IpAddress source6 = *IpAddress::parse("fd00::");
    source6.bytes[15] = static_cast<uint8_t>(i);
    source6.bytes[7] = static_cast<uint8_t>(i >> 8);
    ++low6[hash(v6(source6).tcp(40'000, 443)) % buckets];
  }
  for (size_t i = 0; i < buckets; ++i) {
    EXPECT_NEAR(static_cast<double>(low[i]), flows / buckets, 150) << i;
    EXPECT_NEAR(static_cast<double>(high[i]), flows / buckets, 150) << i;
    EXPECT_NEAR(static_cast<double>(low6[i]), flows / buckets, 150) << i;
  }
}

TEST(FlowHash, FR_9_AllFragmentsOfADatagramGoTogether) {
  const uint32_t first = hash(v4().fragment(0, true).udp(1, 2).udp_length(2000).zeros(64));
  EXPECT_EQ(hash(v4().fragment(72, true).protocol(17).pattern(64)), first);
  EXPECT_EQ(hash(v4().fragment(136, false).protocol(17).zeros(9)), first);
  EXPECT_EQ(hash(v4().fragment(0, true).udp(3, 4).udp_length(2000).zeros(64)), first);
  EXPECT_NE(hash(v4().fragment(72, true).protocol(6).pattern(64)), first);
  EXPECT_NE(hash(v4("10.0.0.3").fragment(72, true).protocol(17).pattern(64)), first);
}

// The later fragments of one with destination options name those, not the transport.
TEST(FlowHash, FR_9_AllIpv6FragmentsOfADatagramGoTogether) {
  const uint32_t first =
      hash(v6().fragment_header(0, true).extension(60).udp(1, 2).udp_length(2000).zeros(64));
  EXPECT_EQ(hash(v6().fragment_header(80, true).protocol(60).pattern(64)), first);
  EXPECT_EQ(hash(v6().fragment_header(144, false).protocol(60).zeros(9)), first);
  EXPECT_EQ(hash(v6().fragment_header(0, true).udp(1, 2).udp_length(2000).zeros(64)), first);
  EXPECT_NE(hash(v6("fd00::3").fragment_header(80, true).protocol(60).zeros(8)), first);
}

TEST(FlowHash, EP_3_ErrorsGoWithTheOtherDirectionOfTheFlowTheyQuote) {
  const uint8_t options[4] = {1, 1, 1, 1};
  const uint32_t tcp = hash(v4("10.0.0.2", "10.0.0.1").tcp(2, 1));
  for (uint8_t type : {3, 4, 5, 11, 12}) {
    EXPECT_EQ(error4(quote(v4().tcp(1, 2).payload("hello")), type), tcp);
  }
  EXPECT_EQ(error4(quote(v4().tcp(1, 2), 28)), tcp);  // RFC 792: header and 8 bytes
  EXPECT_EQ(error4(quote(v4().ip_options(options).tcp(1, 2), 32)), tcp);
  EXPECT_EQ(error4(quote(v4().udp(1, 2))), hash(v4("10.0.0.2", "10.0.0.1").udp(2, 1)));
  EXPECT_EQ(error4(quote(v4().echo_request(7, 1))),
            hash(v4("10.0.0.2", "10.0.0.1").echo_reply(7, 1)));

  const uint32_t tcp6 = hash(v6("fd00::2", "fd00::1").tcp(2, 1));
  for (uint8_t type : {1, 2, 3, 4}) EXPECT_EQ(error6(quote(v6().tcp(1, 2)), type), tcp6);
  EXPECT_EQ(error6(quote(v6().tcp(1, 2).zeros(600))), tcp6);
  EXPECT_EQ(error6(quote(v6().echo_request(7, 1))),
            hash(v6("fd00::2", "fd00::1").echo_reply(7, 1)));
}

TEST(FlowHash, EP_3_QuotedFragmentsHaveThePortsTheyShow) {
  const FrameBuilder first = v4().fragment(0, true).udp(1, 2).udp_length(2000).zeros(64);
  EXPECT_EQ(error4(quote(first)), hash(v4("10.0.0.2", "10.0.0.1").udp(2, 1)));
  EXPECT_EQ(error4(quote(v4().fragment(72, false).protocol(17).pattern(64))),
            hash(v4("10.0.0.2", "10.0.0.1").fragment(72, false).protocol(17).zeros(64)));
}

TEST(FlowHash, EP_3_ErrorsWithoutAQuoteAreFlowsOfTheirOwn) {
  const Bytes short4 = quote(v4().tcp(1, 2), 19), short6 = quote(v6().tcp(1, 2), 39);
  EXPECT_EQ(error4(short4), error4({}));
  EXPECT_EQ(error6(short6), error6({}));
  EXPECT_NE(error4(short4), hash(v4("192.0.2.2", "10.0.0.1").icmp(3, 4)));
  // A quoted header that says it is longer than the quote.
  EXPECT_EQ(error4(quote(v4().ihl(15).tcp(1, 2), 28)),
            hash(v4("10.0.0.2", "10.0.0.1").fragment(8, false).protocol(6)));
  // What only looks like an error.
  EXPECT_EQ(error4(quote(v4().tcp(1, 2)), 13), error4(quote(v4().tcp(1, 3)), 13));
  EXPECT_EQ(error6(quote(v6().tcp(1, 2)), 137), error6(quote(v6().tcp(1, 3)), 137));
}

TEST(FlowHash, OtherThanIpByMacAddresses) {
  const auto arp = [](unsigned from, unsigned to) {
    return frame().eth(mac(from), mac(to)).arp_request(mac(1), "10.0.0.1", "10.0.0.2");
  };
  EXPECT_EQ(hash(arp(1, 2)),
            hash(frame().eth(mac(1), mac(2)).arp_request(mac(7), "1.1.1.1", "1.1.1.2")));
  expect_all_differ({arp(1, 2), arp(2, 1), arp(1, 3), arp(3, 2),
                     frame().eth(mac(1), mac(2)).ether_type(0x88b5).zeros(40)});
}

}  // namespace
}  // namespace uswitch
