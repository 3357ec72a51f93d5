#include "engine/engine.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace uswitch {

Engine::Engine(unsigned workers, IoKind io) : tables_(std::make_shared<Tables>()) {
  make_io(io);  // throws here, where it can be told, when the kernel refuses it
  attention_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (attention_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  for (unsigned i = 0; i < workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, io, attention_));
  }
}

Engine::~Engine() {
  stop();  // nobody uses the tables any more
  close(attention_);
}

// In two steps: until its thread has ended, a worker may wake any other one.
void Engine::stop() {
  for (auto& worker : workers_) worker->stop();
  workers_.clear();
}

void Engine::publish(std::shared_ptr<const Tables> tables) {
  if (tables->captures != captures_) {
    auto watched = std::make_shared<Tables>(*tables);
    watched->captures = captures_;
    tables = std::move(watched);
  }
  for (auto& worker : workers_) worker->publish(tables.get());
  for (auto& worker : workers_) worker->await_adoption();
  tables_ = std::move(tables);
}

void Engine::set_captures(std::shared_ptr<const CaptureSet> captures) {
  captures_ = std::move(captures);
  publish(tables_);
}

void Engine::settle(uint64_t workers) {
  for (auto& worker : workers_) {
    if (workers >> worker->index() & 1) worker->ask_settle();
  }
}

void Engine::expire() {
  for (auto& worker : workers_) {
    if (worker->stats().held.load(std::memory_order_relaxed) != 0) worker->ask_expire();
  }
}

}  // namespace uswitch
