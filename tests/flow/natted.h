// A network behind a router that masquerades it, and the outside.
//
//   port a    10.0.0.2       fd00:a::2 --- office  10.0.0.1     fd00:a::1
//                                            |        router
//   port out  198.51.100.9   2001:db8::9 --- outside 198.51.100.1  2001:db8::1
#pragma once
#include <gtest/gtest.h>

#include "tests/support/frame_check.h"
#include "tests/support/test_switch.h"

namespace uswitch::test {

class Natted : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId a_net = sw.add_network("office"), out_net = sw.add_network("outside");
  PortId a = sw.add_port(a_net), out = sw.add_port(out_net);
  const Ip a4 = "10.0.0.2", server = "198.51.100.9", own = "198.51.100.1";
  const Ip a6 = "fd00:a::2", server6 = "2001:db8::9", own6 = "2001:db8::1";

  Natted() {
    sw.add_router(a_net, {"10.0.0.1/24", "fd00:a::1/64"});
    sw.add_router(out_net, {"198.51.100.1/24", "2001:db8::1/64"});
    sw.add_station(a, a4, mac(1));
    sw.add_station(a, a6, mac(1));
    sw.add_station(out, server, mac(9));
    sw.add_station(out, server6, mac(9));
    sw.add_outside(out_net);
    sw.masquerade("10.0.0.0/24", out_net, {"198.51.100.1"});
    sw.masquerade("fd00:a::/64", out_net, {"2001:db8::1"});
  }

  FrameBuilder from_a() const { return frame().eth(mac(1), TestSwitch::router_mac(a_net)); }
  FrameBuilder from_server() const { return frame().eth(mac(9), TestSwitch::router_mac(out_net)); }
  static FrameBuilder from_router(NetworkId network, const Mac& to) {
    return frame().eth(TestSwitch::router_mac(network), to);
  }
  static std::vector<Bytes> frames(const FrameBuilder& one) { return {one.bytes()}; }
};

}  // namespace uswitch::test
