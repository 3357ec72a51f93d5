#include "engine/spin.h"

#include <gtest/gtest.h>

namespace uswitch {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SpinGovernor, AWorkerThatIsNewSleepsAtOnce) {
  EXPECT_EQ(SpinGovernor().window(), Duration::zero());
}

TEST(SpinGovernor, AShortSleepShouldHaveBeenALook) {
  SpinGovernor spin;
  spin.slept(microseconds(10));
  EXPECT_EQ(spin.window(), SpinGovernor::longest);
  spin.slept(SpinGovernor::longest - Duration(1));
  EXPECT_EQ(spin.window(), SpinGovernor::longest);
}

TEST(SpinGovernor, ALongSleepShouldHaveBegunEarlier) {
  SpinGovernor spin;
  spin.slept(microseconds(10));
  spin.slept(SpinGovernor::longest);
  EXPECT_EQ(spin.window(), SpinGovernor::longest / 2);
  spin.slept(milliseconds(1));
  EXPECT_EQ(spin.window(), SpinGovernor::longest / 4);
}

TEST(SpinGovernor, AnIdleWorkerEndsUpAsleepAtOnceAndStaysSo) {
  SpinGovernor spin;
  spin.slept(microseconds(1));
  int sleeps = 0;
  for (; spin.window() > Duration::zero(); ++sleeps) spin.slept(seconds(1));
  EXPECT_LE(sleeps, 6);
  for (int i = 0; i < 100; ++i) {
    spin.slept(seconds(1));
    EXPECT_EQ(spin.window(), Duration::zero());
  }
}

// What an idle spell costs in looking: all its windows together.
TEST(SpinGovernor, AllLooksOfAnIdleSpellTakeTwiceTheLongest) {
  SpinGovernor spin;
  spin.slept(microseconds(1));
  Duration looked{};
  for (int i = 0; i < 100; ++i) {
    looked += spin.window();
    spin.slept(seconds(1));
  }
  EXPECT_LE(looked, 2 * SpinGovernor::longest);
}

TEST(SpinGovernor, TrafficThatReturnsIsLookedForAgain) {
  SpinGovernor spin;
  for (int i = 0; i < 10; ++i) spin.slept(seconds(1));
  spin.slept(microseconds(20));
  EXPECT_EQ(spin.window(), SpinGovernor::longest);
}

}  // namespace
}  // namespace uswitch
