// Which external port each inner end of a flow has: address and port translation as RFC 4787, 5382,
// 5508 and 7857 ask for it.
// - Endpoint-independent: one inner address and port has one external one, whatever it talks to
//   (U-1, T-1, I-1a), and no other inner end has that at the same time (U-3, T-7). Protocols are
//   independent of each other (N-7).
// - Of a pool, one inner host always has the same external address (U-2), also when that one's
// ports
//   are all in use: what a NAT does must not depend on its load (U-11).
// - The inner port is kept when it is free; else one of the same class (below 1024, or not; U-3a)
//   and, of UDP, of the same parity if there is one (U-4), from a place on that a keyed hash of the
//   inner end says (N-5, P-1: RFC 6056's algorithm 3): who does not know the key cannot tell it in
//   advance, and a batch of new flows can ask for its memory before it comes to them.
// - Finding out that no port is left takes microseconds at most, and as long as one is free it is
//   found (TR-11).
//
// Kind "learned": workers acquire and release mappings, without locks when the mapping exists.
// Control adds external addresses and reserves ports. A mapping lives as long as someone uses it:
// every connection does. Bounded: 95 bytes for each of max_mappings, all but the index, 31
// of them, in pages that are resident only once used; and 48 KiB an external address.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>

#include "core/keyed_hash.h"
#include "nat/external_pool.h"
#include "nat/free_list.h"
#include "nat/pair_index.h"
#include "nat/port_bitmap.h"
#include "nat/shared_words.h"
#include "nat/tuple.h"

namespace uswitch {

// A mapping that is used, below PairIndex::max_records.
using MappingId = uint32_t;
inline constexpr MappingId no_mapping = PairIndex::max_records;

class PortMap {
 public:
  // One use of a mapping. Whoever holds it gives it back with release(), or to a connection.
  struct Lease {
    MappingId mapping = no_mapping;
    TransportAddress inner, external;
    explicit operator bool() const { return mapping != no_mapping; }
  };

  static constexpr size_t max_externals = 256;
  // An end as words: the address; then port, protocol and, of an inner end, its realm.
  using Words = std::array<uint64_t, 3>;

  // Throws std::system_error when the mapping of memory is refused.
  explicit PortMap(uint32_t max_mappings) : PortMap(max_mappings, KeyedHash()) {}
  PortMap(uint32_t max_mappings, const KeyedHash& hash);

  // Control. Makes the address's ports available, and says by what number; the same again for an
  // address that is there. no_external when there are max_externals.
  ExternalId add_external(const IpAddress& address);
  const IpAddress& address(ExternalId id) const { return externals_[id]->address; }
  // Control, once no worker can name the id any more: it becomes free when its last mapping goes.
  void retire_external(ExternalId id);
  // Control. Keeps a port, a published one, from being given out (P-1). A mapping that has it
  // already keeps it: end its connections.
  void reserve(ExternalId id, uint8_t protocol, uint16_t port, bool on = true);

  // Whether the protocol has ports to map: TCP, UDP, and ICMP queries by their id. Others are
  // translated by address alone.
  static bool maps(uint8_t protocol) { return ports_index(protocol) < kinds; }

  // The external ports that an inner end may have: those of its port's class (U-3a).
  static PortBitmap::Range class_of(const TransportAddress& inner);

  // An inner end that wants a mapping towards `realm`, whose external addresses are `pool`. A realm
  // is whatever has a pool of its own: one masquerade entry.
  struct Request {
    TransportAddress inner;
    Words words;                        // the inner end and the realm
    PairIndex::Place place;             // of the words
    ExternalId external = no_external;  // the one of the pool that this host has
    uint64_t random;                    // where to begin to look for a port
  };

  // Worker. For a batch of new flows: prepare() of all, then expect() of all, then acquire().
  // prepare() makes the request in place, for to copy a fresh one takes as long as to make it;
  // expect() says what external end a new mapping would have now, if that is quick to say. Both ask
  // for the memory of the next step.
  void prepare(Request& request, const TransportAddress& inner, uint16_t realm,
               const ExternalPool& pool) const;
  std::optional<TransportAddress> expect(const Request& request) const;

  // Worker. The mapping that the inner end has, or a new one. Nothing when no port or no memory is
  // left (I-8), or the pool is empty.
  Lease acquire(const Request& request);
  Lease acquire(const TransportAddress& inner, uint16_t realm, const ExternalPool& pool) {
    Request request;
    prepare(request, inner, realm, pool);
    return acquire(request);
  }

  // Worker. The external address of an inner one, for protocols that have no ports to map; the same
  // one as acquire() takes (U-2). Nothing when the pool is empty.
  std::optional<IpAddress> external_address(const IpAddress& inner,
                                            const ExternalPool& pool) const {
    if (pool.empty()) return std::nullopt;
    return address(external_of(inner, pool));
  }

  // Worker. The first of so many IPv4 ids, modulo 2^16, that no other worker is given soon: for
  // nat/datagram_ids.
  uint32_t take_datagram_ids(uint32_t count) {
    return datagrams_.fetch_add(count, std::memory_order_relaxed);
  }

