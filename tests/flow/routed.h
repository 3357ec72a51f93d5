// Two networks and their router: station 1 on the first, station 2 on the second, known to all.
//
//   port a  10.0.0.2  fd00:a::2 ----- office  10.0.0.1  fd00:a::1
//                                       |     router
//   port b  10.1.0.2  fd00:b::2 ----- lab     10.1.0.1  fd00:b::1
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>

#include "tests/support/frame_check.h"
#include "tests/support/naive_checksum.h"
#include "tests/support/test_switch.h"
#include "wire/bytes.h"

namespace uswitch::test {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Ports = std::vector<PortId>;
using testing::ElementsAre;
using testing::IsEmpty;

inline const MacAddress broadcast_mac = MacAddress::from_u64(0xffffffffffff);

// Type and code of an ICMP or ICMPv6 message.
struct Told {
  uint8_t type, code;
  bool operator==(const Told&) const = default;
};
inline void PrintTo(const Told& told, std::ostream* out) {
  *out << unsigned{told.type} << '/' << unsigned{told.code};
}

inline bool is_v6(const Bytes& frame) {
  return frame[12] == 0x86;
}
inline size_t l4_of(const Bytes& frame) {
  return is_v6(frame) ? 54 : 14 + (frame[14] & 0x0fu) * 4;
}
inline Told told_by(const Bytes& frame) {
  return {frame.at(l4_of(frame)), frame.at(l4_of(frame) + 1)};
}
inline uint32_t icmp_rest(const Bytes& frame) {
  return load_be32(&frame.at(l4_of(frame) + 4));
}
// What an ICMP error quotes.
inline Bytes quote_of(const Bytes& frame) {
  return {frame.begin() + static_cast<ptrdiff_t>(l4_of(frame) + 8), frame.end()};
}
inline Bytes l3_of(const Bytes& frame) {
  return {frame.begin() + 14, frame.end()};
}

class Routed : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId a_net = sw.add_network("office"), b_net = sw.add_network("lab");
  PortId a = sw.add_port(a_net), b = sw.add_port(b_net);
  const Ip a4 = "10.0.0.2", b4 = "10.1.0.2", a6 = "fd00:a::2", b6 = "fd00:b::2";
  const Ip gw4 = "10.0.0.1", gw6 = "fd00:a::1";
  const Ip a_local = eui64_link_local(mac(1));
  const Ip gw_local = TestSwitch::router_link_local(a_net);

  Routed() {
    sw.add_router(a_net, {"10.0.0.1/24", "fd00:a::1/64"});
    sw.add_router(b_net, {"10.1.0.1/24", "fd00:b::1/64"});
    sw.add_station(a, a4, mac(1));
    sw.add_station(a, a6, mac(1));
    sw.add_station(a, a_local, mac(1));
    sw.add_station(b, b4, mac(2));
    sw.add_station(b, b6, mac(2));
  }

  static MacAddress gateway_mac(NetworkId network) { return TestSwitch::router_mac(network); }

  // The beginning of a frame from station 1 to its gateway, and of a UDP packet to station 2.
  FrameBuilder from_a() const { return frame().eth(mac(1), gateway_mac(a_net)); }
  FrameBuilder to_b() const { return from_a().ipv4(a4, b4).udp(7, 9); }
  FrameBuilder to_b6() const { return from_a().ipv6(a6, b6).udp(7, 9); }
  // Of what the router sends.
  static FrameBuilder from_router(NetworkId network, const Mac& to) {
    return frame().eth(gateway_mac(network), to);
  }
  FrameBuilder arp_reply_of(unsigned station, const Ip& address, NetworkId network,
                            const Ip& asker) const {
    const MacAddress gateway = gateway_mac(network);
    return frame().eth(mac(station), gateway).arp_reply(mac(station), address, gateway, asker);
  }

  static std::vector<Bytes> frames(const FrameBuilder& one) { return {one.bytes()}; }

  // The frame as the router passes it on: new MACs, one hop less, no padding (R4-14, R4-3, R4-2).
  static Bytes passed_on(const FrameBuilder& builder, NetworkId network, const Mac& to) {
    Bytes f = builder.bytes();
    to.store(f.data());
    gateway_mac(network).store(f.data() + 6);
    const bool v6 = is_v6(f);
    f.resize(14 + load_be16(&f[v6 ? 18 : 16]) + (v6 ? 40u : 0u));
    --f[v6 ? 21 : 22];
    if (v6) return f;
    f[24] = f[25] = 0;
    const auto header = std::span(f).subspan(14, (f[14] & 0x0fu) * 4);
    store_be16(&f[24], static_cast<uint16_t>(~naive_sum(header)));
    return f;
  }

  // The one frame that left by the port, sound in itself.
  Bytes only(PortId port) {
    std::vector<Bytes> all = sw.received(port);
    if (all.size() != 1) throw std::runtime_error(std::to_string(all.size()) + " frames, not one");
    EXPECT_EQ(frame_fault(all[0]), "");
    return all[0];
  }
};

// What becomes of a frame that station 1 sends: it arrives at station 2 as passed_on() says, or is
// dropped for this reason; then station 1 is told so, or nothing at all is sent.
struct RouteRow {
  const char* name;
  FrameBuilder frame;
  Reason reason = Reason::none;
  std::optional<Told> told = {};
};
using RouteRows = std::vector<RouteRow>;

inline void PrintTo(const RouteRow& row, std::ostream* out) {
  *out << row.name;
}

class RouteTableTest : public Routed, public testing::WithParamInterface<RouteRow> {
 protected:
  void expect(const RouteRow& row) {
    sw.send(a, row.frame);
    const std::vector<Bytes> to_a = sw.received(a), to_b = sw.received(b);
    if (row.reason == Reason::none) {
      EXPECT_THAT(to_b, ElementsAre(passed_on(row.frame, b_net, mac(2))));
      EXPECT_EQ(sw.total_drops(), 0u);
    } else {
      EXPECT_THAT(to_b, IsEmpty());
      EXPECT_EQ(sw.drops(row.reason), 1u);
      EXPECT_EQ(sw.total_drops(), 1u);
    }
    ASSERT_EQ(to_a.size(), row.told ? 1u : 0u);
    if (!row.told) return;
    EXPECT_EQ(frame_fault(to_a[0]), "");
    EXPECT_EQ(told_by(to_a[0]), *row.told);
  }
};

inline std::string route_row_name(const testing::TestParamInfo<RouteRow>& info) {
  return info.param.name;
}

// `table` is a function that returns RouteRows.
#define USWITCH_ROUTE_TABLE(suite, table) \
  INSTANTIATE_TEST_SUITE_P(table, suite, testing::ValuesIn(table()), route_row_name)

}  // namespace uswitch::test
