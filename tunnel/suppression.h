// Neighbour suppression: the stations behind other nodes whose addresses are known here, so that
// questions for them are answered on the spot and not sent to every node (RFC 9161; ND-10, TR-14).
//
// Learned from the ARP and neighbour discovery messages that come from other nodes, good for the
// network's ageing time, and forgotten at once when a local station claims the address. Whether the
// station's MAC address is still behind another node is for the caller to ask the MAC table.
//
// Kind "learned": any worker reads without locks and writes under a short lock of one bucket.
// Bounded: 48 bytes for each of max_stations, rounded up; in a full bucket the station that was
// heard longest ago makes room. The hash is keyed, so nobody outside can aim at one bucket.
//
// Theory of operation. A bucket's version is odd while its words change. Read before and after
// them, it is the same only if nothing changed between: words are loaded with acquire and stored
// with release, so who has seen a new word sees that the version is not the old one.
#pragma once
#include <array>
#include <atomic>
#include <optional>
#include <vector>

#include "core/ids.h"
#include "core/keyed_hash.h"
#include "core/spin_lock.h"
#include "core/time.h"
#include "tunnel/neighbour_message.h"

namespace uswitch {

class Suppression {
 public:
  using Station = neighbour_message::Station;
  struct Answer {
    IpAddress address;  // that was asked for
    Station station;
  };

  static constexpr uint32_t default_stations = 8192;
  explicit Suppression(uint32_t max_stations, const HashKey& key = HashKey::random());

  // Worker. A packet of this network came from another node.
  void hear_remote(const Packet& packet, Time now);
  // Worker. A local station said this to all: what it claims to have is no longer elsewhere.
  void hear_local(const Packet& packet);
  // Worker. What a question to all would be answered, if that is known.
  std::optional<Answer> answer(const Packet& question, Time now, Duration ageing) const;

  // Any thread: without the messages.
  void learn(NetworkId network, const IpAddress& address, const Station& station, Time now);
  void forget(NetworkId network, const IpAddress& address);
  std::optional<Station> find(NetworkId network, const IpAddress& address, Time now,
                              Duration ageing) const;

 private:
  // The two halves of the address; MAC << 16 | network; seconds << 1 | router. A station is no
  // group, so a slot with MAC 0 is a free one.
  enum Word { high, low, who, when, word_count };
  using Words = std::array<uint64_t, word_count>;
  struct Slot {
    std::array<std::atomic<uint64_t>, word_count> words;
    Words load() const;
    void store(const Words& values);
  };
  static constexpr size_t slots = 4;
  struct alignas(64) Bucket {
    SpinLock lock;
    std::atomic<uint32_t> version;
    std::array<Slot, slots> slot;
  };
  // With the lock held, around changes.
  class Change;

  Bucket& bucket_of(NetworkId network, const IpAddress& address) const;
  static bool is_of(const Words& words, NetworkId network, const IpAddress& address);
  static Slot& place_for(Bucket& bucket, NetworkId network, const IpAddress& address);

  HashKey key_;
  mutable std::vector<Bucket> buckets_;  // a power of two
};

}  // namespace uswitch
