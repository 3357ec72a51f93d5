#include "engine/worker.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace uswitch {

namespace {

constexpr uint64_t wake_token = ~uint64_t{0};

Time clock_now() {
  return std::chrono::steady_clock::now();
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void signal(int eventfd) {
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t n = write(eventfd, &one, sizeof one);  // full means signalled already
}

}  // namespace

Worker::Worker(unsigned index, IoKind io, int attention)
    : index_(index), io_kind_(io), attention_(attention) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail("epoll_create1");
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_ < 0) fail("eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = wake_token}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) < 0) fail("epoll_ctl");
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  stop_.store(true, std::memory_order_release);
  wake();
  if (thread_.joinable()) thread_.join();
}

Worker::~Worker() {
  stop();
  close(wake_);
  close(epoll_);
}

void Worker::wake() {
  signal(wake_);
}

void Worker::publish(const Tables* tables) {
  published_.store(tables, std::memory_order_release);
  wake();
}

void Worker::post(std::vector<OwnFrame> frames) {
  mailbox_.post(std::move(frames));
  wake();
}

void Worker::ask_settle() {
  mailbox_.ask_settle();
  wake();
}

void Worker::ask_expire() {
  mailbox_.ask_expire();
  wake();
}

void Worker::await_adoption() {
  const Tables* wanted = published_.load(std::memory_order_relaxed);
  for (const Tables* have; (have = adopted_.load(std::memory_order_acquire)) != wanted;) {
    adopted_.wait(have, std::memory_order_acquire);
  }
}

void Worker::run() {
  prctl(PR_SET_NAME, ("worker-" + std::to_string(index_)).c_str());
  thread_id_ = gettid();
  std::unique_ptr<Io> io = make_io(io_kind_);
  io_name_ = io->name();
  PacketPool pool(Pipeline::pool_packets);
  Pipeline pipeline(pool, *io, index_, &last_drops_);
  QuiescentThread grace;
  while (!stop_.load(std::memory_order_acquire)) {
    // Before new tables are confirmed: who posts and then publishes knows that it has been read.
    if (tables_ && !mailbox_.empty()) read_mail(pipeline);
    const Tables* current = published_.load(std::memory_order_acquire);
    if (current != tables_) {
      pipeline.adopt(*current);
      adopt(current);
    }
    const bool worked = tables_ && turn(pool, pipeline, *io);
    stats_.held.store(pipeline.held(), std::memory_order_relaxed);
    grace.quiescent();
    if (!worked) pause(grace);
  }
}

void Worker::adopt(const Tables* tables) {
  watched_.resize(std::max(watched_.size(), tables->ports.size()));
  for (PortId id = 0; id < watched_.size(); ++id) {
    const Port* port = id < tables->ports.size() ? tables->ports[id].port.get() : nullptr;
    Watched now;
    if (port && port->alive() && port->readable()) now = {port, port->poll_fd(index_), false};
    if (now.port != watched_[id].port) watch(id, now);
  }
  tables_ = tables;
  stats_.adoptions.add(1);
  adopted_.store(tables, std::memory_order_release);
  adopted_.notify_all();
}

void Worker::watch(PortId id, Watched now) {
  if (watched_[id].ready) std::erase(ready_, id);
  if (watched_[id].fd >= 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, watched_[id].fd, nullptr);
  watched_[id] = now;
  if (now.port == nullptr) return;
  if (now.fd >= 0) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = id}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, now.fd, &event) < 0) fail("epoll_ctl");
  }
  mark_ready(id);  // it may hold frames already
}

void Worker::mark_ready(PortId id) {
  if (watched_[id].port == nullptr || watched_[id].ready) return;
  watched_[id].ready = true;
  ready_.push_back(id);
}

bool Worker::collect(int timeout) {
  std::array<epoll_event, 64> events;
  const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
  for (int i = 0; i < n; ++i) {
    const uint64_t token = events[static_cast<size_t>(i)].data.u64;
    if (token == wake_token) {
      uint64_t count;
      [[maybe_unused]] ssize_t size = read(wake_, &count, sizeof count);
    } else {
      mark_ready(static_cast<PortId>(token));
    }
  }
  return n > 0;
}

void Worker::read_mail(Pipeline& pipeline) {
  const Mailbox::Mail mail = mailbox_.take();
  now_ = clock_now();
  if (!mail.frames.empty()) pipeline.send_own(*tables_, mail.frames, now_);
  if (mail.settle) pipeline.settle(*tables_, now_);
  if (mail.expire) pipeline.expire(*tables_, now_);
}

// One round over the ready ports; false when none had a packet.
bool Worker::turn(PacketPool& pool, Pipeline& pipeline, Io& io) {
  collect(0);
  if (ready_.empty()) return false;
  now_ = clock_now();
  Batch batch(pool);
  bool worked = false;
  std::erase_if(ready_, [&](PortId id) { return !serve(id, batch, pipeline, io, worked); });
  if (worked) stats_.turns.add(1);
  return worked;
}

// Reads a batch of one port and runs it; false when the port has no more for now.
bool Worker::serve(PortId id, Batch& batch, Pipeline& pipeline, Io& io, bool& worked) {
  Port& port = *tables_->ports[id].port;
  const bool more = port.rx(index_, batch, io);
  if (!batch.empty()) {
    worked = true;
    stats_.batches.add(1);
    stats_.packets.add(batch.size());
    // What another port's batch has just resolved goes before this one's packets to the same
    // station.
    if (!mailbox_.empty()) read_mail(pipeline);
    const PortId from = batch[0].ingress == no_port ? id : batch[0].ingress;
    pipeline.run(*tables_, from, batch, now_);
  }
  if (!port.alive()) {
    retire(id);
    return false;
  }
  watched_[id].ready = more || watched_[id].fd < 0;
  return watched_[id].ready;
}

// A dead device reports an error for ever: stop watching it and tell the control thread.
void Worker::retire(PortId id) {
  if (watched_[id].fd >= 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, watched_[id].fd, nullptr);
  watched_[id] = {};
  signal(attention_);
}

// Another thread wants something that run() has not seen yet.
bool Worker::called() const {
  return stop_.load(std::memory_order_acquire) || !mailbox_.empty() ||
         published_.load(std::memory_order_acquire) != tables_;
}

void Worker::pause(QuiescentThread& grace) {
  const Time start = clock_now();
  while (clock_now() - start < spin_.window()) {
    if (collect(0) || !mailbox_.empty()) return;
    sched_yield();
  }
  // The turn may have swallowed the wake-up of a call that came after run() looked. One that comes
  // from here on finds the eventfd empty and ends the sleep.
  if (called()) return;
  stats_.sleeps.add(1);
  const Time asleep = clock_now();
  grace.offline();
  collect(-1);
  grace.online();
  spin_.slept(clock_now() - asleep);
}

}  // namespace uswitch
