#include "engine/last_drops.h"

#include <algorithm>
#include <cstring>

namespace uswitch {

namespace {
constexpr auto relaxed = std::memory_order_relaxed;
}

// The fence keeps what is written behind the odd version; each of the stores is atomic, so that a
// reader who comes between them reads something, and then sees that it was nothing.
void LastDrops::note(Reason reason, Time now, PortId ingress, std::span<const uint8_t> frame) {
  Entry& e = entries_[static_cast<size_t>(reason)];
  const uint32_t version = e.version.load(relaxed);
  e.version.store(version + 1, relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  std::array<uint64_t, words> copy{};
  std::memcpy(copy.data(), frame.data(), std::min(frame.size(), kept));
  for (size_t i = 0; i < words; ++i) e.bytes[i].store(copy[i], relaxed);
  e.ingress.store(ingress, relaxed);
  e.length.store(static_cast<uint32_t>(frame.size()), relaxed);
  e.time.store(now.time_since_epoch().count(), relaxed);
  // Never 0 again.
  e.version.store(version + 2 == 0 ? 2 : version + 2, std::memory_order_release);
}

std::optional<LastDrops::Drop> LastDrops::read(Reason reason) const {
  constexpr int attempts = 1000;
  const Entry& e = entries_[static_cast<size_t>(reason)];
  for (int i = 0; i < attempts; ++i) {
    const uint32_t version = e.version.load(std::memory_order_acquire);
    if (version == 0) return std::nullopt;
    if (version % 2 != 0) continue;
    Drop drop;
    std::array<uint64_t, words> copy;
    for (size_t w = 0; w < words; ++w) copy[w] = e.bytes[w].load(relaxed);
    std::memcpy(drop.bytes.data(), copy.data(), kept);
    drop.ingress = e.ingress.load(relaxed);
    drop.length = e.length.load(relaxed);
    drop.time = Time(Duration(e.time.load(relaxed)));
    std::atomic_thread_fence(std::memory_order_acquire);
    if (e.version.load(relaxed) == version) return drop;
  }
  return std::nullopt;
}

}  // namespace uswitch
