#include "core/block_store.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace uswitch {

// Memory is left as the kernel gives it, so that no page is touched before it is used.
BlockStore::BlockStore(size_t bytes)
    : memory_(new uint8_t[bytes / block_size * block_size]),
      next_(bytes / block_size),
      available_(size()) {
  for (uint32_t i = 0; i < size(); ++i) next_[i] = i + 1;
}

uint32_t BlockStore::put(std::span<const uint8_t> bytes) {
  assert(!bytes.empty() && blocks_for(bytes.size()) <= available_);
  const uint32_t first = free_;
  for (size_t at = 0; at < bytes.size(); at += block_size) {
    const size_t count = std::min(block_size, bytes.size() - at);
    std::memcpy(block(free_), bytes.data() + at, count);
    free_ = next_[free_];
    --available_;
  }
  return first;
}

void BlockStore::drop(uint32_t first, size_t bytes) {
  const uint32_t last = block_at(first, bytes - 1);
  next_[last] = free_;
  free_ = first;
  available_ += blocks_for(bytes);
}

uint32_t BlockStore::block_at(uint32_t first, size_t offset) const {
  for (; offset >= block_size; offset -= block_size) first = next_[first];
  return first;
}

template <class Piece>
void BlockStore::for_each_piece(uint32_t first, size_t offset, size_t count, Piece piece) const {
  uint32_t index = block_at(first, offset);
  offset %= block_size;
  while (count != 0) {
    const size_t here = std::min(count, block_size - offset);
    piece(std::span<const uint8_t>(block(index) + offset, here));
    count -= here;
    offset = 0;
    index = next_[index];
  }
}

void BlockStore::copy(uint32_t first, size_t offset, size_t count, uint8_t* to) const {
  for_each_piece(first, offset, count, [&](std::span<const uint8_t> piece) {
    std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  });
}

bool BlockStore::equal(uint32_t first, size_t offset, std::span<const uint8_t> bytes) const {
  bool same = true;
  const uint8_t* with = bytes.data();
  for_each_piece(first, offset, bytes.size(), [&](std::span<const uint8_t> piece) {
    same = same && std::memcmp(with, piece.data(), piece.size()) == 0;
    with += piece.size();
  });
  return same;
}

}  // namespace uswitch
