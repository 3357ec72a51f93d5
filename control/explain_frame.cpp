#include "control/explain_frame.h"

#include <algorithm>
#include <cstring>

#include "router/nd_message.h"
#include "router/own_packet.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

using Kind = ImaginedFlow::Kind;

constexpr uint16_t echo_id = 0x7573;
constexpr uint16_t syn_window = 64240;

const MacAddress stand_in = MacAddress::from_u64(0x0200'0000'0001);  // for the endpoint
const MacAddress nobody = MacAddress::from_u64(0x0200'00ff'fffe);    // for a station not known

struct Imagining {
  const Endpoint& endpoint;
  const ImaginedFlow& flow;
  ImaginedFrame frame = {};
  NetworkId network = no_network;

  const Tables& tables() const { return endpoint.tables; }
  const PortSettings& settings() const { return tables().settings[endpoint.port]; }
  const PortInfo* info() const {
    return endpoint.port < endpoint.infos.size() ? &endpoint.infos[endpoint.port] : nullptr;
  }
  const std::string& port_name() const { return tables().ports[endpoint.port].name; }
  void note(std::string text) { frame.notes.push_back(std::move(text)); }

  void choose_network();
  MacAddress source_mac();
  void check_source();
  MacAddress destination_mac();
  std::optional<IpAddress> next_hop();
  std::optional<IpAddress> gateway();
  std::optional<MacAddress> mac_of(const IpAddress& address) const;
  void write(const MacAddress& from, const MacAddress& to);
};

// The port's own, else of its tagged ones where the router knows the source, else the first.
void Imagining::choose_network() {
  network = settings().network;
  if (network != no_network || !settings().vlans) return;
  const Routing& routing = tables().routing;
  for (NetworkId n = 0; n < tables().networks.size(); ++n) {
    if (settings().tag_of(n) == untagged) continue;
    if (network == no_network) network = n;
    if (!routing.on(n)) continue;
    const auto here = [&](const IpPrefix& p) { return p.contains(flow.source); };
    if (std::ranges::any_of(routing.at(n).addresses, here)) {
      network = n;
      break;
    }
  }
  if (network == no_network) return;
  note("sent in VLAN " + std::to_string(settings().tag_of(network)) + ", network " +
       tables().networks[network].name);
}

// That of the device, else of a station that has been seen behind the port.
MacAddress Imagining::source_mac() {
  if (info() && info()->mac) return *info()->mac;
  std::optional<MacAddress> seen;
  if (network != no_network) {
    tables().networks[network].fdb->for_each(endpoint.now, [&](const Fdb::Entry& e) {
      if (e.port == endpoint.port && (!seen || e.mac < *seen)) seen = e.mac;
    });
  }
  if (seen) return *seen;
  note("no MAC is known behind " + port_name() + ": " + stand_in.to_string() + " stands for it");
  return stand_in;
}

void Imagining::check_source() {
  if (!info() || info()->addresses.empty()) return;
  std::string own;
  for (const IpPrefix& p : info()->addresses) {
    if (p.address == flow.source) return;
    own += (own.empty() ? "" : ", ") + p.address.to_string();
  }
  note(flow.source.to_string() + " is no address of " + port_name() + ", which has " + own);
}

// By the endpoint's routes, the longest prefix first; else who advertises itself.
std::optional<IpAddress> Imagining::gateway() {
  const RouteConfig* best = nullptr;
  if (endpoint.config) {
    for (const RouteConfig& r : endpoint.config->routes) {
      const bool fits =
          r.to.contains(flow.destination) && r.to.address.family() == flow.destination.family();
      if (fits && (!best || r.to.length > best->to.length)) best = &r;
    }
  }
  if (best) return best->via;
  const Routing& routing = tables().routing;
  if (!routing.on(network)) return std::nullopt;
  const RouterInterface& router = routing.at(network);
  if (!flow.destination.is_v4() && router.advertise) return router.link_local;
  const bool has_routes = info() && !info()->addresses.empty();
  if (has_routes) return std::nullopt;
  return router.address_for(flow.destination);
}

std::optional<IpAddress> Imagining::next_hop() {
  const auto holds = [&](const IpPrefix& p) { return p.contains(flow.destination); };
  if (!flow.destination.is_v4() && flow.destination.is_link_local()) return flow.destination;
  if (info() && std::ranges::any_of(info()->addresses, holds)) return flow.destination;
  const Routing& routing = tables().routing;
  const bool bare = !info() || info()->addresses.empty();
  const bool routed = network != no_network && routing.on(network);
  if (bare && (!routed || std::ranges::any_of(routing.at(network).addresses, holds)))
    return flow.destination;
  if (const auto via = gateway()) return via;
  if (!routed) return std::nullopt;
  const auto own = routing.at(network).address_for(flow.source);
  note(port_name() + " has no route to " + flow.destination.to_string() +
       ": its kernel would not send this; taken as sent to the gateway");
  return own;
}

