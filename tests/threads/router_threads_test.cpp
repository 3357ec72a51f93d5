// The router with real threads: neighbours that several workers wait for, and tables and routes
// that change meanwhile. Meant for ThreadSanitizer as much as for its own checks.
#include <random>
#include <set>

#include "tests/threads/routed_harness.h"

namespace uswitch::test {
namespace {

constexpr unsigned stations = 6;
const Ip nobody = "10.1.0.200";

// Two networks whose stations talk to each other, to addresses behind a route that changes, and to
// nobody: one thread that sends into every queue, reads what comes out, and answers questions on
// another queue than they came by.
class RoutedTraffic {
 public:
  explicit RoutedTraffic(RoutedControl& control, unsigned queues)
      : control_(control), queues_(queues) {}
  ~RoutedTraffic() { finish(); }

  void start() {
    thread_ = std::thread([this] {
      while (!stop_) {
        for (int i = 0; i < 30; ++i) send();
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
    for (NetworkId n = 0; n < 2; ++n) {
      for (unsigned q = 0; q < queues_; ++q) {
        for (Bytes f; !(f = get(control_.far(n, q))).empty();) take(f, n, q);
      }
    }
  }

  // A question that has never been asked, and is not answered.
  void ask_nobody() {
    take();
    put(0, 0, numbered(0, 0, "10.1.0.201", ++number_));
  }

  uint64_t sent(NetworkId n) const { return sent_[n]; }
  uint64_t received(NetworkId n) const { return received_[n]; }
  uint64_t arrived(NetworkId n) const { return arrived_[n].size(); }
  uint64_t questions() const { return questions_; }
  uint64_t wrong() const { return wrong_; }

 private:
  void send() {
    const auto from = static_cast<NetworkId>(random_() % 2);
    const auto to = static_cast<NetworkId>(1 - from);
    const Family family = random_() % 2 ? Family::v4 : Family::v6;
    const unsigned kind = static_cast<unsigned>(random_() % 32);
    Ip destination = station_ip(family, to, static_cast<unsigned>(random_() % stations));
    if (kind == 0) destination = nobody;
    if (kind == 1) destination = "10.9.0.1";
    put(from, static_cast<unsigned>(random_() % queues_),
        numbered(from, static_cast<unsigned>(random_() % stations), destination, ++number_));
  }
  void put(NetworkId n, unsigned queue, const FrameBuilder& f) {
    if (test::put(control_.far(n, queue), f)) ++sent_[n];
  }

  void take(const Bytes& f, NetworkId n, unsigned queue) {
    ++received_[n];
    if (const auto answer = answer_to(f, n, stations)) {
      ++questions_;
      return put(n, (queue + 1) % queues_, *answer);
    }
    if (!is_udp(f)) return;
    const size_t ttl = is_ipv6(f) ? 21 : 22;
    const bool from_router = MacAddress::load(&f[6]) == router_mac(n);
    if (!from_router || f[ttl] != 63 || !arrived_[n].insert(number_of(f)).second) ++wrong_;
  }

  RoutedControl& control_;
  const unsigned queues_;
  std::mt19937 random_{1};
  uint32_t number_ = 0;
  std::array<uint64_t, 2> sent_{}, received_{};
  std::array<std::set<uint32_t>, 2> arrived_;  // each once
  uint64_t questions_ = 0, wrong_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class RouterThreads : public testing::TestWithParam<unsigned> {
 protected:
  unsigned workers = GetParam();

  // All that was sent has come in, and every worker has said what it holds.
  static void await_end(RoutedControl& control, RoutedTraffic& traffic) {
    EXPECT_TRUE(eventually([&] {
      traffic.take();  // and answers
      control.catch_up();
      return control.count(0, &PortCounters::rx_packets) == traffic.sent(0) &&
             control.count(1, &PortCounters::rx_packets) == traffic.sent(1);
    })) << "frames that were sent did not come in";
    control.catch_up();
    traffic.take();
  }
};

INSTANTIATE_TEST_SUITE_P(Workers, RouterThreads, testing::Values(2u, 4u),
                         testing::PrintToStringParamName());

TEST_P(RouterThreads, ARP10_ND4_AnAnswerThatOneWorkerHearsWakesAllThatWait) {
  RoutedControl control(workers, 2);
  control.publish();
  for (Family family : {Family::v4, Family::v6}) {
    for (unsigned q = 0; q < workers; ++q) {
      ASSERT_TRUE(put(control.far(0, q), numbered(0, 0, station_ip(family, 1, 0), q)));
    }
    ASSERT_TRUE(eventually([&] { return control.held() == workers; }));
    std::vector<FrameBuilder> answers;
    for (unsigned q = 0; q < workers; ++q) {
      for (Bytes f; !(f = get(control.far(1, q))).empty();) {
        const auto answer = answer_to(f, 1, 1);
        ASSERT_TRUE(answer);
        answers.push_back(*answer);
      }
    }
    ASSERT_EQ(answers.size(), 1u);
    ASSERT_TRUE(put(control.far(1, workers - 1), answers[0]));
    for (unsigned q = 0; q < workers; ++q) {
      Bytes f;
      ASSERT_TRUE(eventually([&] { return !(f = get(control.far(1, q))).empty(); })) << q;
      EXPECT_EQ(number_of(f), q);
    }
    EXPECT_TRUE(eventually([&] { return control.held() == 0; }));
  }
  control.catch_up();
  EXPECT_EQ(control.drops(), 0u);
  control.expect_all_accounted(0);
}

TEST_P(RouterThreads, TR17_TablesRoutesAndNeighboursChangeUnderTraffic) {
  RoutedControl control(workers, 2);
  control.publish();
  RoutedTraffic traffic(control, workers);
  traffic.start();
  for (unsigned i = 0; i < 120; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const RouteKind kinds[] = {RouteKind::forward, RouteKind::blackhole, RouteKind::unreachable};
    control.set_route("10.9.0.0/16", kinds[i % 3], 1, station_ip(Family::v4, 1, i % stations));
    if (i % 4 == 0) control.publish();
    if (i % 8 == 0) control.neighbours().flush_network(static_cast<NetworkId>(i / 8 % 2));
    if (i % 8 == 4) control.neighbours().remove(0, station_ip(Family::v6, 0, i / 8 % stations));
    if (i % 16 == 0) control.tick();
  }
  traffic.finish();
  traffic.ask_nobody();
  await_end(control, traffic);
  EXPECT_GT(control.held(), 0u);  // nothing is given up but by the clock
  control.expect_all_accounted(control.held());

  EXPECT_TRUE(eventually([&] {
    traffic.take();
    control.tick();
    return control.held() == 0;
  })) << "packets wait for ever";
  await_end(control, traffic);
  control.expect_all_accounted(0);
  for (NetworkId n = 0; n < 2; ++n) {
    EXPECT_EQ(control.count(n, &PortCounters::tx_packets), traffic.received(n)) << n;
    EXPECT_GT(traffic.arrived(n), 100u) << n;
  }
  EXPECT_GT(traffic.questions(), 2 * stations);
  EXPECT_EQ(traffic.wrong(), 0u);
}

// Network 1 is outside; station 0 of each is known.
void set_up_nat(RoutedControl& control) {
  constexpr uint32_t connections = 1024;
  Translation& nat = control.tables().nat;
  nat.ports = std::make_shared<PortMap>(connections + Translation::spare_mappings);
  nat.connections = std::make_shared<ConnectionTable>(connections, *nat.ports);
  nat.networks.resize(2);
  nat.networks[1].outside = nat.networks[1].tracked = true;
  nat.policy.add_masquerade({*IpPrefix::parse("10.0.0.0/24"),
                             1,
                             {nat.ports->add_external(address_of(Family::v4, 1, 1))}});
  control.know(0, 0);
  control.know(1, 0);
}

TEST_P(RouterThreads, NG6_TR17_ANewFlowOnAllWorkersAtOnceIsOneMapping) {
  constexpr uint16_t flows = 400;
  RoutedControl control(workers, 2);
  set_up_nat(control);
  control.publish();
  const Ip inner = station_ip(Family::v4, 0, 0), outer = station_ip(Family::v4, 1, 0);
  const Ip external = address_of(Family::v4, 1, 1);
  std::atomic<bool> stop{false};
  std::thread hosts([&] {
    const Bytes payload(8);
    for (uint16_t flow = 0; flow < flows && !stop; ++flow) {
      const auto inner_port = static_cast<uint16_t>(2000 + flow);
      for (unsigned q = 0; q < workers; ++q) {
        EXPECT_TRUE(put(control.far(0, q), frame()
                                               .eth(station_mac(0, 0), router_mac(0))
                                               .ipv4(inner, outer)
                                               .udp(inner_port, 53)
                                               .payload(payload)));
      }
      std::set<uint16_t> ports;
      for (unsigned q = 0; q < workers; ++q) {
        Bytes f;
        ASSERT_TRUE(eventually([&] { return !(f = get(control.far(1, q))).empty(); })) << q;
        EXPECT_EQ(IpAddress::load4(&f[26]), external);
        ports.insert(load_be16(&f[udp_of(f)]));
      }
      ASSERT_EQ(ports.size(), 1u) << "flow " << flow;
      // The answer comes by another worker's queue.
      const unsigned back = flow % workers;
      EXPECT_TRUE(put(control.far(1, back), frame()
                                                .eth(station_mac(1, 0), router_mac(1))
                                                .ipv4(outer, external)
                                                .udp(53, *ports.begin())
                                                .payload(payload)));
      Bytes f;
      ASSERT_TRUE(eventually([&] { return !(f = get(control.far(0, back))).empty(); }));
      EXPECT_EQ(IpAddress::load4(&f[30]), inner);
      EXPECT_EQ(load_be16(&f[udp_of(f) + 2]), inner_port);
    }
    stop = true;
  });
  while (!stop && !HasFatalFailure()) {
    control.publish();
    control.tables().nat.connections->sweep(std::chrono::steady_clock::now(), 256);
    control.tables().nat.ports->populate();
    std::this_thread::yield();
  }
  hosts.join();
  control.catch_up();
  EXPECT_EQ(control.tables().nat.connections->size(), flows);
  EXPECT_EQ(control.tables().nat.ports->size(), flows);
  EXPECT_EQ(control.drops(), 0u);
  control.expect_all_accounted(0);
}

TEST_P(RouterThreads, StopWhileWorkersWakeEachOther) {
  for (int round = 0; round < 10; ++round) {
    auto control = std::make_unique<RoutedControl>(workers, 2);
    control->publish();
    RoutedTraffic traffic(*control, workers);
    traffic.start();
    while (control->count(1, &PortCounters::tx_packets) < 50) {
      control->neighbours().flush_network(1);
      std::this_thread::yield();
    }
    control->engine().stop();
    traffic.finish();
  }
}

}  // namespace
}  // namespace uswitch::test
