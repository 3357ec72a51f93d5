#include "nat/port_map.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

using ip_protocol::icmp, ip_protocol::tcp, ip_protocol::udp;

IpAddress inner(uint32_t n) {
  return IpAddress::from_v4(0x0a000000 + n);
}
IpAddress outer(uint32_t n) {
  return IpAddress::from_v4(0xcb007100 + n);
}

class PortMapTest : public testing::Test {
 protected:
  PortMap map{200'000};
  ExternalId first = map.add_external(outer(1));
  std::vector<ExternalId> pool{first};

  PortMap::Lease acquire(uint32_t host, uint16_t port, uint8_t protocol = udp, uint16_t realm = 0) {
    return map.acquire({inner(host), port, protocol}, realm, pool);
  }
};

TEST_F(PortMapTest, U1_T1_I1a_OneInnerEndHasOneExternalEnd) {
  for (uint8_t protocol : {udp, tcp, icmp}) {
    const auto a = acquire(1, 5000, protocol), b = acquire(1, 5000, protocol);
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a.external, b.external);
    EXPECT_EQ(a.mapping, b.mapping);
    EXPECT_EQ(a.inner, (TransportAddress{inner(1), 5000, protocol}));
    EXPECT_EQ(a.external.address, outer(1));
  }
  EXPECT_EQ(map.size(), 3u);
}

TEST_F(PortMapTest, PortIsKeptWhenItIsFree) {
  EXPECT_EQ(acquire(1, 5000).external.port, 5000);
  EXPECT_EQ(acquire(1, 53).external.port, 53);
}

TEST_F(PortMapTest, U3_T7_NoTwoInnerEndsShareAnExternalEnd) {
  const auto a = acquire(1, 5000), b = acquire(2, 5000);
  EXPECT_EQ(a.external.port, 5000);
  EXPECT_NE(b.external.port, 5000);
}

TEST_F(PortMapTest, N7_ProtocolsAreIndependent) {
  EXPECT_EQ(acquire(1, 5000, udp).external.port, 5000);
  EXPECT_EQ(acquire(2, 5000, tcp).external.port, 5000);
  EXPECT_EQ(acquire(3, 5000, icmp).external.port, 5000);
}

TEST_F(PortMapTest, U3a_ClassOfThePortIsKept) {
  for (uint32_t host = 1; host < 200; ++host) {
    EXPECT_LT(acquire(host, 123).external.port, 1024);
    EXPECT_GT(acquire(host, 123).external.port, 0);
    EXPECT_GE(acquire(host, 40000).external.port, 1024);
    EXPECT_LT(acquire(host, 500, tcp).external.port, 1024);
  }
}

TEST_F(PortMapTest, U4_ParityOfUdpIsKeptWhileItCanBe) {
  for (uint32_t host = 1; host <= 512; ++host) {
    EXPECT_EQ(acquire(host, 501).external.port % 2, 1) << host;
  }
  const auto other = acquire(1000, 501);
  ASSERT_TRUE(other);
  EXPECT_EQ(other.external.port % 2, 0);
}

TEST_F(PortMapTest, N5_P1_NextPortDoesNotFollowFromTheLast) {
  std::set<int> steps;
  int last = 0;
  for (uint32_t host = 1; host < 100; ++host) {
    const int port = acquire(host, 40000, tcp).external.port;
    steps.insert(port - last);
    last = port;
  }
  EXPECT_GT(steps.size(), 90u);
}

TEST_F(PortMapTest, P1_ReservedPortIsNotGivenOut) {
  map.reserve(first, tcp, 8080);
  EXPECT_NE(acquire(1, 8080, tcp).external.port, 8080);
  EXPECT_EQ(acquire(1, 8080, udp).external.port, 8080);
  map.reserve(first, tcp, 8080, false);
  EXPECT_EQ(acquire(2, 8080, tcp).external.port, 8080);
}

TEST_F(PortMapTest, MappingEndsWithItsLastUse) {
  const auto a = acquire(1, 5000), again = acquire(1, 5000);
  map.release(a.mapping);
  EXPECT_NE(acquire(2, 5000).external.port, 5000);
  map.release(again.mapping);
  EXPECT_EQ(map.size(), 1u);
  EXPECT_EQ(acquire(3, 5000).external.port, 5000);
}

TEST_F(PortMapTest, TR11_AllPortsCanBeUsedAndThenItIsSaidSo) {
  std::set<uint16_t> ports;
  std::vector<MappingId> mappings;
  // 70 thousand flows of two inner hosts.
  for (uint32_t n = 0; n < 70'000; ++n) {
    const auto lease = acquire(1 + n % 2, static_cast<uint16_t>(1024 + n / 2), tcp);
    if (!lease) continue;
    EXPECT_TRUE(ports.insert(lease.external.port).second);
    mappings.push_back(lease.mapping);
  }
  EXPECT_EQ(ports.size(), 64512u);
  EXPECT_EQ(map.exhausted(), 70'000u - 64'512u);
  EXPECT_FALSE(acquire(3, 1024, tcp));
  // Who has a mapping keeps it, other protocols and the other class go on (N-7, U-11).
  EXPECT_TRUE(acquire(1, 1024, tcp));
  EXPECT_TRUE(acquire(3, 1024, udp));
  EXPECT_TRUE(acquire(3, 1000, tcp));
  // A port that becomes free is found at once.
  map.release(mappings[777]);
  EXPECT_TRUE(acquire(3, 1024, tcp));
  EXPECT_FALSE(acquire(3, 1025, tcp));
}

