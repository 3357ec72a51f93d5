// What names a flow in one direction, as a value. No state; any thread.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>

#include "wire/address.h"

namespace uswitch {

// Both ends and the protocol. Ports are those of TCP and UDP. The id of an ICMP query stands in the
// port of the end that asked and the request's type in the other one, so that a reply's tuple is
// the request's reversed, as for every other protocol, and an echo and a timestamp request of one
// id are two flows (CT-11). Other protocols: both ports 0.
struct Tuple {
  IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;
  uint8_t protocol = 0;

  bool operator==(const Tuple&) const = default;

  // The tuple of what comes back, when nothing is translated.
  Tuple reversed() const { return {destination, source, destination_port, source_port, protocol}; }
};

// Original is the direction of the packet that made the connection.
enum class Direction : uint8_t { original, reply };

constexpr Direction opposite(Direction d) {
  return d == Direction::original ? Direction::reply : Direction::original;
}
constexpr size_t side(Direction d) {
  return static_cast<size_t>(d);
}

// A tuple as the words it is hashed, compared and kept as: the addresses, then the ports and the
// protocol in 40 bits. The 24 bits above are not the tuple's.
using TupleWords = std::array<uint64_t, 5>;
inline constexpr uint64_t tuple_ports_mask = 0xff'ffff'ffff;

inline uint8_t protocol_of(const TupleWords& words) {
  return static_cast<uint8_t>(words[4] >> 32);
}

// Word by word, as they were stored or are read next: a wider load would have to wait for the
// stores.
inline TupleWords pack(const Tuple& t) {
  auto word = [](const IpAddress& a, size_t i) {
    uint64_t w;
    std::memcpy(&w, a.bytes.data() + 8 * i, 8);
    return w;
  };
  return {word(t.source, 0), word(t.source, 1), word(t.destination, 0), word(t.destination, 1),
          t.source_port | uint64_t{t.destination_port} << 16 | uint64_t{t.protocol} << 32};
}

// The tuple, or straight away its reverse: to exchange the ends of a fresh tuple would wait for its
// stores.
inline void unpack_ends(const TupleWords& words, IpAddress& source, IpAddress& destination,
                        uint16_t& source_port, uint16_t& destination_port) {
  std::memcpy(source.bytes.data(), words.data(), 16);
  std::memcpy(destination.bytes.data(), &words[2], 16);
  source_port = static_cast<uint16_t>(words[4]);
  destination_port = static_cast<uint16_t>(words[4] >> 16);
}
inline Tuple unpack(const TupleWords& words) {
  Tuple t;
  unpack_ends(words, t.source, t.destination, t.source_port, t.destination_port);
  t.protocol = protocol_of(words);
  return t;
}
inline Tuple unpack_reversed(const TupleWords& words) {
  Tuple t;
  unpack_ends(words, t.destination, t.source, t.destination_port, t.source_port);
  t.protocol = protocol_of(words);
  return t;
}

// What stands as the protocol in a leave to send to a mapping (nat/leave); whose protocol's it is
// stands in the destination port of its answers. No flow has this number with ports: it is none
// that has ports.
inline constexpr uint8_t leave_protocol = 253;
// Of a leave the protocol that it is for; 0: it is none.
inline uint8_t leave_for(const TupleWords& answers) {
  return protocol_of(answers) == leave_protocol ? static_cast<uint8_t>(answers[4] >> 16) : 0;
}

// One end of a flow: what a NAT maps to another such (the "endpoint" of RFC 4787, the transport
// address of RFC 8489). The port of an ICMP query is its id.
struct TransportAddress {
  IpAddress address;
  uint16_t port = 0;
  uint8_t protocol = 0;

  bool operator==(const TransportAddress&) const = default;
};

}  // namespace uswitch
