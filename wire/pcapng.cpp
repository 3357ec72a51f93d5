#include "wire/pcapng.h"

#include <algorithm>
#include <cstring>

namespace uswitch::pcapng {

namespace {

constexpr uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr uint16_t ethernet = 1;
constexpr uint8_t nanoseconds = 9;  // 10^-9
constexpr size_t frame = 12;        // type, length and length again
// What no block of ours comes near: a length beyond it is a lie.
constexpr uint32_t longest_block = 1 << 20;

namespace option {
enum : uint16_t {
  end = 0,
  comment = 1,
  // of a section
  user_application = 4,
  // of an interface
  if_name = 2,
  if_description = 3,
  if_tsresol = 9,
  if_filter = 11,
  // of a packet
  epb_flags = 2,
  epb_dropcount = 4,
  epb_packetid = 5,
  epb_queue = 6,
  // of statistics
  isb_ifrecv = 4,
  isb_ifdrop = 5,
  isb_filteraccept = 6,
};
}  // namespace option

namespace flag {
enum : uint32_t {
  unicast = 1 << 2,
  multicast = 2 << 2,
  broadcast = 3 << 2,
  checksum_not_ready = 1 << 9,
  segmentation_offload = 1 << 11,
};
constexpr uint32_t direction = 3;
}  // namespace flag

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T get(std::span<const uint8_t> bytes, size_t at) {
  T value;
  std::memcpy(&value, &bytes[at], sizeof value);
  return value;
}

size_t padded(size_t size) {
  return (size + 3) / 4 * 4;
}

void put_padded(std::string& out, std::string_view bytes) {
  out.append(bytes);
  out.append(padded(bytes.size()) - bytes.size(), '\0');
}

// Writes the lengths of a block once it is known.
class Block {
 public:
  Block(std::string& out, uint32_t type) : out_(out), begin_(out.size()) {
    put(out_, type);
    put(out_, uint32_t{0});
  }
  ~Block() {
    const auto length = static_cast<uint32_t>(out_.size() - begin_ + sizeof(uint32_t));
    put(out_, length);
    std::memcpy(&out_[begin_ + 4], &length, sizeof length);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

 private:
  std::string& out_;
  size_t begin_;
};

// Beyond what the length field of an option can say it is cut.
void put_text(std::string& out, uint16_t code, std::string_view text) {
  if (text.empty()) return;
  text = text.substr(0, 0xffff);
  put(out, code);
  put(out, static_cast<uint16_t>(text.size()));
  put_padded(out, text);
}

template <class T>
void put_number(std::string& out, uint16_t code, T value) {
  put_text(out, code, {reinterpret_cast<const char*>(&value), sizeof value});
}

void end_options(std::string& out) {
  put(out, option::end);
  put(out, uint16_t{0});
}

void put_time(std::string& out, uint64_t time) {
  put(out, static_cast<uint32_t>(time >> 32));
  put(out, static_cast<uint32_t>(time));
}

uint32_t reception(std::span<const uint8_t> bytes) {
  if (bytes.size() < 6) return 0;
  const auto address = bytes.first(6);
  if (std::ranges::all_of(address, [](uint8_t b) { return b == 0xff; })) return flag::broadcast;
  return (address[0] & 1) != 0 ? flag::multicast : flag::unicast;
}

uint32_t flags_of(const EnhancedPacket& p) {
  uint32_t flags = static_cast<uint32_t>(p.direction) | reception(p.bytes);
  if (p.checksum_not_ready) flags |= flag::checksum_not_ready;
  if (p.segmentation_offload) flags |= flag::segmentation_offload;
  return flags;
}

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Calls take(code, value) for each option from `at` on; false when they are damaged.
template <class Take>
bool read_options(std::span<const uint8_t> block, size_t at, Take take) {
  const size_t end = block.size() - 4;
  while (at + 4 <= end) {
    const auto code = get<uint16_t>(block, at);
    const size_t length = get<uint16_t>(block, at + 2);
    if (code == option::end) return true;
    if (at + 4 + padded(length) > end) return false;
    take(code, block.subspan(at + 4, length));
    at += 4 + padded(length);
  }
  return at == end;
}

template <class T>
void read_number(std::span<const uint8_t> value, T& into) {
  if (value.size() == sizeof into) into = get<T>(value, 0);
}

bool is(std::span<const uint8_t> block, BlockType type, size_t fixed) {
  return block.size() >= frame + fixed && type_of(block) == type;
}

uint64_t read_time(std::span<const uint8_t> block, size_t at) {
  return uint64_t{get<uint32_t>(block, at)} << 32 | get<uint32_t>(block, at + 4);
}

}  // namespace

void write_section(std::string& out, std::string_view application) {
  const Block block(out, section);
  put(out, byte_order_magic);
  put(out, uint16_t{1});  // version 1.0
  put(out, uint16_t{0});
  put(out, int64_t{-1});  // as long as it gets
  put_text(out, option::user_application, application);
  end_options(out);
}

void write_interface(std::string& out, const Interface& interface) {
  const Block block(out, interface_description);
  put(out, ethernet);
  put(out, uint16_t{0});
  put(out, interface.snaplen);
  put_text(out, option::if_name, interface.name);
  put_text(out, option::if_description, interface.description);
  put_number(out, option::if_tsresol, nanoseconds);
  // Its first byte says that libpcap's language follows.
  if (!interface.filter.empty())
    put_text(out, option::if_filter, std::string(1, '\0') + interface.filter);
  end_options(out);
}

void write_packet(std::string& out, const EnhancedPacket& p) {
  const Block block(out, enhanced_packet);
  put(out, p.interface);
  put_time(out, p.time);
  put(out, static_cast<uint32_t>(p.bytes.size()));
  put(out, p.length);
  put_padded(out, text_of(p.bytes));
  put_number(out, option::epb_flags, flags_of(p));
  if (p.dropped != 0) put_number(out, option::epb_dropcount, p.dropped);
  put_number(out, option::epb_packetid, p.id);
  put_number(out, option::epb_queue, p.queue);
  put_text(out, option::comment, p.comment);
  end_options(out);
}

void write_statistics(std::string& out, const Statistics& s) {
  const Block block(out, interface_statistics);
  put(out, s.interface);
  put_time(out, s.time);
  put_number(out, option::isb_ifrecv, s.received);
  put_number(out, option::isb_ifdrop, s.dropped);
  put_number(out, option::isb_filteraccept, s.accepted);
  end_options(out);
}

uint32_t type_of(std::span<const uint8_t> block) {
  return get<uint32_t>(block, 0);
}

std::optional<std::span<const uint8_t>> next_block(std::span<const uint8_t> bytes) {
  if (bytes.size() < frame) return std::span<const uint8_t>();
  const auto length = get<uint32_t>(bytes, 4);
  if (length < frame || length % 4 != 0 || length > longest_block) return std::nullopt;
  if (type_of(bytes) == section && get<uint32_t>(bytes, 8) != byte_order_magic) return std::nullopt;
  if (bytes.size() < length) return std::span<const uint8_t>();
  if (get<uint32_t>(bytes, length - 4) != length) return std::nullopt;
  return bytes.first(length);
}

std::optional<Interface> read_interface(std::span<const uint8_t> block) {
  if (!is(block, interface_description, 8)) return std::nullopt;
  Interface out;
  out.snaplen = get<uint32_t>(block, 12);
  const bool sound = read_options(block, 16, [&](uint16_t code, std::span<const uint8_t> value) {
    if (code == option::if_name) out.name = text_of(value);
    if (code == option::if_description) out.description = text_of(value);
    if (code == option::if_filter && !value.empty()) out.filter = text_of(value.subspan(1));
  });
  return sound ? std::optional(out) : std::nullopt;
}

std::optional<EnhancedPacket> read_packet(std::span<const uint8_t> block) {
  if (!is(block, enhanced_packet, 20)) return std::nullopt;
  EnhancedPacket out;
  out.interface = get<uint32_t>(block, 8);
  out.time = read_time(block, 12);
  const size_t captured = get<uint32_t>(block, 20);
  out.length = get<uint32_t>(block, 24);
  if (captured > block.size() || frame + 20 + padded(captured) > block.size()) return std::nullopt;
  out.bytes = block.subspan(28, captured);
  uint32_t flags = 0;
  const bool sound = read_options(block, 28 + padded(captured),
                                  [&](uint16_t code, std::span<const uint8_t> value) {
                                    if (code == option::epb_flags) read_number(value, flags);
                                    if (code == option::epb_dropcount)
                                      read_number(value, out.dropped);
                                    if (code == option::epb_packetid) read_number(value, out.id);
                                    if (code == option::epb_queue) read_number(value, out.queue);
                                    if (code == option::comment) out.comment = text_of(value);
                                  });
  out.direction = static_cast<Direction>(flags & flag::direction);
  out.checksum_not_ready = (flags & flag::checksum_not_ready) != 0;
  out.segmentation_offload = (flags & flag::segmentation_offload) != 0;
  return sound ? std::optional(out) : std::nullopt;
}

std::optional<Statistics> read_statistics(std::span<const uint8_t> block) {
  if (!is(block, interface_statistics, 12)) return std::nullopt;
  Statistics out;
  out.interface = get<uint32_t>(block, 8);
  out.time = read_time(block, 12);
  const bool sound = read_options(block, 20, [&](uint16_t code, std::span<const uint8_t> value) {
    if (code == option::isb_ifrecv) read_number(value, out.received);
    if (code == option::isb_ifdrop) read_number(value, out.dropped);
    if (code == option::isb_filteraccept) read_number(value, out.accepted);
  });
  return sound ? std::optional(out) : std::nullopt;
}

}  // namespace uswitch::pcapng
