#include "nat/port_map.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/fold.h"
#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

using Parity = PortBitmap::Parity;

bool is_query(uint8_t protocol) {
  return protocol == ip_protocol::icmp || protocol == ip_protocol::icmp6;
}

// Which ports an inner end may have, best first.
struct Wanted {
  bool own;  // the inner one
  PortBitmap::Range range;
  Parity parity;
};

Wanted wanted(const TransportAddress& inner) {
  const PortBitmap::Range range = PortMap::class_of(inner);
  if (is_query(inner.protocol)) return {true, range, Parity::any};
  const Parity same = inner.port % 2 ? Parity::odd : Parity::even;
  return {inner.port != 0, range, inner.protocol == ip_protocol::udp ? same : Parity::any};
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
  return id;
}

void PortMap::retire_external(ExternalId id) {
  externals_[id]->retired = true;
}

void PortMap::reserve(ExternalId id, uint8_t protocol, uint16_t port, bool on) {
  externals_[id]->ports[ports_index(protocol)].reserve(port, on);
}

void PortMap::prepare(Request& request, const TransportAddress& inner, uint16_t realm,
                      const ExternalPool& pool) const {
  assert(maps(inner.protocol));
  request.inner = inner;
  request.words = pack(inner, realm);
  const uint64_t hash = hash_(request.words[0], request.words[1], request.words[2]);
  request.place = index_.place(hash);
  index_.prefetch(request.place);
  // Another number than the one that says the mapping's place.
  request.random = fold(hash, 0xbf58476d1ce4e5b9);
  request.external = pool.empty() ? no_external : external_of(inner.address, pool);
  if (request.external == no_external) return;
  const PortBitmap& ports = ports_of(request.external, inner.protocol);
  ports.prefetch(inner.port);
  ports.prefetch(wanted(inner).range, request.random);
}

std::optional<TransportAddress> PortMap::expect(const Request& request) const {
  if (request.external == no_external) return std::nullopt;
  const TransportAddress& inner = request.inner;
  const PortBitmap& ports = ports_of(request.external, inner.protocol);
  const Wanted w = wanted(inner);
  const auto port = w.own && ports.is_free(inner.port)
                        ? inner.port
                        : ports.first_guess(w.range, w.parity, request.random);
  if (!port) return std::nullopt;
  const TransportAddress end{address(request.external), *port, inner.protocol};
  index_.prefetch(place(pack(end, 0)));
  return end;
}

PortMap::Lease PortMap::acquire(const Request& request) {
  const Seen seen = find(request.place, inner_side, request.words);
  if (seen.mapping != no_mapping && use_again(seen)) return seen.lease();
  if (request.external == no_external) return {};
  const std::optional<uint16_t> port = take_port(request);
  return port ? make(request, *port) : exhausted_now();
}

PortMap::Lease PortMap::acquire_external(const TransportAddress& external) {
  if (!may_be_external(external.address)) return {};
  const Words words = pack(external, 0);
  const Seen seen = find(place(words), external_side, words);
  if (seen.mapping == no_mapping || !use_again(seen)) return {};
  return seen.lease();
}

std::optional<PortMap::Forecast> PortMap::foresee(const TransportAddress& inner, uint16_t realm,
                                                  const ExternalPool& pool) const {
  const Words words = pack(inner, realm);
  const Seen seen = find(place(words), inner_side, words);
  if (seen.mapping != no_mapping) return Forecast{seen.lease().external, true, false};
  if (pool.empty()) return std::nullopt;
  const External& external = *externals_[external_of(inner.address, pool)];
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

void PortMap::populate() {
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

PortBitmap::Range PortMap::class_of(const TransportAddress& inner) {
  if (is_query(inner.protocol)) return {0, 65535};
  return inner.port < 1024 ? PortBitmap::Range{1, 1023} : PortBitmap::Range{1024, 65535};
}

std::optional<uint16_t> PortMap::take_port(const Request& request) {
  const TransportAddress& inner = request.inner;
  PortBitmap& ports = ports_of(request.external, inner.protocol);
  const Wanted w = wanted(inner);
  if (w.own && ports.take(inner.port)) return inner.port;
  if (const auto port = ports.take_any(w.range, w.parity, request.random)) return port;
  if (w.parity == Parity::any) return std::nullopt;
  return ports.take_any(w.range, Parity::any, request.random);
}

// With the external port taken.
PortMap::Lease PortMap::make(const Request& request, uint16_t port) {
  const uint8_t protocol = request.inner.protocol;
  const MappingId mapping = free_.take(links());
  if (mapping != no_record) {
    const Lease lease = publish(mapping, request, {address(request.external), port, protocol});
    if (lease.mapping == mapping) return lease;
    free_.give(mapping, links());
    ports_of(request.external, protocol).release(port);
    return lease ? lease : exhausted_now();
  }
  ports_of(request.external, protocol).release(port);
  return exhausted_now();
}

// Another worker may have made the inner end's mapping meanwhile: then that one is used, even if
// its last use has just ended.
PortMap::Lease PortMap::publish(MappingId mapping, const Request& request,
                                const TransportAddress& external) {
  const Words words = pack(external, 0);
  const PairIndex::Place external_place = place(words);
  PairIndex::Lock lock(index_, request.place, external_place);
  const Seen other = find(request.place, inner_side, request.words);
  if (other.mapping != no_mapping) {
    mappings_[other.mapping].state.fetch_add(1, std::memory_order_acq_rel);
    return other.lease();
  }
  Mapping& m = mappings_[mapping];
  m.sides[inner_side].store(request.words);
  m.sides[external_side].store(words);
  m.external = request.external;
  if (!index_.insert(request.place, external_place, mapping)) return {};
  // Live last: who finds the mapping by one end may rely on finding it by the other.
  const uint32_t version = version_of(m.state.load(std::memory_order_relaxed)) + 1;
  m.state.store(uint64_t{version} << 32 | 1, std::memory_order_release);
  return {mapping, request.inner, external};
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
  ports_of(id, end.protocol).release(end.port);
  free_.give(mapping, links());
}

}  // namespace uswitch
