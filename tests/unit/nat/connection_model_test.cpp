// The table of connections against std::map: whatever is done, in whatever order, both say the
// same.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/unit/nat/nat_harness.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using Insert = ConnectionTable::Insert;

class Model {
 public:
  explicit Model(uint32_t seed) : random_(seed) {}

  void step() {
    now_ += Duration(random_() % 2'000'000'000);
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        return insert();
      case 3:
        return remove();
      case 4:
        return touch();
      case 5:
        nat_.table.sweep(now_, random_() % 20);
        return;
      default:
        return look();
    }
  }
  void check_all() {
    forget_expired();
    nat_.sweep(now_);
    EXPECT_EQ(nat_.table.size(), flows_.size());
    const auto all = nat_.all(now_);
    EXPECT_EQ(all.size(), flows_.size());
    for (const ConnectionInfo& info : all) {
      const auto flow = flows_.find(pack(info.original));
      ASSERT_NE(flow, flows_.end());
      EXPECT_EQ(flow->second.reply, info.reply);
    }
  }

 private:
  struct Flow {
    Tuple original, reply;
    Time deadline;
  };
  // Few tuples, so that they meet: any may be an original or a reply.
  Tuple some_tuple() {
    return {inner_host(random_() % 4), inner_host(random_() % 4),
            static_cast<uint16_t>(random_() % 4), static_cast<uint16_t>(random_() % 4),
            ip_protocol::udp};
  }
  // Whether what the model says of a time this close to a deadline is certain.
  bool is_certain() const {
    for (const auto& [_, flow] : flows_) {
      const Duration left = flow.deadline - now_;
      if (left > -4ms && left <= 0ns) return false;
    }
    return true;
  }
  void forget_expired() {
    while (!is_certain()) now_ += 4ms;
    std::erase_if(flows_, [&](const auto& f) { return f.second.deadline <= now_; });
  }
  const Flow* find(const Tuple& t) const {
    for (const auto& [_, flow] : flows_) {
      if (flow.original == t || flow.reply == t) return &flow;
    }
    return nullptr;
  }

  void insert() {
    forget_expired();
    const Tuple original = some_tuple(), reply = some_tuple();
    const auto made = nat_.insert(original, reply, now_);
    if (find(original)) {
      EXPECT_EQ(made.outcome, Insert::exists);
    } else if (find(reply) || original == reply) {
      EXPECT_EQ(made.outcome, Insert::taken);
    } else {
      EXPECT_EQ(made.outcome, Insert::inserted);
      flows_[pack(original)] = {original, reply, now_ + nat_.timeouts.udp};
    }
  }
  void look() {
    forget_expired();
    const Tuple t = some_tuple();
    const auto found = nat_.find(t, now_);
    const Flow* flow = find(t);
    ASSERT_EQ(found.has_value(), flow != nullptr);
    if (!flow) return;
    EXPECT_EQ(found->direction, t == flow->original ? Direction::original : Direction::reply);
    EXPECT_EQ(found->other(), t == flow->original ? flow->reply : flow->original);
  }
  void remove() {
    forget_expired();
    const auto found = nat_.find(some_tuple(), now_);
    if (!found) return;
    const Flow* flow = find(found->other());
    EXPECT_TRUE(nat_.table.remove(found->ref));
    EXPECT_FALSE(nat_.table.remove(found->ref));
    flows_.erase(pack(Tuple(flow->original)));
  }
  void touch() {
    forget_expired();
    const auto found = nat_.find(some_tuple(), now_);
    if (!found) return;
    const bool refresh = random_() % 2;
    nat_.table.touch(*found, 1, now_, nat_.timeouts, ConnectionTable::Refresh{refresh});
    const Flow* flow = find(found->other());
    if (refresh) flows_[pack(flow->original)].deadline = now_ + nat_.timeouts.udp;
  }

  std::mt19937 random_;
  NatHarness nat_{400};
  std::map<TupleWords, Flow> flows_;
  Time now_ = start;
};

TEST(ConnectionModel, TableDoesAsAMapDoes) {
  for (uint32_t seed = 0; seed < 5; ++seed) {
    Model model(seed);
    for (int i = 0; i < 3000 && !testing::Test::HasFailure(); ++i) {
      model.step();
      if (i % 100 == 0) model.check_all();
    }
  }
}

}  // namespace
}  // namespace uswitch
