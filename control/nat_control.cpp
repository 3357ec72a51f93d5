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

// Calls fn(port, the port behind it, whether it is UDP's) for each that the entry opens on the
// host.
template <class Fn>
void for_each_port(const PublishConfig& entry, Fn fn) {
  for (const uint8_t protocol : protocols_of(entry)) {
    for (uint32_t port = entry.first_port; port <= entry.last_port; ++port) {
      fn(static_cast<uint16_t>(port),
         static_cast<uint16_t>(entry.to_port + port - entry.first_port),
         protocol == ip_protocol::udp);
    }
  }
}

// Names a host port in HostPublish: a tag is good for one entry, so the numbers do not meet.
HostPublish::Id host_id(uint16_t tag, uint16_t port, bool udp) {
  return uint32_t{tag} << 17 | uint32_t{udp} << 16 | port;
}

std::string describe(const PublishConfig& entry) {
  std::string ports = std::to_string(entry.first_port);
  if (entry.last_port != entry.first_port) ports += "-" + std::to_string(entry.last_port);
  return "port " + ports + " on " + (entry.on.empty() ? "the host" : entry.on);
}

}  // namespace

NatControl::NatControl(const Config& config) : config_(config) {
  if (!config.nat.present) return;
  ports_ = std::make_shared<PortMap>(config.nat.max_connections + Translation::spare_mappings);
  connections_ = std::make_shared<ConnectionTable>(config.nat.max_connections, *ports_);
  for (const MasqueradeConfig& m : config.nat.masquerade) {
    for (const IpAddress& a : pool_of(m)) ports_->add_external(a);
  }
  for (const PublishConfig& p : config.nat.publish) add(p);
}

const NetworkConfig& NatControl::network(const std::string& name) const {
  return *std::ranges::find(config_.networks, name, &NetworkConfig::name);
}

