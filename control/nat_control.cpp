#include "control/nat_control.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "wire/ip_protocol.h"

namespace uswitch {

namespace {

constexpr uint32_t records_a_tick = 1u << 16;  // some milliseconds when all of them have expired

std::vector<uint8_t> protocols_of(const PublishConfig& entry) {
  std::vector<uint8_t> protocols;
  if (entry.tcp) protocols.push_back(ip_protocol::tcp);
  if (entry.udp) protocols.push_back(ip_protocol::udp);
  return protocols;
}

}  // namespace

const NetworkConfig& NatControl::network(const std::string& name) const {
  return *std::ranges::find(config_->networks, name, &NetworkConfig::name);
}

NetworkId NatControl::id_of(const std::string& name) const {
  return static_cast<NetworkId>(&network(name) - config_->networks.data());
}

// Without one of its own: every address of the router there.
std::vector<IpAddress> NatControl::addresses_of(const PublishConfig& entry) const {
  if (entry.address) return {*entry.address};
  std::vector<IpAddress> all;
  for (const IpPrefix& own : network(entry.on).router) {
    if (own.address.family() == entry.to.family()) all.push_back(own.address);
  }
  return all;
}

std::vector<IpAddress> NatControl::pool_of(const MasqueradeConfig& entry) const {
  if (!entry.to.empty()) return entry.to;
  for (const IpPrefix& own : network(entry.out).router) {
    if (own.address.family() == entry.from.address.family()) return {own.address};
  }
  return {};
}

std::vector<IpAddress> NatControl::addresses_on(const std::string& name) const {
  std::vector<IpAddress> all;
  const auto add_new = [&](const IpAddress& a) {
    const bool own = std::ranges::any_of(network(name).router,
                                         [&](const IpPrefix& p) { return p.address == a; });
    if (!own && std::ranges::find(all, a) == all.end()) all.push_back(a);
  };
  if (!present()) return all;
  for (const MasqueradeConfig& m : config_->nat.masquerade) {
    if (m.out == name) std::ranges::for_each(m.to, add_new);
  }
  for (const Entry& e : entries_) {
    if (e.config.on == name && e.config.address) add_new(*e.config.address);
  }
  return all;
}

bool NatControl::add_to(Policy& policy, const Entry& entry) const {
  const PublishConfig& c = entry.config;
  const Publish p{id_of(c.on), c.first_port, c.last_port, c.to, c.to_port, c.allow, entry.tag};
  for (const IpAddress& address : addresses_of(c)) {
    for (const uint8_t protocol : protocols_of(c)) {
      if (!policy.add_publish(address, protocol, p)) return false;
    }
  }
  return true;
}

// Clients on the server's own network reach it as the gateway (HP-1).
void NatControl::set_gateway(Translation& nat, const IpAddress& server) const {
  for (NetworkId n = 0; n < config_->networks.size(); ++n) {
    for (const IpPrefix& own : config_->networks[n].router) {
      if (!own.contains(server)) continue;
      nat.networks[n].gateway[server.is_v4() ? 0 : 1] = {ports_->add_external(own.address)};
    }
  }
}

Translation NatControl::translation() const {
  Translation nat;
  if (!present()) return nat;
  nat.filtering = config_->nat.filtering;
  nat.timeouts = config_->nat.timeouts;
  nat.ports = ports_;
  nat.connections = connections_;
  for (const NetworkConfig& n : config_->networks) {
    Translation::Side side;
    side.outside = side.tracked = n.outside;
    nat.networks.push_back(side);
  }
  for (const MasqueradeConfig& m : config_->nat.masquerade) {
    const NetworkId out = id_of(m.out);
    nat.networks[out].tracked = true;
    std::vector<ExternalId> pool;
    for (const IpAddress& a : pool_of(m)) pool.push_back(ports_->add_external(a));
    nat.policy.add_masquerade({m.from, out, pool, realm_of(m)});
  }
  for (const Entry& e : entries_) {
    if (e.config.on.empty()) continue;
    add_to(nat.policy, e);
    set_gateway(nat, e.config.to);
  }
  return nat;
}

void NatControl::remove_if(Time now, const std::function<bool(const ConnectionInfo&)>& doomed) {
  uint32_t from = 0;
  do {
    from = connections_->scan(from, records_a_tick, now, [&](const ConnectionInfo& c) {
      return doomed(c) ? ConnectionTable::Visit::remove : ConnectionTable::Visit::keep;
    });
  } while (from != 0);
}

void NatControl::forget(const std::set<IpAddress>& addresses, Time now) {
  if (!present() || addresses.empty()) return;
  if (on_host_) on_host_->forget(addresses);
  remove_if(now, [&](const ConnectionInfo& c) {
    return addresses.contains(c.original.source) || addresses.contains(c.reply.source);
  });
}

void NatControl::tick(Time now) {
  if (!present()) return;
  connections_->sweep(now, records_a_tick);
  warn_when_full();
}

// Once, however the number wavers: not again before it has been well below.
void NatControl::warn_when_full() {
  const uint64_t used = connections_->size(), most = connections_->max_connections();
  if (used * 10 < most * 7) warned_ = false;
  if (warned_ || !connections_->is_nearly_full()) return;
  warned_ = true;
  spdlog::warn("{} of {} connections are in use; nat.max_connections says how many there can be",
               used, most);
}

}  // namespace uswitch
