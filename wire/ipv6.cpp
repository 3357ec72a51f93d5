#include "wire/ipv6.h"

namespace uswitch {

namespace {

bool is_extension(uint8_t next) {
  return next == ip_protocol::hop_by_hop || next == ip_protocol::routing ||
         next == ip_protocol::fragment || next == ip_protocol::destination_options ||
         next == ip_protocol::authentication;
}

size_t extension_size(uint8_t type, const uint8_t* header) {
  if (type == ip_protocol::fragment) return 8;
  // RFC 4302 2.2: the authentication header counts in 4-byte units, less two.
  if (type == ip_protocol::authentication) return (header[1] + 2u) * 4;
  return (header[1] + 1u) * 8;
}

void note_fragment(const uint8_t* header, Ipv6Chain& chain) {
  uint16_t field = load_be16(header + 2);
  chain.has_fragment_header = true;
  chain.fragment_offset = field & 0xfff8;
  chain.more_fragments = (field & 1) != 0;
  chain.fragment_id = load_be32(header + 4);
}

}  // namespace

Ipv6Chain walk_extensions(const Ipv6View& packet) {
  Ipv6Chain chain;
  auto bytes = packet.bytes();
  chain.protocol = packet.next_header();
  chain.offset = Ipv6View::size;
  for (unsigned i = 0; is_extension(chain.protocol); ++i) {
    if (i == Ipv6Chain::max_headers) return chain;
    const uint8_t* header = bytes.data() + chain.offset;
    size_t left = bytes.size() - chain.offset;
    if (left < 8 || left < extension_size(chain.protocol, header)) {
      chain.malformed = true;
      return chain;
    }
    if (chain.protocol == ip_protocol::fragment) note_fragment(header, chain);
    chain.next_header_at = chain.offset;
    chain.offset += extension_size(chain.protocol, header);
    chain.protocol = header[0];
    if (chain.fragment_offset != 0) return chain;
  }
  chain.complete = true;
  return chain;
}

}  // namespace uswitch
