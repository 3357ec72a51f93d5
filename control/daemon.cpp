#include "control/daemon.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <vector>

#include "control/api.h"
#include "control/build_tables.h"
#include "control/capture_control.h"
#include "control/drop_rates.h"
#include "control/http_server.h"
#include "control/live_port.h"
#include "control/nat_control.h"
#include "control/notify.h"
#include "control/router_control.h"
#include "control/tunnel_control.h"
#include "engine/engine.h"
#include "switch/link_monitor.h"

namespace uswitch {

namespace asio = boost::asio;

namespace {

constexpr auto housekeeping_interval = std::chrono::seconds(1);
constexpr size_t groups_a_sweep = 4096;  // of a MAC table: below 2 ms

Time now() {
  return std::chrono::steady_clock::now();
}

std::optional<TunnelInfo> tunnel_info_of(const LivePort& port) {
  if (port.config().type != PortType::tunnel || port.gone()) return std::nullopt;
  const TunnelConfig& c = *port.config().tunnel;
  return TunnelInfo{c.name,
                    c.type,
                    c.network_id,
                    c.socket.local,
                    c.remote,
                    c.socket.port,
                    port.tunnel()->path_mtu,
                    port.tunnel()->last_heard};
}

PortInfo info_of(LivePort& port) {
  const PortConfig& c = port.config();
  return {std::string(to_string(c.type)),
          c.netns ? c.netns->text : "",
          c.device,
          port.mac(),
          c.addresses,
          port.kernel_drops(),
          tunnel_info_of(port)};
}

std::string describe(const PortConfig& c) {
  std::string text(to_string(c.type));
  if (c.type == PortType::tunnel)
    text += " to " + c.tunnel->remote.to_string() + " from " + c.tunnel->socket.local.to_string();
  if (!c.device.empty()) text += " " + c.device;
  if (c.netns) text += " in " + c.netns->text;
  return text;
}

}  // namespace

class Daemon::Impl {
 public:
  Impl(Config config, std::string file)
      : config_(std::move(config)),
        file_(std::move(file)),
        monitor_(NetNs::own()),
        // Before anything is touched: a second uswitch on the same socket ends here.
        server_(io_, config_.control, [this](const Request& r) { return answer(r); }),
        engine_(config_.workers, config_.io),
        signals_(io_, SIGTERM, SIGINT),
        attention_(io_, dup(engine_.attention_fd())),
        link_events_(io_, dup(monitor_.fd())),
        timer_(io_),
        underlays_(engine_.attention_fd()),
        nat_(config_),
        router_(config_, nat_, engine_),
        router_stats_(std::make_shared<PortStats>(config_.workers)),
        router_timer_(io_) {
    for (const NetworkConfig& n : config_.networks) {
      fdbs_[n.name] = std::make_shared<Fdb>(n.max_addresses);
    }
    for (const PortConfig& p : config_.ports) {
      ports_.push_back(std::make_unique<LivePort>(p, autoconfigures(p), config_.workers,
                                                  namespaces_, underlays_));
      spdlog::info("port {}: {}", p.name, describe(p));
    }
    tunnels_.follow_paths(config_, ports_);
    publish();
    router_.published(now());
    if (router_.host_fd() >= 0) host_events_.emplace(io_, dup(router_.host_fd()));
  }

  ~Impl() {
    router_.farewell();
    engine_.stop();
    for (auto& port : ports_) port->leave_netns();
  }

  void run() {
    signals_.async_wait([this](boost::system::error_code, int signal) {
      spdlog::info("stopping on {}", strsignal(signal));
      notify_systemd("STOPPING=1");
      io_.stop();
    });
    watch_attention();
    watch_links();
    if (host_events_) watch_host();
    tick();
    if (router_.present()) tick_router();
    spdlog::info("ready: {} ports, {} networks, {} workers by {}", ports_.size(),
                 config_.networks.size(), engine_.workers().size(),
                 engine_.workers()[0]->io_name());
    notify_systemd("READY=1");
    io_.run();
  }

 private:
  // A namespace's device in a network that advertises a router, but the host's own.
  bool autoconfigures(const PortConfig& port) const {
    if (!port.netns || !port.network) return false;
    return std::ranges::find(config_.networks, *port.network, &NetworkConfig::name)->advertise;
  }

  void publish() {
    router_.follow_ports(ports_);
    TunnelControl::connect(config_, ports_);
    engine_.publish(build_tables(config_, ports_, fdbs_, router_.routing(), nat_.translation(),
                                 router_stats_, tunnels_.suppression(ports_)));
  }

