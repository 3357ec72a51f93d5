#include "control/host_publish.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>

#include "control/relay_socket.h"
#include "control/relay_tcp.h"
#include "control/relay_udp.h"
#include "core/capabilities.h"
#include "core/open_files.h"

namespace uswitch {

namespace {

constexpr uint64_t descriptors_a_flow = 2;
constexpr uint64_t fewest_flows = 16;

RelayLimits within_open_files(RelayLimits limits) {
  limits.flows = flows_within(raised_open_files(), limits);
  return limits;
}

std::shared_ptr<Relay> make_relay(RelayThread& thread, UniqueFd socket, RelayEntry entry) {
  if (entry.udp) return std::make_shared<UdpRelay>(thread, std::move(socket), std::move(entry));
  return std::make_shared<TcpRelay>(thread, std::move(socket), std::move(entry));
}

}  // namespace

size_t flows_within(uint64_t open_files, const RelayLimits& limits) {
  const uint64_t left = open_files > limits.reserve ? open_files - limits.reserve : 0;
  const uint64_t most = std::max(left / descriptors_a_flow, fewest_flows);
  return std::min<uint64_t>(limits.flows, most);
}

HostPublish::HostPublish(const RelayLimits& limits)
    : state_(within_open_files(limits)),
      max_flows_(state_.limits.flows),
      work_(state_.io.get_executor()),
      thread_([this] {
        give_up_capabilities();
        state_.io.run();
      }) {}

HostPublish::~HostPublish() {
  run_there([this] {
    for (const auto& [id, relay] : published_) relay->stop();
  });
  work_.reset();
  thread_.join();
}

void HostPublish::run_there(const std::function<void()>& work) {
  std::promise<void> done;
  boost::asio::post(state_.io, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

void HostPublish::add(Id id, RelayEntry entry) {
  if (published_.contains(id)) throw std::logic_error("published twice: " + std::to_string(id));
  UniqueFd socket = open_published(entry.address, entry.port, entry.udp);
  entry.port = bound_port(socket.get());
  auto relay = make_relay(state_, std::move(socket), std::move(entry));
  boost::asio::post(state_.io, [relay] { relay->start(); });
  published_.emplace(id, std::move(relay));
}

void HostPublish::remove(Id id) {
  const auto found = published_.find(id);
  if (found == published_.end()) return;
  run_there([&] { found->second->stop(); });
  removed_ += found->second->counts();
  removed_.active = 0;
  published_.erase(found);
}

void HostPublish::forget(const std::set<IpAddress>& endpoints) {
  for (const auto& [id, relay] : published_) {
    if (!endpoints.contains(relay->entry().to)) continue;
    boost::asio::post(state_.io, [relay = relay] { relay->end_flows(); });
  }
}

void HostPublish::set_udp_idle(Duration idle) {
  boost::asio::post(state_.io, [this, idle] { state_.limits.udp_idle = idle; });
  for (const auto& [id, relay] : published_) {
    boost::asio::post(state_.io, [relay = relay] { relay->idle_changed(); });
  }
}

std::vector<HostPublish::View> HostPublish::list() const {
  std::vector<View> views;
  for (const auto& [id, relay] : published_) {
    views.push_back({id, relay->entry(), relay->counts()});
  }
  return views;
}

RelayCounts HostPublish::total() const {
  RelayCounts sum = removed_;
  for (const auto& [id, relay] : published_) sum += relay->counts();
  return sum;
}

}  // namespace uswitch
