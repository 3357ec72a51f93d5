// What a packet says of the flow it belongs to, and what the packet quoted in an ICMP error says of
// the flow the error is about. The worker that owns the packet calls it; nothing is kept.
#pragma once
#include <cstdint>
#include <optional>

#include "core/packet.h"
#include "nat/tuple.h"

namespace uswitch {

struct FlowFields {
  enum class Kind : uint8_t {
    // Belongs to no flow that could be translated: not IP; a header that lies; ICMP that is neither
    // query nor error (I-11); IPv4-mapped addresses in IPv6, which no wire may carry (RFC 4291
    // 2.5.5.2); an IPv6 chain that is not followed, or whose routing header still has hops to go:
    // the checksum is then not over the addresses in the IPv6 header (RFC 8200 8.1).
    untrackable,
    tcp,
    udp,
    icmp_query,  // and its reply
    icmp_error,  // never of a flow itself (CT-11): see parse_quote
    other,       // by addresses and protocol; SCTP, DCCP and UDP-Lite too
    // Not the first fragment of its datagram (NG-5): no ports, the flow is that of the first one.
    fragment_later,
  };

  // The protocol of a later IPv6 fragment may be an extension header's number: do not compare it.
  Tuple tuple;
  Kind kind = Kind::untrackable;
  uint8_t icmp_type = 0;     // of a query or an error
  bool is_reply = false;     // of an icmp_query
  bool fragment = false;     // a fragment, the first or a later one
  uint32_t fragment_id = 0;  // of a fragment; 16 bits in IPv4

  bool has_ports() const {
    return kind == Kind::tcp || kind == Kind::udp || kind == Kind::icmp_query;
  }
};

// Of a packet that parse_layout accepted. One whose transport header lies is untrackable, but has
// its addresses: whether it may pass depends on them.
FlowFields flow_fields(const Packet& packet);

// The packet an ICMP error quotes, in the error's frame.
struct Quote {
  FlowFields flow;   // as quoted: tcp, udp, icmp_query, other or fragment_later
  uint32_t l3 = 0;   // offsets in the frame: of its IP header,
  uint32_t l4 = 0;   // of its transport header (0: a later fragment)
  uint32_t end = 0;  // and past what is there of it, without padding and RFC 4884 extensions (I-3d)
};

// Of a packet of Kind::icmp_error. Nothing when the error must be dropped: its ICMP checksum or the
// quoted IPv4 header's is wrong (I-3, I-3a); less than eight bytes of the quoted TCP, UDP or query
// are there, or it is untrackable or itself an error; the error was not sent to whom it quotes
// (CT-11); or it comes in fragments, which no error needs to (its checksum cannot be judged).
// The quoted transport checksum is not looked at (I-3c).
std::optional<Quote> parse_quote(const Packet& packet);

}  // namespace uswitch
