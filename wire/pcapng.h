// Capture files in the pcapng format (draft-ietf-opsawg-pcapng; STANDARDS PC-1 to PC-7): Ethernet,
// nanoseconds, this machine's byte order. Blocks are appended to a string, and taken apart again.
// No state; any thread. Allocates.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace uswitch::pcapng {

enum BlockType : uint32_t {
  section = 0x0a0d0d0a,
  interface_description = 1,
  interface_statistics = 5,
  enhanced_packet = 6,
};

// Begins a file or a section of one: interfaces count from 0 again.
void write_section(std::string& out, std::string_view application);

struct Interface {
  std::string name;
  std::string description;
  std::string filter;    // as libpcap takes it; empty: none
  uint32_t snaplen = 0;  // 0: no limit
};
void write_interface(std::string& out, const Interface& interface);

enum class Direction : uint8_t { unknown = 0, inbound = 1, outbound = 2 };

struct EnhancedPacket {
  uint32_t interface = 0;
  uint64_t time = 0;    // nanoseconds since 1970
  uint32_t length = 0;  // of the whole frame
  std::span<const uint8_t> bytes;
  Direction direction = Direction::unknown;
  bool checksum_not_ready = false;
  bool segmentation_offload = false;
  uint64_t id = 0;
  uint32_t queue = 0;
  uint64_t dropped = 0;  // captures that were lost before this one; 0 is not written
  std::string_view comment;
};
// Says too whether the frame is for one, some or all, by its destination.
void write_packet(std::string& out, const EnhancedPacket& packet);

struct Statistics {
  uint32_t interface = 0;
  uint64_t time = 0;
  uint64_t received = 0;  // by the interface
  uint64_t dropped = 0;   // for want of room
  uint64_t accepted = 0;  // by the filter
};
void write_statistics(std::string& out, const Statistics& statistics);

// The first block of `bytes`, whole; empty when it is not all there yet. Null: this is no pcapng
// file, or one of the other byte order.
std::optional<std::span<const uint8_t>> next_block(std::span<const uint8_t> bytes);

// What kind of block it is.
uint32_t type_of(std::span<const uint8_t> block);
// What one of ours says; null when it does not have that shape.
std::optional<Interface> read_interface(std::span<const uint8_t> block);
std::optional<EnhancedPacket> read_packet(std::span<const uint8_t> block);
std::optional<Statistics> read_statistics(std::span<const uint8_t> block);

}  // namespace uswitch::pcapng
