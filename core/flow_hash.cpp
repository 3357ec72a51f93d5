#include "core/flow_hash.h"

#include <bit>
#include <span>

#include "core/fold.h"
#include "wire/bytes.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {
namespace {

using Bytes = std::span<const uint8_t>;
using V4 = Ipv4View::Offset;
using V6 = Ipv6View::Offset;

// Two numbers that nobody knows who does not know the seed: what comes from a packet is xored with
// one of them before it is multiplied, and cannot be chosen such that it is 0.
struct Keys {
  explicit Keys(uint32_t seed)
      : a(seed * 0x9e3779b97f4a7c15 + 0x7c9f3a1be46d52f1),
        b(seed * 0xc2b2ae3d27d4eb4f + 0x2d358dccaa6c78a5) {}
  uint64_t a, b;
};

// Beside its addresses, a flow is told apart by this.
uint64_t rest_of(uint8_t protocol, uint32_t ports) {
  return uint64_t{ports} << 8 | protocol;
}

uint32_t finish(uint64_t x, uint64_t y, const Keys& keys) {
  return static_cast<uint32_t>(fold(x ^ keys.b, y ^ keys.a) >> 32);
}

uint32_t hash4(const uint8_t* source, const uint8_t* destination, uint64_t rest, const Keys& keys) {
  const uint64_t addresses = uint64_t{load_be32(source)} << 32 | load_be32(destination);
  return finish(fold(addresses ^ keys.a, rest ^ keys.b), rest, keys);
}

uint32_t hash6(const uint8_t* source, const uint8_t* destination, uint64_t rest, const Keys& keys) {
  const uint64_t from = fold(load_be64(source) ^ keys.a, load_be64(source + 8) ^ keys.b);
  const uint64_t to = fold(load_be64(destination) ^ keys.b, load_be64(destination + 8) ^ keys.a);
  return finish(from ^ rest, to, keys);
}

bool has_ports(uint8_t protocol) {
  constexpr uint8_t dccp = 33, sctp = 132, udp_lite = 136;
  return protocol == ip_protocol::tcp || protocol == ip_protocol::udp || protocol == sctp ||
         protocol == dccp || protocol == udp_lite;
}

bool is_echo(uint8_t protocol, uint8_t type) {
  if (protocol == ip_protocol::icmp) {
    return type == icmp_type::echo_request || type == icmp_type::echo_reply;
  }
  return protocol == ip_protocol::icmp6 &&
         (type == icmp6_type::echo_request || type == icmp6_type::echo_reply);
}

// Those that quote a packet.
bool is_error(uint8_t protocol, uint8_t type) {
  constexpr uint8_t source_quench = 4, first_informational6 = 128;
  if (protocol == ip_protocol::icmp6) return type < first_informational6;
  return type == icmp_type::unreachable || type == source_quench || type == icmp_type::redirect ||
         type == icmp_type::time_exceeded || type == icmp_type::parameter_problem;
}

// Source port << 16 | destination port.
uint32_t ports_of(uint8_t protocol, Bytes segment) {
  if (has_ports(protocol)) return segment.size() < 4 ? 0 : load_be32(segment.data());
  if (segment.size() < IcmpView::size || !is_echo(protocol, segment[0])) return 0;
  const uint32_t id = load_be16(&segment[IcmpView::Offset::id]);
  return id << 16 | id;
}

uint64_t reverse_rest(uint8_t protocol, Bytes segment) {
  return rest_of(protocol, std::rotl(ports_of(protocol, segment), 16));
}

// The hash of the flow that goes to where this quoted packet came from; false: there is too little.
bool hash_quote4(Bytes quote, const Keys& keys, uint32_t& hash) {
  if (quote.size() < Ipv4View::min_header) return false;
  const size_t header = (quote[0] & 0x0fu) * 4;
  const bool later_fragment = load_be16(&quote[V4::fragment]) & 0x1fff;
  const Bytes segment = later_fragment || header > quote.size() ? Bytes() : quote.subspan(header);
  const uint64_t rest = reverse_rest(quote[V4::protocol], segment);
  hash = hash4(&quote[V4::destination], &quote[V4::source], rest, keys);
  return true;
}

bool hash_quote6(Bytes quote, const Keys& keys, uint32_t& hash) {
  if (quote.size() < Ipv6View::size) return false;
  const uint64_t rest = reverse_rest(quote[V6::next_header], quote.subspan(Ipv6View::size));
  hash = hash6(&quote[V6::destination], &quote[V6::source], rest, keys);
  return true;
}

bool hash_quote(uint8_t protocol, Bytes message, const Keys& keys, uint32_t& hash) {
  if (message.size() < IcmpView::size || !is_error(protocol, message[0])) return false;
  const Bytes quote = message.subspan(IcmpView::size);
  return protocol == ip_protocol::icmp ? hash_quote4(quote, keys, hash)
                                       : hash_quote6(quote, keys, hash);
}

uint32_t hash_ethernet(const Packet& packet, const Keys& keys) {
  if (packet.length < EthernetView::size) return 0;
  const uint64_t macs = load_be64(packet.data);  // the destination, and what begins the source
  const uint64_t rest = uint64_t{load_be32(packet.data + 8)} << 16 | packet.layout.ether_type;
  return finish(fold(macs ^ keys.a, rest ^ keys.b), rest, keys);
}

}  // namespace

uint32_t flow_hash(const Packet& packet, uint32_t seed) {
  const Keys keys(seed);
  const Layout& layout = packet.layout;
  if (layout.l3_end == 0) return hash_ethernet(packet, keys);

  const bool v4 = layout.ether_type == ether_type::ipv4;
  uint8_t protocol = layout.protocol;
  uint32_t ports = 0;
  if (layout.fragment) {
    if (!v4) protocol = ip_protocol::fragment;
  } else if (layout.l4 != 0) {
    const Bytes segment{packet.data + layout.l4, layout.l3_end - layout.l4};
    const bool icmp = protocol == (v4 ? ip_protocol::icmp : ip_protocol::icmp6);
    uint32_t hash;
    if (icmp && hash_quote(protocol, segment, keys, hash)) return hash;
    ports = ports_of(protocol, segment);
  }
  const uint8_t* ip = packet.data + Layout::l3;
  const uint64_t rest = rest_of(protocol, ports);
  return v4 ? hash4(ip + V4::source, ip + V4::destination, rest, keys)
            : hash6(ip + V6::source, ip + V6::destination, rest, keys);
}

}  // namespace uswitch
