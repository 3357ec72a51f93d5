#include "core/saved_packet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/pool.h"

namespace uswitch {
namespace {

Packet& fill(Packet& packet, uint32_t length) {
  packet.length = length;
  for (uint32_t i = 0; i < length; ++i) packet.data[i] = static_cast<uint8_t>(i * 7);
  return packet;
}

TEST(SavedPacket, RestoresBytesAndAllThatIsKnownOfThem) {
  PacketPool pool(2);
  Packet& packet = fill(*pool.take(), 3000);
  packet.offload = {Offload::Gso::tcp6, true, true, 1440, 54, 16};
  packet.layout = {2998, 0x86dd, 54, 6, true, Reason::malformed_l4};
  packet.ingress = 4;
  packet.network = 5;
  packet.tci = 0x2007;
  packet.has_stripped_tag = packet.routed = packet.published = true;
  const SavedPacket saved(packet);
  EXPECT_EQ(saved.ingress(), 4);
  EXPECT_EQ(saved.network(), 5);

  Packet& restored = fill(*pool.take(), 9000);
  restored.pull(14);
  saved.restore(restored);
  EXPECT_TRUE(std::ranges::equal(restored.frame(), packet.frame()));
  EXPECT_EQ(restored.headroom(), packet_headroom);
  EXPECT_EQ(restored.offload.gso, Offload::Gso::tcp6);
  EXPECT_TRUE(restored.offload.ecn && restored.offload.needs_checksum);
  EXPECT_EQ(restored.offload.segment_size, 1440);
  EXPECT_EQ(restored.offload.checksum_start, 54);
  EXPECT_EQ(restored.offload.checksum_offset, 16);
  EXPECT_EQ(restored.layout.l3_end, 2998u);
  EXPECT_EQ(restored.layout.ether_type, 0x86dd);
  EXPECT_EQ(restored.layout.l4, 54);
  EXPECT_EQ(restored.layout.protocol, 6);
  EXPECT_TRUE(restored.layout.fragment);
  EXPECT_EQ(restored.layout.fault, Reason::malformed_l4);
  EXPECT_EQ(restored.ingress, 4);
  EXPECT_EQ(restored.network, 5);
  EXPECT_EQ(restored.tci, 0x2007);
  EXPECT_TRUE(restored.has_stripped_tag && restored.routed && restored.published);
}

TEST(SavedPacket, DoesNotNeedThePacketAnyMore) {
  PacketPool pool(1);
  Packet& packet = fill(*pool.take(), 100);
  const SavedPacket saved(packet);
  std::fill_n(packet.data, 100, uint8_t{0xee});
  Packet other = packet;
  saved.restore(other);
  EXPECT_EQ(other.length, 100u);
  EXPECT_EQ(other.data[3], 21);
}

TEST(SavedPacket, VH12_LargestFrameFitsIntoEveryBuffer) {
  PacketPool pool(1);
  Packet& packet = fill(*pool.take(), max_frame);
  const SavedPacket saved(packet);
  saved.restore(packet);
  EXPECT_EQ(packet.length, max_frame);
  EXPECT_EQ(saved.frame().size(), max_frame);
  EXPECT_GE(saved.memory(), max_frame);
}

}  // namespace
}  // namespace uswitch
