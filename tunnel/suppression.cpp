#include "tunnel/suppression.h"

#include <bit>
#include <mutex>

namespace uswitch {

namespace {

constexpr int mac_shift = 16;

uint64_t seconds_of(Time t) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
}

}  // namespace

Suppression::Words Suppression::Slot::load() const {
  Words values;
  for (size_t i = 0; i < word_count; ++i) values[i] = words[i].load(std::memory_order_acquire);
  return values;
}

void Suppression::Slot::store(const Words& values) {
  for (size_t i = 0; i < word_count; ++i) words[i].store(values[i], std::memory_order_release);
}

class Suppression::Change {
 public:
  explicit Change(Bucket& bucket) : bucket_(bucket), lock_(bucket.lock) { count(); }
  ~Change() { count(); }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  void count() {
    const uint32_t version = bucket_.version.load(std::memory_order_relaxed);
    bucket_.version.store(version + 1, std::memory_order_release);
  }
  Bucket& bucket_;
  std::lock_guard<SpinLock> lock_;
};

Suppression::Suppression(uint32_t max_stations, const HashKey& key)
    : key_(key), buckets_(std::bit_ceil((size_t{max_stations} + slots - 1) / slots)) {}

Suppression::Bucket& Suppression::bucket_of(NetworkId network, const IpAddress& address) const {
  const uint64_t hash = keyed_hash(key_, {first_half(address), second_half(address), network});
  return buckets_[hash & (buckets_.size() - 1)];
}

bool Suppression::is_of(const Words& words, NetworkId network, const IpAddress& address) {
  return words[high] == first_half(address) && words[low] == second_half(address) &&
         (words[who] & 0xffff) == network && words[who] >> mac_shift != 0;
}

// Its own, a free one, or the one that was heard longest ago.
Suppression::Slot& Suppression::place_for(Bucket& bucket, NetworkId network,
                                          const IpAddress& address) {
  Slot* best = &bucket.slot[0];
  for (Slot& s : bucket.slot) {
    const Words words = s.load();
    if (is_of(words, network, address)) return s;
    if (words[when] < best->words[when].load(std::memory_order_relaxed)) best = &s;
  }
  return *best;
}

void Suppression::learn(NetworkId network, const IpAddress& address, const Station& station,
                        Time now) {
  const Words words{first_half(address), second_half(address),
                    station.mac.to_u64() << mac_shift | network,
                    seconds_of(now) << 1 | uint64_t{station.router}};
  Bucket& bucket = bucket_of(network, address);
  // Most of what is heard is known: nothing is written then.
  for (const Slot& s : bucket.slot) {
    if (s.load() == words) return;
  }
  const Change change(bucket);
  place_for(bucket, network, address).store(words);
}

void Suppression::forget(NetworkId network, const IpAddress& address) {
  if (!find(network, address, Time{}, Duration::max())) return;
  Bucket& bucket = bucket_of(network, address);
  const Change change(bucket);
  for (Slot& s : bucket.slot) {
    if (is_of(s.load(), network, address)) s.store({});
  }
}

std::optional<Suppression::Station> Suppression::find(NetworkId network, const IpAddress& address,
                                                      Time now, Duration ageing) const {
  const Bucket& bucket = bucket_of(network, address);
  const uint32_t version = bucket.version.load(std::memory_order_acquire);
  for (const Slot& s : bucket.slot) {
    const Words words = s.load();
    if (!is_of(words, network, address)) continue;
    // Changed meanwhile: to know nothing is always right.
    if (version & 1 || bucket.version.load(std::memory_order_relaxed) != version) break;
    const Time heard{std::chrono::seconds(words[when] >> 1)};
    if (now - heard > ageing) break;
    return Station{MacAddress::from_u64(words[who] >> mac_shift), (words[when] & 1) != 0};
  }
  return std::nullopt;
}

void Suppression::hear_remote(const Packet& packet, Time now) {
  const auto claim = neighbour_message::claim_of(packet);
  if (!claim) return;
  if (!claim->partial) return learn(packet.network, claim->address, claim->station, now);
  const auto known = find(packet.network, claim->address, Time{}, Duration::max());
  if (known && known->mac != claim->station.mac) forget(packet.network, claim->address);
}

void Suppression::hear_local(const Packet& packet) {
  const auto claim = neighbour_message::claim_of(packet);
  if (claim) forget(packet.network, claim->address);
}

std::optional<Suppression::Answer> Suppression::answer(const Packet& question, Time now,
                                                       Duration ageing) const {
  const auto asked = neighbour_message::question_of(question);
  if (!asked) return std::nullopt;
  const auto station = find(question.network, *asked, now, ageing);
  if (!station) return std::nullopt;
  return Answer{*asked, *station};
}

}  // namespace uswitch
