#include "control/host_publish.h"

#include <sys/resource.h>

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

namespace uswitch {

namespace {

constexpr uint64_t descriptors_a_flow = 2;
constexpr uint64_t fewest_flows = 16;

RelayLimits within_open_files(RelayLimits limits) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) limits.flows = flows_within(files.rlim_cur, limits);
  return limits;
}

std::shared_ptr<Relay> make_relay(RelayThread& thread, UniqueFd socket, const RelayEntry& entry,
                                  const std::shared_ptr<RelayCounters>& counters) {
  if (entry.udp) return std::make_shared<UdpRelay>(thread, std::move(socket), entry, counters);
  return std::make_shared<TcpRelay>(thread, std::move(socket), entry, counters);
}

HostPublish::View view_of(HostPublish::Id id, const RelayEntry& entry,
                          const RelayCounters& counters) {
  const uint64_t closed = counters.closed.get();  // first: what is opened meanwhile is active
  const uint64_t opened = counters.opened.get();
  return {id,
          entry,
          opened,
          opened - std::min(closed, opened),
          counters.refused.get(),
          counters.failed.get(),
          counters.bytes_in.get(),
          counters.bytes_out.get()};
}

}  // namespace

size_t flows_within(uint64_t open_files, const RelayLimits& limits) {
  const uint64_t left = open_files > limits.reserve ? open_files - limits.reserve : 0;
  const uint64_t most = std::max(left / descriptors_a_flow, fewest_flows);
  return std::min<uint64_t>(limits.flows, most);
}

HostPublish::HostPublish(const RelayLimits& limits)
    : state_(within_open_files(limits)), work_(state_.io.get_executor()), thread_([this] {
        give_up_capabilities();
        state_.io.run();
      }) {}

HostPublish::~HostPublish() {
  run_there([this] {
    for (auto& [id, published] : published_) published.relay->stop();
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
  auto counters = std::make_shared<RelayCounters>();
  auto relay = make_relay(state_, std::move(socket), entry, counters);
  boost::asio::post(state_.io, [relay] { relay->start(); });
  published_.emplace(id, Published{std::move(entry), std::move(counters), std::move(relay)});
}

void HostPublish::remove(Id id) {
  const auto found = published_.find(id);
  if (found == published_.end()) return;
  run_there([&] { found->second.relay->stop(); });
  published_.erase(found);
}

std::vector<HostPublish::View> HostPublish::list() const {
  std::vector<View> views;
  for (const auto& [id, published] : published_) {
    views.push_back(view_of(id, published.entry, *published.counters));
  }
  return views;
}

}  // namespace uswitch