  // Worker. The mapping whose external end this is, for what comes from outside (U-8) or goes to
  // another inner host's external end (U-9). Nothing when there is none.
  Lease acquire_external(const TransportAddress& external);

  // Any thread. The last use given back ends the mapping and frees its port.
  void release(MappingId mapping);

  // Any thread, of these two: what would be found or given out now; nothing is taken. A Lease from
  // here is no use, and is not given back.
  struct Forecast {
    TransportAddress external;
    bool exists = false;  // a mapping that there is
    bool drawn = false;   // the port is none yet: a random one is drawn when it is needed
  };
  std::optional<Forecast> foresee(const TransportAddress& inner, uint16_t realm,
                                  const ExternalPool& pool) const;
  Lease peek_external(const TransportAddress& external) const;

  // Control, from time to time: readies memory for the mappings to come.
  void populate();

  // Any thread.
  size_t size() const { return free_.taken(); }
  uint64_t exhausted() const { return exhausted_.load(std::memory_order_relaxed); }
  size_t taken_ports(ExternalId id, uint8_t protocol) const {
    return externals_[id]->ports[ports_index(protocol)].taken();
  }
  size_t bytes() const { return mappings_.bytes() + index_.bytes(); }

 private:
  enum Side : uint8_t { inner_side, external_side };
  static constexpr size_t kinds = 3;
  static size_t ports_index(uint8_t protocol);

  static Words pack(const TransportAddress& end, uint16_t realm);
  static TransportAddress unpack(const Words& words);

  struct alignas(64) Mapping {
    std::array<SharedWords<3>, 2> sides;
    // Version << 32 | uses, so that a use is taken of the version that was read. Uses leave 0 only
    // under the index's lock.
    std::atomic<uint64_t> state;
    ExternalId external;
    std::atomic<uint32_t> next_free;
  };
  static_assert(sizeof(Mapping) == 64);
  static uint32_t version_of(uint64_t state) { return static_cast<uint32_t>(state >> 32); }
  static uint32_t uses_of(uint64_t state) { return static_cast<uint32_t>(state); }

  struct External {
    IpAddress address;
    bool retired = false;
    std::array<PortBitmap, kinds> ports;
  };

  // A mapping as it was read.
  struct Seen {
    MappingId mapping = no_mapping;
    uint32_t version = 0;
    std::array<Words, 2> sides{};
    Lease lease() const { return {mapping, unpack(sides[0]), unpack(sides[1])}; }
  };

  PairIndex::Place place(const Words& words) const {
    return index_.place(hash_(words[0], words[1], words[2]));
  }
  // False when the address is not, and never was, an external one: so it is for the destination of
  // nearly every new flow, and to look for its mapping would read memory that nobody has lately.
  bool may_be_external(const IpAddress& address) const {
    const uint32_t bit = external_bit(address);
    return external_bits_[bit / 64].load(std::memory_order_relaxed) >> bit % 64 & 1;
  }
  static constexpr uint32_t external_bits = 4096;
  static uint32_t external_bit(const IpAddress& address) {
    return static_cast<uint32_t>(
        fold(first_half(address) ^ 0x9e3779b97f4a7c15, second_half(address) ^ 0xbf58476d1ce4e5b9) %
        external_bits);
  }
  bool read(MappingId mapping, Side side, const Words& words, Seen& seen) const;
  Seen find(const PairIndex::Place& place, Side side, const Words& words) const;
  bool use_again(const Seen& seen);
  // The external address that a host has of a pool that is not empty (U-2).
  ExternalId external_of(const IpAddress& host, const ExternalPool& pool) const {
    if (!pool.has_choice()) return pool.ids()[0];
    return pool.of(hash_(first_half(host), second_half(host), 0));
  }
  PortBitmap& ports_of(ExternalId id, uint8_t protocol) const {
    return externals_[id]->ports[ports_index(protocol)];
  }
  std::optional<uint16_t> take_port(const Request& request);
  Lease make(const Request& request, uint16_t port);
  Lease publish(MappingId mapping, const Request& request, const TransportAddress& external);
  Lease exhausted_now();
  void end(MappingId mapping, uint32_t version);
  struct Links {
    const PortMap& map;
    std::atomic<uint32_t>& operator[](uint32_t i) const { return map.mappings_[i].next_free; }
    void prefetch(uint32_t i) const { __builtin_prefetch(&map.mappings_[i], 1); }
  };
  Links links() const { return {*this}; }

  KeyedHash hash_;
  ZeroedArray<Mapping> mappings_;
  PairIndex index_;
  FreeList free_;
  std::array<std::unique_ptr<External>, max_externals> externals_;         // control writes
  std::array<std::atomic<uint64_t>, external_bits / 64> external_bits_{};  // a Bloom filter of them
  alignas(64) std::atomic<uint64_t> exhausted_{0};
  std::atomic<uint32_t> datagrams_{0};
};

}  // namespace uswitch
