#include "control/reload_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace uswitch {
namespace {

using Kind = PortStep::Kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PortConfig tap(const std::string& name, const std::string& netns, const std::string& device) {
  PortConfig port;
  port.name = name;
  port.network = "office";
  port.device = device;
  port.netns = NetnsConfig{NetnsConfig::Kind::name, netns, 0};
  return port;
}

NetworkConfig network(const std::string& name, uint16_t mtu = 1500) {
  NetworkConfig made;
  made.name = name;
  made.mtu = mtu;
  return made;
}

std::vector<std::string> names(const std::vector<NetworkConfig>& networks) {
  std::vector<std::string> all;
  for (const NetworkConfig& n : networks) all.push_back(n.name);
  return all;
}

class Plan : public testing::Test {
 protected:
  void runs(PortConfig port, bool gone = false) {
    running_.push_back(std::move(port));
    slots_.push_back({&running_.back(), gone});
  }
  void runs_free_slot() { slots_.push_back({}); }
  PortPlan to(const std::vector<PortConfig>& wanted) { return plan_ports(slots_, wanted); }
  // "keep 0", one for each wanted port.
  static std::vector<std::string> words(const PortPlan& plan) {
    static constexpr const char* kinds[] = {"keep", "change", "make", "replace", "revive"};
    std::vector<std::string> all;
    for (const PortStep& s : plan.steps) {
      all.push_back(kinds[static_cast<size_t>(s.kind)] + (" " + std::to_string(s.id)));
    }
    return all;
  }

