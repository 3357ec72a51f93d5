// How NAT goes from one configuration to the next. In this order: what is new is claimed (tables,
// external addresses, sockets of the host), then Tables are published, then what is old is let go.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bitset>
#include <set>
#include <stdexcept>

#include "control/nat_control.h"
#include "wire/ip_protocol.h"

namespace uswitch {

namespace {

constexpr uint16_t no_tag = 0;  // of a connection that no entry made

std::string describe(const PublishConfig& entry) {
  std::string ports = std::to_string(entry.first_port);
  if (entry.last_port != entry.first_port) ports += "-" + std::to_string(entry.last_port);
  return "port " + ports + " on " + (entry.on.empty() ? "the host" : entry.on);
}

// Calls fn(port, the port behind it, whether it is UDP's) for each that the entry opens on the
// host.
template <class Fn>
void for_each_port(const PublishConfig& entry, Fn fn) {
  for (const bool udp : {false, true}) {
    if (!(udp ? entry.udp : entry.tcp)) continue;
    for (uint32_t port = entry.first_port; port <= entry.last_port; ++port) {
      fn(static_cast<uint16_t>(port),
         static_cast<uint16_t>(entry.to_port + port - entry.first_port), udp);
    }
  }
}

// Without an address of its own: all that the host has of that version of IP.
IpAddress host_address(const PublishConfig& entry) {
  const IpAddress any = entry.to.is_v4() ? IpAddress::from_v4(0) : IpAddress{};
  return entry.address.value_or(any);
}

// Names a host port in HostPublish: a tag is good for one entry, so the numbers do not meet.
HostPublish::Id host_id(uint16_t tag, uint16_t port, bool udp) {
  return uint32_t{tag} << 17 | uint32_t{udp} << 16 | port;
}

uint16_t tag_of(HostPublish::Id id) {
  return static_cast<uint16_t>(id >> 17);
}

bool is_same_port(const PublishConfig& a, const PublishConfig& b) {
  return a.on == b.on && a.address == b.address && a.first_port == b.first_port &&
         a.last_port == b.last_port && a.tcp == b.tcp && a.udp == b.udp;
}

// Both are the host's: whether one cannot have its sockets while the other has.
bool contend(const PublishConfig& a, const PublishConfig& b) {
  return a.first_port <= b.last_port && b.first_port <= a.last_port &&
         ((a.tcp && b.tcp) || (a.udp && b.udp));
}

}  // namespace

void NatControl::update(const Config& config) {
  const Config* const before = config_;
  const bool same = before && before->nat == config.nat && before->networks == config.networks;
  const Entries entries = entries_, leaving = leaving_;
  config_ = &config;
  try {
    if (present()) make_tables();
    take_entries();
    check_entries();
    take_realms();
    claim_externals();
    open_new(entries);
  } catch (...) {
    go_back(before, entries, leaving);
    throw;
  }
  changed_ |= !same || !leaving_.empty();
}

void NatControl::make_tables() {
  if (connections_) return;
  const uint32_t most = config_->nat.max_connections;
  ports_ = std::make_shared<PortMap>(most + Translation::spare_mappings);
  connections_ = std::make_shared<ConnectionTable>(most, *ports_);
}

// An entry that is configured again, or still, keeps its tag and so its connections.
void NatControl::take_entries() {
  Entries known = std::move(entries_);
  known.insert(known.end(), leaving_.begin(), leaving_.end());
  entries_.clear();
  for (const PublishConfig& wanted : config_->nat.publish) {
    const auto same = [&](const Entry& e) { return e.config == wanted; };
    const auto found = std::ranges::find_if(known, same);
    if (found == known.end()) {
      entries_.push_back({no_tag, wanted});
    } else {
      entries_.push_back(std::move(*found));
      known.erase(found);
    }
  }
  leaving_ = std::move(known);
  for (Entry& e : entries_) {
    if (e.tag == no_tag) e.tag = take_tag();
  }
}

// Within a file they do not meet; with what was published at run time they may.
void NatControl::check_entries() const {
  Policy policy;
  for (const Entry& e : entries_) {
    if (!e.config.on.empty() && !add_to(policy, e)) {
      throw std::runtime_error(describe(e.config) + " is published already");
    }
  }
}

void NatControl::take_realms() {
  for (const MasqueradeConfig& m : config_->nat.masquerade) {
    const auto pool = pool_of(m);
    const auto has = [&](const Realm& r) { return r.config == m && r.pool == pool; };
    if (std::ranges::any_of(realms_, has)) continue;
    const auto taken = [&](const Realm& r) { return r.number == next_realm_; };
    do {
      next_realm_ = static_cast<uint16_t>((next_realm_ + 1) % Translation::gateway_realms);
    } while (std::ranges::any_of(realms_, taken));
    realms_.push_back({next_realm_, m, pool});
  }
}

uint16_t NatControl::realm_of(const MasqueradeConfig& entry) const {
  const auto pool = pool_of(entry);
  return std::ranges::find_if(realms_,
                              [&](const Realm& r) { return r.config == entry && r.pool == pool; })
      ->number;
}

// What translation() will ask for, while it can still be refused.
void NatControl::claim_externals() {
  if (!present()) return;
  const Translation nat = translation();
  const auto claimed = [&](ExternalId id) {
    if (id == no_external) {
      throw std::runtime_error("'nat' needs more than " + std::to_string(PortMap::max_externals) +
                               " external addresses, with those that connections still have");
    }
    externals_.insert(id);
  };
  for (const MasqueradeConfig& m : config_->nat.masquerade) {
    for (const IpAddress& a : pool_of(m)) claimed(ports_->add_external(a));
  }
  for (const Translation::Side& side : nat.networks) {
    for (const ExternalPool& gateway : side.gateway)
      externals_.insert(gateway.ids().begin(), gateway.ids().end());
  }
}

// Sockets of the host for what is new. An old entry that has the same port closes its own first.
void NatControl::open_new(const Entries& before) {
  for (const Entry& e : entries_) {
    const auto is_it = [&](const Entry& other) { return other.tag == e.tag; };
    if (std::ranges::any_of(before, is_it)) continue;
    if (e.config.on.empty() && !is_open(e)) {
      for (const Entry& old : leaving_) {
        if (old.config.on.empty() && contend(old.config, e.config)) close_on_host(old);
      }
      open_on_host(e);
    }
    spdlog::info("published {}: {}", describe(e.config), e.config.to.to_string());
  }
}

void NatControl::go_back(const Config* config, Entries entries, Entries leaving) {
  const auto is_kept = [&](const Entry& e) {
    return std::ranges::any_of(entries, [&](const Entry& other) { return other.tag == e.tag; });
  };
  for (const Entry& e : entries_) {
    if (e.config.on.empty() && !is_kept(e)) close_on_host(e);
  }
  config_ = config;
  entries_ = std::move(entries);
  leaving_ = std::move(leaving);
  for (const Entry& e : entries_) {
    if (!e.config.on.empty() || is_open(e)) continue;
    try {
      open_on_host(e);
    } catch (const std::runtime_error& error) {
      spdlog::error("{}: {}", describe(e.config), error.what());
    }
  }
}

bool NatControl::is_open(const Entry& entry) const {
  return on_host_ && on_host_->has(host_id(entry.tag, entry.config.first_port, !entry.config.tcp));
}

void NatControl::open_on_host(const Entry& entry) {
  if (!on_host_) on_host_ = std::make_unique<HostPublish>();
  try {
    for_each_port(entry.config, [&](uint16_t port, uint16_t to_port, bool udp) {
      on_host_->add(host_id(entry.tag, port, udp), {host_address(entry.config), port, udp,
                                                    entry.config.to, to_port, entry.config.allow});
    });
  } catch (...) {
    close_on_host(entry);
    throw;
  }
}

void NatControl::close_on_host(const Entry& entry) {
  if (!on_host_) return;
  for_each_port(entry.config, [&](uint16_t port, uint16_t, bool udp) {
    on_host_->remove(host_id(entry.tag, port, udp));
  });
}

std::vector<NatControl::Published> NatControl::list_published() const {
  std::map<uint16_t, RelayCounts> relayed;  // by tag
  if (on_host_) {
    for (const auto& view : on_host_->list()) relayed[tag_of(view.id)] += view.counts;
  }
  std::vector<Published> all;
  for (const Entry& e : entries_) {
    all.push_back({e.config, std::nullopt});
    if (e.config.on.empty()) all.back().relayed = relayed[e.tag];
  }
  return all;
}

uint16_t NatControl::take_tag() {
  std::bitset<last_tag + 1> used;
  used.set(no_tag);
  for (const Entries* all : {&entries_, &leaving_}) {
    for (const Entry& e : *all) used.set(e.tag);
  }
  if (used.all()) {
    throw std::runtime_error("there are more than " + std::to_string(last_tag) +
                             " entries of 'publish'");
  }
  do {
    newest_tag_ = static_cast<uint16_t>((newest_tag_ + 1) % used.size());
  } while (used[newest_tag_]);
  return newest_tag_;
}

std::optional<std::string> NatControl::publish(const PublishConfig& entry) {
  if (!present()) return "this configuration has no section nat; add 'nat: {}' and reload";
  try {
    const Entry made{take_tag(), entry};
    if (entry.on.empty()) {
      open_on_host(made);
    } else {
      Policy policy = translation().policy;
      if (!add_to(policy, made)) return describe(entry) + " is published already";
    }
    entries_.push_back(made);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  changed_ = true;
  spdlog::info("published {}: {}", describe(entry), entry.to.to_string());
  return std::nullopt;
}

std::optional<std::string> NatControl::unpublish(const PublishConfig& entry,
                                                 PublishConfig& removed) {
  const auto is_meant = [&](const Entry& e) {
    const bool leads_there =
        entry.to == IpAddress{} || (e.config.to == entry.to && e.config.to_port == entry.to_port);
    return leads_there && is_same_port(e.config, entry);
  };
  const auto found = std::ranges::find_if(entries_, is_meant);
  if (found == entries_.end()) return describe(entry) + " is not published like that";
  removed = found->config;
  leaving_.push_back(*found);
  entries_.erase(found);
  changed_ = true;
  return std::nullopt;
}

void NatControl::published(Time now) {
  if (!connections_ || !changed_) return;
  changed_ = false;
  for (const Entry& e : leaving_) {
    if (e.config.on.empty()) close_on_host(e);
  }
  leaving_.clear();
  if (!present()) return let_go();
  if (on_host_) on_host_->set_udp_idle(config_->nat.timeouts.udp);
  claim_externals();
  retire_realms();
  retire_externals();
  settle_reservations();
  const Policy policy = translation().policy;
  remove_if(now, [&](const ConnectionInfo& c) { return is_ended(c, policy); });
}

// The section 'nat' has gone.
void NatControl::let_go() {
  connections_.reset();
  ports_.reset();
  realms_.clear();
  externals_.clear();
  reserved_.clear();
}

// A published port is nobody's external port (P-1).
void NatControl::settle_reservations() {
  Reserved wanted;
  for (const Entry& e : entries_) {
    if (e.config.on.empty()) continue;
    for (const IpAddress& a : addresses_of(e.config)) {
      const ExternalId id = external_of(a);
      if (id == no_external) continue;
      for_each_port(e.config, [&](uint16_t port, uint16_t, bool udp) {
        wanted[{id, udp ? ip_protocol::udp : ip_protocol::tcp}].set(port);
      });
    }
  }
  for (const auto& [where, ports] : reserved_) wanted.try_emplace(where);
  for (const auto& [where, ports] : wanted) {
    auto& have = reserved_[where];
    const auto differs = have ^ ports;
    for (size_t port = differs._Find_first(); port < differs.size();
         port = differs._Find_next(port)) {
      ports_->reserve(where.first, where.second, static_cast<uint16_t>(port), ports[port]);
    }
    have = ports;
  }
  std::erase_if(reserved_, [](const auto& entry) { return entry.second.none(); });
}

ExternalId NatControl::external_of(const IpAddress& address) const {
  const auto found = std::ranges::find_if(
      externals_, [&](ExternalId id) { return ports_->address(id) == address; });
  return found == externals_.end() ? no_external : *found;
}

void NatControl::retire_realms() {
  std::erase_if(realms_, [&](const Realm& r) {
    return std::ranges::none_of(config_->nat.masquerade, [&](const MasqueradeConfig& m) {
      return m == r.config && pool_of(m) == r.pool;
    });
  });
}

// The port map gives one to another address when the last connection that has it has ended.
void NatControl::retire_externals() {
  std::set<ExternalId> used;
  for (const Realm& r : realms_) {
    for (const IpAddress& a : r.pool) used.insert(external_of(a));
  }
  for (const Translation::Side& side : translation().networks) {
    for (const ExternalPool& gateway : side.gateway)
      used.insert(gateway.ids().begin(), gateway.ids().end());
  }
  std::erase_if(externals_, [&](ExternalId id) {
    if (used.contains(id)) return false;
    ports_->retire_external(id);
    return true;
  });
}

// A flow goes on as long as its first packet would become the same: it would come to the same entry
// or go out by the same one or have to do with none, and what was done to the addresses is still
// configured. One whose mapping has a port that is published now ends too (P-1).
bool NatControl::is_ended(const ConnectionInfo& c, const Policy& policy) const {
  const auto tag_at = [&](const Tuple& t) {
    const Publish* p = policy.published(t.destination, t.protocol, t.destination_port);
    return p ? p->tag : no_tag;
  };
  const uint16_t to = tag_at(c.original), from = tag_at(c.reply);
  if (c.tag != (to != no_tag ? to : from)) return true;
  if (from != no_tag && c.mapping != no_mapping) return true;
  if (!stands_for(c.reply.destination, c.original.source)) return true;
  return to == no_tag && !stands_for(c.original.destination, c.reply.source);
}

// An outer address does for an inner one only as long as it is configured to.
bool NatControl::stands_for(const IpAddress& outer, const IpAddress& inner) const {
  return outer == inner || is_masqueraded(inner, outer) || is_gateway(outer, inner);
}

bool NatControl::is_masqueraded(const IpAddress& inner, const IpAddress& outer) const {
  return std::ranges::any_of(realms_, [&](const Realm& r) {
    return r.config.from.contains(inner) && std::ranges::find(r.pool, outer) != r.pool.end();
  });
}

bool NatControl::is_gateway(const IpAddress& outer, const IpAddress& inner) const {
  return std::ranges::any_of(config_->networks, [&](const NetworkConfig& n) {
    return std::ranges::any_of(
        n.router, [&](const IpPrefix& own) { return own.address == outer && own.contains(inner); });
  });
}

}  // namespace uswitch
