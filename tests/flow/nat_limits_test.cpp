// When ports or the table of connections run out (I-8, TR-11, CT-9, P-1).
#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

// All ports of the external address are somebody's.
class NoPorts : public Natted {
 protected:
  NoPorts() : Natted(1u << 17) {}

  // Takes every port of the protocol that is left, at most `most`.
  size_t take_all(uint8_t protocol, const Ip& external, size_t most = 70000) {
    const ExternalId id = sw.nat().ports->add_external(external);
    const bool v4 = external.is_v4();
    size_t taken = 0;
    for (uint32_t i = 0; i < 66000 && taken < most; ++i) {
      uint8_t address[16] = {0xfd, 0, 0, 0x0a, 0, 9, static_cast<uint8_t>(i >> 16)};
      if (v4) address[0] = 10, address[1] = 9;
      const TransportAddress inner{v4 ? IpAddress::load4(address) : IpAddress::load6(address),
                                   static_cast<uint16_t>(i), protocol};
      if (PortMap::Lease lease = sw.nat().ports->acquire(inner, 7, std::vector{id})) {
        leases_.push_back(lease);
        ++taken;
      }
    }
    return taken;
  }
  void give_back(size_t which) { sw.nat().ports->release(leases_.at(which).mapping); }

  std::vector<PortMap::Lease> leases_;
};

TEST_F(NoPorts, I8_TR11_TheSenderIsTold) {
  for (Family f : families) {
    ASSERT_GE(take_all(udp17, own(f)), 65000u);
    send(alice, from(alice, web.at(f)).udp(4000, 53));
    const Bytes told = only(alice);
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told_by(told), f == Family::v4 ? (Told{3, 13}) : (Told{1, 1}));
    EXPECT_EQ(quote_of(told), l3_of(from(alice, web.at(f)).udp(4000, 53).bytes()));
    expect_drop(Reason::nat_ports_exhausted);
  }
}

TEST_F(NoPorts, N7_TR11_OtherProtocolsAndKnownFlowsGoOn) {
  open_udp(Family::v4);
  ASSERT_GE(take_all(udp17, own4), 65000u);
  send(alice, from(alice, dns.v4).udp(4000, 53));  // the same mapping (U-1)
  expect(dns, to(dns, own4).udp(4000, 53));
  EXPECT_TRUE(web_reaches_alice(Family::v4));
  send(anna, from(anna, web.v4).tcp(4000, 80).flags("S"));
  expect(web, to(web, own4).tcp(4000, 80).flags("S"));
  send(anna, from(anna, web.v4).echo_request(7, 1));
  expect(web, to(web, own4).echo_request(7, 1));
  send(anna, from(anna, web.v4).protocol(47).payload("gre"));
  expect(web, to(web, own4).protocol(47).payload("gre"));
}

TEST_F(NoPorts, TR11_APortThatIsGivenBackIsFound) {
  ASSERT_GE(take_all(tcp6, own4), 65000u);
  give_back(40000);
  send(alice, from(alice, web.v4).tcp(4000, 80).flags("S"));
  EXPECT_EQ(source_port(only(web)), leases_[40000].external.port);
}

TEST_F(NoPorts, U2_U11_TheOthersOfThePoolAreNotUsedInstead) {
  masquerade_behind({"198.51.100.50", "198.51.100.51"}, {"2001:db8::1"});
  send(alice, from(alice, web.v4).udp(4000, 53));
  const Ip used = source_of(only(web));
  ASSERT_GE(take_all(udp17, used), 65000u);
  send(web, from(web, used).udp(53, 4000));
  send(alice, from(alice, web.v4).udp(4000, 53));  // it is assured now (CT-9)
  EXPECT_EQ(sw.receivers(), (Ports{alice.port, web.port}));
  send(alice, from(alice, web.v4).udp(4001, 53));
  EXPECT_EQ(told_by(only(alice)), (Told{3, 13}));
  expect_drop(Reason::nat_ports_exhausted);
}