TEST_F(PortMapTest, I1_QueriesUseAllIds) {
  std::set<uint16_t> ids;
  for (uint32_t n = 0; n < 65536; ++n) {
    const auto lease = acquire(1 + n, 7, icmp);
    ASSERT_TRUE(lease) << n;
    ids.insert(lease.external.port);
  }
  EXPECT_EQ(ids.size(), 65536u);
  EXPECT_FALSE(acquire(100'000, 7, icmp));
}

TEST_F(PortMapTest, U2_HostKeepsItsAddressOfThePool) {
  for (uint32_t n = 2; n <= 8; ++n) pool.push_back(map.add_external(outer(n)));
  std::map<IpAddress, unsigned> hosts;
  for (uint32_t host = 1; host <= 400; ++host) {
    const IpAddress address = acquire(host, 2000).external.address;
    for (uint16_t port = 2001; port < 2005; ++port) {
      EXPECT_EQ(acquire(host, port).external.address, address);
      EXPECT_EQ(acquire(host, port, tcp).external.address, address);
    }
    ++hosts[address];
  }
  EXPECT_EQ(hosts.size(), 8u);
  for (const auto& [address, count] : hosts) EXPECT_GT(count, 20u) << address.to_string();
}

TEST_F(PortMapTest, U2_SmallerPoolMovesOnlyTheHostsOfTheAddressThatWent) {
  for (uint32_t n = 2; n <= 8; ++n) pool.push_back(map.add_external(outer(n)));
  std::map<uint32_t, IpAddress> before;
  for (uint32_t host = 1; host <= 100; ++host) before[host] = acquire(host, 2000).external.address;
  pool.pop_back();
  for (uint32_t host = 1; host <= 100; ++host) {
    if (before[host] == outer(8)) continue;
    EXPECT_EQ(acquire(host, 3000).external.address, before[host]);
  }
}

TEST_F(PortMapTest, U8_U9_MappingIsFoundByItsExternalEnd) {
  const auto a = acquire(1, 5000);
  const auto seen = map.acquire_external(a.external);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen.inner, a.inner);
  EXPECT_EQ(seen.mapping, a.mapping);
  EXPECT_FALSE(map.acquire_external({outer(1), 5001, udp}));
  EXPECT_FALSE(map.acquire_external({outer(1), 5000, tcp}));
  map.release(a.mapping);
  EXPECT_EQ(map.size(), 1u);  // what came from outside still uses it
  map.release(seen.mapping);
  EXPECT_FALSE(map.acquire_external(a.external));
}

TEST_F(PortMapTest, RealmsHaveTheirOwnMappings) {
  const ExternalId other = map.add_external(outer(9));
  const auto a = acquire(1, 5000);
  const auto b = map.acquire({inner(1), 5000, udp}, 1, std::vector{other});
  EXPECT_EQ(a.external.address, outer(1));
  EXPECT_EQ(b.external.address, outer(9));
}

TEST_F(PortMapTest, FullMapRefusesAndTakesNoPort) {
  PortMap small(2);
  const std::vector ids{small.add_external(outer(1))};
  for (uint16_t n = 0; n < 5; ++n) {
    EXPECT_EQ(static_cast<bool>(small.acquire({inner(n), 5000, udp}, 0, ids)), n < 2);
  }
  EXPECT_EQ(small.taken_ports(ids[0], udp), 2u);
  EXPECT_EQ(small.exhausted(), 3u);
  EXPECT_FALSE(small.acquire({inner(9), 1, udp}, 0, {}));
}

TEST_F(PortMapTest, U7_RetiredAddressMakesRoomWhenItsLastMappingIsGone) {
  PortMap changing(100);
  std::vector<ExternalId> ids;
  for (uint32_t n = 0; n < PortMap::max_externals; ++n) {
    ids.push_back(changing.add_external(outer(n)));
  }
  EXPECT_EQ(changing.add_external(outer(1000)), no_external);
  EXPECT_EQ(changing.add_external(outer(5)), ids[5]);
  const auto lease = changing.acquire({inner(1), 5000, udp}, 0, std::vector{ids[7]});
  changing.retire_external(ids[7]);
  EXPECT_EQ(changing.add_external(outer(1000)), no_external);
  changing.release(lease.mapping);
  EXPECT_EQ(changing.add_external(outer(1000)), ids[7]);
}

TEST_F(PortMapTest, OtherProtocolsHaveNoPorts) {
  EXPECT_TRUE(PortMap::maps(udp) && PortMap::maps(tcp) && PortMap::maps(icmp));
  EXPECT_TRUE(PortMap::maps(ip_protocol::icmp6));
  EXPECT_FALSE(PortMap::maps(47) || PortMap::maps(132));
}

}  // namespace
}  // namespace uswitch