NetworkId NatControl::id_of(const std::string& name) const {
  return static_cast<NetworkId>(&network(name) - config_.networks.data());
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
  for (const MasqueradeConfig& m : config_.nat.masquerade) {
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
  for (NetworkId n = 0; n < config_.networks.size(); ++n) {
    for (const IpPrefix& own : config_.networks[n].router) {
      if (!own.contains(server)) continue;
      nat.networks[n].gateway[server.is_v4() ? 0 : 1] = ports_->add_external(own.address);
    }
  }
}

Translation NatControl::translation() const {
  Translation nat;
  if (!present()) return nat;
  nat.filtering = config_.nat.filtering;
  nat.timeouts = config_.nat.timeouts;
  nat.ports = ports_;
  nat.connections = connections_;
  for (const NetworkConfig& n : config_.networks) {
    Translation::Side side;
    side.outside = side.tracked = n.outside;
    nat.networks.push_back(side);
  }
  for (const MasqueradeConfig& m : config_.nat.masquerade) {
    const NetworkId out = id_of(m.out);
    nat.networks[out].tracked = true;
    Masquerade made{m.from, out, {}};
    for (const IpAddress& a : pool_of(m)) made.pool.push_back(ports_->add_external(a));
    nat.policy.add_masquerade(std::move(made));
  }
  for (const Entry& e : entries_) {
    if (e.config.on.empty()) continue;
    add_to(nat.policy, e);
    set_gateway(nat, e.config.to);
  }
  return nat;
}

// A published port is nobody's external port (P-1).
void NatControl::reserve(const PublishConfig& entry, bool on) {
  for (const MasqueradeConfig& m : config_.nat.masquerade) {
    for (const IpAddress& a : pool_of(m)) {
      const auto published = addresses_of(entry);
      if (std::ranges::find(published, a) == published.end()) continue;
      for_each_port(entry, [&](uint16_t port, uint16_t, bool udp) {
        ports_->reserve(ports_->add_external(a), udp ? ip_protocol::udp : ip_protocol::tcp, port,
                        on);
      });
    }
  }
}

void NatControl::open_on_host(const Entry& entry) {
  if (!on_host_) on_host_ = std::make_unique<HostPublish>();
  try {
    for_each_port(entry.config, [&](uint16_t port, uint16_t to_port, bool udp) {
      on_host_->add(host_id(entry.tag, port, udp), {entry.config.address, port, udp,
                                                    entry.config.to, to_port, entry.config.allow});
    });
  } catch (...) {
    close_on_host(entry);
    throw;
  }
}

void NatControl::close_on_host(const Entry& entry) {
  for_each_port(entry.config, [&](uint16_t port, uint16_t, bool udp) {
    on_host_->remove(host_id(entry.tag, port, udp));
  });
}

void NatControl::add(const PublishConfig& config) {
  const Entry entry{next_tag_, config};
  if (config.on.empty()) {
    open_on_host(entry);
  } else {
    reserve(config, true);
  }
  entries_.push_back(entry);
  next_tag_ = next_tag_ == 0x7fff ? uint16_t{1} : static_cast<uint16_t>(next_tag_ + 1);
  spdlog::info("published {}: {}", describe(config), config.to.to_string());
}

std::optional<std::string> NatControl::publish(const PublishConfig& entry) {
  if (!present()) return "this configuration has no section nat; add 'nat: {}' and start again";
  if (!entry.on.empty()) {
    Policy policy = translation().policy;
    if (!add_to(policy, {0, entry})) return describe(entry) + " is published already";
  }
  try {
    add(entry);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return std::nullopt;
}

std::optional<std::string> NatControl::unpublish(const PublishConfig& entry) {
  const auto same = [&](const Entry& e) {
    const PublishConfig& c = e.config;
    const bool leads_there =
        entry.to == IpAddress{} || (c.to == entry.to && c.to_port == entry.to_port);
    return leads_there && c.on == entry.on && c.address == entry.address &&
           c.first_port == entry.first_port && c.last_port == entry.last_port &&
           c.tcp == entry.tcp && c.udp == entry.udp;
  };
  const auto found = std::ranges::find_if(entries_, same);
  if (found == entries_.end()) return describe(entry) + " is not published like that";
  if (entry.on.empty()) {
    close_on_host(*found);
  } else {
    reserve(found->config, false);
    ended_.push_back(found->tag);
  }
  entries_.erase(found);
  return std::nullopt;
}

void NatControl::remove_if(Time now, const std::function<bool(const ConnectionInfo&)>& doomed) {
  uint32_t from = 0;
  do {
    from = connections_->scan(from, records_a_tick, now, [&](const ConnectionInfo& c) {
      return doomed(c) ? ConnectionTable::Visit::remove : ConnectionTable::Visit::keep;
    });
  } while (from != 0);
}

void NatControl::published(Time now) {
  if (!present()) return;
  const Policy policy = translation().policy;
  const auto is_ended = [&](const ConnectionInfo& c) {
    if (c.tag != 0) return std::ranges::find(ended_, c.tag) != ended_.end();
    const Tuple& answer = c.reply;  // to an external port that is published now
    return policy.published(answer.destination, answer.protocol, answer.destination_port) !=
           nullptr;
  };
  remove_if(now, is_ended);
  ended_.clear();
}

void NatControl::forget(const std::vector<IpPrefix>& addresses, Time now) {
  if (!present() || addresses.empty()) return;
  remove_if(now, [&](const ConnectionInfo& c) {
    return std::ranges::any_of(addresses, [&](const IpPrefix& p) {
      return c.original.source == p.address || c.reply.source == p.address;
    });
  });
}

void NatControl::tick(Time now) {
  if (!present()) return;
  connections_->sweep(now, records_a_tick);
  const bool nearly_full = connections_->is_nearly_full();
  if (nearly_full && !warned_) {
    spdlog::warn("{} of {} connections are in use; nat.max_connections says how many there can be",
                 connections_->size(), connections_->max_connections());
  }
  warned_ = nearly_full;
}

}  // namespace uswitch
