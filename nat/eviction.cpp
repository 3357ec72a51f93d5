// Which connection is given up for a new one (CT-9): one that has expired, else the one that has
// been quiet for longest of some that are not assured. Neither who opened a connection nor an
// answer to its first packet makes it worth more than others, for a flood can have both; but a new
// one has about as long to become assured as it takes a flood to fill all that is not.
#include <limits>

#include "nat/connection_table.h"

namespace uswitch {

// The hand goes round the table, and a sample comes from all over it: what can go may lie anywhere,
// such as behind a million connections that were made before the flood.
uint32_t ConnectionTable::evict(const Search& search) {
  for (uint32_t round = 0; round < evict_rounds; ++round) {
    const uint32_t hand = evict_hand_.fetch_add(evict_sample, std::memory_order_relaxed);
    const ConnectionRef found = victim(search, hand);
    if (found.record == no_record || !unlink(found)) continue;
    evicted_.fetch_add(1, std::memory_order_relaxed);
    return found.record;
  }
  return no_record;
}

bool ConnectionTable::make_room(const Answered& which, Time now, const Timeouts& timeouts) {
  const uint32_t record = evict({tick_of(now), timeouts, &which});
  if (record == no_record) return false;
  free_.give(record, links());
  return true;
}

bool ConnectionTable::can_make_room(const Answered& which, Time now,
                                    const Timeouts& timeouts) const {
  const Search search{tick_of(now), timeouts, &which};
  const uint32_t hand = evict_hand_.load(std::memory_order_relaxed);
  for (uint32_t round = 0; round < evict_rounds; ++round) {
    if (victim(search, hand + round * evict_sample).record != no_record) return true;
  }
  return false;
}

ConnectionRef ConnectionTable::victim(const Search& search, uint32_t hand) const {
  std::array<uint32_t, evict_sample> sample;
  sample[0] = evict_order_.at(hand);
  for (size_t i = 1; i < sample.size(); ++i) sample[i] = evict_order_.after(sample[i - 1]);
  for (const uint32_t record : sample) {
    __builtin_prefetch(&records_[record].sides[1][2]);
    __builtin_prefetch(&records_[record].events);
  }
  ConnectionRef quietest;
  int64_t longest = std::numeric_limits<int64_t>::min();
  for (const uint32_t record : sample) {
    const Record& r = records_[record];
    const uint32_t version = r.version.load(std::memory_order_acquire);
    if (!is_live(version) || !fits(r, search.which)) continue;
    const Tick deadline = r.deadline.load(std::memory_order_relaxed);
    if (has_passed(deadline, search.now)) return {record, version};
    if (r.events.load(std::memory_order_relaxed) & Event::assured) continue;
    const int64_t quiet = quiet_for(r, deadline, search);
    if (quiet <= longest) continue;
    longest = quiet;
    quietest = {record, version};
  }
  return quietest;
}

// In ticks: what has passed of the time that one like this has.
int64_t ConnectionTable::quiet_for(const Record& r, Tick deadline, const Search& search) {
  const Duration timeout = timeout_of(r.sides[1].load(), search.timeouts);
  return (timeout.count() >> tick_shift) - static_cast<int32_t>(deadline - search.now);
}

// Whether its answers come to that place. What is read may be of the record's next connection: then
// the version is not that one's, and nothing is evicted.
bool ConnectionTable::fits(const Record& r, const Answered* which) {
  if (!which) return true;
  const Tuple reply = unpack(r.sides[1].load());
  return reply.protocol == which->protocol && reply.destination == which->address &&
         reply.destination_port >= which->ports.first &&
         reply.destination_port <= which->ports.last;
}

}  // namespace uswitch