// What has only begun keeps nobody out.
TEST_F(NoPorts, CT9_TR11_ThePortsOfHalfOpenFlowsAreGivenUpForNewOnes) {
  sw.explain_no_more();
  for (Family f : families) {
    for (uint16_t port = 4000; port < 8000; ++port)
      send(anna, from(anna, web.at(f)).tcp(port, 80).flags("S"));
    EXPECT_EQ(sw.received(web.port).size(), 4000u);
    ASSERT_GE(take_all(tcp6, own(f)), 60'000u);
    for (uint16_t port = 5000; port < 6000; ++port) {
      send(alice, from(alice, dns.at(f)).tcp(port, 80).flags("S"));
      const Bytes syn = only(dns);
      ASSERT_FALSE(syn.empty());
      EXPECT_EQ(source_port(syn) / 4000, 1) << "one that anna had";
    }
    EXPECT_EQ(sw.total_drops(), f == Family::v4 ? 0u : 1u);
    send(anna, from(anna, web.at(f)).tcp(600, 80).flags("S"));
    EXPECT_EQ(told_by(only(anna)), f == Family::v4 ? (Told{3, 13}) : (Told{1, 1})) << "U-3a";
    expect_drop(Reason::nat_ports_exhausted);
  }
}

// A table of 64 connections.
class TableFull : public Natted {
 protected:
  static constexpr uint16_t room = 64;
  TableFull() : Natted(room) {}

  void establish(uint16_t port) {
    send(alice, from(alice, web.v4).tcp(port, 80).flags("S").seq(100));
    send(web, from(web, own4).tcp(80, port).flags("SA").seq(500).ack(101));
    send(alice, from(alice, web.v4).tcp(port, 80).flags("A").seq(101).ack(501));
    (void)sw.receivers();
  }
  bool is_alive(uint16_t port) {
    send(web, from(web, own4).tcp(80, port).flags("A").seq(501).ack(101));
    return sw.receivers() == Ports{alice.port};
  }
  void expect_alive(uint16_t count) {
    for (uint16_t i = 0; i < count; ++i) {
      EXPECT_TRUE(is_alive(static_cast<uint16_t>(4000 + i))) << i;
    }
  }
};

TEST_F(TableFull, CT9_SynFloodsEndNoEstablishedConnection) {
  sw.publish(outside, own4, 8080, tcp6, alice.v4, 80);
  for (uint16_t i = 0; i < 20; ++i) establish(static_cast<uint16_t>(4000 + i));
  for (uint16_t i = 0; i < 2000; ++i) {
    const auto port = static_cast<uint16_t>(10000 + i);
    send(anna, from(anna, web.v4).tcp(port, 80).flags("S"));  // from inside
    send(dns, from(dns, own4).tcp(port, 8080).flags("S"));    // from outside
    send(anna, from(anna, web.v4).udp(port, 53));
  }
  (void)sw.receivers();
  expect_alive(20);
  EXPECT_EQ(sw.nat().connections->size(), room);
  establish(5000);
  EXPECT_TRUE(is_alive(5000)) << "and new ones can be made";
}

TEST_F(TableFull, CT9_OneHostsFloodKeepsNobodyOut) {
  for (uint16_t i = 0; i < 2000; ++i) {
    send(anna, from(anna, web.v4).tcp(static_cast<uint16_t>(10000 + i), 80).flags("S"));
  }
  (void)sw.receivers();
  establish(4000);
  EXPECT_TRUE(is_alive(4000));
  EXPECT_EQ(sw.total_drops(), 0u);
}

TEST_F(TableFull, CT9_I8_FullOfEstablishedOnesNewOnesAreRefusedAndTold) {
  for (uint16_t i = 0; i < room; ++i) establish(static_cast<uint16_t>(4000 + i));
  for (Family f : families) {
    send(anna, from(anna, web.at(f)).udp(4000, 53));
    EXPECT_EQ(told_by(only(anna)), f == Family::v4 ? (Told{3, 13}) : (Told{1, 1}));
    expect_drop(Reason::connections_full);
  }
  expect_alive(room);
  EXPECT_EQ(sw.nat().ports->size(), size_t{room}) << "what was refused keeps no port";
  sw.advance(std::chrono::hours(3));
  send(anna, from(anna, web.v4).udp(4000, 53));
  EXPECT_EQ(sw.receivers(), Ports{web.port}) << "what has expired makes room";
}

}  // namespace
}  // namespace uswitch::test
