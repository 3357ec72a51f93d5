// Two networks and their router: station 1 on the first, station 2 on the second, known to all.
//
//   port a  10.0.0.2  fd00:a::2 ----- office  10.0.0.1  fd00:a::1
//                                       |     router
//   port b  10.1.0.2  fd00:b::2 ----- lab     10.1.0.1  fd00:b::1
#pragma once
#include <gtest/gtest.h>

#include "tests/support/frame_check.h"
#include "tests/support/test_switch.h"

namespace uswitch::test {

class Routed : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId a_net = sw.add_network("office"), b_net = sw.add_network("lab");
  PortId a = sw.add_port(a_net), b = sw.add_port(b_net);
  const Ip a4 = "10.0.0.2", b4 = "10.1.0.2", a6 = "fd00:a::2", b6 = "fd00:b::2";

  Routed() {
    sw.add_router(a_net, {"10.0.0.1/24", "fd00:a::1/64"});
    sw.add_router(b_net, {"10.1.0.1/24", "fd00:b::1/64"});
    sw.add_station(a, a4, mac(1));
    sw.add_station(a, a6, mac(1));
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

  static std::vector<Bytes> frames(const FrameBuilder& one) { return {one.bytes()}; }
};

}  // namespace uswitch::test
