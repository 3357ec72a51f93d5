#include "control/explain_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "router/route_table.h"
#include "switch/memory_port.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "wire/print.h"

namespace uswitch::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = ImaginedFlow::Kind;

ImaginedFlow flow(Kind kind, std::string_view text) {
  ImaginedFlow f;
  f.kind = kind;
  EXPECT_EQ(parse_flow(text, f), std::nullopt);
  return f;
}

std::string refused(Kind kind, std::string_view text) {
  ImaginedFlow f;
  f.kind = kind;
  return parse_flow(text, f).value_or("");
}

TEST(ExplainFlow, ReadsBothEnds) {
  const ImaginedFlow v4 = flow(Kind::tcp, "10.0.0.1:4000,10.0.0.2:80");
  EXPECT_EQ(v4.source, Ip("10.0.0.1"));
  EXPECT_EQ(v4.source_port, 4000);
  EXPECT_EQ(v4.destination_port, 80);
  const ImaginedFlow v6 = flow(Kind::udp, "[fd00::1]:1,[fd00::2]:65535");
  EXPECT_EQ(v6.destination, Ip("fd00::2"));
  EXPECT_EQ(v6.destination_port, 65535);
  EXPECT_EQ(flow(Kind::icmp, "fd00::1,[fd00::2]").destination, Ip("fd00::2"));
}

TEST(ExplainFlow, RefusesWithTheFormThatIsWanted) {
  for (const char* bad :
       {"", ",", "10.0.0.1:1", "10.0.0.1,10.0.0.2", "10.0.0.1:0,10.0.0.2:1",
        "10.0.0.1:65536,10.0.0.2:1", "10.0.0.1:1,10.0.0.2:1x", "fd00::1:1,fd00::2:1",
        "[10.0.0.1]:1,10.0.0.2:1", "web:1,db:2", "10.0.0.1:1,10.0.0.2:1,"}) {
    EXPECT_THAT(refused(Kind::tcp, bad), HasSubstr("is no SRC:PORT,DST:PORT as in")) << bad;
  }
  EXPECT_THAT(refused(Kind::icmp, "10.0.0.1:1,10.0.0.2:1"), HasSubstr("is no SRC,DST as in"));
  EXPECT_THAT(refused(Kind::icmp, "10.0.0.1,fd00::1"), HasSubstr("one version of IP to the other"));
}

// Network office with a router; ports web (10.0.0.11, routes by the router), db (10.0.0.21), and a
// trunk that has it as VLAN 10.
class ExplainFrame : public testing::Test {
 protected:
  ExplainFrame() {
    tables.networks.resize(1);
    tables.networks[0].name = "office";
    tables.networks[0].fdb = std::make_shared<Fdb>(16);
    add("web", mac(1), "10.0.0.11/24");
    add("db", mac(2), "10.0.0.21/24");
    add("trunk", std::nullopt, nullptr);
    tables.settings[2].network = no_network;
    tables.settings[2].vlans = make_vlan_map({{10, NetworkId{0}}}, 1);
    web.addresses = {*IpPrefix::parse("10.0.0.11/24")};
    web.routes = {{*IpPrefix::parse("0.0.0.0/0"), Ip("10.0.0.1")},
                  {*IpPrefix::parse("192.0.2.0/24"), Ip("10.0.0.21")}};
    Routing& r = tables.routing;
    r.routes = std::make_shared<RouteTable>(size_t{1} << 20);
    r.neighbours = std::make_shared<Neighbours>(16);
    r.interfaces.resize(1);
    r.interfaces[0].present = true;
    r.interfaces[0].mac = mac(0xff);
    r.interfaces[0].addresses = {*IpPrefix::parse("10.0.0.1/24")};
  }
  void add(const std::string& name, std::optional<MacAddress> address, const char* ip) {
    tables.ports.push_back({name, std::make_shared<MemoryPort>(), std::make_shared<PortStats>(1)});
    PortSettings settings;
    settings.present = true;
    settings.network = 0;
    tables.settings.push_back(settings);
    PortInfo info;
    info.mac = address;
    if (ip) info.addresses = {*IpPrefix::parse(ip)};
    infos.push_back(info);
  }
  ImaginedFrame made(PortId port, Kind kind, std::string_view text) {
    ImaginedFrame f =
        imagine({tables, port, infos, port == 0 ? &web : nullptr, Time{}}, flow(kind, text));
    EXPECT_EQ(frame_fault(f.bytes), "");
    return f;
  }
  static MacAddress to(const ImaginedFrame& f) { return MacAddress::load(f.bytes.data()); }
  static MacAddress from(const ImaginedFrame& f) { return MacAddress::load(f.bytes.data() + 6); }

