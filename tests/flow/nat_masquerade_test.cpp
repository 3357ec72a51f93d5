// Masquerade: as whom inner hosts are known outside (RFC 4787, 5382, 5508), and that what they send
// arrives sound.
#include <set>

#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

// The first packet of a flow of each kind that has ports, behind an IP header.
struct Kind {
  const char* name;
  FrameBuilder (*first)(FrameBuilder ip, uint16_t port);
  uint16_t (*port_of)(const Bytes& frame);
};
const Kind kinds[] = {
    {"udp", [](FrameBuilder ip, uint16_t port) { return ip.udp(port, 53).payload("query"); },
     source_port},
    {"tcp", [](FrameBuilder ip, uint16_t port) { return ip.tcp(port, 80).flags("S").seq(1); },
     source_port},
    {"echo", [](FrameBuilder ip, uint16_t id) { return ip.echo_request(id, 1).payload("ping"); },
     [](const Bytes& f) { return static_cast<uint16_t>(icmp_rest(f) >> 16); }},
};

class Masquerade : public Natted {
 protected:
  // What comes to web when the host sends it a packet from that port.
  Bytes as_seen(const Host& h, Family f, const Kind& kind, uint16_t port) {
    send(h, kind.first(from(h, web.at(f)), port));
    return only(web);
  }
};

TEST_F(Masquerade, NG1_NG7_SourceIsReplacedAndTheAnswerComesBack) {
  for (Family f : families) {
    send(alice, from(alice, web.at(f)).udp(4000, 53).payload("query"));
    expect(web, to(web, own(f)).udp(4000, 53).payload("query"));
    send(web, from(web, own(f)).udp(53, 4000).payload("answer"));
    expect(alice, to(alice, web.at(f)).udp(53, 4000).payload("answer"));
    send(alice, from(alice, web.at(f)).echo_request(7, 1).payload("ping"));
    expect(web, to(web, own(f)).echo_request(7, 1).payload("ping"));
    send(web, from(web, own(f)).echo_reply(7, 1).payload("ping"));
    expect(alice, to(alice, web.at(f)).echo_reply(7, 1).payload("ping"));
  }
  EXPECT_EQ(sw.total_drops(), 0u);
}

TEST_F(Masquerade, U1_T1_I1a_TheExternalPortDoesNotDependOnTheDestination) {
  for (const Kind& kind : kinds) {
    for (Family f : families) {
      SCOPED_TRACE(kind.name);
      (void)as_seen(anna, f, kind, 4000);  // so that alice's cannot be kept
      const uint16_t external = kind.port_of(as_seen(alice, f, kind, 4000));
      EXPECT_NE(external, 4000);
      send(alice, kind.first(from(alice, dns.at(f)), 4000));
      EXPECT_EQ(kind.port_of(only(dns)), external);
    }
  }
}

TEST_F(Masquerade, U3_T7_P2_HostsWithOnePortGetDifferentOnesOfItsClass) {
  for (const Kind& kind : kinds) {
    for (uint16_t port : {500, 1023, 1024, 65535}) {
      SCOPED_TRACE(testing::Message() << kind.name << ' ' << port);
      EXPECT_EQ(kind.port_of(as_seen(alice, Family::v4, kind, port)), port) << "is free: kept";
      const uint16_t other = kind.port_of(as_seen(anna, Family::v4, kind, port));
      EXPECT_NE(other, port);
      if (kind.name != std::string_view("echo")) {
        EXPECT_EQ(other < 1024, port < 1024) << "U-3a";
      }
      if (kind.name == std::string_view("udp")) {
        EXPECT_EQ(other % 2, port % 2) << "U-4";
      }
    }
  }
}

// RFC 7857 3 would allow it, where the remotes differ; then mappings would depend on them.
TEST_F(Masquerade, U3_N3_HostsThatTalkToDifferentRemotesShareNoPort) {
  for (Family f : families) {
    send(alice, from(alice, web.at(f)).udp(4000, 53));
    expect(web, to(web, own(f)).udp(4000, 53));
    send(anna, from(anna, dns.at(f)).udp(4000, 53));
    EXPECT_NE(source_port(only(dns)), 4000);
  }
}

// No application's messages are read or changed, whatever port they go to.
TEST_F(Masquerade, U10_T6_AddressesInThePayloadStay) {
  for (Family f : families) {
    for (uint16_t port : {21, 554, 1723, 5060}) {
      const std::string_view says = "PORT 10,0,0,2,15,160\r\nVia: SIP/2.0/UDP 10.0.0.2:4000\r\n";
      send(alice, from(alice, web.at(f)).tcp(4000, port).flags("PA").payload(says));
      expect(web, to(web, own(f)).tcp(4000, port).flags("PA").payload(says));
      send(alice, from(alice, web.at(f)).udp(4000, port).payload(says));
      expect(web, to(web, own(f)).udp(4000, port).payload(says));
    }
    send(web, from(web, own(f)).tcp(20, 4000).flags("S"));  // what such a message would open
    expect_drop(Reason::unsolicited);
  }
}

