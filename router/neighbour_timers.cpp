// What time does to an entry; neighbours.cpp is what workers and configuration do.
#include <array>
#include <utility>

#include "router/neighbours.h"

namespace uswitch {

// What came of the entries handled under one lock.
struct Neighbours::Slice {
  std::array<Question, slice> questions;
  size_t asked = 0, failed = 0;
  uint64_t woken = 0;
};

uint64_t Neighbours::sweep(Time now, std::vector<Question>& questions) {
  uint64_t woken = 0;
  for (size_t shard = 0; shard < table_.shards(); ++shard) {
    for (bool more = true; more;) {
      Slice done;
      more = sweep_slice(shard, now, done);
      questions.insert(questions.end(), done.questions.begin(),
                       done.questions.begin() + static_cast<ptrdiff_t>(done.asked));
      woken |= done.woken;
      failed_.fetch_add(done.failed, std::memory_order_relaxed);
      solicitations_.fetch_add(done.asked, std::memory_order_relaxed);
    }
  }
  return woken;
}

// True when there is more to do. Who is advanced is not due any more, or gone.
bool Neighbours::sweep_slice(size_t shard, Time now, Slice& done) {
  size_t left = slice;
  std::lock_guard guard(table_.lock(shard));
  for (State state : {State::incomplete, State::delay, State::probe, State::failed}) {
    Slot* slot;
    while ((slot = table_.oldest(shard, state)) && when_of(*slot) <= now) {
      if (left-- == 0) return true;
      advance(*slot, now, done);
    }
  }
  return false;
}

// The timer of this entry ran out (RFC 4861 7.3.3, ARP-10).
void Neighbours::advance(Slot& slot, Time now, Slice& done) {
  NeighbourLink link = link_of(slot);
  if (link.state == State::delay) {
    link.state = State::probe;
    slot.solicitations = 0;
  }
  if (link.state != State::failed && slot.solicitations < max_solicitations) {
    const Key k = table_.key_of(slot);
    done.questions[done.asked++] = {k.network, k.address, link.state == State::probe, link.mac};
    ++slot.solicitations;
    table_.set(slot, link, now + retransmit_time, now);
  } else if (link.state == State::incomplete) {
    link.state = State::failed;
    table_.set(slot, link, now + failed_time, now);
    done.woken |= std::exchange(slot.waiting, 0);
    ++done.failed;
  } else {
    done.woken |= table_.erase(slot);
  }
}

bool Neighbours::collect(Time now, size_t groups) {
  for (; groups != 0 && collect_next_ < table_.shards(); --groups, ++collect_next_) {
    while (collect_slice(collect_next_, now)) continue;
  }
  if (collect_next_ < table_.shards()) return false;
  collect_next_ = 0;
  return true;
}

// True when there is more to do. The times of reachable entries differ, so one whose time is over
// may stand behind one that has up to 30 s left.
bool Neighbours::collect_slice(size_t shard, Time now) {
  size_t left = slice;
  std::lock_guard guard(table_.lock(shard));
  Slot* slot;
  while ((slot = table_.oldest(shard, State::reachable)) && when_of(*slot) <= now) {
    if (left-- == 0) return true;
    NeighbourLink link = link_of(*slot);
    link.state = State::stale;
    table_.set(*slot, link, when_of(*slot), when_of(*slot));
  }
  while ((slot = table_.oldest(shard, State::stale)) && when_of(*slot) + stale_time <= now) {
    if (left-- == 0) return true;
    table_.erase(*slot);
  }
  return false;
}

}  // namespace uswitch
