// Two networks behind a router that masquerades them, and the outside.
//
//   alice  10.0.0.2      fd00:a::2 ---- office   10.0.0.1      fd00:a::1
//   anna   10.0.0.3      fd00:a::3 ----'   |
//   bob    10.1.0.2      fd00:b::2 ---- lab      10.1.0.1      fd00:b::1
//                                          |        router
//   web    198.51.100.9  2001:db8::9 -- outside  198.51.100.1  2001:db8::1
//   dns    198.51.100.10 2001:db8::10 --'
#pragma once
#include "tests/flow/routed.h"

namespace uswitch::test {

inline constexpr Family families[] = {Family::v4, Family::v6};
inline constexpr uint8_t icmp4 = 1, tcp6 = 6, udp17 = 17, icmp58 = 58;

class Natted : public testing::Test {
 protected:
  struct Host {
    PortId port;
    NetworkId network;
    unsigned station;
    Ip v4, v6;
    const Ip& at(Family f) const { return f == Family::v4 ? v4 : v6; }
  };

  TestSwitch sw;
  NetworkId office = sw.add_network("office"), lab = sw.add_network("lab"),
            outside = sw.add_network("outside");
  const Host alice = host(office, 1, "10.0.0.2", "fd00:a::2"),
             anna = host(office, 3, "10.0.0.3", "fd00:a::3"),
             bob = host(lab, 2, "10.1.0.2", "fd00:b::2"),
             web = host(outside, 9, "198.51.100.9", "2001:db8::9"),
             dns = host(outside, 10, "198.51.100.10", "2001:db8::10");
  const Ip own4 = "198.51.100.1", own6 = "2001:db8::1";

  explicit Natted(uint32_t max_connections = 1024) {
    sw.add_router(office, {"10.0.0.1/24", "fd00:a::1/64"});
    sw.add_router(lab, {"10.1.0.1/24", "fd00:b::1/64"});
    sw.add_router(outside, {"198.51.100.1/24", "2001:db8::1/64"});
    for (const Host* h : {&alice, &anna, &bob, &web, &dns}) {
      for (Family f : families) sw.add_station(h->port, h->at(f), mac(h->station));
    }
    sw.add_outside(outside, max_connections);
    masquerade_behind({"198.51.100.1"}, {"2001:db8::1"});
  }

  void masquerade_behind(std::initializer_list<const char*> pool4,
                         std::initializer_list<const char*> pool6) {
    sw.nat().policy = {};
    for (const char* from : {"10.0.0.0/24", "10.1.0.0/24"}) sw.masquerade(from, outside, pool4);
    for (const char* from : {"fd00:a::/64", "fd00:b::/64"}) sw.masquerade(from, outside, pool6);
  }

  Host host(NetworkId network, unsigned station, const Ip& v4, const Ip& v6) {
    return {sw.add_port(network), network, station, v4, v6};
  }
  const Ip& own(Family f) const { return f == Family::v4 ? own4 : own6; }

  static FrameBuilder ip(FrameBuilder link, const Ip& source, const Ip& destination) {
    return source.is_v4() ? link.ipv4(source, destination) : link.ipv6(source, destination);
  }
  // What the host sends, and what the router sends to it.
  static FrameBuilder from(const Host& h, const Ip& to) {
    const FrameBuilder link = frame().eth(mac(h.station), TestSwitch::router_mac(h.network));
    return ip(link, h.at(to.family()), to);
  }
  static FrameBuilder to(const Host& h, const Ip& source, const Ip& destination) {
    const FrameBuilder link = frame().eth(TestSwitch::router_mac(h.network), mac(h.station));
    return ip(link, source, destination).ttl(63);
  }
  static FrameBuilder to(const Host& h, const Ip& source) {
    return to(h, source, h.at(source.family()));
  }

  void send(const Host& h, const FrameBuilder& f) { sw.send(h.port, f); }
  // This is what has come to the host, and nothing else.
  void expect(const Host& h, const FrameBuilder& f) {
    EXPECT_EQ(sw.received(h.port), std::vector<Bytes>{f.bytes()});
  }
  // Nobody has got anything, for this reason.
  void expect_drop(Reason reason) {
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(sw.drops(reason), 1u) << info(reason).name;
  }
  // The one frame that came to the host, sound in itself; empty when it was not one.
  Bytes only(const Host& h) {
    std::vector<Bytes> all = sw.received(h.port);
    EXPECT_EQ(all.size(), 1u);
    if (all.size() != 1) return {};
    EXPECT_EQ(frame_fault(all[0]), "");
    return all[0];
  }

  // Whatever was known is forgotten.
  void forget() {
    sw.advance(std::chrono::hours(3));
    sw.nat().connections->sweep(sw.now(), 1u << 20);
  }

  // An ICMP error about the packet, of which it quotes so much.
  static FrameBuilder error(FrameBuilder head, Told what, const FrameBuilder& about,
                            size_t quoted = 1000, uint32_t rest = 0) {
    Bytes quote = l3_of(about.bytes());
    quote.resize(std::min(quoted, quote.size()));
    return head.icmp(what.type, what.code, rest).payload(quote);
  }

  // Alice asks web from this port; web has got it from the same one.
  void open_udp(Family f, uint16_t port = 4000) {
    send(alice, from(alice, web.at(f)).udp(port, 53));
    expect(web, to(web, own(f)).udp(port, 53));
  }
  bool web_reaches_alice(Family f, uint16_t port = 4000) {
    send(web, from(web, own(f)).udp(53, port).payload("answer"));
    const Bytes wanted = to(alice, web.at(f)).udp(53, port).payload("answer").bytes();
    return sw.received(alice.port) == std::vector<Bytes>{wanted};
  }
};

// The transport's source and destination port of a frame.
inline uint16_t source_port(const Bytes& f) {
  return load_be16(&f.at(l4_of(f)));
}
inline IpAddress source_of(const Bytes& f) {
  return is_v6(f) ? IpAddress::load6(&f.at(22)) : IpAddress::load4(&f.at(26));
}

}  // namespace uswitch::test
