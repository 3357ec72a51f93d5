// The neighbour cache: which MAC an IP address of a network has, by ARP for IPv4 and neighbour
// discovery for IPv6, with one state machine for both (RFC 826, 1122 2.3.2, 4861 7, 9131; STANDARDS
// ARP-2, ARP-6, ARP-10..12, ND-4..6, TR-14). It sends nothing itself: it says what to ask for.
//
// Kind "learned", one for all networks: workers look up without locks and change under a short lock
// of one shard; the control thread runs the timers. NeighbourTable says how and what it takes. Each
// function says who calls it.
//
// A worker that found an address unresolved calls ask(), keeps the packet (Parking) and goes on.
// The entry remembers which workers wait; whatever becomes of it, on_resolved or sweep() names them
// and they look again. Nothing waits longer than 3 s plus the time between two sweeps.
//
// Bounded: incomplete and failed entries together have half of the table at most, and a full one
// gives up first what failed, then what has waited longest for an answer, then what is stale
// longest, never what is reachable. So a scan of a /16 costs its own questions only (TR-14). A
// target pushed out so may be asked for again within a second, the one exception to ARP-10.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "router/neighbour_table.h"

namespace uswitch {

class Neighbours {
 public:
  using Key = NeighbourKey;
  using Seed = NeighbourTable::Seed;

  static constexpr uint32_t default_max_entries = 131072;
  static constexpr unsigned max_workers = 64;
  // ARP-12, ND-4.
  static constexpr Duration reachable_time = std::chrono::seconds(30);  // times 0.5..1.5
  static constexpr Duration retransmit_time = std::chrono::seconds(1);
  static constexpr Duration delay_time = std::chrono::seconds(5);
  static constexpr Duration failed_time = std::chrono::seconds(3);
  static constexpr Duration stale_time = std::chrono::seconds(60);
  static constexpr uint8_t max_solicitations = 3;
  // A reachable entry that stays so for this long is not confirmed anew, so that a steady flow of
  // confirmations does not write to the table.
  static constexpr Duration fresh_time = std::chrono::seconds(10);

  // Throws std::system_error when the mapping is refused. `seed` keys the hash and draws the times;
  // tests pass one.
  explicit Neighbours(uint32_t max_entries = default_max_entries)
      : Neighbours(max_entries, NeighbourTable::random_seed()) {}
  Neighbours(uint32_t max_entries, const Seed& seed) : table_(max_entries, seed) {}

  // Before workers run: who is told, on the thread where it happens, that something these workers
  // (bit i: worker i) wait for was resolved or given up. Called without a lock held.
  void on_resolved(std::function<void(uint64_t workers)> wake) { on_resolved_ = std::move(wake); }

  Key key(NetworkId network, const IpAddress& address) const {
    return table_.key(network, address);
  }
  // The part of the key that is made of the others, for who fills one in place.
  uint32_t home(NetworkId network, const IpAddress& address) const {
    return table_.home(network, address);
  }
  void prefetch(const Key& key) const { table_.prefetch(key); }

  // Worker. `mac` is set when resolved. Writes only when a stale entry is used for the first time:
  // the neighbour then has 5 s to show itself before it is asked.
  enum class Use : uint8_t { resolved, unresolved, failed };
  Use lookup(const Key& key, Time now, MacAddress& mac);
  // Any thread. The same, changing nothing.
  Use peek(const Key& key, Time now, MacAddress& mac) const {
    const NeighbourTable::Seen seen = table_.read(key);
    mac = seen.link.mac;
    return use_of(seen, now);
  }

  // Worker, after lookup() said unresolved. Makes an entry where there is none and marks the worker
  // as waiting unless the answer is there.
  struct Ask {
    enum class What : uint8_t {
      solicit,   // send a broadcast or multicast solicitation now, then wait
      wait,      // it is on its way, or has been sent within the last second (ARP-10)
      resolved,  // meanwhile; `mac` is set
      failed,    // no answer to three solicitations within the last few seconds
      full,      // no room: every entry is worth more than this one
    } what;
    MacAddress mac;
  };
  Ask ask(const Key& key, Time now, unsigned worker);

  // Worker with a packet parked. `gone`: nobody asks for it any more (pushed out, flushed), and no
  // wake-up will come. After `wait` one will.
  enum class Outcome : uint8_t { wait, resolved, failed, gone };
  Outcome outcome(const Key& key, Time now, unsigned worker, MacAddress& mac);

  // Worker. What was heard on the wire, validated by the caller (ARP-1, ARP-7, ND-2): the address
  // is a possible neighbour's, the MAC neither group nor zero. For ARP it is the payload's
  // (ARP-13).
  //
  // An ARP request, or an NS, RS or redirect with a source link-layer option (ARP-2, ND-6). An
  // entry is made only with `to_me`: the ARP target is ours, or it is ND.
  void heard_request(const Key& key, const MacAddress& mac, Time now, bool to_me);
  // An ARP reply; with `for_me` the target is ours: that confirms (ARP-2). Otherwise it is
  // gratuitous and changes an entry at most (ARP-6).
  void heard_reply(const Key& key, const MacAddress& mac, Time now, bool for_me);
  // A neighbour advertisement by its target, link-layer option and flags (ND-5; RFC 9131 for the
  // one without an entry).
  void heard_advertisement(const Key& key, const std::optional<MacAddress>& mac, bool solicited,
                           bool override, bool router, Time now);
  // An upper layer saw it answer (RFC 4861 7.3.1).
  void confirm(const Key& key, Time now);

