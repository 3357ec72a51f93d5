// Every frame is accounted for: rx + copies = tx + drops, and there is no reason to drop one that
// cannot occur.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/support/test_switch.h"

namespace uswitch::test {
namespace {

const MacAddress broadcast = MacAddress::from_u64(0xffffffffffff);

FrameBuilder to_all(unsigned from) {
  return frame().eth(mac(from), broadcast).arp_request(mac(from), "10.0.0.1", "10.0.0.2");
}
FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}

// One switch a reason. The frame that is dropped comes in at port `in`.
struct Scene {
  explicit Scene(size_t buffers = 192) : sw(buffers) {}

  TestSwitch sw;
  NetworkId net = sw.add_network("office");
  PortId in = sw.add_port(net), out = sw.add_port(net);

  void send(const FrameBuilder& f) { sw.send(in, f); }
  void send_guarded(const FrameBuilder& f) {
    sw.settings(in).guard =
        std::make_shared<Guard>(mac(1), std::vector<IpAddress>{Ip("10.0.0.1"), Ip("fd00::1")});
    send(f);
  }
  void send_refused(Reason reason) {
    sw.port(out).refuse(reason);
    send(v4().udp(1, 2));
  }
  void send_isolated() {
    sw.settings(in).isolated = sw.settings(out).isolated = true;
    send(to_all(1));
  }
  void send_back() {
    sw.add_static(net, mac(2), in);
    send(v4().udp(1, 2));
  }
  void send_alone() {
    in = sw.add_port(sw.add_network("lonely"));
    send(to_all(1));
  }
  void send_untagged_to_a_trunk() {
    in = sw.add_port(no_network, {{10, net}});
    send(to_all(1));
  }
};

// Makes port `in` drop one frame for this reason. No default: the compiler refuses a reason that is
// not here.
void provoke(Reason reason, Scene& s) {
  switch (reason) {
    case Reason::none:
      return;
    case Reason::frame_too_short:
      return s.send(v4().truncate(13));
    case Reason::bad_offload:
      return s.send(v4().tcp(1, 2).pattern(3000).gso(1));
    case Reason::malformed_l3:
      return s.send_guarded(v4().udp(1, 2).ip_length(9000));
    case Reason::malformed_l4:
      return s.send_guarded(v4().udp(1, 2).udp_length(9000));
    case Reason::vlan_invalid:
      return s.send(frame().eth(mac(1), mac(2)).vlan(4095).ether_type(0x88b5));
    case Reason::vlan_not_member:
      return s.send(frame().eth(mac(1), mac(2)).vlan(10).ether_type(0x88b5));
    case Reason::vlan_untagged:
      return s.send_untagged_to_a_trunk();
    case Reason::source_invalid:
      return s.send(frame().eth(broadcast, mac(2)).ether_type(0x88b5));
    case Reason::link_local_group:
      return s.send(frame().eth(mac(1), "01:80:c2:00:00:0e").ether_type(0x88cc));
    case Reason::same_port:
      return s.send_back();
    case Reason::no_egress:
      return s.send_alone();
    case Reason::isolated:
      return s.send_isolated();
    case Reason::guard_mac:
      return s.send_guarded(to_all(9));
    case Reason::guard_ip:
      return s.send_guarded(frame().eth(mac(1), mac(2)).ipv4("10.0.0.9", "10.0.0.2").udp(1, 2));
    case Reason::guard_arp:
      return s.send_guarded(
          frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.9", "10.0.0.2"));
    case Reason::guard_nd:
      return s.send_guarded(v6().neighbor_advertisement("fd00::9", mac(1)));
    case Reason::guard_ra:
      return s.send_guarded(v6().router_advertisement(mac(1)));
    case Reason::guard_hidden: {
      FrameBuilder f = v6();
      for (int i = 0; i < 9; ++i) f.extension(60);
      return s.send_guarded(f.udp(1, 2));
    }
    case Reason::guard_dhcp:
      return s.send_guarded(v4().udp(67, 68));
    case Reason::exceeds_mtu:
      return s.send(v4().udp(1, 2).zeros(1500));
    case Reason::egress_full:
    case Reason::egress_down:
    case Reason::egress_refused:
      return s.send_refused(reason);
    case Reason::no_buffer:
      s.sw.settings(s.out).capabilities = {};
      return s.send(v4().tcp(1, 2).pattern(3000).gso(1000));
    default:
      return;
  }
}

TEST(Accounting, EveryReasonOccursAndIsCountedWhereTheFrameCameIn) {
  for (size_t i = 1; i < reason_count; ++i) {
    const auto reason = static_cast<Reason>(i);
    SCOPED_TRACE(info(reason).name);
    Scene s(reason == Reason::no_buffer ? 1 : 192);
    provoke(reason, s);
    for (size_t other = 0; other < reason_count; ++other) {
      EXPECT_EQ(s.sw.counters(s.in).drops[other].get(), other == i ? 1u : 0u) << other;
    }
    EXPECT_EQ(s.sw.total_drops(), 1u) << "booked on another port";
    EXPECT_EQ(s.sw.counters(s.in).rx_packets.get(), 1u);
    EXPECT_EQ(s.sw.total(&PortCounters::tx_packets), 0u);
  }
}

TEST(Accounting, ReasonsAreDescribed) {
  for (size_t i = 1; i < reason_count; ++i) {
    const ReasonInfo& r = reason_table[i];
    EXPECT_FALSE(r.name.empty());
    EXPECT_TRUE(r.sentence.ends_with('.')) << r.name;
    EXPECT_TRUE(r.room == "core" || r.room == "switch" || r.room == "router") << r.name;
  }
}

TEST(Accounting, BytesAreThoseOfTheFramesAsTheyPassThePort) {
  TestSwitch sw;
  const NetworkId net = sw.add_network("office");
  const PortId a = sw.add_port(net), b = sw.add_port(no_network, {{10, net}});
  sw.send(a, to_all(1));  // 42 bytes
  EXPECT_EQ(sw.counters(a).rx_bytes.get(), 42u);
  EXPECT_EQ(sw.counters(b).tx_bytes.get(), 46u);
}

// A switch with a port of each kind, and traffic that nobody would send in his right mind.
class Mix {
 public:
  explicit Mix(uint32_t seed) : random_(seed) {
    sw_.settings(guarded_).guard =
        std::make_shared<Guard>(mac(0), std::vector<IpAddress>{Ip("10.0.0.0"), Ip("fd00::")});
    sw_.settings(isolated1_).isolated = sw_.settings(isolated2_).isolated = true;
    sw_.settings(narrow_).mtu = 600;
  }

  void run(int batches) {
    for (int i = 0; i < batches; ++i) {
      sw_.port(moody_).refuse(below(8) == 0 ? Reason::egress_full : Reason::none);
      send();
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
    EXPECT_EQ(sw_.total(&PortCounters::rx_packets), sent_);
    EXPECT_EQ(sw_.total(&PortCounters::rx_bytes), sent_bytes_);
    EXPECT_EQ(sw_.total(&PortCounters::tx_packets), received_);
    EXPECT_EQ(sw_.total(&PortCounters::tx_bytes), received_bytes_);
    EXPECT_EQ(sent_ + sw_.total(&PortCounters::copies), received_ + drops);
    EXPECT_GE(reasons, 15u) << "the mix is not much of one";
  }

 private:
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

  FrameBuilder ethernet() {
    FrameBuilder f = frame();
    const bool group = below(6) == 0;
    f.eth(mac(below(6)), group ? broadcast : mac(below(6)));
    for (uint32_t tags = below(5); tags > 2; --tags) f.vlan(static_cast<uint16_t>(below(4) * 10));
    return f;
  }
  FrameBuilder ip() {
    const Ip v6[] = {"fd00::", "fd00::1", "fd00::2"}, v4[] = {"10.0.0.0", "10.0.0.1", "10.0.0.2"};
    FrameBuilder f = ethernet();
    if (below(2)) return f.ipv4(v4[below(3)], v4[below(3)]);
    f.ipv6(v6[below(3)], v6[below(3)]);
    for (uint32_t n = below(12); n > 6; --n) f.extension(60);
    return f;
  }
  FrameBuilder any_frame() {
    const Ip address6[] = {"fd00::", "fd00::1"};
    const auto size = below(3) ? below(1500) : below(20000);
    const auto segment = static_cast<uint16_t>(1 + below(1500));
    switch (below(8)) {
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
      default:
        return ip().tcp(1, 2).zeros(size);
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

}  // namespace
}  // namespace uswitch::test
