// The table of connections: which flow a packet belongs to, by its tuple in either direction, and
// what it is translated to.
//
// Kind "learned": any worker looks up without locks; creating, following and removing take short
// locks, of two groups of the index or of one connection. Control sweeps, lists and removes.
// Bounded by max_connections: 191 bytes each, both directions and the index; all but the index, 31
// of them, in pages that are resident only once used. What a connection's external port takes is in
// PortMap.
//
// Theory of operation. Connections are records of one array, found through a PairIndex by the tuple
// of each direction. Their memory never becomes anything else, and a version says which connection
// it is (nat/shared_words.h): a reader copies out what it needs and knows that it belongs together,
// so a record is reused at once and no grace period is waited for. What changes with each packet
// stands under the record's own lock, taken once a packet and contended only when two workers have
// packets of one flow.
//
// NG-6: both tuples are inserted under both groups' locks. Two workers with the first packet of
// one flow end with one connection, the second gets the first one's.
//
// Time: deadlines count in ticks of 2^20 ns, about a millisecond. A connection is gone for every
// look-up from its deadline on (NG-8), whenever it is swept.
#pragma once
#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>

#include "core/keyed_hash.h"
#include "core/spin_lock.h"
#include "nat/connection.h"
#include "nat/free_list.h"
#include "nat/pair_index.h"
#include "nat/port_map.h"
#include "nat/shared_words.h"
#include "nat/spread_order.h"
#include "nat/timeouts.h"

namespace uswitch {

class ConnectionTable {
 public:
  // A tuple ready for this table: hash it once, prefetch it, then look it up or insert it.
  struct Key {
    PairIndex::Place place;
    TupleWords words;
    PairIndex::Hit guess;  // where prefetch_connection() expects the connection
  };

  enum class Insert : uint8_t {
    inserted,
    exists,  // another worker was faster: here is its connection
    taken,   // another connection's packets look like this one's answers
    full,    // no room, and nothing that could be evicted for it
  };
  struct Inserted {
    Insert outcome;
    std::optional<Found> found;  // of inserted and exists
  };

  enum class Refresh : bool { no, yes };

  // What became of a packet that was looked up: TcpVerdict, or `gone`: the connection has been
  // removed since. Look up again.
  enum class Follow : uint8_t { valid, ignored, invalid, closed, gone };

  // `ports` gets back the mappings that connections held, and must outlive this. Throws
  // std::system_error when the mapping of memory is refused.
  ConnectionTable(uint32_t max_connections, PortMap& ports)
      : ConnectionTable(max_connections, ports, KeyedHash()) {}
  ConnectionTable(uint32_t max_connections, PortMap& ports, const KeyedHash& hash);

  // Worker. For a batch: prepare() of all, then prefetch_connection() of all, then the look-ups.
  // prepare() makes the key in place, for to copy a fresh one takes as long as to make it.
  Key key(const Tuple& tuple) const { return key_of(pack(tuple)); }
  void prepare(Key& key, const Tuple& tuple) const;
  void prefetch_connection(Key& key) const;

  // Worker. The connection whose packets in one direction look like this. Changes nothing.
  std::optional<Found> lookup(const Key& key, Time now) const;

  // Worker. Makes a connection whose first packet has the key's tuple and `bytes` bytes. When the
  // table is full, one that has expired goes, else one of some that are not assured (CT-9).
  Inserted insert(const Key& original, const NewConnection& what, uint32_t bytes, Time now,
                  const Timeouts& timeouts);

  // Worker. A further TCP segment of the connection: judges it, and follows it if it is right.
  // After `closed` the connection is gone. `refresh` no: it keeps the connection alive only if it
  // takes it to another state (N-8).
  Follow follow(const Found& found, const TcpSegment& segment, uint32_t bytes, Time now,
                const Timeouts& timeouts, Refresh refresh = Refresh::yes);

  // Any thread. What follow() would say; changes nothing.
  Follow judge(const Found& found, const TcpSegment& segment) const;

  // Worker. A further packet of a connection that is not TCP. `refresh`: it keeps the connection
  // alive (U-6, N-8, TR-13). False when the connection is gone.
  bool touch(const Found& found, uint32_t bytes, Time now, const Timeouts& timeouts,
             Refresh refresh);

  // Worker. How much a connection is worth: whether it is assured, or was, or is gone.
  enum class Worth : uint8_t { begun, assured, over };
  Worth worth(const ConnectionRef& ref) const;
  // Worker. Makes it assured, or not any longer, for it is worth what another one is (nat/leave).
  void set_assured(const ConnectionRef& ref, bool assured);

