// Traffic of every kind through ports of every kind adds up: TR-16.
#include <gtest/gtest.h>

#include <random>

#include "tests/support/test_switch.h"

namespace uswitch::test {
namespace {

using std::chrono::milliseconds;

const MacAddress broadcast = MacAddress::from_u64(0xffffffffffff);

// A switch with a port of each kind, and traffic that nobody would send in his right mind.
class Mix {
 public:
  // With `translates` network two is the outside, and there are few connections.
  explicit Mix(uint32_t seed, bool translates = false) : random_(seed) {
    sw_.settings(guarded_).guard =
        std::make_shared<Guard>(mac(0), std::vector<IpAddress>{Ip("10.0.0.0"), Ip("fd00::")});
    sw_.settings(isolated1_).isolated = sw_.settings(isolated2_).isolated = true;
    sw_.settings(narrow_).mtu = 600;
    sw_.add_router(one_, {"10.0.0.100/24", "fd00::100/64"});
    sw_.add_router(two_, {"10.1.0.100/24", "fd01::100/64"});
    sw_.interface(two_).mtu = 1000;
    sw_.interface(one_).clamp_mss = true;
    sw_.add_route("11.0.0.0/8", two_, "10.1.0.1");
    sw_.begin_announcements(one_);
    if (translates) translate();
  }

  void run(int batches) {
    for (int i = 0; i < batches; ++i) {
      sw_.port(moody_).refuse(below(8) == 0 ? Reason::egress_full : Reason::none);
      send();
      if (below(10) == 0) sw_.pass_time(milliseconds(200 * below(20)));
      take();
    }
  }

  void check() {
    uint64_t drops = 0, reasons = 0;
    for (size_t i = 1; i < reason_count; ++i) {
      const uint64_t n = sw_.drops(static_cast<Reason>(i));
      drops += n;
      if (n > 0) ++reasons;
    }
    EXPECT_EQ(of_ports(&PortCounters::rx_packets), sent_);
    EXPECT_EQ(of_ports(&PortCounters::rx_bytes), sent_bytes_);
    EXPECT_EQ(of_ports(&PortCounters::tx_packets), received_);
    EXPECT_EQ(of_ports(&PortCounters::tx_bytes), received_bytes_);
    // What the router makes and what ends at it stands in its own books.
    const uint64_t made = sw_.total(&PortCounters::rx_packets) - sent_;
    const uint64_t ended = sw_.total(&PortCounters::tx_packets) - received_;
    EXPECT_EQ(sent_ + made + sw_.total(&PortCounters::copies),
              received_ + ended + drops + sw_.held());
    EXPECT_GE(reasons, 30u) << "the mix is not much of one";
  }

 private:
  void translate() {
    sw_.add_outside(two_, 32);
    sw_.nat().filtering = static_cast<Filtering>(below(3));
    sw_.masquerade("10.0.0.0/24", two_, {"10.1.0.100"});
    sw_.masquerade("fd00::/64", two_, {"fd01::100"});
    sw_.publish(two_, "10.1.0.100", 2, 6, "10.0.0.1", 1);
    sw_.publish(two_, "10.1.0.100", 68, 17, "10.0.0.2", 68);
    sw_.publish(two_, "fd01::100", 2, 17, "fd00::1", 2);
  }
  uint64_t of_ports(Counter PortCounters::*counter) const {
    uint64_t sum = 0;
    for (PortId id = 0; id < ports; ++id) sum += (sw_.counters(id).*counter).get();
    return sum;
  }
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