  Tables tables;
  std::vector<PortInfo> infos;
  PortConfig web;
};

TEST_F(ExplainFrame, ANeighbourIsAddressedItself) {
  const ImaginedFrame f = made(0, Kind::tcp, "10.0.0.11:4000,10.0.0.21:80");
  EXPECT_EQ(to(f), mac(2));
  EXPECT_EQ(from(f), mac(1));
  EXPECT_THAT(f.notes, IsEmpty());
  EXPECT_THAT(describe(f.bytes), HasSubstr("10.0.0.11:4000 > 10.0.0.21:80 TCP SYN"));
}

TEST_F(ExplainFrame, WhatIsFartherGoesByTheLongestRoute) {
  EXPECT_EQ(to(made(0, Kind::udp, "10.0.0.11:1,203.0.113.7:2")), mac(0xff));
  EXPECT_EQ(to(made(0, Kind::udp, "10.0.0.11:1,192.0.2.1:2")), mac(2));
}

TEST_F(ExplainFrame, AForeignSourceIsNoted) {
  EXPECT_THAT(made(0, Kind::icmp, "10.0.0.99,10.0.0.1").notes,
              ElementsAre("10.0.0.99 is no address of web, which has 10.0.0.11"));
}

TEST_F(ExplainFrame, WhatTheEndpointCouldNotSendIsNoted) {
  const ImaginedFrame unknown = made(0, Kind::icmp, "10.0.0.11,10.0.0.77");
  EXPECT_THAT(unknown.notes, ElementsAre(HasSubstr("the MAC of 10.0.0.77 is not known")));
  const ImaginedFrame far = made(1, Kind::icmp, "10.0.0.21,203.0.113.7");
  EXPECT_THAT(far.notes, ElementsAre(HasSubstr("db has no route to 203.0.113.7")));
  EXPECT_EQ(to(far), mac(0xff));
}

TEST_F(ExplainFrame, ATrunkSendsItsTagAndTheStationThatWasSeen) {
  tables.networks[0].fdb->learn(mac(7), 2, Time{});
  const ImaginedFrame f = made(2, Kind::udp, "10.0.0.31:1,203.0.113.7:2");
  EXPECT_THAT(describe(f.bytes), HasSubstr("VLAN 10 IPv4 10.0.0.31:1 > 203.0.113.7:2 UDP"));
  EXPECT_THAT(f.notes, ElementsAre("sent in VLAN 10, network office"));
  EXPECT_EQ(from(f), mac(7));
  EXPECT_EQ(to(f), mac(0xff));
}

TEST_F(ExplainFrame, GroupsHaveTheirOwnMacs) {
  EXPECT_EQ(to(made(0, Kind::udp, "10.0.0.11:1,224.0.0.251:5353")), Mac("01:00:5e:00:00:fb"));
  EXPECT_EQ(to(made(0, Kind::udp, "10.0.0.11:1,255.255.255.255:67")), Mac("ff:ff:ff:ff:ff:ff"));
  EXPECT_EQ(to(made(0, Kind::udp, "[fe80::1]:1,[ff02::fb]:5353")), Mac("33:33:00:00:00:fb"));
}

TEST_F(ExplainFrame, EveryKindHasRightChecksums) {
  for (const Kind kind : {Kind::tcp, Kind::udp}) {
    made(0, kind, "10.0.0.11:1,10.0.0.21:2");
    made(0, kind, "[fd00::1]:1,[fd00::2]:2");
  }
  EXPECT_THAT(describe(made(0, Kind::icmp, "10.0.0.11,10.0.0.21").bytes),
              HasSubstr("echo request"));
  EXPECT_THAT(describe(made(0, Kind::icmp, "fd00::1,fd00::2").bytes), HasSubstr("echo request"));
}

}  // namespace
}  // namespace uswitch::test
