#include "nat/port_map.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/fold.h"
#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

bool is_query(uint8_t protocol) {
  return protocol == ip_protocol::icmp || protocol == ip_protocol::icmp6;
}

}  // namespace

size_t PortMap::ports_index(uint8_t protocol) {
  switch (protocol) {
    case ip_protocol::tcp:
      return 0;
    case ip_protocol::udp:
      return 1;
    case ip_protocol::icmp:
    case ip_protocol::icmp6:
      return 2;
    default:
      return kinds;
  }
}

PortMap::Words PortMap::pack(const TransportAddress& end, uint16_t realm) {
  Words words;
  std::memcpy(words.data(), end.address.bytes.data(), 16);
  words[2] = end.port | uint64_t{end.protocol} << 16 | uint64_t{realm} << 32;
  return words;
}

TransportAddress PortMap::unpack(const Words& words) {
  TransportAddress end;
  std::memcpy(end.address.bytes.data(), words.data(), 16);
  end.port = static_cast<uint16_t>(words[2]);
  end.protocol = static_cast<uint8_t>(words[2] >> 16);
  return end;
}

PortMap::PortMap(uint32_t max_mappings, const KeyedHash& hash)
    : hash_(hash), mappings_(max_mappings), index_(max_mappings), free_(max_mappings) {}

ExternalId PortMap::add_external(const IpAddress& address) {
  ExternalId id = no_external;
  for (size_t i = max_externals; i-- > 0;) {
    External* e = externals_[i].get();
    if (e && e->address == address) {
      e->retired = false;
      return static_cast<ExternalId>(i);
    }
    auto is_unused = [](const PortBitmap& ports) { return ports.taken() == 0; };
    if (!e || (e->retired && std::all_of(e->ports.begin(), e->ports.end(), is_unused))) {
      id = static_cast<ExternalId>(i);
    }
  }
  if (id == no_external) return id;
  externals_[id] = std::make_unique<External>();
  externals_[id]->address = address;
  const uint32_t bit = external_bit(address);
  external_bits_[bit / 64].fetch_or(uint64_t{1} << bit % 64, std::memory_order_relaxed);
  const Words words = pack({address, 0, 0}, 0);
  external_hashes_[id] = hash_(words[0], words[1], 0);
  return id;
}

void PortMap::retire_external(ExternalId id) {
  externals_[id]->retired = true;
}

void PortMap::reserve(ExternalId id, uint8_t protocol, uint16_t port, bool on) {
  externals_[id]->ports[ports_index(protocol)].reserve(port, on);
}

std::optional<TransportAddress> PortMap::expect(const TransportAddress& inner, uint16_t realm,
                                                std::span<const ExternalId> pool) const {
  index_.prefetch(place(pack(inner, realm)));
  if (pool.empty()) return std::nullopt;
  const External& external = *externals_[choose_external(inner.address, pool)];
  const PortBitmap& ports = external.ports[ports_index(inner.protocol)];
  const Wanted w = wanted(inner);
  const auto port = w.own && ports.is_free(inner.port)
                        ? inner.port
                        : ports.first_guess(w.range, w.parity, w.start);
  if (!port) return std::nullopt;
  const TransportAddress end{external.address, *port, inner.protocol};
  index_.prefetch(place(pack(end, 0)));
  return end;
}

PortMap::Lease PortMap::acquire(const TransportAddress& inner, uint16_t realm,
                                std::span<const ExternalId> pool) {
  assert(maps(inner.protocol));
  const Words words = pack(inner, realm);
  const Seen seen = find(place(words), inner_side, words);
  if (seen.mapping != no_mapping && use_again(seen)) return seen.lease();
  if (pool.empty()) return {};
  const ExternalId id = choose_external(inner.address, pool);
  const std::optional<uint16_t> port = take_port(id, inner);
  if (!port) return exhausted_now();
  return make(words, id, {externals_[id]->address, *port, inner.protocol});
}

