// Words of a record that is read without locks while it may be reused for something else: the
// memory stays a record for ever, and its version says whether what was read belongs together.
//
//   reader                                writer, under a lock
//   v = version; is_live(v)?              version + 1: free   (only when it was live)
//   words.load()                          words.store()
//   version still v: the words are of v   version + 1: live
//
// No fences: every load of a word acquires and every store releases, which costs nothing on x86.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace uswitch {

template <size_t n>
class SharedWords {
 public:
  std::array<uint64_t, n> load() const { return load(std::make_index_sequence<n>()); }
  void store(const std::array<uint64_t, n>& words) {
    for (size_t i = 0; i < n; ++i) words_[i].store(words[i], std::memory_order_release);
  }
  std::atomic<uint64_t>& operator[](size_t i) { return words_[i]; }
  const std::atomic<uint64_t>& operator[](size_t i) const { return words_[i]; }

 private:
  template <size_t... i>
  std::array<uint64_t, n> load(std::index_sequence<i...>) const {
    return {words_[i].load(std::memory_order_acquire)...};
  }

  std::array<std::atomic<uint64_t>, n> words_;
};

// Versions count up and are odd while the record is live, so that zeroed memory is free. One
// would have to be reused 2^31 times within one look-up to be mistaken.
constexpr bool is_live(uint32_t version) {
  return version & 1;
}

}  // namespace uswitch