  // Any thread. False when it is gone already.
  bool remove(const ConnectionRef& ref);

  // Whose going may free an external port: connections whose answers come to that address, by that
  // protocol, to one of these ports.
  struct Answered {
    IpAddress address;
    uint8_t protocol;
    PortBitmap::Range ports;
  };
  // Worker. Gives up one of those, chosen as for insert(). Its port is free if it was the last of
  // its mapping. False when none was found, after 128 records at most; nat/eviction.cpp.
  bool make_room(const Answered& which, Time now, const Timeouts& timeouts);
  // Any thread. Whether make_room() would find one now.
  bool can_make_room(const Answered& which, Time now, const Timeouts& timeouts) const;

  // Control, from time to time. Removes what has expired among the next `records` records and
  // goes on there at the next call; true when a round is complete. Nobody waits for it longer than
  // the removal of one connection takes. After a round it readies memory for connections to come,
  // here and in PortMap.
  bool sweep(Time now, uint32_t records);

  // Control: lists, and removes what `visit` returns `remove` for, from record `from` on and at
  // most `records` of them. Returns where to go on, 0 at the end.
  enum class Visit : bool { keep, remove };
  uint32_t scan(uint32_t from, uint32_t records, Time now,
                const std::function<Visit(const ConnectionInfo&)>& visit);

  // Any thread.
  uint32_t size() const {
    const uint64_t removed = removed_.load(std::memory_order_acquire);
    return static_cast<uint32_t>(count(Insert::inserted) - removed);
  }
  uint32_t max_connections() const { return free_.capacity(); }
  // From 80 % on someone should know.
  bool is_nearly_full() const { return uint64_t{size()} * 5 >= uint64_t{max_connections()} * 4; }
  uint64_t count(Insert outcome) const {
    return outcomes_[static_cast<size_t>(outcome)].load(std::memory_order_relaxed);
  }
  uint64_t expired() const { return expired_.load(std::memory_order_relaxed); }
  uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }
  size_t bytes() const { return records_.bytes() + index_.bytes(); }  // reserved, resident or not

 private:
  using Tick = uint32_t;
  static constexpr int tick_shift = 20;
  static constexpr int extra_shift = 40;  // of what stands above a tuple's own bits
  // How many records are looked at, in how many rounds, to find one to evict.
  static constexpr uint32_t evict_sample = 16, evict_rounds = 8;

  struct Event {
    static constexpr uint8_t seen_reply = 1, assured = 2;
  };

  // Bytes in 56 bits and packets in 40.
  struct PackedTraffic {
    std::array<uint64_t, 2> bytes;
    std::array<uint32_t, 2> packets;
    void add(size_t side, uint32_t n);
    Traffic of(size_t side) const;
  };

  // 32 bytes apart, 160 bytes always span three cache lines: the tuples two of them.
  struct alignas(32) Record {
    // Above the tuples' own 40 bits in their last words: tag and marks in the original's, the
    // mapping in the reply's. The link of the free list stands in the first word.
    std::array<SharedWords<5>, 2> sides;
    std::atomic<uint32_t> version;  // changes under both groups' locks; ends under the record's too
    std::atomic<Tick> deadline;     // changes under the record's lock, as all below
    std::atomic<uint8_t> events;
    SpinLock lock;
    TcpTrack tcp;
    PackedTraffic traffic;
  };
  static_assert(sizeof(Record) == 160);

  static Tick tick_of(Time now) {
    return static_cast<Tick>(now.time_since_epoch().count() >> tick_shift);
  }
  static Tick deadline_of(Time now, Duration timeout) {
    return tick_of(now + std::min<Duration>(timeout, Timeouts::longest)) + 1;
  }
  static bool has_passed(Tick deadline, Tick now) {
    return static_cast<int32_t>(now - deadline) >= 0;
  }

  static Duration timeout_of(const TupleWords& answers, const Timeouts& timeouts);
  PairIndex::Place place(const TupleWords& words) const;
  Key key_of(const TupleWords& words) const { return {place(words), words, {}}; }
  bool read(uint32_t record, uint8_t side, const TupleWords& words,
            std::optional<Found>& found) const;
  std::optional<Found> find(const Key& key) const;
  bool is_expired(const Found& found, Tick now) const {
    return has_passed(records_[found.ref.record].deadline.load(std::memory_order_relaxed), now);
  }

