#include "control/replay_switch.h"

#include <algorithm>

namespace uswitch {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr size_t groups_a_sweep = 4096;  // as the daemon does each second
// In a long silence the clock goes on in longer and longer steps: so much of what has passed of it.
constexpr Duration plain_silence = minutes(10);
constexpr int fraction_of_silence = 64;

// The same in every replay: locally administered, from the port's name (FNV-1a).
MacAddress made_of(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return MacAddress::from_u64(uint64_t{0x02} << 40 | ((hash ^ hash >> 40) & 0xffffffffff));
}

std::optional<MacAddress> mac_of(const PortConfig& port, const ReplaySwitch::Macs& macs) {
  if (port.mac) return port.mac;
  if (!is_endpoint(port)) return std::nullopt;
  const auto seen = macs.find(port.name);
  return seen != macs.end() ? seen->second : made_of(port.name);
}

}  // namespace

// One worker: what belongs together meets. Nothing of the host's.
Config ReplaySwitch::offline(Config config) {
  config.workers = 1;
  std::erase_if(config.nat.publish, [](const PublishConfig& p) { return p.on.empty(); });
  std::erase_if(config.ports, [](const PortConfig& p) { return p.type == PortType::socket; });
  return config;
}

ReplaySwitch::ReplaySwitch(Config config, const Macs& macs, Time start, Sent sent)
    : config_(std::move(config)),
      now_(start),
      sent_(std::move(sent)),
      nat_(config_),
      router_(config_, nat_, *this),
      slow_due_(start) {
  for (const NetworkConfig& n : config_.networks) {
    fdbs_.push_back(std::make_shared<Fdb>(n.max_addresses));
  }
  make_ports(macs);
  router_.follow_ports(ports_);
  publish(build_tables(config_, ports_, fdbs_, router_.routing(), nat_.translation(), router_stats_,
                       tunnels_.suppression(ports_)));
  for (const auto& [at, port] : static_macs(ports_, *tables_)) {
    fdbs_[at.first]->add_static(at.second, port);
  }
  router_.published(now_);
  nat_.published(now_);
}

void ReplaySwitch::make_ports(const Macs& macs) {
  for (const PortConfig& p : config_.ports) {
    memory_.push_back(std::make_shared<MemoryPort>());
    const auto mac = mac_of(p, macs);
    ports_.push_back(std::make_unique<LivePort>(p, memory_.back(), mac));
    stations_.emplace_back();
    if (mac && !p.addresses.empty()) stations_.back().emplace(*mac, p.addresses);
  }
}

void ReplaySwitch::publish(std::shared_ptr<const Tables> tables) {
  pipeline_.adopt(*tables);
  tables_ = std::move(tables);
}

void ReplaySwitch::post(std::vector<OwnFrame> frames) {
  pipeline_.send_own(*tables_, frames, now_);
  collect();
}

void ReplaySwitch::run(PortId port, std::span<const uint8_t> frame) {
  Batch batch(pool_);
  Packet& packet = *batch.append();
  packet.length = static_cast<uint32_t>(frame.size());
  std::copy(frame.begin(), frame.end(), packet.data);
  pipeline_.run(*tables_, port, batch, now_);
  collect();
}

void ReplaySwitch::settle() {
  while (settles_ || !answers_.empty()) {
    if (std::exchange(settles_, false)) {
      pipeline_.settle(*tables_, now_);
      collect();
      continue;
    }
    const Answer answer = std::move(answers_.front());
    answers_.pop_front();
    ++answered_;
    run(answer.port, answer.frame);
  }
}

void ReplaySwitch::collect() {
  for (PortId id = 0; id < memory_.size(); ++id) {
    if (memory_[id]->sent().empty()) continue;
    for (const MemoryPort::Frame& f : memory_[id]->take_sent()) {
      sent_(id, f.bytes);
      if (!stations_[id]) continue;
      if (auto frame = stations_[id]->answer(f.bytes, pool_)) {
        answers_.push_back({id, std::move(*frame)});
      }
    }
  }
}

void ReplaySwitch::advance(Time to) {
  const Time began = now_;
  while (now_ < to) {
    const Duration passed = now_ - began;
    Duration step = RouterControl::interval;
    if (passed >= plain_silence) step = std::max(step, passed / fraction_of_silence);
    // The ticks stand at fixed times, so that it does not matter where frames come between them.
    const Duration beyond = now_.time_since_epoch() % RouterControl::interval;
    const Time next = now_ + step - beyond;
    now_ = std::min(next, to);
    if (now_ == next) tick();
  }
}

void ReplaySwitch::tick() {
  router_.tick(now_);
  nat_.tick(now_);
  if (now_ >= slow_due_) tick_slowly();
  settle();
}

void ReplaySwitch::tick_slowly() {
  slow_due_ = now_ + seconds(1);
  for (NetworkId n = 0; n < config_.networks.size(); ++n) {
    fdbs_[n]->sweep(now_, config_.networks[n].ageing, groups_a_sweep);
  }
  pipeline_.expire(*tables_, now_);
  collect();
}

}  // namespace uswitch
