// What the thread tests of the engine share: a control thread's part, and the stations at the far
// ends of the wires.
#pragma once
#include <gtest/gtest.h>
#include <poll.h>

#include <map>
#include <random>
#include <thread>

#include "engine/engine.h"
#include "tests/support/frame_builder.h"
#include "tests/threads/socket_port.h"
#include "wire/bytes.h"

namespace uswitch::test {

inline constexpr uint16_t test_type = 0x88b5;
inline constexpr size_t frame_size = 60, mark = 14;

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
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

}  // namespace uswitch::test
