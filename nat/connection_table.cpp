#include "nat/connection_table.h"

#include <cassert>

#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

Duration tcp_timeout(const TcpTrack& tcp, bool seen_reply, const Timeouts& timeouts) {
  switch (tcp.state) {
    case TcpState::established:  // one picked up counts when its other side has spoken too
      return seen_reply ? timeouts.tcp_established : timeouts.tcp_opening;
    case TcpState::fin_wait:
    case TcpState::close_wait:
      return timeouts.tcp_established;
    case TcpState::last_ack:
    case TcpState::time_wait:
    case TcpState::close:
      return timeouts.tcp_closing;
    default:
      return timeouts.tcp_opening;
  }
}

constexpr Duration doubtful_timeout = std::chrono::seconds(300);  // CT-13

}  // namespace

void ConnectionTable::PackedTraffic::add(size_t side, uint32_t n) {
  constexpr uint64_t byte_mask = (uint64_t{1} << 56) - 1;
  const uint64_t carry = ++packets[side] == 0 ? uint64_t{1} << 56 : 0;
  bytes[side] = ((bytes[side] + n) & byte_mask) | ((bytes[side] & ~byte_mask) + carry);
}

Traffic ConnectionTable::PackedTraffic::of(size_t side) const {
  return {bytes[side] >> 56 << 32 | packets[side], bytes[side] & ((uint64_t{1} << 56) - 1)};
}

ConnectionTable::ConnectionTable(uint32_t max_connections, PortMap& ports, const KeyedHash& hash)
    : ports_(ports),
      hash_(hash),
      records_(max_connections),
      index_(max_connections),
      free_(max_connections),
      evict_order_(max_connections) {}

ConnectionTable::Inserted ConnectionTable::insert(const Key& original, const NewConnection& what,
                                                  uint32_t bytes, Time now,
                                                  const Timeouts& timeouts) {
  Key reply;
  prepare(reply, what.reply);
  const uint32_t record = take_record(now, timeouts);
  if (record == no_record) return refuse(Insert::full, record, what.mapping, std::nullopt);
  prefetch_record(record);

  const Duration timeout = protocol_of(original.words) == ip_protocol::tcp
                               ? tcp_timeout(what.tcp, false, timeouts)
                               : timeout_of(reply.words, timeouts);
  const Tick deadline = deadline_of(now, timeout);
  Inserted result = try_insert(record, original, reply, what, bytes, deadline);
  // What is in the way may have expired (NG-8): at most one connection a tuple, unless others are
  // made at the very same time.
  for (int tries = 0; tries < 4; ++tries) {
    if (!result.found || !is_expired(*result.found, tick_of(now))) break;
    if (remove(result.found->ref)) expired_.fetch_add(1, std::memory_order_relaxed);
    result = try_insert(record, original, reply, what, bytes, deadline);
  }
  if (result.outcome != Insert::inserted) {
    return refuse(result.outcome, record, what.mapping,
                  result.outcome == Insert::exists ? result.found : std::nullopt);
  }
  return result;
}

// Of one that is no established TCP connection. A leave lives as long as a flow of its protocol
// does.
Duration ConnectionTable::timeout_of(const TupleWords& answers, const Timeouts& timeouts) {
  const uint8_t leave = leave_for(answers);
  if (leave == ip_protocol::tcp) return timeouts.tcp_established;
  return timeouts.of(leave != 0 ? leave : protocol_of(answers));
}

// NG-6: one step. `found` is also set when it is the connection that has taken the reply's tuple.
ConnectionTable::Inserted ConnectionTable::try_insert(uint32_t record, const Key& original,
                                                      const Key& reply, const NewConnection& what,
                                                      uint32_t bytes, Tick deadline) {
  PairIndex::Lock lock(index_, original.place, reply.place);
  if (const auto other = find(original)) return {Insert::exists, other};
  if (const auto other = find(reply)) return {Insert::taken, other};
  if (original.words == reply.words) return {Insert::taken, {}};
  fill(record, original, reply, what, bytes, deadline);
  if (!index_.insert(original.place, reply.place, record)) return {Insert::full, {}};
  count_one(Insert::inserted);  // before anybody can remove it
  // Live last: who finds the connection by one tuple may rely on finding it by the other.
  std::atomic<uint32_t>& version = records_[record].version;
  const ConnectionRef ref{record, version.load(std::memory_order_relaxed) + 1};
  version.store(ref.version, std::memory_order_release);
  return {Insert::inserted, Found{ref, Direction::original, what.marks, what.tag, reply.words}};
}