  void prefetch_record(uint32_t record) const {
    const auto* first = reinterpret_cast<const std::byte*>(&records_[record]);
    for (size_t line = 0; line < 3; ++line) __builtin_prefetch(first + line * 64, 1);
  }
  uint32_t take_record(Time now, const Timeouts& timeouts);
  // What a search for one to evict goes by. Without `which`, any will do.
  struct Search {
    Tick now;
    const Timeouts& timeouts;
    const Answered* which;
  };
  uint32_t evict(const Search& search);
  ConnectionRef victim(const Search& search, uint32_t hand) const;
  static int64_t quiet_for(const Record& r, Tick deadline, const Search& search);
  static bool fits(const Record& r, const Answered* which);
  void count_one(Insert outcome) {
    outcomes_[static_cast<size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  }
  Inserted refuse(Insert outcome, uint32_t record, MappingId mapping,
                  const std::optional<Found>& found);
  Inserted try_insert(uint32_t record, const Key& original, const Key& reply,
                      const NewConnection& what, uint32_t bytes, Tick deadline);
  void fill(uint32_t record, const Key& original, const Key& reply, const NewConnection& what,
            uint32_t bytes, Tick deadline);
  bool unlink(const ConnectionRef& ref);
  static void note_direction(Record& r, Direction direction, bool assures);
  static void note_tcp(Record& r, Direction direction);
  static void shorten(Record& r, Tick deadline);

  bool snapshot(uint32_t record, Time now, ConnectionInfo& info) const;
  struct Links {
    const ConnectionTable& table;
    std::atomic<uint64_t>& operator[](uint32_t i) const { return table.records_[i].sides[0][0]; }
    void prefetch(uint32_t i) const { table.prefetch_record(i); }
  };
  Links links() const { return {*this}; }

  PortMap& ports_;
  KeyedHash hash_;
  ZeroedArray<Record> records_;
  PairIndex index_;
  FreeList free_;
  SpreadOrder evict_order_;
  uint32_t sweep_next_ = 0;  // control's: the record where the next sweep goes on

  alignas(64) std::atomic<uint32_t> evict_hand_{0};
  std::array<std::atomic<uint64_t>, 4> outcomes_{};
  std::atomic<uint64_t> removed_{0}, expired_{0}, evicted_{0};
};

inline PairIndex::Place ConnectionTable::place(const TupleWords& words) const {
  return index_.place(hash_(words[0], words[1], words[2], words[3], words[4]));
}

inline void ConnectionTable::prepare(Key& key, const Tuple& tuple) const {
  key.words = pack(tuple);
  key.place = place(key.words);
  key.guess = {};
  index_.prefetch(key.place);
}

inline void ConnectionTable::prefetch_connection(Key& key) const {
  key.guess = index_.guess(key.place);
  if (!key.guess) return;
  prefetch_record(key.guess.record);
}

// Copies the connection out if it has the tuple on that side.
inline bool ConnectionTable::read(uint32_t record, uint8_t side, const TupleWords& words,
                                  std::optional<Found>& found) const {
  const Record& r = records_[record];
  const uint32_t version = r.version.load(std::memory_order_acquire);
  if (!is_live(version)) return false;
  // Each of them stays in registers, as an array of the two would not.
  const TupleWords own = r.sides[side].load(), other = r.sides[1 - side].load();
  if (r.version.load(std::memory_order_relaxed) != version) return false;
  const uint64_t difference = (own[0] ^ words[0]) | (own[1] ^ words[1]) | (own[2] ^ words[2]) |
                              (own[3] ^ words[3]) | ((own[4] ^ words[4]) & tuple_ports_mask);
  if (difference != 0) return false;
  const uint64_t extra = (side == 0 ? own[4] : other[4]) >> extra_shift;
  Found& f = found.emplace();
  f.ref = {record, version};
  f.direction = static_cast<Direction>(side);
  f.marks = static_cast<uint8_t>(extra >> 16);
  f.tag = static_cast<uint16_t>(extra);
  f.other_words = {other[0], other[1], other[2], other[3], other[4] & tuple_ports_mask};
  return true;
}

inline std::optional<Found> ConnectionTable::find(const Key& key) const {
  std::optional<Found> found;
  if (key.guess && read(key.guess.record, key.guess.side, key.words, found)) return found;
  index_.find(key.place,
              [&](uint32_t record, uint8_t side) { return read(record, side, key.words, found); });
  return found;
}

inline std::optional<Found> ConnectionTable::lookup(const Key& key, Time now) const {
  std::optional<Found> found = find(key);
  if (found && is_expired(*found, tick_of(now))) found.reset();
  return found;
}

}  // namespace uswitch
