// The workers and the tables they run on.
//
// Owner: the control thread makes it, calls everything here and destroys it.
#pragma once
#include <memory>
#include <vector>

#include "engine/tables.h"
#include "engine/worker.h"
#include "engine/workforce.h"

namespace uswitch {

class Engine final : public Workforce {
 public:
  // Starts the workers, which do nothing before the first publish(). Throws std::system_error.
  Engine(unsigned workers, IoKind io);
  ~Engine() override;

  // Makes these the tables of all workers. When it returns every worker has let go of the earlier
  // ones, and they are freed, with the ports that only they held. Takes as long as the slowest
  // worker's turn: well below a millisecond.
  void publish(std::shared_ptr<const Tables> tables) override;
  // The captures that run, of these tables and of those that are published from now on. Returns as
  // publish() does. Null: none.
  void set_captures(std::shared_ptr<const CaptureSet> captures);

  // Has a worker send the router's own frames. Any time after the first publish().
  void post(std::vector<OwnFrame> frames) override { workers_[0]->post(std::move(frames)); }
  // Something that packets wait for has been decided: for the workers of the mask, a bit each. Any
  // thread.
  void settle(uint64_t workers) override;
  // Has those workers that hold packets look which have waited too long.
  void expire();

  // Ends the workers; nothing forwards any more. Idempotent; the destructor does it too.
  void stop();

  const Tables& tables() const override { return *tables_; }
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }
  // Becomes readable when a port has died; read it to clear.
  int attention_fd() const { return attention_; }

 private:
  int attention_ = -1;
  std::shared_ptr<const Tables> tables_;
  std::shared_ptr<const CaptureSet> captures_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace uswitch
