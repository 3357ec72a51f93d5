// Grace periods: how memory that readers use without locks is given back (liburcu's QSBR flavour).
//
// A worker is between two turns *quiescent*: it holds no pointer into shared state. Who unlinks
// something from shared state (the control thread) waits until every registered thread has been
// quiescent or offline once, and may then free or reuse it. Readers pay nothing within a turn.
//
//   worker                               control
//   QuiescentThread self;                old = exchange(tables, next)
//   loop: turn(); self.quiescent();      wait_for_quiescence()
//         self.offline(); sleep;         delete old
//         self.online();
#pragma once

namespace uswitch {

// Registers the calling thread as a reader, online, until destruction on the same thread. One per
// thread. An online thread must call quiescent() or offline() again and again, or
// wait_for_quiescence() never returns.
class QuiescentThread {
 public:
  QuiescentThread();
  ~QuiescentThread();
  QuiescentThread(const QuiescentThread&) = delete;
  QuiescentThread& operator=(const QuiescentThread&) = delete;

  // The thread holds nothing from shared state now. A few nanoseconds; once a turn.
  void quiescent();

  // Around a sleep: an offline thread holds nothing from shared state and is not waited for.
  void offline();
  void online();
};

// Returns once every registered thread has been quiescent or offline since the call. Blocks for up
// to a turn of the slowest worker; control thread only, never a worker (two that wait for each
// other would never return).
void wait_for_quiescence();

}  // namespace uswitch