ConnectionTable::Inserted ConnectionTable::refuse(Insert outcome, uint32_t record,
                                                  MappingId mapping,
                                                  const std::optional<Found>& found) {
  if (record != no_record) free_.give(record, links());
  if (mapping != no_mapping) ports_.release(mapping);
  count_one(outcome);
  return {outcome, found};
}

void ConnectionTable::fill(uint32_t record, const Key& original, const Key& reply,
                           const NewConnection& what, uint32_t bytes, Tick deadline) {
  Record& r = records_[record];
  TupleWords first = original.words, second = reply.words;
  first[4] |= uint64_t{what.tag} << extra_shift | uint64_t{what.marks} << (extra_shift + 16);
  second[4] |= uint64_t{what.mapping} << extra_shift;
  // Nobody else's: a worker that still has the record's last connection sees that it is gone.
  r.sides[0].store(first);
  r.sides[1].store(second);
  r.deadline.store(deadline, std::memory_order_relaxed);
  r.events.store(0, std::memory_order_relaxed);
  r.tcp = what.tcp;
  r.traffic = {{bytes, 0}, {1, 0}};
}

uint32_t ConnectionTable::take_record(Time now, const Timeouts& timeouts) {
  const uint32_t record = free_.take(links());
  return record != no_record ? record : evict({tick_of(now), timeouts, nullptr});
}

bool ConnectionTable::remove(const ConnectionRef& ref) {
  if (!unlink(ref)) return false;
  free_.give(ref.record, links());
  return true;
}

// Takes the connection out; its record is the caller's then. The version changes only under the
// locks of its own tuples' groups, so if it still holds there, so do the tuples.
bool ConnectionTable::unlink(const ConnectionRef& ref) {
  Record& r = records_[ref.record];
  std::array<TupleWords, 2> sides{r.sides[0].load(), r.sides[1].load()};
  const auto mapping = static_cast<MappingId>(sides[1][4] >> extra_shift);
  for (TupleWords& words : sides) words[4] &= tuple_ports_mask;
  const Key original = key_of(sides[0]), reply = key_of(sides[1]);
  {
    PairIndex::Lock lock(index_, original.place, reply.place);
    std::lock_guard record_lock(r.lock);
    if (r.version.load(std::memory_order_relaxed) != ref.version) return false;
    index_.erase(original.place, reply.place, ref.record);
    r.version.store(ref.version + 1, std::memory_order_release);
  }
  removed_.fetch_add(1, std::memory_order_release);
  if (mapping != no_mapping) ports_.release(mapping);
  return true;
}

// With the record's lock held, as the rest of a packet's bookkeeping.
void ConnectionTable::note_direction(Record& r, Direction direction, bool assures) {
  uint8_t events = r.events.load(std::memory_order_relaxed);
  if (assures && (events & Event::seen_reply)) events |= Event::assured;
  if (direction == Direction::reply) events |= Event::seen_reply;
  r.events.store(events, std::memory_order_relaxed);
}

// One that is closing, or opening once more, is not assured any longer: there may be many of those.
void ConnectionTable::note_tcp(Record& r, Direction direction) {
  const TcpState state = r.tcp.state;
  note_direction(r, direction, state == TcpState::established);
  if (state >= TcpState::established && state <= TcpState::close_wait) return;
  r.events.store(r.events.load(std::memory_order_relaxed) & ~unsigned{Event::assured},
                 std::memory_order_relaxed);
}

void ConnectionTable::shorten(Record& r, Tick deadline) {
  if (has_passed(r.deadline.load(std::memory_order_relaxed), deadline)) return;
  r.deadline.store(deadline, std::memory_order_relaxed);
}

ConnectionTable::Follow ConnectionTable::follow(const Found& found, const TcpSegment& segment,
                                                uint32_t bytes, Time now, const Timeouts& timeouts,
                                                Refresh refresh) {
  Record& r = records_[found.ref.record];
  TcpVerdict verdict;
  {
    std::lock_guard lock(r.lock);
    if (r.version.load(std::memory_order_acquire) != found.ref.version) return Follow::gone;
    const TcpState before = r.tcp.state;
    verdict = uswitch::follow(r.tcp, found.direction, segment);
    if (verdict == TcpVerdict::invalid) {
      if (r.tcp.is_doubtful()) shorten(r, deadline_of(now, doubtful_timeout));
      return Follow::invalid;
    }
    r.traffic.add(side(found.direction), bytes);
    if (verdict == TcpVerdict::valid) {
      note_tcp(r, found.direction);
      const bool seen_reply = r.events.load(std::memory_order_relaxed) & Event::seen_reply;
      if (refresh == Refresh::yes || r.tcp.state != before)
        r.deadline.store(deadline_of(now, tcp_timeout(r.tcp, seen_reply, timeouts)),
                         std::memory_order_relaxed);
    }
  }
  if (verdict == TcpVerdict::closed) remove(found.ref);
  return static_cast<Follow>(verdict);
}