PortMap::Lease PortMap::acquire_external(const TransportAddress& external) {
  if (!may_be_external(external.address)) return {};
  const Words words = pack(external, 0);
  const Seen seen = find(place(words), external_side, words);
  if (seen.mapping == no_mapping || !use_again(seen)) return {};
  return seen.lease();
}

std::optional<PortMap::Forecast> PortMap::foresee(const TransportAddress& inner, uint16_t realm,
                                                  std::span<const ExternalId> pool) const {
  const Words words = pack(inner, realm);
  const Seen seen = find(place(words), inner_side, words);
  if (seen.mapping != no_mapping) return Forecast{seen.lease().external, true, false};
  if (pool.empty()) return std::nullopt;
  const External& external = *externals_[choose_external(inner.address, pool)];
  const PortBitmap& ports = external.ports[ports_index(inner.protocol)];
  const Wanted w = wanted(inner);
  const bool kept = w.own && ports.is_free(inner.port);
  if (!kept && !ports.has_free(w.range)) return std::nullopt;
  const uint16_t port = kept ? inner.port : uint16_t{0};
  return Forecast{{external.address, port, inner.protocol}, false, !kept};
}

PortMap::Lease PortMap::peek_external(const TransportAddress& external) const {
  if (!may_be_external(external.address)) return {};
  const Words words = pack(external, 0);
  const Seen seen = find(place(words), external_side, words);
  return seen.mapping == no_mapping ? Lease{} : seen.lease();
}

void PortMap::release(MappingId mapping) {
  const uint64_t before = mappings_[mapping].state.fetch_sub(1, std::memory_order_acq_rel);
  assert(is_live(version_of(before)) && uses_of(before) > 0);
  if (uses_of(before) == 1) end(mapping, version_of(before));
}

void PortMap::prepare() {
  mappings_.populate(free_.high_water(), 65536);
}

bool PortMap::read(MappingId mapping, Side side, const Words& words, Seen& seen) const {
  const Mapping& m = mappings_[mapping];
  seen.version = version_of(m.state.load(std::memory_order_acquire));
  if (!is_live(seen.version)) return false;
  seen.sides = {m.sides[0].load(), m.sides[1].load()};
  if (version_of(m.state.load(std::memory_order_relaxed)) != seen.version) return false;
  seen.mapping = mapping;
  return seen.sides[side] == words;
}

PortMap::Seen PortMap::find(const PairIndex::Place& place, Side side, const Words& words) const {
  Seen seen;
  const auto hit = index_.find(place, [&](uint32_t record, uint8_t s) {
    return s == side && read(record, side, words, seen);
  });
  if (!hit) seen.mapping = no_mapping;
  return seen;
}

// One use more, unless the mapping has ended or is about to.
bool PortMap::use_again(const Seen& seen) {
  std::atomic<uint64_t>& state = mappings_[seen.mapping].state;
  uint64_t now = state.load(std::memory_order_relaxed);
  while (version_of(now) == seen.version && uses_of(now) != 0) {
    if (state.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) return true;
  }
  return false;
}

// Rendezvous hashing: when the pool changes, only hosts move that have to.
ExternalId PortMap::choose_external(const IpAddress& inner,
                                    std::span<const ExternalId> pool) const {
  if (pool.size() == 1) return pool[0];
  const Words words = pack({inner, 0, 0}, 0);
  const uint64_t from = hash_(words[0], words[1], 0);
  constexpr uint64_t spread = 0x9e3779b97f4a7c15;
  ExternalId best = pool[0];
  uint64_t most = 0;
  for (ExternalId id : pool) {
    const uint64_t weight = fold(from ^ external_hashes_[id], spread);
    best = weight > most ? id : best;
    most = std::max(weight, most);
  }
  return best;
}

PortBitmap::Range PortMap::class_of(const TransportAddress& inner) {
  if (is_query(inner.protocol)) return {0, 65535};
  return inner.port < 1024 ? PortBitmap::Range{1, 1023} : PortBitmap::Range{1024, 65535};
}

