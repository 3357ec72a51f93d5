// What is known of one neighbour: the vocabulary of Neighbours and of the table beneath it. Values;
// any thread.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/ids.h"
#include "wire/address.h"

namespace uswitch {

// RFC 4861 7.3.2, for ARP as well (STANDARDS ARP-12, ND-4). `failed` and `permanent` are ours: the
// first keeps an address that did not answer from being asked for again at once, the second is
// configured and never changed by what is heard.
enum class NeighbourState : uint8_t {
  incomplete,
  reachable,
  stale,
  delay,
  probe,
  failed,
  permanent
};

inline constexpr size_t neighbour_states = 7;

// No MAC is known.
constexpr bool is_unresolved(NeighbourState state) {
  return state == NeighbourState::incomplete || state == NeighbourState::failed;
}

// Eight bytes, so that a reader sees MAC and state of the same moment.
struct alignas(8)
    NeighbourLink {  // aligned as the word that it is, which clang asks for in an atomic
  MacAddress mac;    // zero while unresolved
  NeighbourState state = NeighbourState::incomplete;
  bool router = false;  // IsRouter of RFC 4861 5.1
};
static_assert(sizeof(NeighbourLink) == 8);

// A neighbour's name, hashed once for the one table that made it.
struct NeighbourKey {
  IpAddress address;
  NetworkId network = no_network;
  uint32_t home = 0;  // the slot where the search begins

  bool operator==(const NeighbourKey&) const = default;
};

}  // namespace uswitch
