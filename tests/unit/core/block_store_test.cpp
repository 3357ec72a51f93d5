#include "core/block_store.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace uswitch {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr size_t block = BlockStore::block_size;

Bytes pattern(size_t size, uint32_t seed) {
  std::minstd_rand random(seed + 1);
  Bytes bytes(size);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

TEST(BlockStore, CountsBlocks) {
  BlockStore store(10 * block + 1);
  EXPECT_EQ(store.size(), 10u);
  EXPECT_EQ(BlockStore::blocks_for(1), 1u);
  EXPECT_EQ(BlockStore::blocks_for(block), 1u);
  EXPECT_EQ(BlockStore::blocks_for(block + 1), 2u);
  const uint32_t s = store.put(pattern(3 * block, 1));
  EXPECT_EQ(store.available(), 7u);
  store.drop(s, 3 * block);
  EXPECT_EQ(store.available(), 10u);
}

TEST(BlockStore, CopiesAndComparesAnyPart) {
  BlockStore store(8 * block);
  const Bytes bytes = pattern(2 * block + 5, 1);
  const uint32_t s = store.put(bytes);
  for (const size_t from : {size_t{0}, size_t{1}, block - 1, block, block + 1, 2 * block}) {
    for (const size_t count : {size_t{0}, size_t{1}, size_t{5}, bytes.size() - from}) {
      const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(from);
      Bytes part(count);
      store.copy(s, from, count, part.data());
      EXPECT_EQ(part, Bytes(at, at + static_cast<std::ptrdiff_t>(count)));
      EXPECT_TRUE(store.equal(s, from, part));
      if (count == 0) continue;
      part.back() ^= 1;
      EXPECT_FALSE(store.equal(s, from, part));
    }
  }
}

TEST(BlockStore, StringsStayApartWhileOthersComeAndGo) {
  BlockStore store(64 * block);
  std::vector<std::pair<uint32_t, Bytes>> kept;
  std::minstd_rand random(7);
  for (uint32_t i = 0; i < 5000; ++i) {
    const Bytes bytes = pattern(random() % (5 * block) + 1, i);
    while (store.available() < BlockStore::blocks_for(bytes.size())) {
      const size_t victim = random() % kept.size();
      ASSERT_TRUE(store.equal(kept[victim].first, 0, kept[victim].second));
      store.drop(kept[victim].first, kept[victim].second.size());
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    kept.emplace_back(store.put(bytes), bytes);
  }
  for (const auto& [s, bytes] : kept) EXPECT_TRUE(store.equal(s, 0, bytes));
}

}  // namespace
}  // namespace uswitch
