// Byte strings of any length in blocks of one size, so that what is kept of many packets stays
// within one bound and is freed without looking for neighbours. Kind "mine". Nothing is allocated
// after construction; memory becomes resident as it is first used.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace uswitch {

class BlockStore {
 public:
  // Two hold the payload of a fragment of an Ethernet's MTU, one that of 576 bytes.
  static constexpr size_t block_size = 768;
  static constexpr uint32_t none = UINT32_MAX;

  explicit BlockStore(size_t bytes);

  static constexpr uint32_t blocks_for(size_t bytes) {
    return static_cast<uint32_t>((bytes + block_size - 1) / block_size);
  }
  uint32_t size() const { return static_cast<uint32_t>(next_.size()); }  // in blocks
  uint32_t available() const { return available_; }

  // Keeps a copy; returns its first block, which names it and is no other string's meanwhile. At
  // least one byte, and blocks_for(bytes.size()) blocks must be available.
  uint32_t put(std::span<const uint8_t> bytes);
  // Frees a string that `bytes` long was put.
  void drop(uint32_t first, size_t bytes);

  // Bytes of a string from `offset` on, which must be there.
  void copy(uint32_t first, size_t offset, size_t count, uint8_t* to) const;
  bool equal(uint32_t first, size_t offset, std::span<const uint8_t> bytes) const;

 private:
  uint8_t* block(uint32_t index) const { return memory_.get() + index * block_size; }
  uint32_t block_at(uint32_t first, size_t offset) const;
  template <class Piece>
  void for_each_piece(uint32_t first, size_t offset, size_t count, Piece piece) const;

  std::unique_ptr<uint8_t[]> memory_;
  std::vector<uint32_t> next_;  // block behind this one, in a string or in the list of free ones
  uint32_t free_ = 0;
  uint32_t available_;
};

}  // namespace uswitch