  std::deque<PortConfig> running_;
  std::vector<PortSlot> slots_;
};

TEST_F(Plan, KeepsWhatIsTheSameWhateverTheOrder) {
  runs(tap("web", "web", "eth0"));
  runs(tap("db", "db", "eth0"));
  const PortPlan plan = to({running_[1], running_[0]});
  EXPECT_THAT(words(plan), ElementsAre("keep 1", "keep 0"));
  EXPECT_THAT(plan.removed, IsEmpty());
  EXPECT_THAT(plan.in_the_way, IsEmpty());
}

TEST_F(Plan, ChangesInPlaceWhatKeepsItsDevice) {
  runs(tap("web", "web", "eth0"));
  PortConfig wanted = running_[0];
  wanted.network = "lab";
  wanted.mtu = 1400;
  wanted.addresses = {*IpPrefix::parse("10.0.0.1/24")};
  EXPECT_THAT(words(to({wanted})), ElementsAre("change 0"));
}

TEST_F(Plan, ReplacesUnderItsOwnNumberWhatGetsAnotherDevice) {
  runs(tap("web", "web", "eth0"));
  for (const auto& change : std::initializer_list<void (*)(PortConfig&)>{
           [](PortConfig& p) { p.device = "eth1"; },
           [](PortConfig& p) { p.netns->text = "other"; },
           [](PortConfig& p) { p.netns.reset(); },
       }) {
    PortConfig wanted = running_[0];
    change(wanted);
    const PortPlan plan = to({wanted});
    EXPECT_THAT(words(plan), ElementsAre("replace 0"));
    EXPECT_THAT(plan.in_the_way, IsEmpty());  // both can be there at once
  }
}

TEST_F(Plan, TheOldGoesFirstWhereTheNewHasTheSameDevice) {
  runs(tap("web", "web", "eth0"));
  PortConfig wanted = running_[0];
  wanted.type = PortType::veth;
  EXPECT_THAT(to({wanted}).in_the_way, ElementsAre(0));

  wanted.name = "renamed";
  const PortPlan renamed = to({wanted});
  EXPECT_THAT(words(renamed), ElementsAre("make 1"));
  EXPECT_THAT(renamed.removed, ElementsAre(0));
  EXPECT_THAT(renamed.in_the_way, ElementsAre(0));
}

TEST_F(Plan, TwoPortsMaySwapTheirDevices) {
  runs(tap("web", "web", "eth0"));
  runs(tap("db", "db", "eth0"));
  PortConfig web = running_[0], db = running_[1];
  std::swap(web.netns, db.netns);
  const PortPlan plan = to({web, db});
  EXPECT_THAT(words(plan), ElementsAre("replace 0", "replace 1"));
  EXPECT_THAT(plan.in_the_way, ElementsAre(0, 1));
}

TEST_F(Plan, NewPortsTakeFreeNumbersButNotThoseThatAreFreedNow) {
  runs(tap("web", "web", "eth0"));
  runs_free_slot();
  runs(tap("db", "db", "eth0"));
  const PortPlan plan =
      to({tap("x", "x", "eth0"), running_[1], tap("y", "y", "eth0"), tap("z", "z", "eth0")});
  EXPECT_THAT(words(plan), ElementsAre("make 1", "keep 2", "make 3", "make 4"));
  EXPECT_THAT(plan.removed, ElementsAre(0));
}

TEST_F(Plan, WhatIsGoneIsMadeAnew) {
  runs(tap("web", "web", "eth0"), true);
  EXPECT_THAT(words(to({running_[0]})), ElementsAre("revive 0"));
  PortConfig wanted = running_[0];
  wanted.mtu = 1400;
  const PortPlan plan = to({wanted});
  EXPECT_THAT(words(plan), ElementsAre("replace 0"));
  EXPECT_THAT(plan.in_the_way, IsEmpty());
}

TEST(LayOutNetworks, WhatStaysKeepsItsPlaceAndFreeOnesAreFilled) {
  const std::vector<NetworkConfig> running = {network("a"), network("b"), {}, network("c")};
  std::vector<NetworkConfig> wanted = {network("new"), network("c", 9000), network("a"),
                                       network("second")};
  lay_out_networks(running, wanted);
  EXPECT_THAT(names(wanted), ElementsAre("a", "", "new", "c", "second"));
  EXPECT_EQ(wanted[3].mtu, 9000);
}

TEST(LayOutNetworks, APlaceThatIsFreedIsTakenNoSoonerThanTheNextTime) {
  std::vector<NetworkConfig> running = {network("a"), network("b")};
  std::vector<NetworkConfig> wanted = {network("b"), network("c")};
  lay_out_networks(running, wanted);
  EXPECT_THAT(names(wanted), ElementsAre("", "b", "c"));
  std::vector<NetworkConfig> next = {network("d"), network("b"), network("c")};
  lay_out_networks(wanted, next);
  EXPECT_THAT(names(next), ElementsAre("d", "b", "c"));
}

TEST(RefuseChange, OfWhatIsMadeOnceAtStart) {
  Config running;
  running.nat.present = true;
  EXPECT_EQ(refuse_change(running, running), std::nullopt);
  const auto refusal = [&](void (*change)(Config&)) {
    Config wanted = running;
    change(wanted);
    return refuse_change(running, wanted).value_or("");
  };
  EXPECT_THAT(refusal([](Config& c) { c.workers = 7; }), HasSubstr("'workers'"));
  EXPECT_THAT(refusal([](Config& c) { c.io = IoKind::plain; }), HasSubstr("'io'"));
  EXPECT_THAT(refusal([](Config& c) { c.control = "/x"; }), HasSubstr("'control'"));
  EXPECT_THAT(refusal([](Config& c) { c.log.format = LogFormat::json; }),
              HasSubstr("'log.format'"));
  EXPECT_THAT(refusal([](Config& c) { c.max_neighbours = 256; }), HasSubstr("'max_neighbours'"));
  EXPECT_THAT(refusal([](Config& c) { c.nat.max_connections = 1024; }),
              HasSubstr("'nat.max_connections'"));
  EXPECT_EQ(refusal([](Config& c) { c.log.level = LogLevel::debug; }), "");
  EXPECT_EQ(refusal([](Config& c) { c.nat = {}; }), "");
}

}  // namespace
}  // namespace uswitch
