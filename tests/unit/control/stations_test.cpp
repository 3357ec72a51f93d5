#include "control/stations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/config_accepted.h"

namespace uswitch {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr Time now{std::chrono::hours(1)};
constexpr NetworkId office = 0, lab = 1;

PortConfig port(PortType type) {
  PortConfig config;
  config.type = type;
  config.network = "office";
  return config;
}

MacAddress station(uint64_t n) {
  return MacAddress::from_u64(0x020000000000 + n);
}

TEST(Stations, APortsAreThoseThatTheMacTableHasBehindIt) {
  Fdb fdb(64);
  fdb.learn(station(1), 1, now);
  fdb.learn(station(2), 2, now);
  fdb.learn(station(3), 3, now);
  fdb.add_static(station(4), 1);
  Stations all;
  add_stations(all, lab, fdb, {1, 3}, now);
  EXPECT_THAT(all,
              ElementsAre(Pair(lab, station(1)), Pair(lab, station(3)), Pair(lab, station(4))));
}

TEST(Stations, HaveAllAddressesThatTheRouterKnowsThemBy) {
  Neighbours neighbours(1024);
  for (const char* own : {"10.0.0.11", "10.0.0.99", "fd00:a::ff:fe00:1"})
    neighbours.add_permanent(office, address(own), station(1));
  neighbours.add_permanent(office, address("10.0.0.12"), station(2));
  neighbours.add_permanent(lab, address("10.1.0.11"), station(1));
  EXPECT_THAT(
      addresses_of({{office, station(1)}}, neighbours, now),
      UnorderedElementsAre(Pair(office, address("10.0.0.11")), Pair(office, address("10.0.0.99")),
                           Pair(office, address("fd00:a::ff:fe00:1"))));
  EXPECT_THAT(addresses_of({}, neighbours, now), IsEmpty());
}

TEST(Stations, DepartFromTheNetworksThatTheirPortLeaves) {
  const std::vector<NetworkConfig> networks{{.name = "office"}, {.name = "lab"}, {.name = "shop"}};
  PortConfig before = port(PortType::veth);
  before.tagged = {{10, "lab"}};
  PortConfig after = before;
  after.network = "shop";
  Departures all;
  note_departure(all, networks, 7, before, &after);
  EXPECT_THAT(all, ElementsAre(Pair(office, ElementsAre(7))));
  note_departure(all, networks, 8, before, nullptr);
  EXPECT_THAT(all, ElementsAre(Pair(office, ElementsAre(7, 8)), Pair(lab, ElementsAre(8))));
}

// Behind others are the world's stations, whose flows go on as soon as there is a way again.
TEST(Stations, OnlyEndpointsDepart) {
  const std::vector<NetworkConfig> networks{{.name = "office"}};
  Departures all;
  note_departure(all, networks, 7, port(PortType::raw), nullptr);
  EXPECT_THAT(all, IsEmpty());
}

}  // namespace
}  // namespace uswitch
