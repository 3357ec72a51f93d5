// The switch of a replay: the real pipeline, and the control side's work, run by hand on one thread
// by a clock that the caller moves. No device, no namespace, no socket.
//
// Its ports are memory ports that take frames as they stand on a wire. An endpoint's device has the
// `mac` of the configuration, or the one it is told, or else one that follows from the port's name.
// Endpoints with addresses answer for them (ReplayStation). A tunnel's remote is a port like the
// others, for the frames that are inside. What is published on the host is left out: it never
// reaches the router.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/build_tables.h"
#include "control/nat_control.h"
#include "control/replay_station.h"
#include "control/router_control.h"
#include "control/tunnel_control.h"
#include "engine/pipeline.h"
#include "engine/workforce.h"
#include "switch/memory_port.h"

namespace uswitch {

class ReplaySwitch final : private Workforce {
 public:
  // By port name.
  using Macs = std::map<std::string, MacAddress>;
  // A frame has left by the port.
  using Sent = std::function<void(PortId port, std::span<const uint8_t> frame)>;

  // The configuration as a replay has it: with other ports than the switch that runs, so that ids
  // are counted in this one.
  static Config offline(Config config);

  // `config` is offline. Throws std::system_error when there is no memory for the tables.
  ReplaySwitch(Config config, const Macs& macs, Time start, Sent sent);

  const Tables& tables() const override { return *tables_; }
  const Config& config() const { return config_; }
  const LivePort& port(PortId id) const { return *ports_[id]; }
  Time now() const { return now_; }
  // How often an endpoint has answered.
  uint64_t answers() const { return answered_; }
  // Packets that came in and are neither sent nor dropped yet.
  size_t held() const { return pipeline_.held(); }

  // A frame comes in: to its end, before what it sets free.
  void run(PortId port, std::span<const uint8_t> frame);
  // What that has set free, and what endpoints have answered, goes on.
  void settle();
  // To that time, with all that is done by the clock on the way. Times that lie back are now.
  void advance(Time to);

 private:
  // Workforce
  void publish(std::shared_ptr<const Tables> tables) override;
  void post(std::vector<OwnFrame> frames) override;
  void settle(uint64_t) override { settles_ = true; }

  void make_ports(const Macs& macs);
  void tick();
  void tick_slowly();
  void collect();

  const Config config_;
  Time now_;
  Sent sent_;
  PacketPool pool_{Pipeline::pool_packets};
  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  Pipeline pipeline_{pool_, *io_, 0};
  bool settles_ = false;
  struct Answer {
    PortId port;
    std::vector<uint8_t> frame;
  };
  std::deque<Answer> answers_;  // not on their way yet
  uint64_t answered_ = 0;

  Fdbs fdbs_;
  std::vector<std::shared_ptr<MemoryPort>> memory_;  // indexed by PortId, as all of these
  std::vector<std::unique_ptr<LivePort>> ports_;
  std::vector<std::optional<ReplayStation>> stations_;
  std::shared_ptr<PortStats> router_stats_ = std::make_shared<PortStats>(1);
  NatControl nat_;
  RouterControl router_;
  TunnelControl tunnels_;
  std::shared_ptr<const Tables> tables_ = std::make_shared<Tables>();
  Time slow_due_;
};

}  // namespace uswitch
