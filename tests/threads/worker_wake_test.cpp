#include <gtest/gtest.h>

#include "engine/engine.h"

namespace uswitch {
namespace {

// The wake-up for new tables can come while a worker is between looking for them and looking at its
// ports, and must survive that look. A worker that misses one sleeps for ever, and so does who
// waits for it: this test then ends by its time limit.
TEST(Worker, HearsEveryPublication) {
  Engine engine(2, IoKind::plain);
  for (int i = 0; i < 20'000; ++i) engine.publish(std::make_shared<Tables>());
  for (const auto& worker : engine.workers()) EXPECT_EQ(worker->stats().adoptions.get(), 20'000u);
}

TEST(Worker, HearsThatItIsToStop) {
  for (int i = 0; i < 2000; ++i) {
    Engine engine(2, IoKind::plain);
    engine.publish(std::make_shared<Tables>());
  }
}

}  // namespace
}  // namespace uswitch
