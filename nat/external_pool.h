// The external addresses of a masquerade entry, and which of them an inner host has: always the
// same one (RFC 4787's "paired" pooling, U-2). A value: made by the control thread, any thread
// reads.
//
// Theory of operation. Hosts are hashed to slots, and each slot has one address: of all, the one
// with the largest weight there (rendezvous hashing). So an address that goes takes no other's
// hosts along, one that comes takes its share evenly, and a host's is found in one step.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace uswitch {

// An external address of the port map.
using ExternalId = uint16_t;
inline constexpr ExternalId no_external = 0xffff;

class ExternalPool {
 public:
  ExternalPool() = default;
  // Not explicit: a list of addresses is a pool.
  ExternalPool(const std::vector<ExternalId>& ids);
  ExternalPool(std::initializer_list<ExternalId> ids) : ExternalPool(std::vector(ids)) {}

  std::span<const ExternalId> ids() const { return ids_; }
  bool empty() const { return ids_.empty(); }
  // Not empty. `host` is the host's hash.
  ExternalId of(uint64_t host) const { return slots_[(host >> 32) * slots_.size() >> 32]; }
  bool has_choice() const { return ids_.size() > 1; }

 private:
  std::vector<ExternalId> ids_, slots_;
};

}  // namespace uswitch
