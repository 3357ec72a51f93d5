#include "switch/veth.h"

#include <linux/rtnetlink.h>
#include <signal.h>

#include "gmock/gmock.h"
#include "sandbox.h"
#include "switch/device_error.h"
#include "switch/endpoint.h"
#include "switch/link_monitor.h"
#include "switch/named_netns.h"
#include "switch/sysctl.h"
#include "switch/tun.h"

namespace uswitch {
namespace {

using testing::HasSubstr;

TEST_F(NetnsTest, VethFarEndIsBornInItsNamespace) {
  NamedNetNs db("db");
  MacAddress mac = MacAddress::from_u64(0x020000000021);
  VethPair pair(db.open(), {.name = "eth0", .mac = mac, .mtu = 1450});
  configure_endpoint(db.open(), {.device = "eth0"});

  NetlinkSocket here(NetNs::own()), there(db.open());
  Link far = get_link(there, "eth0");
  EXPECT_EQ(far.kind, "veth");
  EXPECT_EQ(far.mac, mac);
  EXPECT_EQ(far.mtu, 1450u);
  EXPECT_TRUE(far.running);
  EXPECT_EQ(far.peer_index, pair.near_end().index);
  Link near = get_link(here, pair.near_end().name);
  EXPECT_EQ(near.index, pair.near_end().index);
  EXPECT_EQ(near.mtu, 1450u);
  EXPECT_TRUE(near.running);
}

TEST_F(NetnsTest, AP2_HostIsSilentOnTheNearEnd) {
  NamedNetNs db("db");
  VethPair pair(db.open(), {.name = "eth0"});
  const std::string& name = pair.near_end().name;
  EXPECT_EQ(read_sysctl(NetNs::own(), "net/ipv6/conf/" + name + "/disable_ipv6"), "1");
  NetlinkSocket here(NetNs::own());
  EXPECT_TRUE(list_addresses(here, pair.near_end()).empty());
  EXPECT_FALSE(pair.near_end().arp);
}

TEST_F(NetnsTest, VethWithBothEndsInTheOwnNamespace) {
  VethPair pair(NetNs::own(), {.name = "db0"});
  NetlinkSocket here(NetNs::own());
  EXPECT_EQ(get_link(here, "db0").peer_index, pair.near_end().index);
}

TEST_F(NetnsTest, VethNameClashIsToldAndNothingIsLeft) {
  NamedNetNs db("db");
  Tap tap = create_tap(db.open(), {.name = "eth0"});
  EXPECT_THAT(complaint<DeviceError>([&] { VethPair pair(db.open(), {.name = "eth0"}); }),
              HasSubstr("device eth0 in namespace db is in use by another process"));
}

TEST_F(NetnsTest, SecondUswitchOnTheSameVethIsToldAndTheFirstIsUntouched) {
  NamedNetNs db("db");
  VethPair first(db.open(), {.name = "eth0"});
  EXPECT_THAT(complaint<DeviceError>([&] { VethPair second(db.open(), {.name = "eth0"}); }),
              HasSubstr("is in use by a running uswitch"));
  NetlinkSocket here(NetNs::own());
  EXPECT_EQ(find_link(here, first.near_end().index)->mac, first.near_end().mac);
}

TEST_F(NetnsTest, VethOfAKilledRunIsReplaced) {
  NamedNetNs db("db");
  run_and_kill([&] {
    VethPair pair(db.open(), {.name = "eth0"});
    ::kill(::getpid(), SIGKILL);
  });
  NetlinkSocket here(NetNs::own()), there(db.open());
  size_t devices = list_links(here).size();
  Link old = get_link(there, "eth0");
  VethPair pair(db.open(), {.name = "eth0"});
  EXPECT_NE(get_link(there, "eth0").mac, old.mac);
  EXPECT_EQ(list_links(here).size(), devices);
}

TEST_F(NetnsTest, VethOfSomebodyElseIsNotReplaced) {
  NamedNetNs db("db");
  NetlinkSocket here(NetNs::own()), there(db.open());
  {
    VethPair made(db.open(), {.name = "tmp"});  // as a foreign pair: renamed, no claim to eth0
    change_link(there, get_link(there, "tmp"), {.name = "eth0"});
    EXPECT_THAT(complaint<DeviceError>([&] { VethPair pair(db.open(), {.name = "eth0"}); }),
                HasSubstr("exists already (a veth device)"));
    EXPECT_TRUE(find_link(there, "eth0"));
  }
}

// All events of one device until one satisfies the condition.
template <class Condition>
bool monitor_sees(LinkMonitor& monitor, Condition condition) {
  return eventually([&] {
    for (const LinkEvent& event : monitor.read_events())
      if (condition(event)) return true;
    return false;
  });
}

TEST_F(NetnsTest, MonitorSeesUpDownAndDeletion) {
  LinkMonitor monitor(NetNs::own());
  EXPECT_TRUE(monitor.read_events().empty());
  NamedNetNs db("db");
  std::optional<VethPair> pair;
  pair.emplace(db.open(), VethOptions{.name = "eth0"});
  Link near = pair->near_end();
  auto is_up = [&](const LinkEvent& e) { return e.index == near.index && e.up; };
  auto is_down = [&](const LinkEvent& e) { return e.index == near.index && !e.up; };
  EXPECT_TRUE(monitor_sees(monitor, is_up));
  NetlinkSocket here(NetNs::own());
  change_link(here, near, {.up = false});
  EXPECT_TRUE(monitor_sees(monitor, is_down));
  pair.reset();
  EXPECT_TRUE(monitor_sees(monitor, [&](const LinkEvent& e) {
    return e.kind == LinkEvent::Kind::removed && e.index == near.index && e.name == near.name;
  }));
}

TEST_F(NetnsTest, MonitorSeesTheFarNamespaceDie) {
  LinkMonitor monitor(NetNs::own());
  auto db = std::make_unique<NamedNetNs>("db");
  VethPair pair(db->open(), {.name = "eth0"});
  db.reset();
  EXPECT_TRUE(monitor_sees(monitor, [&](const LinkEvent& e) {
    return e.kind == LinkEvent::Kind::removed && e.index == pair.near_end().index;
  }));
}

// Leaving a bridge is announced as RTM_DELLINK too, for the family AF_BRIDGE.
TEST_F(NetnsTest, MonitorDoesNotTakeLeavingABridgeForDeletion) {
  NetlinkSocket here(NetNs::own());
  NetlinkRequest create(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  create.extra_header<ifinfomsg>();
  create.put_string(IFLA_IFNAME, "br");
  nlattr* info = create.begin_nest(IFLA_LINKINFO);
  create.put_string(IFLA_INFO_KIND, "bridge");
  create.end_nest(info);
  if (here.try_request(create) != 0) GTEST_SKIP() << "the kernel has no bridge";
  Tap tap = create_tap(NetNs::own(), {.name = "t"});
  Link link = get_link(here, "t"), bridge = get_link(here, "br");

  LinkMonitor monitor(NetNs::own());
  for (int master : {bridge.index, 0}) {
    NetlinkRequest change(RTM_NEWLINK, 0);
    change.extra_header<ifinfomsg>().ifi_index = link.index;
    change.put_u32(IFLA_MASTER, static_cast<uint32_t>(master));
    here.request(change, "join or leave the bridge");
  }
  auto events = monitor.read_events();
  EXPECT_FALSE(events.empty());
  for (const LinkEvent& event : events) EXPECT_NE(event.kind, LinkEvent::Kind::removed);
  delete_link(here, bridge);
}

TEST_F(NetnsTest, MonitorSaysWhenEventsWereLost) {
  LinkMonitor monitor(NetNs::own());
  Tap tap = create_tap(NetNs::own(), {.name = "t"});
  NetlinkSocket here(NetNs::own());
  Link link = get_link(here, "t");
  for (unsigned i = 0; i < 1000; ++i) change_link(here, link, {.mtu = 1000 + i % 2});
  EXPECT_TRUE(
      monitor_sees(monitor, [](const LinkEvent& e) { return e.kind == LinkEvent::Kind::overrun; }));
}

}  // namespace
}  // namespace uswitch