  // Control, several times a second. Advances the timers of incomplete, delay, probe and failed
  // entries, in time proportional to those that are due, and appends what to ask to `questions`.
  // Returns the workers that wait for something that has failed now.
  struct Question {
    NetworkId network;
    IpAddress address;
    bool unicast;    // to `mac`; otherwise broadcast or multicast
    MacAddress mac;  // meaningful with unicast
  };
  uint64_t sweep(Time now, std::vector<Question>& questions);

  // Control, from time to time. Forgets entries that have been stale and unused for 60 s, never
  // sooner and at most 30 s later than that plus the time between two rounds. Looks into at most
  // `groups` groups (2000 entries when full) and goes on there at the next call; true when the
  // round is complete.
  bool collect(Time now, size_t groups);

  // Control. Replaces whatever is known; false when there is no room.
  bool add_permanent(NetworkId network, const IpAddress& address, const MacAddress& mac);
  // Control. In whatever state; false when there is no such entry.
  bool remove(NetworkId network, const IpAddress& address);
  // Control. Permanent ones included; says how many.
  size_t flush_network(NetworkId network);

  // Any thread.
  struct Entry {
    NetworkId network;
    IpAddress address;
    MacAddress mac;        // zero when incomplete or failed
    NeighbourState state;  // as of now: reachable whose time is over is stale
    bool router;
    Duration age;  // since it was last confirmed or changed its state; 0 when permanent
  };
  std::optional<Entry> entry(const Key& key, Time now) const;
  // In no order; entries that come or go meanwhile may be missing.
  void for_each(Time now, const std::function<void(const Entry&)>& visit) const;
  size_t size() const { return table_.size(); }
  size_t max_entries() const { return table_.max_entries(); }
  size_t bytes() const { return table_.bytes(); }  // reserved, resident or not
  struct Counts {
    uint64_t created, failed, evicted, full, solicitations;
  };
  Counts counts() const;

 private:
  using State = NeighbourState;
  using Slot = NeighbourTable::Slot;

  // Entries handled under one lock.
  static constexpr size_t slice = 32;
  struct Slice;

  static NeighbourLink link_of(const Slot& slot) {
    return slot.link.load(std::memory_order_relaxed);
  }
  static Time when_of(const Slot& slot) { return slot.when.load(std::memory_order_relaxed); }
  static State state_at(const NeighbourLink& link, Time when, Time now) {
    return link.state == State::reachable && when <= now ? State::stale : link.state;
  }
  static State state_at(const Slot& slot, Time now) {
    return state_at(link_of(slot), when_of(slot), now);
  }

  static Use use_of(const NeighbourTable::Seen& seen, Time now) {
    if (!seen.found) return Use::unresolved;
    if (seen.link.state == State::incomplete) return Use::unresolved;
    if (seen.link.state != State::failed) return Use::resolved;
    return now < seen.when ? Use::failed : Use::unresolved;
  }

  // Confirmed so lately that another time changes nothing.
  static bool is_fresh(const NeighbourTable::Seen& seen, Time now) {
    return seen.found && seen.link.state == State::reachable && seen.when - now >= fresh_time;
  }

  template <class Work>
  void change(const Key& key, Work work);
  void wake(uint64_t workers) const;
  void use_stale(const Key& key, Time now);

  // Below this line: with the lock of the entry's shard held.
  Slot* create(const Key& key, const NeighbourLink& link, Time when, Time now, uint64_t& woken);
  void create_stale(const Key& key, const NeighbourLink& link, Time now, uint64_t& woken);
  void solicit_anew(Slot& slot, Time now);
  void take(Slot& slot, const NeighbourLink& link, Time now, uint64_t& woken);
  MacAddress use(Slot& slot, Time now);
  void advertised(Slot& slot, NeighbourLink link, bool solicited, bool override, Time now,
                  uint64_t& woken);
  Entry entry_of(const Slot& slot, Time now) const;

  bool sweep_slice(size_t shard, Time now, Slice& done);
  void advance(Slot& slot, Time now, Slice& done);
  bool collect_slice(size_t shard, Time now);

  NeighbourTable table_;
  std::function<void(uint64_t)> on_resolved_;
  size_t collect_next_ = 0;  // control's: the shard where the next collect() goes on

  alignas(64) std::atomic<uint64_t> created_{0};
  std::atomic<uint64_t> failed_{0}, full_{0}, solicitations_{0};
};

inline Neighbours::Use Neighbours::lookup(const Key& key, Time now, MacAddress& mac) {
  const NeighbourTable::Seen seen = table_.read(key);
  const Use use = use_of(seen, now);
  if (use != Use::resolved) return use;
  if (state_at(seen.link, seen.when, now) == State::stale) use_stale(key, now);
  mac = seen.link.mac;
  return use;
}

}  // namespace uswitch
