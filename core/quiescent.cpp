#include "core/quiescent.h"

// Without _LGPL_SOURCE: the calls go into the library, out of sight of ThreadSanitizer, which would
// take liburcu's inlined accesses for races.
#include <urcu-qsbr.h>

#if defined(__SANITIZE_THREAD__)
#define USWITCH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define USWITCH_TSAN 1
#endif
#endif

#ifdef USWITCH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace uswitch {
namespace {

#ifdef USWITCH_TSAN
// ThreadSanitizer cannot see that a grace period orders what readers did before it with what the
// waiter does after it; these two say so, and nothing more than that.
char readers_done;
void readers_release() {
  __tsan_release(&readers_done);
}
void waiter_acquire() {
  __tsan_acquire(&readers_done);
}
#else
void readers_release() {}
void waiter_acquire() {}
#endif

}  // namespace

QuiescentThread::QuiescentThread() {
  rcu_register_thread();
}

QuiescentThread::~QuiescentThread() {
  readers_release();
  rcu_unregister_thread();
}

void QuiescentThread::quiescent() {
  readers_release();
  rcu_quiescent_state();
}

void QuiescentThread::offline() {
  readers_release();
  rcu_thread_offline();
}

void QuiescentThread::online() {
  rcu_thread_online();
}

void wait_for_quiescence() {
  synchronize_rcu();
  waiter_acquire();
}

}  // namespace uswitch
