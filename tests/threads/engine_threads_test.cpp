// The engine with real threads over real descriptors. Meant for ThreadSanitizer as much as for its
// own checks.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include <filesystem>

#include "tests/threads/engine_harness.h"

namespace uswitch::test {
namespace {

using namespace std::chrono_literals;

size_t open_descriptors() {
  using Directory = std::filesystem::directory_iterator;
  return static_cast<size_t>(std::distance(Directory("/proc/self/fd"), Directory{}));
}

// Of a thread of this process, to the nanosecond; the clock id is made as the kernel's
// posix-timers.h says.
std::chrono::nanoseconds processor_time(int thread_id) {
  timespec used{};
  EXPECT_EQ(clock_gettime(~thread_id * 8 | 6, &used), 0);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

struct Shape {
  unsigned workers;
  IoKind io;
};

class EngineThreads : public testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    signal(SIGPIPE, SIG_IGN);  // a far end that is closed is part of the game
    if (GetParam().io != IoKind::uring) return;
    try {
      make_io(IoKind::uring);
    } catch (const std::system_error& e) {
      GTEST_SKIP() << "this kernel refuses io_uring: " << e.what();
    }
  }
  Control make_control() { return Control(GetParam().workers, GetParam().io); }
  std::vector<Wire> connect(Control& control, size_t count) {
    std::vector<Wire> wires;
    for (size_t i = 0; i < count; ++i) {
      wires.push_back(make_wire(control.workers()));
      control.add(wires.back().port);
    }
    return wires;
  }
};

std::string shape_name(const testing::TestParamInfo<Shape>& info) {
  return std::to_string(info.param.workers) +
         (info.param.io == IoKind::plain ? "ReadWrite" : "IoUring");
}

INSTANTIATE_TEST_SUITE_P(Shapes, EngineThreads,
                         testing::Values(Shape{1, IoKind::plain}, Shape{2, IoKind::plain},
                                         Shape{4, IoKind::plain}, Shape{1, IoKind::uring},
                                         Shape{2, IoKind::uring}, Shape{4, IoKind::uring}),
                         shape_name);

TEST_P(EngineThreads, TR17_PortsComeAndGoUnderTraffic) {
  const size_t descriptors = open_descriptors();
  {
    Control control = make_control();
    const std::vector<Wire> wires = connect(control, 3);
    Stations stations(wires);
    stations.start();
    for (int i = 0; i < 60; ++i) {
      Wire guest = make_wire(control.workers());
      const std::weak_ptr<Port> port = guest.port;
      const PortId id = control.add(std::exchange(guest.port, nullptr));
      // It takes over a station's address, so frames are on their way to it when it goes.
      Bytes frame(frame_size, 0xff);
      mac(i % 5).store(frame.data() + 6);
      ASSERT_GT(write(guest.far[0].get(), frame.data(), frame.size()), 0);
      std::this_thread::sleep_for(2ms);
      if (i % 3 == 0) {
        guest.far.clear();
        ASSERT_TRUE(control.await_attention());
      }
      control.remove(id);
      EXPECT_TRUE(port.expired()) << "a port that was removed is still held";
      control.publish();
    }
    stations.finish();
    const auto all_taken = [&] {
      stations.take();
      for (PortId id = 0; id < wires.size(); ++id) {
        if (control.count(id, &PortCounters::rx_packets) != stations.sent(id)) return false;
      }
      return true;
    };
    EXPECT_TRUE(eventually(all_taken)) << "frames that were sent did not come in";
    control.engine().publish(std::make_shared<Tables>());  // the last turn is over after this
    stations.take();
    control.expect_all_accounted();
    for (PortId id = 0; id < wires.size(); ++id) {
      EXPECT_EQ(control.count(id, &PortCounters::tx_packets), stations.received(id)) << id;
      EXPECT_GT(stations.received(id), 100u) << id;
    }
    EXPECT_EQ(stations.out_of_order(), 0u);
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_P(EngineThreads, StopInMidTrafficLosesNothingUncounted) {
  for (int round = 0; round < 5; ++round) {
    Control control = make_control();
    const std::vector<Wire> wires = connect(control, 3);
    Stations stations(wires);
    stations.start();
    ASSERT_TRUE(eventually([&] { return control.total(&PortCounters::tx_packets) > 500; }));
    control.stop();
    stations.finish();
    stations.take();
    control.expect_all_accounted();
    for (PortId id = 0; id < wires.size(); ++id) {
      EXPECT_EQ(control.count(id, &PortCounters::tx_packets), stations.received(id)) << id;
      EXPECT_LE(control.count(id, &PortCounters::rx_packets), stations.sent(id)) << id;
    }
    EXPECT_EQ(stations.out_of_order(), 0u);
  }
}

TEST_P(EngineThreads, ASleepingWorkerWakes) {
  Control control = make_control();
  const std::vector<Wire> wires = connect(control, 2);
  for (int round = 0; round < 3; ++round) {
    for (unsigned q = 0; q < control.workers(); ++q) {
      const Worker::Stats& stats = control.engine().workers()[q]->stats();
      ASSERT_TRUE(eventually([&] { return stats.sleeps.get() > 0; })) << "no sleep before it";
      const uint64_t sleeps = stats.sleeps.get();
      const Bytes frame =
          FrameBuilder().eth(mac(1), mac(2)).ether_type(test_type).zeros(46).bytes();
      ASSERT_GT(write(wires[0].far[q].get(), frame.data(), frame.size()), 0);
      pollfd query{wires[1].far[q].get(), POLLIN, 0};
      ASSERT_EQ(poll(&query, 1, 10000), 1) << "worker " << q << " slept on";
      uint8_t out[256];
      EXPECT_EQ(read(query.fd, out, sizeof out), static_cast<ssize_t>(frame.size()));
      EXPECT_TRUE(eventually([&] { return stats.sleeps.get() > sleeps; })) << "no sleep after it";
    }
  }
}

TEST_P(EngineThreads, AnIdleWorkerUsesNoProcessor) {
  Control control = make_control();
  std::vector<Wire> wires = connect(control, 100);
  wires[50].far.clear();  // a dead port is no reason to stay awake
  ASSERT_TRUE(control.await_attention());
  std::this_thread::sleep_for(50ms);
  std::vector<uint64_t> turns;
  auto used = std::chrono::nanoseconds::zero();
  for (const auto& w : control.engine().workers()) {
    turns.push_back(w->stats().turns.get());
    used -= processor_time(w->thread_id());
  }
  std::this_thread::sleep_for(300ms);
  for (unsigned i = 0; i < control.workers(); ++i) {
    const Worker& w = *control.engine().workers()[i];
    used += processor_time(w.thread_id());
    EXPECT_EQ(w.stats().turns.get(), turns[i]);
  }
  EXPECT_LT(used, 3ms) << "1% of a processor";
}

TEST_P(EngineThreads, EveryWorkerAdoptsEveryTable) {
  Control control = make_control();
  for (int i = 0; i < 20; ++i) {
    control.publish();
    for (const auto& w : control.engine().workers()) {
      EXPECT_EQ(w->stats().adoptions.get(), static_cast<uint64_t>(i + 1));
    }
  }
}

}  // namespace
}  // namespace uswitch::test
