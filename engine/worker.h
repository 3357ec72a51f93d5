// A forwarding thread: it owns one queue of every port, a packet pool, a pipeline and an Io, and
// runs packets to completion.
//
// It sleeps in epoll. Ports are watched edge-triggered: one that became readable joins the ready
// list and stays there until a read finds it empty. After the last packet the worker keeps looking
// for a while before it sleeps, if that has paid off lately (see SpinGovernor): waking a sleeping
// thread costs more than forwarding a packet does.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/batch.h"
#include "core/counters.h"
#include "core/quiescent.h"
#include "core/time.h"
#include "engine/mailbox.h"
#include "engine/pipeline.h"
#include "engine/spin.h"
#include "engine/tables.h"

namespace uswitch {

class Worker {
 public:
  struct Stats {      // kind "mine", read by the control thread
    Counter turns;    // rounds of the loop that carried packets
    Counter batches;  // reads of a port queue that brought packets
    Counter packets;
    Counter sleeps;
    Counter adoptions;  // of new Tables
    // Packets that wait in the router for an answer or for other fragments.
    std::atomic<uint64_t> held{0};
  };

  // The thread starts at once and sleeps until publish(). Throws std::system_error without the
  // descriptors it needs. `attention`: an eventfd the worker signals when a port died.
  Worker(unsigned index, IoKind io, int attention);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Control thread: ends the thread; packets in ports' queues stay there. Other workers may still
  // call what any thread may, to no effect. Idempotent; the destructor does it too.
  void stop();

  // Control thread: hands over new tables and returns; await_adoption() returns when the worker has
  // let go of all earlier ones.
  void publish(const Tables* tables);
  void await_adoption();

  // Any thread: see Mailbox. The worker wakes up for it.
  void post(std::vector<OwnFrame> frames);
  void ask_settle();
  void ask_expire();

  unsigned index() const { return index_; }
  const Stats& stats() const { return stats_; }
  const LastDrops& last_drops() const { return last_drops_; }
  std::string io_name() const { return io_name_; }
  int thread_id() const { return thread_id_; }

 private:
  struct Watched {
    const Port* port = nullptr;
    int fd = -1;
    bool ready = false;
  };

  void run();
  void adopt(const Tables* tables);
  void watch(PortId id, Watched now);
  void read_mail(Pipeline& pipeline);
  bool turn(PacketPool& pool, Pipeline& pipeline, Io& io);
  bool serve(PortId id, Batch& batch, Pipeline& pipeline, Io& io, bool& worked);
  void retire(PortId id);
  void mark_ready(PortId id);
  // Collects ports that became readable; timeout in milliseconds, -1 sleeps until something
  // happens.
  bool collect(int timeout);
  bool called() const;
  void pause(QuiescentThread& grace);
  void wake();

  const unsigned index_;
  const IoKind io_kind_;
  const int attention_;
  int epoll_ = -1;
  int wake_ = -1;
  std::string io_name_;
  int thread_id_ = 0;

  std::atomic<const Tables*> published_{nullptr};
  std::atomic<const Tables*> adopted_{nullptr};
  std::atomic<bool> stop_{false};
  Mailbox mailbox_;

  // Of the thread alone:
  const Tables* tables_ = nullptr;
  std::vector<Watched> watched_;  // indexed by PortId
  std::vector<PortId> ready_;
  SpinGovernor spin_;
  Time now_{};

  Stats stats_;
  LastDrops last_drops_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace uswitch
