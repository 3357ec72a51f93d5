// Memory for the nodes of a PrefixTrie: blocks of 1, 2, 4 ... 64 cache lines, named by the number
// of their first line. Control thread only; readers merely follow line numbers.
//
// A buddy allocator: a block is split in halves as needed and joined with its other half when both
// are free, so that what is given back serves every size again. Blocks that readers may still look
// at are retired, not released: they wait for a grace period, which is asked for once for
// thousands of them. Bounded by max_bytes; resident are only the lines that were ever in use.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/lazy_memory.h"

namespace uswitch {

class LineArena {
 public:
  using Line = uint32_t;
  static constexpr size_t line_bytes = 64;
  static constexpr unsigned max_order = 6;  // a block of order n has 2^n lines
  static constexpr size_t max_block_bytes = line_bytes << max_order;

  explicit LineArena(size_t max_bytes);

  std::byte* data() const { return memory_.data(); }
  std::byte* at(Line line) const { return data() + line * line_bytes; }

  // Contents are whatever they were. Throws std::bad_alloc when full; see whole_blocks_left().
  Line allocate(unsigned order);
  // The block may be used anew after the next collect() that begins once it is unlinked.
  void retire(Line line, unsigned order);

  // Waits until no reader holds anything retired so far, and releases all that.
  void collect();
  size_t retired_bytes() const { return retired_lines_ * line_bytes; }

  // Largest blocks that can surely still be had.
  size_t whole_blocks_left() const;
  // Of lines that were ever in use.
  size_t bytes() const { return grown_ * line_bytes; }

 private:
  struct FreeBlock;
  struct Retired {
    Line line;
    unsigned order;
  };
  static constexpr Line none = ~Line{0};
  static constexpr uint32_t whole = 1u << max_order;

  FreeBlock& free_block(Line line) const;
  Line grow();
  void release(Line line, unsigned order);
  void push(Line line, unsigned order);
  void unlink(Line line, unsigned order);

  uint32_t capacity_;  // lines
  uint32_t grown_ = 0;
  LazyMemory memory_;
  LazyMemory free_order_memory_;
  uint8_t* free_order_;  // by line: 1 + order of the free block that begins there, or 0
  std::array<Line, max_order + 1> free_;
  size_t free_whole_ = 0;
  std::vector<Retired> retired_;
  size_t retired_lines_ = 0;
};

}  // namespace uswitch