TEST_F(Masquerade, N7_ProtocolsAreIndependentOfEachOther) {
  EXPECT_EQ(source_port(as_seen(alice, Family::v4, kinds[0], 4000)), 4000);
  EXPECT_EQ(source_port(as_seen(anna, Family::v4, kinds[1], 4000)), 4000);
  send(web, from(web, own4).udp(80, 4000));
  expect_drop(Reason::unsolicited);
  send(web, from(web, own4).tcp(53, 4000).flags("SA"));
  expect_drop(Reason::unsolicited);
}

TEST_F(Masquerade, U2_OneHostHasOneAddressOfThePool) {
  masquerade_behind({"198.51.100.50", "198.51.100.51", "198.51.100.52"}, {"2001:db8::50"});
  std::set<IpAddress> used;
  for (uint8_t host = 2; host < 40; ++host) {
    std::set<IpAddress> of_host;
    for (const Kind& kind : kinds) {
      FrameBuilder link = frame().eth(mac(1), TestSwitch::router_mac(office));
      const uint8_t address[] = {10, 0, 0, host};
      send(alice, kind.first(ip(link, IpAddress::load4(address), web.v4), 4000));
      of_host.insert(source_of(only(web)));
    }
    EXPECT_EQ(of_host.size(), 1u) << "also over protocols";
    used.insert(of_host.begin(), of_host.end());
  }
  EXPECT_EQ(used.size(), 3u) << "and the hosts are spread";
}

TEST_F(Masquerade, AddressesAloneAreTranslatedOfProtocolsWithoutPorts) {
  for (uint8_t protocol : {47, 50, 132}) {  // GRE, ESP, SCTP
    SCOPED_TRACE(unsigned{protocol});
    for (Family f : families) {
      send(alice, from(alice, web.at(f)).protocol(protocol).payload("opaque bytes"));
      expect(web, to(web, own(f)).protocol(protocol).payload("opaque bytes"));
      send(web, from(web, own(f)).protocol(protocol).payload("others"));
      expect(alice, to(alice, web.at(f)).protocol(protocol).payload("others"));
    }
    // Two hosts' answers from one server could not be told apart (I-8).
    send(anna, from(anna, web.v4).protocol(protocol).payload("opaque bytes"));
    EXPECT_EQ(told_by(only(anna)), (Told{3, 13}));
    expect_drop(Reason::nat_ports_exhausted);
    send(anna, from(anna, dns.v4).protocol(protocol).payload("opaque bytes"));
    expect(dns, to(dns, own4).protocol(protocol).payload("opaque bytes"));
  }
}

TEST_F(Masquerade, WhoIsNotMasqueradedIsOnlyTracked) {
  sw.nat().policy = {};
  for (Family f : families) {
    send(alice, from(alice, web.at(f)).udp(4000, 53));
    expect(web, to(web, alice.at(f)).udp(4000, 53));
    send(web, from(web, alice.at(f)).udp(53, 4000));
    expect(alice, to(alice, web.at(f)).udp(53, 4000));
    send(web, from(web, alice.at(f)).udp(54, 4000));
    expect_drop(Reason::unsolicited);
  }
}

TEST_F(Masquerade, InnerNetworksKnowEachOtherByTheirOwnAddresses) {
  send(alice, from(alice, bob.v4).udp(4000, 53));
  expect(bob, to(bob, alice.v4).udp(4000, 53));
  EXPECT_EQ(sw.nat().connections->size(), 0u) << "nothing to remember";
}

TEST_F(Masquerade, TR3_OptionsOddLengthsAndPaddingDoNotHurtTheChecksums) {
  const uint8_t nop[] = {1, 1, 1};
  const FrameBuilder head = frame().eth(mac(1), TestSwitch::router_mac(office));
  send(alice,
       FrameBuilder(head).ipv4(alice.v4, web.v4).ip_options(nop).udp(4000, 53).payload("odd"));
  EXPECT_EQ(source_of(only(web)), own4);
  send(alice, from(alice, web.v4).udp(4000, 53).payload("x").pad(60));
  expect(web, to(web, own4).udp(4000, 53).payload("x"));
  send(alice, from(alice, web.v6).extension(60).udp(4000, 53).payload("odd"));
  EXPECT_EQ(source_of(only(web)), own6);
}

// How far the transport checksum of a frame is from the right one, counted modulo 65535.
unsigned checksum_error(const Bytes& frame, const Bytes& right, size_t at) {
  return (load_be16(&frame[at]) + 65535u - load_be16(&right[at])) % 65535;
}

