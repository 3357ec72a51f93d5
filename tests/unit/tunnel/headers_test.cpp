// The headers before each frame, and what they cost: STANDARDS VX-1, VX-5.
#include <gtest/gtest.h>

#include <vector>

#include "tunnel/tunnel_type.h"
#include "tunnel/udp_header.h"
#include "tunnel/vxlan_header.h"

namespace uswitch {
namespace {

using Bytes = std::vector<uint8_t>;

TEST(VxlanHeader, VX1_OnlyTheFlagAndTheNetworkAreSet) {
  Bytes b(vxlan_header::size, 0xff);
  vxlan_header::write(b.data(), 0xabcdef);
  EXPECT_EQ(b, (Bytes{0x08, 0, 0, 0, 0xab, 0xcd, 0xef, 0}));
}

TEST(VxlanHeader, VX1_ReadsTheNetworkWhateverIsReserved) {
  EXPECT_EQ(vxlan_header::read(Bytes{0x08, 0, 0, 0, 0, 0, 1, 0}.data()), 1u);
  EXPECT_EQ(vxlan_header::read(Bytes{0xff, 1, 2, 3, 0xff, 0xff, 0xff, 9}.data()), max_network_id);
  EXPECT_EQ(vxlan_header::read(Bytes{0xf7, 0, 0, 0, 0, 0, 1, 0}.data()), std::nullopt);
}

TEST(UdpHeader, CarriesVersionAndNetwork) {
  Bytes b(udp_header::size, 0xff);
  udp_header::write(b.data(), 0xabcdef);
  EXPECT_EQ(b, (Bytes{1, 0xab, 0xcd, 0xef}));
  EXPECT_EQ(udp_header::read(b.data()), 0xabcdefu);
  for (unsigned version = 0; version < 256; ++version) {
    b[0] = static_cast<uint8_t>(version);
    EXPECT_EQ(udp_header::read(b.data()).has_value(), version == 1) << version;
  }
}

TEST(TunnelOverhead, VX5_IsWhatTheInnerMtuLoses) {
  EXPECT_EQ(tunnel_overhead(TunnelType::vxlan, true), 50);
  EXPECT_EQ(tunnel_overhead(TunnelType::vxlan, false), 70);
  EXPECT_EQ(tunnel_overhead(TunnelType::udp, true), 46);
  EXPECT_EQ(tunnel_overhead(TunnelType::udp, false), 66);
}

}  // namespace
}  // namespace uswitch