PortMap::Wanted PortMap::wanted(const TransportAddress& inner) const {
  using Parity = PortBitmap::Parity;
  constexpr uint16_t no_realm =
      0xffff;  // another number than the one that says the mapping's place
  const Words words = pack(inner, no_realm);
  const uint64_t start = hash_(words[0], words[1], words[2]);
  if (is_query(inner.protocol)) return {true, class_of(inner), Parity::any, start};
  const Parity same = inner.port % 2 ? Parity::odd : Parity::even;
  return {inner.port != 0, class_of(inner), inner.protocol == ip_protocol::udp ? same : Parity::any,
          start};
}

std::optional<uint16_t> PortMap::take_port(ExternalId id, const TransportAddress& inner) {
  using Parity = PortBitmap::Parity;
  PortBitmap& ports = externals_[id]->ports[ports_index(inner.protocol)];
  const Wanted w = wanted(inner);
  if (w.own && ports.take(inner.port)) return inner.port;
  if (const auto port = ports.take_any(w.range, w.parity, w.start)) return port;
  if (w.parity == Parity::any) return std::nullopt;
  return ports.take_any(w.range, Parity::any, w.start);
}

// With the external port taken.
PortMap::Lease PortMap::make(const Words& inner, ExternalId id, const TransportAddress& external) {
  index_.prefetch(place(pack(external, 0)));
  const MappingId mapping = free_.take(links());
  if (mapping != no_record) {
    const Lease lease = publish(mapping, id, inner, pack(external, 0));
    if (lease.mapping == mapping) return lease;
    free_.give(mapping, links());
    externals_[id]->ports[ports_index(external.protocol)].release(external.port);
    return lease ? lease : exhausted_now();
  }
  externals_[id]->ports[ports_index(external.protocol)].release(external.port);
  return exhausted_now();
}

// Another worker may have made the inner end's mapping meanwhile: then that one is used, even if
// its last use has just ended.
PortMap::Lease PortMap::publish(MappingId mapping, ExternalId id, const Words& inner,
                                const Words& external) {
  const PairIndex::Place inner_place = place(inner), external_place = place(external);
  PairIndex::Lock lock(index_, inner_place, external_place);
  const Seen other = find(inner_place, inner_side, inner);
  if (other.mapping != no_mapping) {
    mappings_[other.mapping].state.fetch_add(1, std::memory_order_acq_rel);
    return other.lease();
  }
  Mapping& m = mappings_[mapping];
  m.sides[inner_side].store(inner);
  m.sides[external_side].store(external);
  m.external = id;
  if (!index_.insert(inner_place, external_place, mapping)) return {};
  // Live last: who finds the mapping by one end may rely on finding it by the other.
  const uint32_t version = version_of(m.state.load(std::memory_order_relaxed)) + 1;
  m.state.store(uint64_t{version} << 32 | 1, std::memory_order_release);
  size_.fetch_add(1, std::memory_order_relaxed);
  return {mapping, unpack(inner), unpack(external)};
}

PortMap::Lease PortMap::exhausted_now() {
  exhausted_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

// Unless somebody uses it again before the lock is held, or has already ended it.
void PortMap::end(MappingId mapping, uint32_t version) {
  Mapping& m = mappings_[mapping];
  const Words inner = m.sides[inner_side].load(), external = m.sides[external_side].load();
  const PairIndex::Place inner_place = place(inner), external_place = place(external);
  ExternalId id;
  {
    PairIndex::Lock lock(index_, inner_place, external_place);
    // Uses and version together: so what was read above is of this version too.
    if (m.state.load(std::memory_order_acquire) != uint64_t{version} << 32) return;
    index_.erase(inner_place, external_place, mapping);
    id = m.external;
    m.state.store(uint64_t{version + 1} << 32, std::memory_order_release);
  }
  const TransportAddress end = unpack(external);
  externals_[id]->ports[ports_index(end.protocol)].release(end.port);
  free_.give(mapping, links());
  size_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace uswitch