TEST_F(Masquerade, NG3_AWrongChecksumStaysAsWrong) {
  for (Family f : families) {
    const size_t udp = (f == Family::v4 ? 34u : 54u) + 6, tcp = udp + 10;
    const FrameBuilder sent = from(alice, web.at(f)), seen = to(web, own(f));
    const FrameBuilder query = FrameBuilder(sent).udp(4000, 53).payload("query");
    const FrameBuilder wrong = FrameBuilder(query).l4_checksum(0x1234);
    send(alice, wrong);
    EXPECT_EQ(checksum_error(sw.received(web.port).at(0),
                             FrameBuilder(seen).udp(4000, 53).payload("query").bytes(), udp),
              checksum_error(wrong.bytes(), query.bytes(), udp));
    const FrameBuilder data = FrameBuilder(sent).tcp(4000, 80).payload("data");
    const FrameBuilder wrong_data = FrameBuilder(data).l4_checksum(0x1234);
    send(alice, wrong_data);
    EXPECT_EQ(checksum_error(sw.received(web.port).at(0),
                             FrameBuilder(seen).tcp(4000, 80).payload("data").bytes(), tcp),
              checksum_error(wrong_data.bytes(), data.bytes(), tcp));
  }
}

TEST_F(Masquerade, TR2_NoUdpChecksumStaysNone) {
  send(alice, from(alice, web.v4).udp(4000, 53).payload("query").l4_checksum(0));
  expect(web, to(web, own4).udp(4000, 53).payload("query").l4_checksum(0));
}

TEST_F(Masquerade, NG3_TR2_AnUpdateNeverMakesTheUdpChecksumZero) {
  std::vector<FrameBuilder> all;
  for (unsigned word = 0; word < 65536; ++word) {
    const uint8_t bytes[] = {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
    all.push_back(from(alice, web.v4).udp(4000, 53).payload(bytes));
  }
  sw.send_batch(alice.port, all);
  size_t faults = 0, zeros = 0;
  const std::vector<Bytes> seen = sw.received(web.port);
  ASSERT_EQ(seen.size(), 65536u);
  for (const Bytes& f : seen) {
    faults += !frame_fault(f).empty();
    zeros += load_be16(&f[40]) == 0;
  }
  EXPECT_EQ(faults, 0u);
  EXPECT_EQ(zeros, 0u);
}

using Offloads = Masquerade;

TEST_F(Offloads, NG4_TR1_PartialChecksumsStayPartialAndCompleteRight) {
  for (Family f : families) {
    for (bool completed : {false, true}) {
      sw.settings(web.port).capabilities = completed ? Capabilities{} : TestSwitch::all_offloads;
      FrameBuilder udp = from(alice, web.at(f)).udp(4000, 53).payload("query");
      FrameBuilder tcp = from(alice, web.at(f)).tcp(4000, 53).flags("S").seq(1);
      FrameBuilder udp_seen = to(web, own(f)).udp(4000, 53).payload("query");
      FrameBuilder tcp_seen = to(web, own(f)).tcp(4000, 53).flags("S").seq(1);
      send(alice, udp.partial_checksum());
      expect(web, completed ? udp_seen : udp_seen.partial_checksum());
      send(alice, tcp.partial_checksum());
      expect(web, completed ? tcp_seen : tcp_seen.partial_checksum());
    }
  }
}

TEST_F(Offloads, TR1_SuperSegmentsAreTranslatedWholeAndCutRight) {
  for (Family f : families) {
    send(alice, from(alice, web.at(f)).tcp(4000, 80).seq(1).pattern(3000).gso(1000));
    const auto whole = sw.received_with_offload(web.port);
    ASSERT_EQ(whole.size(), 1u);
    EXPECT_EQ(whole[0].bytes, to(web, own(f)).tcp(4000, 80).seq(1).pattern(3000).gso(1000).bytes());
    EXPECT_EQ(whole[0].offload.segment_size, 1000u);
    sw.settings(web.port).capabilities = {};
    send(alice, from(alice, web.at(f)).tcp(4000, 80).seq(3001).pattern(3000).gso(1000));
    const auto cut = sw.received(web.port);
    EXPECT_EQ(cut.size(), 3u);
    for (const Bytes& segment : cut) {
      EXPECT_EQ(frame_fault(segment), "");
      EXPECT_EQ(source_of(segment), own(f));
    }
    sw.settings(web.port).capabilities = TestSwitch::all_offloads;
  }
}

// Its link-local addresses are in no route: the default route is not where they are.
TEST_F(Masquerade, ND5_AnswersToTheRoutersOwnQuestionsReachIt) {
  sw.add_route("::/0", outside, web.v6);
  for (const Host* h : {&alice, &web}) {
    send(*h, from(*h, TestSwitch::router_link_local(h->network))
                 .neighbor_advertisement(h->v6, mac(h->station)));
  }
  EXPECT_EQ(sw.total_drops(), 0u);
  EXPECT_EQ(sw.total(&PortCounters::tx_packets), 2u);  // to the router
}

}  // namespace
}  // namespace uswitch::test