ConnectionTable::Follow ConnectionTable::judge(const Found& found,
                                               const TcpSegment& segment) const {
  Record& r = records_[found.ref.record];
  TcpTrack track;
  {
    std::lock_guard lock(r.lock);
    if (r.version.load(std::memory_order_relaxed) != found.ref.version) return Follow::gone;
    track = r.tcp;
  }
  return static_cast<Follow>(uswitch::follow(track, found.direction, segment));
}

bool ConnectionTable::touch(const Found& found, uint32_t bytes, Time now, const Timeouts& timeouts,
                            Refresh refresh) {
  Record& r = records_[found.ref.record];
  std::lock_guard lock(r.lock);
  if (r.version.load(std::memory_order_acquire) != found.ref.version) return false;
  r.traffic.add(side(found.direction), bytes);
  note_direction(r, found.direction, found.direction == Direction::original);
  if (refresh == Refresh::yes) {
    r.deadline.store(deadline_of(now, timeout_of(found.other_words, timeouts)),
                     std::memory_order_relaxed);
  }
  return true;
}

ConnectionTable::Worth ConnectionTable::worth(const ConnectionRef& ref) const {
  Record& r = records_[ref.record];
  std::lock_guard lock(r.lock);
  if (r.version.load(std::memory_order_relaxed) != ref.version) return Worth::over;
  if (r.events.load(std::memory_order_relaxed) & Event::assured) return Worth::assured;
  return r.tcp.state > TcpState::close_wait ? Worth::over : Worth::begun;
}

void ConnectionTable::set_assured(const ConnectionRef& ref, bool assured) {
  Record& r = records_[ref.record];
  std::lock_guard lock(r.lock);
  if (r.version.load(std::memory_order_relaxed) != ref.version) return;
  const unsigned events = r.events.load(std::memory_order_relaxed);
  r.events.store(
      static_cast<uint8_t>(assured ? events | Event::assured : events & ~unsigned{Event::assured}),
      std::memory_order_relaxed);
}

bool ConnectionTable::sweep(Time now, uint32_t records) {
  const Tick tick = tick_of(now);
  const uint32_t end = free_.high_water();
  for (; records != 0 && sweep_next_ < end; --records, ++sweep_next_) {
    const Record& r = records_[sweep_next_];
    const uint32_t version = r.version.load(std::memory_order_acquire);
    if (!is_live(version)) continue;
    if (!has_passed(r.deadline.load(std::memory_order_relaxed), tick)) continue;
    if (remove({sweep_next_, version})) expired_.fetch_add(1, std::memory_order_relaxed);
  }
  if (sweep_next_ < end) return false;
  sweep_next_ = 0;
  records_.populate(end, 32768);
  ports_.populate();
  return true;
}

uint32_t ConnectionTable::scan(uint32_t from, uint32_t records, Time now,
                               const std::function<Visit(const ConnectionInfo&)>& visit) {
  const uint32_t end = free_.high_water();
  for (; records != 0 && from < end; --records, ++from) {
    ConnectionInfo info;
    if (!snapshot(from, now, info)) continue;
    if (visit(info) == Visit::remove) remove(info.ref);
  }
  return from < end ? from : 0;
}

bool ConnectionTable::snapshot(uint32_t record, Time now, ConnectionInfo& info) const {
  Record& r = records_[record];
  if (!is_live(r.version.load(std::memory_order_relaxed))) return false;
  std::lock_guard lock(r.lock);
  const uint32_t version = r.version.load(std::memory_order_acquire);
  if (!is_live(version)) return false;
  const TupleWords original = r.sides[0].load(), reply = r.sides[1].load();
  const uint8_t events = r.events.load(std::memory_order_relaxed);
  const auto ticks =
      static_cast<int32_t>(r.deadline.load(std::memory_order_relaxed) - tick_of(now));
  info = {.ref = {record, version},
          .original = unpack(original),
          .reply = unpack(reply),
          .tag = static_cast<uint16_t>(original[4] >> extra_shift),
          .marks = static_cast<uint8_t>(original[4] >> (extra_shift + 16)),
          .mapping = static_cast<MappingId>(reply[4] >> extra_shift),
          .seen_reply = (events & Event::seen_reply) != 0,
          .assured = (events & Event::assured) != 0,
          .tcp = r.tcp.state,
          .expires_in = Duration(int64_t{std::max(ticks, 0)} << tick_shift),
          .traffic = {r.traffic.of(0), r.traffic.of(1)}};
  return true;
}

}  // namespace uswitch