  FrameBuilder ethernet() {
    FrameBuilder f = frame();
    const MacAddress to[] = {broadcast, mac(below(6)), mac(below(6)), TestSwitch::router_mac(one_),
                             TestSwitch::router_mac(two_)};
    f.eth(mac(below(6)), to[below(5)]);
    for (uint32_t tags = below(5); tags > 2; --tags) f.vlan(static_cast<uint16_t>(below(4) * 10));
    return f;
  }
  FrameBuilder ip() {
    static const Ip v6[] = {"fd00::",  "fd00::1",   "fd00::2", "fd01::1",
                            "fd01::2", "fd00::100", "fe80::1", "9::9"},
                    v4[] = {"10.0.0.0", "10.0.0.1",   "10.0.0.2", "10.1.0.1",
                            "10.1.0.2", "10.0.0.100", "11.0.0.1", "9.9.9.9"};
    FrameBuilder f = ethernet();
    if (below(2)) {
      f.ipv4(v4[below(7)], v4[below(8)]);
      if (below(8) == 0) f.dont_fragment();
    } else {
      f.ipv6(v6[below(7)], v6[below(8)]);
      for (uint32_t n = below(12); n > 6; --n) f.extension(60);
    }
    if (below(10) == 0) f.ttl(1);
    return f;
  }
  // Of few datagrams, so that some become whole and others overlap.
  FrameBuilder fragment() {
    const auto offset = static_cast<uint16_t>(16 * below(3));
    const auto id = static_cast<uint16_t>(below(20));
    const bool more = offset != 32;
    if (below(2)) {
      return ethernet()
          .ipv4("10.0.0.1", "10.0.0.100")
          .ip_id(id)
          .fragment(offset, more)
          .protocol(1)
          .fill(below(20) ? 16 : 24, 8);
    }
    return ethernet()
        .ipv6("fd00::1", "fd00::100")
        .fragment_header(offset, more, id)
        .protocol(58)
        .fill(below(20) ? 16 : 24, 128);
  }
  FrameBuilder to_the_router() {
    switch (below(5)) {
      case 0:
        return ethernet().arp_request(mac(below(6)), "10.0.0.1", "10.0.0.100");
      case 1:
        return ethernet().arp_reply(mac(below(6)), "10.1.0.1", TestSwitch::router_mac(two_),
                                    "10.1.0.100");
      case 2:
        return ethernet()
            .ipv6("fd01::1", "fd01::100")
            .neighbor_advertisement("fd01::1", Mac(mac(1)));
      case 3:
        return ethernet()
            .ipv6("fd00::1", "fd00::100")
            .neighbor_solicitation("fd00::100", Mac(mac(1)));
      default:
        return ip().echo_request(1, 1).zeros(below(2000));
    }
  }
  FrameBuilder any_frame() {
    const Ip address6[] = {"fd00::", "fd00::1"};
    const auto size = below(3) ? below(1500) : below(20000);
    const auto segment = static_cast<uint16_t>(1 + below(1500));
    switch (below(11)) {
      case 0:
        return ethernet().arp_request(mac(below(6)), "10.0.0.0", "10.0.0.1");
      case 1:
        return ip().udp(static_cast<uint16_t>(66 + below(3)), 68).zeros(size);
      case 2:
        return ip().tcp(1, 2).zeros(size).gso(segment);
      case 3:
        return ip().udp(1, 2).zeros(size).gso(segment);
      case 4:
        return ip().udp(1, 2).zeros(size).partial_checksum();
      case 5:
        return ethernet()
            .ipv6(address6[below(2)], "ff02::1")
            .neighbor_advertisement(address6[below(2)]);
      case 6:
        return ethernet().ipv6(address6[below(2)], "ff02::1").router_advertisement();
      case 7:
        return fragment();
      case 8:
      case 9:
        return to_the_router();
      default:
        return ip().tcp(1, 2).flags("S").zeros(size);
    }
  }
  Bytes damaged(Bytes bytes) {
    if (below(10) == 0) bytes.resize(below(static_cast<uint32_t>(bytes.size()) + 1));
    for (uint32_t n = below(4); n == 1 && !bytes.empty(); n = below(2)) {
      bytes[below(static_cast<uint32_t>(bytes.size()))] = static_cast<uint8_t>(below(256));
    }
    return bytes;
  }

  void send() {
    const auto port = static_cast<PortId>(below(ports));
    std::vector<FrameBuilder> frames;
    for (uint32_t n = below(80); n > 0; --n) {
      const FrameBuilder f = any_frame();
      Bytes bytes = damaged(f.bytes());
      ++sent_;
      sent_bytes_ += bytes.size();
      sw_.port(port).inject({std::move(bytes), f.offload(), false, 0});
    }
    sw_.send_batch(port, {});
  }
  void take() {
    for (PortId id = 0; id < ports; ++id) {
      for (const Bytes& b : sw_.received(id)) {
        ++received_;
        received_bytes_ += b.size();
      }
    }
  }

  std::mt19937 random_;
  TestSwitch sw_;
  NetworkId one_ = sw_.add_network("one"), two_ = sw_.add_network("two"),
            lonely_ = sw_.add_network("lonely");
  PortId guarded_ = sw_.add_port(one_), plain_ = sw_.add_port(one_, {}, {}),
         isolated1_ = sw_.add_port(one_), isolated2_ = sw_.add_port(one_, {}, {}),
         narrow_ = sw_.add_port(two_), moody_ = sw_.add_port(two_, {}, {}),
         trunk_ = sw_.add_port(one_, {{20, two_}}),
         strict_ = sw_.add_port(no_network, {{10, one_}}), alone_ = sw_.add_port(lonely_);
  static constexpr PortId ports = 9;
  uint64_t sent_ = 0, sent_bytes_ = 0, received_ = 0, received_bytes_ = 0;
};

TEST(Accounting, TR16_LongMixAddsUp) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Mix mix(seed);
    mix.run(300);
    mix.check();
  }
}

TEST(Accounting, TR16_SoItDoesWithTranslation) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Mix mix(seed, true);
    mix.run(200);
    mix.check();
  }
}

}  // namespace
}  // namespace uswitch::test