  Reply answer(const Request& request) {
    std::vector<PortInfo> infos;
    for (auto& port : ports_) infos.push_back(info_of(*port));
    ApiContext context{engine_, infos, file_, config_.text, now(), started_, &config_};
    context.captures = captures_.get();
    context.drop_rates = &drop_rates_;
    if (nat_.present()) {
      context.actions.publish = [this](const PublishConfig& entry) {
        return republish(nat_.publish(entry));
      };
      context.actions.unpublish = [this](const PublishConfig& entry) {
        return republish(nat_.unpublish(entry));
      };
    }
    return handle(request, context);
  }

  // Puts what has been changed into force, unless it was refused.
  std::optional<std::string> republish(std::optional<std::string> refusal) {
    if (!refusal) {
      publish();
      nat_.published(now());
    }
    return refusal;
  }

  void follow_paths() {
    if (!tunnels_.follow_paths(config_, ports_)) return;
    publish();
    router_.published(now());  // advertisements tell the MTU
  }

  // A worker found a device dead, or a packet too long for a tunnel's path.
  void watch_attention() {
    attention_.async_wait(
        asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
          if (error) return;
          uint64_t count;
          [[maybe_unused]] ssize_t n = read(attention_.native_handle(), &count, sizeof count);
          bury_if([](const LivePort& p) { return !p.port()->alive(); });
          follow_paths();
          watch_attention();
        });
  }

  // A veth's near end or a raw device was deleted.
  void watch_links() {
    link_events_.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](boost::system::error_code error) {
                              if (error) return;
                              for (const LinkEvent& e : monitor_.read_events()) handle_link(e);
                              watch_links();
                            });
  }

  void handle_link(const LinkEvent& event) {
    if (event.kind == LinkEvent::Kind::removed) {
      bury_if([&](const LivePort& p) { return p.link_index() == event.index; });
    } else if (event.kind == LinkEvent::Kind::overrun) {
      NetlinkSocket netlink(NetNs::own());
      bury_if([&](const LivePort& p) {
        return p.link_index() != 0 && !find_link(netlink, p.link_index());
      });
    }
  }

  // Takes out the ports that are dead; the others do not notice.
  template <class Dead>
  void bury_if(Dead dead) {
    std::vector<PortId> found;
    for (PortId id = 0; id < ports_.size(); ++id) {
      LivePort& port = *ports_[id];
      if (port.gone() || !dead(port)) continue;
      spdlog::warn("port {}: {} is gone; the port is down", port.config().name,
                   describe(port.config()));
      port.bury();
      found.push_back(id);
    }
    if (found.empty()) return;
    publish();
    for (PortId id : found) {
      nat_.forget(ports_[id]->config().addresses, now());
      for (auto& [name, fdb] : fdbs_) fdb->flush_port(id);  // BR-4
    }
  }

  // An address of the host came or went.
  void watch_host() {
    host_events_->async_wait(asio::posix::stream_descriptor::wait_read,
                             [this](boost::system::error_code error) {
                               if (error) return;
                               router_.follow_host();
                               if (router_.host_fd() >= 0) watch_host();
                             });
  }

  void tick_router() {
    router_.tick(now());
    nat_.tick(now());
    router_timer_.expires_after(RouterControl::interval);
    router_timer_.async_wait([this](boost::system::error_code error) {
      if (!error) tick_router();
    });
  }

  void tick() {
    for (auto& port : ports_) {
      if (!port->gone()) port->port()->check_alive();
    }
    bury_if([](const LivePort& p) { return !p.port()->alive(); });
    for (const NetworkConfig& n : config_.networks) {
      fdbs_[n.name]->sweep(now(), n.ageing, groups_a_sweep);
    }
    TunnelControl::note_heard(ports_, now());
    follow_paths();
    engine_.expire();
    drop_rates_.sample(engine_.tables(), now());
    timer_.expires_after(housekeeping_interval);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) tick();
    });
  }

  Config config_;
  const std::string file_;
  const Time started_ = now();

  asio::io_context io_{1};
  LinkMonitor monitor_;
  HttpServer server_;

  NamedNamespaces namespaces_;
  Fdbs fdbs_;
  std::vector<std::unique_ptr<LivePort>> ports_;  // indexed by PortId
  Engine engine_;                                 // destroyed before the ports that its workers use

  asio::signal_set signals_;
  asio::posix::stream_descriptor attention_;
  asio::posix::stream_descriptor link_events_;
  asio::steady_timer timer_;

  Underlays underlays_;
  TunnelControl tunnels_;
  NatControl nat_;
  RouterControl router_;
  std::shared_ptr<PortStats> router_stats_;
  std::optional<asio::posix::stream_descriptor> host_events_;
  asio::steady_timer router_timer_;
  const std::shared_ptr<CaptureControl> captures_ = std::make_shared<CaptureControl>(engine_);
  DropRates drop_rates_;
};

Daemon::Daemon(Config config, std::string file)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(file))) {}
Daemon::~Daemon() = default;
void Daemon::run() {
  impl_->run();
}

}  // namespace uswitch