std::optional<MacAddress> Imagining::mac_of(const IpAddress& address) const {
  const Routing& routing = tables().routing;
  if (routing.on(network)) {
    if (routing.at(network).owns(address)) return routing.at(network).mac;
    const auto key = routing.neighbours->key(network, address);
    const auto entry = routing.neighbours->entry(key, endpoint.now);
    if (entry && !is_unresolved(entry->state)) return entry->mac;
  }
  for (PortId id = 0; id < endpoint.infos.size() && id < tables().settings.size(); ++id) {
    const PortInfo& other = endpoint.infos[id];
    const PortSettings& there = tables().settings[id];
    if (!there.present || !other.mac) continue;
    if (there.network != network && there.tag_of(network) == untagged) continue;
    const auto has = [&](const IpPrefix& p) { return p.address == address; };
    if (std::ranges::any_of(other.addresses, has)) return other.mac;
  }
  return std::nullopt;
}

MacAddress Imagining::destination_mac() {
  const IpAddress& to = flow.destination;
  if (to.is_v4() && to.v4() == 0xffffffff) return MacAddress::from_u64(0xffff'ffff'ffff);
  if (to.is_multicast()) {
    if (!to.is_v4()) return nd_message::group_mac(to);
    return MacAddress::from_u64(0x0100'5e00'0000 | (to.v4() & 0x7fffff));
  }
  const auto next = next_hop();
  if (!next) {
    note(port_name() + " has no way to " + to.to_string() + ": " + nobody.to_string() +
         " stands for the next station");
    return nobody;
  }
  if (const auto mac = mac_of(*next)) return *mac;
  note("the MAC of " + next->to_string() + " is not known: the endpoint would ask for it; " +
       nobody.to_string() + " stands for it");
  return nobody;
}

void write_tcp(const ImaginedFlow& flow, uint8_t* l4) {
  store_be16(l4 + TcpView::Offset::source, flow.source_port);
  store_be16(l4 + TcpView::Offset::destination, flow.destination_port);
  store_be32(l4 + TcpView::Offset::sequence, 1);
  l4[TcpView::Offset::data_offset] = TcpView::min_header / 4 << 4;
  l4[TcpView::Offset::flags] = TcpView::Flag::syn;
  store_be16(l4 + TcpView::Offset::window, syn_window);
}

void write_udp(const ImaginedFlow& flow, uint8_t* l4) {
  store_be16(l4 + UdpView::Offset::source, flow.source_port);
  store_be16(l4 + UdpView::Offset::destination, flow.destination_port);
  store_be16(l4 + UdpView::Offset::length, UdpView::size);
}

void write_echo(bool v4, uint8_t* l4) {
  l4[0] = v4 ? icmp_type::echo_request : icmp6_type::echo_request;
  store_be16(l4 + IcmpView::Offset::id, echo_id);
  store_be16(l4 + IcmpView::Offset::sequence, 1);
}

struct Transport {
  uint8_t protocol;
  uint16_t size;
  size_t checksum_at;
};

Transport transport_of(const ImaginedFlow& flow) {
  const bool v4 = flow.source.is_v4();
  switch (flow.kind) {
    case Kind::tcp:
      return {ip_protocol::tcp, TcpView::min_header, TcpView::Offset::checksum};
    case Kind::udp:
      return {ip_protocol::udp, UdpView::size, UdpView::Offset::checksum};
    case Kind::icmp:
      break;
  }
  return {v4 ? ip_protocol::icmp : ip_protocol::icmp6, IcmpView::size, IcmpView::Offset::checksum};
}

void Imagining::write(const MacAddress& from, const MacAddress& to) {
  const bool v4 = flow.source.is_v4();
  const Transport transport = transport_of(flow);
  std::vector<uint8_t>& bytes = frame.bytes;
  bytes.assign(own_header_size(flow.source.family()) + transport.size, 0);
  Packet out;
  out.data = bytes.data();
  uint8_t* l4 = write_own_header(
      {flow.source, flow.destination, flow.source.family(), 0, transport.protocol, transport.size},
      out);
  to.store(bytes.data());
  from.store(bytes.data() + EthernetView::Offset::source);
  if (flow.kind == Kind::tcp) write_tcp(flow, l4);
  if (flow.kind == Kind::udp) write_udp(flow, l4);
  if (flow.kind == Kind::icmp) write_echo(v4, l4);

  const uint8_t* addresses = bytes.data() + Layout::l3 + (v4 ? 12 : 8);
  uint16_t pseudo = 0;
  if (!v4) pseudo = checksum::pseudo6(addresses, transport.protocol, transport.size);
  if (v4 && flow.kind != Kind::icmp)
    pseudo = checksum::pseudo4(addresses, transport.protocol, transport.size);
  const uint16_t sum = checksum::add(pseudo, checksum::sum({l4, transport.size}));
  store_be16(l4 + transport.checksum_at,
             flow.kind == Kind::udp ? checksum::finish_udp(sum) : checksum::finish(sum));
}

void put_tag(std::vector<uint8_t>& frame, uint16_t vid) {
  const uint8_t tag[] = {0x81, 0, static_cast<uint8_t>(vid >> 8), static_cast<uint8_t>(vid)};
  frame.insert(frame.begin() + EthernetView::Offset::type, std::begin(tag), std::end(tag));
}

}  // namespace

ImaginedFrame imagine(const Endpoint& endpoint, const ImaginedFlow& flow) {
  Imagining made{endpoint, flow};
  made.choose_network();
  const MacAddress from = made.source_mac();
  made.check_source();
  made.write(from, made.destination_mac());
  const bool known = made.network != no_network;
  const uint16_t vid = known ? made.settings().tag_of(made.network) : untagged;
  if (vid != untagged) put_tag(made.frame.bytes, vid);
  return std::move(made.frame);
}

}  // namespace uswitch
