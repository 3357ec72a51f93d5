#include "router/line_arena.h"

#include <algorithm>
#include <new>

#include "core/quiescent.h"

namespace uswitch {

// Stands in the first line of a free block. Atomic because the same bytes are atomics to readers
// while they are a node.
struct LineArena::FreeBlock {
  std::atomic<Line> next, previous;
};

namespace {

uint32_t lines_in(size_t bytes) {
  constexpr size_t most = size_t{1} << 31;  // what a word of the trie can name
  const size_t blocks = std::max<size_t>(bytes / LineArena::max_block_bytes, 1);
  return static_cast<uint32_t>(std::min(blocks << LineArena::max_order, most));
}

}  // namespace

LineArena::LineArena(size_t max_bytes)
    : capacity_(lines_in(max_bytes)),
      memory_(capacity_ * line_bytes),
      free_order_memory_(capacity_),
      free_order_(reinterpret_cast<uint8_t*>(free_order_memory_.data())) {
  free_.fill(none);
}

LineArena::FreeBlock& LineArena::free_block(Line line) const {
  return *reinterpret_cast<FreeBlock*>(at(line));
}

void LineArena::push(Line line, unsigned order) {
  FreeBlock& block = free_block(line);
  block.next.store(free_[order], std::memory_order_relaxed);
  block.previous.store(none, std::memory_order_relaxed);
  if (free_[order] != none) {
    free_block(free_[order]).previous.store(line, std::memory_order_relaxed);
  }
  free_[order] = line;
  free_order_[line] = static_cast<uint8_t>(order + 1);
  free_whole_ += order == max_order;
}

void LineArena::unlink(Line line, unsigned order) {
  const Line next = free_block(line).next.load(std::memory_order_relaxed);
  const Line previous = free_block(line).previous.load(std::memory_order_relaxed);
  if (next != none) free_block(next).previous.store(previous, std::memory_order_relaxed);
  if (previous != none) {
    free_block(previous).next.store(next, std::memory_order_relaxed);
  } else {
    free_[order] = next;
  }
  free_order_[line] = 0;
  free_whole_ -= order == max_order;
}

// A table that outgrows a huge page's size gets huge pages for what follows: random look-ups in
// megabytes of small pages spend their time on address translation.
LineArena::Line LineArena::grow() {
  if (grown_ == capacity_) throw std::bad_alloc();
  const Line line = grown_;
  const size_t offset = line * line_bytes;
  if (offset > 0 && offset % LazyMemory::huge_page == 0) {
    memory_.prefer_huge_pages(offset, LazyMemory::huge_page);
  }
  grown_ += whole;
  return line;
}

LineArena::Line LineArena::allocate(unsigned order) {
  unsigned found = order;
  while (found <= max_order && free_[found] == none) ++found;
  Line line;
  if (found <= max_order) {
    line = free_[found];
    unlink(line, found);
  } else {
    line = grow();
    found = max_order;
  }
  while (found > order) {
    --found;
    push(line + (1u << found), found);
  }
  return line;
}

void LineArena::release(Line line, unsigned order) {
  for (; order < max_order; ++order) {
    const Line buddy = line ^ (1u << order);
    if (free_order_[buddy] != order + 1) break;
    unlink(buddy, order);
    line = std::min(line, buddy);
  }
  push(line, order);
}

void LineArena::retire(Line line, unsigned order) {
  retired_.push_back({line, order});
  retired_lines_ += size_t{1} << order;
}

void LineArena::collect() {
  if (retired_.empty()) return;
  wait_for_quiescence();
  for (const Retired& r : retired_) release(r.line, r.order);
  retired_.clear();
  retired_lines_ = 0;
}

size_t LineArena::whole_blocks_left() const {
  return free_whole_ + (capacity_ - grown_) / whole;
}

}  // namespace uswitch
