// What all header views share. A view is a typed window onto bytes it does not own; its checked
// `parse` is the only way to make one, so a view that exists is in bounds and every getter is a
// plain load. Byte is `const uint8_t`, or `uint8_t` for the Mutable views, whose setters change the
// named field and nothing else (no checksum: wire/checksum does that).
//
// No state, no I/O; any thread that may touch the bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "wire/address.h"
#include "wire/bytes.h"

namespace uswitch {

template <class Byte>
class HeaderView {
  static_assert(std::is_same_v<std::remove_const_t<Byte>, uint8_t>);

 public:
  static constexpr bool writable = !std::is_const_v<Byte>;

  // The header and what it covers, without padding or what else follows.
  std::span<Byte> bytes() const { return {data_, size_}; }

 protected:
  explicit HeaderView(std::span<Byte> bytes) : data_(bytes.data()), size_(bytes.size()) {}

  Byte* at(size_t offset) const { return data_ + offset; }
  uint8_t get8(size_t offset) const { return data_[offset]; }
  uint16_t get16(size_t offset) const { return load_be16(data_ + offset); }
  uint32_t get32(size_t offset) const { return load_be32(data_ + offset); }
  void put8(size_t offset, uint8_t v) const { data_[offset] = v; }
  void put16(size_t offset, uint16_t v) const { store_be16(data_ + offset, v); }
  void put32(size_t offset, uint32_t v) const { store_be32(data_ + offset, v); }
  std::span<Byte> from(size_t offset) const { return bytes().subspan(offset); }

 private:
  Byte* data_;
  size_t size_;
};

}  // namespace uswitch
