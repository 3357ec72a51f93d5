#include "control/daemon.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <vector>

#include "control/api.h"
#include "control/capture_control.h"
#include "control/drop_rates.h"
#include "control/http_server.h"
#include "control/live_switch.h"
#include "control/notify.h"
#include "control/privileges.h"
#include "control/reloads.h"
#include "control/status_server.h"

namespace uswitch {

namespace asio = boost::asio;

namespace {

Time now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

class Daemon::Impl {
 public:
  Impl(Config config, std::string file, std::optional<std::string> control)
      : stop_(io_, SIGTERM, SIGINT),
        hangup_(io_, SIGHUP),
        // Before anything is touched: a second uswitch on the same socket ends here.
        server_(io_, config.control, [this](const Request& r) { return answer(r); }),
        status_server_(io_, [this](const Request& r) { return answer(r); }),
        live_(std::move(config), settle_user),
        reloads_(live_, std::move(file), std::move(control)),
        attention_(io_, dup(live_.attention_fd())),
        links_(io_, dup(live_.links_fd())),
        paths_(io_, dup(live_.paths_fd())),
        host_(io_),
        house_timer_(io_),
        router_timer_(io_) {
    status_server_.listen(live_.config().metrics);
  }

  void run() {
    keep_needed_capabilities(live_.config());
    stop_.async_wait([this](boost::system::error_code, int signal) {
      spdlog::info("stopping on {}", strsignal(signal));
      notify_systemd("STOPPING=1");
      io_.stop();
    });
    watch_hangup();
    watch(attention_, [this] { clear_attention(); });
    watch(links_, [this] { live_.follow_links(); });
    watch(paths_, [this] { live_.follow_paths(); });
    watch_host();
    keep_house();
    tick_router();
    const auto& workers = live_.engine().workers();
    spdlog::info("ready: {} ports, {} networks, {} workers by {}", live_.config().ports.size(),
                 live_.config().networks.size(), workers.size(), workers[0]->io_name());
    notify_systemd("READY=1");
    io_.run();
  }

 private:
  static void settle_user(const Config& config) {
    if (!config.user.empty()) become(config.user, config.control);
  }

  Reply answer(const Request& request) {
    const std::vector<PortInfo> infos = live_.port_infos();
    const Config& config = reloads_.config();
    ApiContext context{live_.engine(), infos,    reloads_.path(), config.text,
                       now(),          started_, &config};
    context.actions = actions();
    context.captures = captures_.get();
    context.drop_rates = &drop_rates_;
    context.forgotten = &live_.forgotten();
    context.nat = &live_.nat();
    return handle(request, context);
  }

  ApiActions actions() {
    ApiActions all;
    if (live_.config().nat.present) {
      all.publish = [this](const PublishConfig& entry) { return reloads_.publish(entry); };
      all.unpublish = [this](const PublishConfig& entry) { return reloads_.unpublish(entry); };
    }
    all.reload = [this](const std::optional<std::string>& path) {
      return announced([&] { return reloads_.read_file(path); });
    };
    all.configure = [this](const std::string& text) {
      return announced([&] { return reloads_.take_text(text); });
    };
    all.add_port = [this](const std::string& name, const YamlNode& port) {
      return announced([&] { return reloads_.add_port(name, port); });
    };
    all.remove_port = [this](const std::string& name) {
      return announced([&] { return reloads_.remove_port(name); });
    };
    return all;
  }

  // systemd is to wait for the end of it, and the host's port may be another one after.
  template <class Reload>
  ConfigOutcome announced(Reload reload) {
    notify_reloading();
    ConfigOutcome outcome = reload();
    serve_status();
    notify_systemd("READY=1");
    watched_host_ = -1;  // the number may be the same, and the file another one
    watch_host();
    return outcome;
  }

  // Where the configuration says now. All else of it is in force already.
  void serve_status() {
    try {
      status_server_.listen(live_.config().metrics);
    } catch (const std::exception& e) {
      spdlog::error("the status page stays where it was: {}", e.what());
    }
  }

  void watch_hangup() {
    hangup_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      announced([&] { return reloads_.read_file(std::nullopt); });
      watch_hangup();
    });
  }

  // Calls it each time the descriptor is readable.
  template <class Act>
  void watch(asio::posix::stream_descriptor& descriptor, Act act) {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [this, &descriptor, act](boost::system::error_code error) {
                            if (error) return;
                            act();
                            watch(descriptor, act);
                          });
  }

  // A worker found a device dead.
  void clear_attention() {
    uint64_t count;
    [[maybe_unused]] ssize_t n = read(attention_.native_handle(), &count, sizeof count);
    live_.bury_dead();
  }

  // An address of the host came or went.
  void watch_host() {
    if (live_.host_fd() == watched_host_) return;
    host_ = asio::posix::stream_descriptor(io_);
    watched_host_ = live_.host_fd();
    if (watched_host_ < 0) return;
    host_.assign(dup(watched_host_));
    watch(host_, [this] { live_.follow_host(); });
  }

  void tick_router() {
    live_.tick_router();
    router_timer_.expires_after(LiveSwitch::router_interval);
    router_timer_.async_wait([this](boost::system::error_code error) {
      if (!error) tick_router();
    });
  }

  void keep_house() {
    live_.keep_house();
    drop_rates_.sample(live_.engine().tables(), now());
    notify_systemd("WATCHDOG=1");
    watch_host();  // its port may have died
    house_timer_.expires_after(LiveSwitch::housekeeping_interval);
    house_timer_.async_wait([this](boost::system::error_code error) {
      if (!error) keep_house();
    });
  }

  const Time started_ = now();

  asio::io_context io_{1};
  asio::signal_set stop_, hangup_;
  HttpServer server_;
  StatusServer status_server_;
  LiveSwitch live_;
  Reloads reloads_;

  asio::posix::stream_descriptor attention_, links_, paths_, host_;
  int watched_host_ = -1;
  asio::steady_timer house_timer_, router_timer_;
  const std::shared_ptr<CaptureControl> captures_ =
      std::make_shared<CaptureControl>(live_.engine());
  DropRates drop_rates_;
};

Daemon::Daemon(Config config, std::string file, std::optional<std::string> control)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(file), std::move(control))) {}
Daemon::~Daemon() = default;
void Daemon::run() {
  impl_->run();
}

}  // namespace uswitch
