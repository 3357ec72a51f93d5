// A switch without threads, kernel or clock: the real pipeline over memory ports. A flow test says
// what comes in and looks at what went out and what was dropped. On destruction it checks that
// every packet is accounted for. Before each frame that comes alone engine/explain is asked what
// will become of it, and held to that afterwards, unless a test has too much in its tables for
// that.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "router/announcer.h"
#include "switch/memory_port.h"
#include "tests/support/explain_check.h"
#include "tests/support/frame_builder.h"

namespace uswitch::test {

class TestSwitch {
 public:
  explicit TestSwitch(size_t packets = Pipeline::pool_packets) : pool_(packets) {}
  ~TestSwitch();

  // Both return an id. A port without a network is only a member of its tagged ones.
  NetworkId add_network(const std::string& name, size_t max_addresses = 64);
  PortId add_port(NetworkId network, std::map<uint16_t, NetworkId> tagged = {},
                  Capabilities capabilities = all_offloads);
  // A port of another kind than memory.
  PortId add_port(NetworkId network, std::shared_ptr<Port> port);
  // Runs the pipeline over all that the port has to read.
  void poll(PortId port) { run(port); }

  Tables& tables() {
    prepare();
    return tables_;
  }
  Network& network(NetworkId id) { return tables_.networks[id]; }
  PortSettings& settings(PortId id) { return tables_.settings[id]; }
  MemoryPort& port(PortId id) { return *ports_[id]; }
  void add_static(NetworkId network, const Mac& mac, PortId port);

  // Gives the network a router with these addresses, such as "10.0.0.1/24", their connected routes
  // included. Its MAC is router_mac(network).
  void add_router(NetworkId network, std::initializer_list<const char*> addresses);
  static MacAddress router_mac(NetworkId network) { return mac(0xff00u + network); }
  static IpAddress router_link_local(NetworkId network) {
    return eui64_link_local(router_mac(network));
  }
  RouterInterface& interface(NetworkId network) { return tables_.routing.interfaces[network]; }
  Routing& routing() { return tables_.routing; }
  Neighbours& neighbours() { return *tables_.routing.neighbours; }
  void add_route(const char* to, NetworkId network, const Ip& via);
  void add_route(const char* to, RouteKind kind);
  // Makes this network the outside, and the switch track connections.
  void add_outside(NetworkId network, uint32_t max_connections = 1024);
  Translation& nat() { return tables_.nat; }
  // From these inner addresses into that network, under the pool's addresses.
  void masquerade(const char* from, NetworkId out, std::initializer_list<const char*> pool);
  void publish(NetworkId on, const Ip& address, uint16_t port, uint8_t protocol, const Ip& to,
               uint16_t to_port);

  // Captures from now on; and not any more.
  std::shared_ptr<Capture> capture(CaptureRequest request, size_t ring = size_t{1} << 20);
  void end_capture(const Capture& capture);
  const LastDrops& last_drops() const { return last_drops_; }

  // The station is there, and the router and the bridge know it.
  void add_station(PortId port, const Ip& address, const Mac& mac);

  // Hands the frame to the port and runs the pipeline over it.
  void send(PortId port, const FrameBuilder& frame);
  void send(PortId port, const MemoryPort::Frame& frame);
  void explain_no_more() { explains_ = false; }
  // Several at once: one batch.
  void send_batch(PortId port, const std::vector<FrameBuilder>& frames);
  // What left by this port since the last call. With NAT, which gives them as it likes, the IPv4
  // ids of what may be fragmented are 0.
  std::vector<Bytes> received(PortId port);
  // The same as it left.
  std::vector<MemoryPort::Frame> received_with_offload(PortId port);
  // The ports that a frame left by, each emptied: {1, 2} or {}.
  std::vector<PortId> receivers();

  // Drops for this reason over all ports since the last call for it.
  uint64_t drops(Reason reason);
  // Of one port, since it was added.
  const PortCounters& counters(PortId port) const { return tables_.counters(port, 0); }
  uint64_t total(Counter PortCounters::*counter) const;
  uint64_t total_drops() const;

  void advance(Duration by) { now_ += by; }
  Time now() const { return now_; }
  // Lets time pass in steps, and the router do what it does by the clock.
  void pass_time(Duration time);
  // Has the router announce itself from now on, as at the start.
  void begin_announcements(NetworkId network) { announcer_.begin(network, now_); }
  // What it says at the end.
  std::vector<OwnFrame> farewell() { return announcer_.farewell(tables_.routing); }
  // Packets that wait in the router.
  size_t held() const { return pipeline_.held(); }
  // What the control thread does regularly: ageing and the reuse of freed entries.
  void sweep();

  static constexpr Capabilities all_offloads{true, true, true, true};

 private:
  PortId add(PortSettings settings, std::shared_ptr<Port> port);
  void run(PortId port);
  void prepare();
  std::vector<const PortCounters*> books() const;

  PacketPool pool_;
  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  LastDrops last_drops_;
  Pipeline pipeline_{pool_, *io_, 0, &last_drops_};
  Tables tables_;
  std::vector<std::shared_ptr<MemoryPort>> ports_;  // null: of another kind
  std::map<Reason, uint64_t> reported_;
  uint16_t next_realm_ = 0;
  Announcer announcer_{1};
  bool settle_ = false;
  bool explains_ = true;
  Time now_{std::chrono::hours(1)};
};

}  // namespace uswitch::test
