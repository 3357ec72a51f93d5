// Checksum and segmentation requests that do not fit their frame: STANDARDS VH-5, VH-7.
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace uswitch::test {
namespace {

using Gso = Offload::Gso;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder tcp4(size_t size, uint16_t segment) {
  return v4().tcp(1, 2).pattern(size).gso(segment);
}
FrameBuilder tcp6(size_t size, uint16_t segment) {
  return frame()
      .eth(mac(1), mac(2))
      .ipv6("fd00::1", "fd00::2")
      .tcp(1, 2)
      .pattern(size)
      .gso(segment);
}
FrameBuilder udp4(size_t size, uint16_t segment) {
  return v4().udp(1, 2).pattern(size).gso(segment);
}

struct BadRequest {
  const char* name;
  FrameBuilder frame;
  void (*spoil)(Offload&);
};

std::vector<BadRequest> bad_requests() {
  const auto keep = [](Offload&) {};
  return {
      {"segments of nothing", tcp4(3000, 1000), [](Offload& o) { o.segment_size = 0; }},
      {"65535 is reserved", tcp4(3000, 1000), [](Offload& o) { o.segment_size = 0xffff; }},
      {"tiny TCP segments", tcp4(3000, 7), keep},
      {"more than 128 datagrams", udp4(12900, 100), keep},
      {"no checksum to do", tcp4(3000, 1000), [](Offload& o) { o.needs_checksum = false; }},
      {"TCP over IPv4 named IPv6", tcp4(3000, 1000), [](Offload& o) { o.gso = Gso::tcp6; }},
      {"TCP over IPv6 named IPv4", tcp6(3000, 1000), [](Offload& o) { o.gso = Gso::tcp4; }},
      {"TCP named UDP", tcp4(3000, 1000), [](Offload& o) { o.gso = Gso::udp; }},
      {"UDP named TCP", udp4(3000, 1000), [](Offload& o) { o.gso = Gso::tcp4; }},
      {"unknown kind", tcp4(3000, 1000), [](Offload& o) { o.gso = Gso::unknown; }},
      {"start elsewhere", tcp4(3000, 1000), [](Offload& o) { o.checksum_start = 38; }},
      {"wrong field", tcp4(3000, 1000), [](Offload& o) { o.checksum_offset = 6; }},
      {"padding", tcp4(10, 1000).pad(100), keep},
      {"fragment", v4().fragment(0, true).udp(1, 2).pattern(3000).gso(1000), keep},
      {"length lies", tcp4(3000, 1000).ip_length(2000), keep},
      {"no IP", frame().eth(mac(1), mac(2)).ether_type(0x88b5).zeros(3000),
       [](Offload& o) {
         o = {.gso = Gso::tcp4, .needs_checksum = true, .segment_size = 1000, .checksum_start = 34};
       }},
      {"start beyond the frame", v4().udp(1, 2).partial_checksum(),
       [](Offload& o) { o.checksum_start = 400; }},
      {"field beyond the frame", v4().udp(1, 2).partial_checksum(),
       [](Offload& o) { o.checksum_offset = 7; }},
      {"field in the padding", v4().protocol(99).pad(60),
       [](Offload& o) {
         o = {.needs_checksum = true, .checksum_start = 40, .checksum_offset = 2};
       }},
      {"start in the IP header", v4().udp(1, 2).partial_checksum(),
       [](Offload& o) { o.checksum_start = 20; }},
  };
}

// Dropped whatever the egress can do: a device would refuse the frame, or believe it.
TEST(OffloadRequest, VH7_BadOnesAreDropped) {
  TestSwitch sw;
  const NetworkId net = sw.add_network("office");
  const PortId a = sw.add_port(net);
  sw.add_port(net, {}, {});
  sw.add_port(net, {}, TestSwitch::all_offloads);
  for (const BadRequest& bad : bad_requests()) {
    MemoryPort::Frame f{bad.frame.bytes(), bad.frame.offload(), false, 0};
    bad.spoil(f.offload);
    sw.send(a, f);
    EXPECT_EQ(sw.receivers(), std::vector<PortId>{}) << bad.name;
    EXPECT_EQ(sw.drops(Reason::bad_offload), 1u) << bad.name;
  }
}

}  // namespace
}  // namespace uswitch::test
