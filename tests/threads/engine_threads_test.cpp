// The engine with real threads over real descriptors. Meant for ThreadSanitizer as much as for its
// own checks.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "engine/engine.h"
#include "tests/support/frame_builder.h"
#include "tests/threads/socket_port.h"
#include "wire/bytes.h"

namespace uswitch::test {
namespace {

using namespace std::chrono_literals;

constexpr uint16_t test_type = 0x88b5;
constexpr size_t frame_size = 60, mark = 14;

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

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// What the control thread does with an Engine: ports come and go, each with an id of its own.
class Control {
 public:
  Control(unsigned workers, IoKind io) : workers_(workers), engine_(make(workers, io)) {
    network_.name = "office";
    network_.fdb = std::make_shared<Fdb>(1024);
  }

  Engine& engine() { return *engine_; }
  unsigned workers() const { return workers_; }
  void stop() { engine_.reset(); }

  PortId add(std::shared_ptr<Port> port) {
    entries_.push_back({"p" + std::to_string(entries_.size()), std::move(port),
                        std::make_shared<PortStats>(workers_)});
    publish();
    return static_cast<PortId>(entries_.size() - 1);
  }
  void remove(PortId id) {
    entries_[id].port = nullptr;
    publish();
    network_.fdb->flush_port(id);
  }
  // The same again, as a reload that changes nothing.
  void publish() {
    auto tables = std::make_shared<Tables>();
    tables->networks = {network_};
    tables->ports = entries_;
    for (const PortEntry& e : entries_) {
      PortSettings s;
      s.present = e.port != nullptr;
      if (s.present) s.network = 0;
      tables->settings.push_back(s);
    }
    collect_members(*tables);
    engine_->publish(std::move(tables));
  }

  // True once the engine has said that a port died.
  bool await_attention() {
    pollfd query{engine_->attention_fd(), POLLIN, 0};
    if (poll(&query, 1, 10000) != 1) return false;
    uint64_t count;
    return read(query.fd, &count, sizeof count) == sizeof count;
  }

  uint64_t count(PortId id, Counter PortCounters::*counter) const {
    uint64_t sum = 0;
    for (const auto& w : entries_[id].stats->of_worker) sum += (w.*counter).get();
    return sum;
  }
  uint64_t total(Counter PortCounters::*counter) const {
    uint64_t sum = 0;
    for (PortId id = 0; id < entries_.size(); ++id) sum += count(id, counter);
    return sum;
  }
  uint64_t total_drops() const {
    uint64_t sum = 0;
    for (const PortEntry& e : entries_) {
      for (const auto& w : e.stats->of_worker) {
        for (const Counter& c : w.drops) sum += c.get();
      }
    }
    return sum;
  }
  void expect_all_accounted() const {
    EXPECT_EQ(total(&PortCounters::rx_packets) + total(&PortCounters::copies),
              total(&PortCounters::tx_packets) + total_drops());
  }

 private:
  static std::unique_ptr<Engine> make(unsigned workers, IoKind io) {
    return std::make_unique<Engine>(workers, io);
  }

  unsigned workers_;
  Network network_;
  std::vector<PortEntry> entries_;
  std::unique_ptr<Engine> engine_;
};

// The stations at the far ends: one thread that sends marked frames into every queue and reads what
// comes out, until told to stop.
class Stations {
 public:
  explicit Stations(const std::vector<Wire>& wires) : wires_(wires), received_(wires.size()) {
    sent_.resize(wires.size());
  }
  ~Stations() { finish(); }

  void start() {
    thread_ = std::thread([this] {
      while (!stop_) {
        for (int i = 0; i < 50; ++i) send();
        take();
      }
    });
  }
  // The calling thread goes on with take() afterwards.
  void finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  void take() {
    for (size_t port = 0; port < wires_.size(); ++port) {
      for (unsigned q = 0; q < wires_[port].far.size(); ++q) {
        uint8_t frame[256];
        ssize_t n;
        while ((n = read(wires_[port].far[q].get(), frame, sizeof frame)) > 0) {
          ++received_[port];
          check({frame, static_cast<size_t>(n)}, port, q);
        }
      }
    }
  }
  uint64_t sent(size_t port) const { return sent_[port]; }
  uint64_t received(size_t port) const { return received_[port]; }
  uint64_t out_of_order() const { return out_of_order_; }

 private:
  void send() {
    const auto port = static_cast<uint8_t>(random_() % wires_.size());
    const auto q = static_cast<uint8_t>(random_() % wires_[port].far.size());
    const unsigned to = static_cast<unsigned>(random_() % (wires_.size() + 4));  // some are unknown
    Bytes frame(frame_size);
    (to == port ? MacAddress::from_u64(0xffffffffffff) : mac(to)).store(frame.data());
    mac(port).store(frame.data() + 6);
    store_be16(frame.data() + 12, test_type);
    frame[mark] = port;
    frame[mark + 1] = q;
    store_be32(frame.data() + mark + 2, ++sequence_);
    if (write(wires_[port].far[q].get(), frame.data(), frame.size()) > 0) ++sent_[port];
  }

  // One worker forwards all of one queue, so its frames come in order and once (BR-8).
  void check(std::span<const uint8_t> frame, size_t port, unsigned queue) {
    if (load_be16(frame.data() + 12) != test_type) return;
    if (frame.size() != frame_size || frame[mark + 1] != queue || frame[mark] == port) {
      ++out_of_order_;
      return;
    }
    uint32_t& last = last_[{port, frame[mark], queue}];
    const uint32_t now = load_be32(frame.data() + mark + 2);
    if (now <= last) ++out_of_order_;
    last = now;
  }

  const std::vector<Wire>& wires_;
  std::mt19937 random_{1};
  uint32_t sequence_ = 0;
  std::vector<uint64_t> sent_, received_;
  std::map<std::array<size_t, 3>, uint32_t> last_;
  uint64_t out_of_order_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

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
