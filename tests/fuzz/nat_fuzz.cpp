// Any virtio-net header before any frame: what parse_layout lets through is translated to other
// addresses and ports and back again. It is then the same packet; in between it carries what it was
// to carry, no other byte has changed, and its checksums are as right or wrong as before (NG-3).
// ICMP errors likewise, with the packet they quote (I-12).
//
// The MAC addresses say what to translate to: nothing here reads them. Unused flag bits mend what
// mutation seldom keeps right: 0x80 lengths, 0x40 the checksums of an ICMP error.
#include <vector>

#include "core/layout.h"
#include "core/offload.h"
#include "nat/icmp_translate.h"
#include "nat/rewrite.h"
#include "tests/fuzz/fuzz_packet.h"
#include "tests/support/naive_checksum.h"
#include "wire/ethernet.h"

using namespace uswitch;
using fuzz::require;
using Kind = FlowFields::Kind;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes copy(const Packet& p) {
  return {p.frame().begin(), p.frame().end()};
}

bool is_ipv4(const Packet& p) {
  return p.layout.ether_type == ether_type::ipv4;
}

// Other ends of the same family.
Tuple elsewhere(const FlowFields& flow, const uint8_t* mix) {
  Tuple e = flow.tuple;
  for (size_t i = 0; i < 4; ++i) {
    e.source.bytes[12 + i] ^= mix[i];
    e.destination.bytes[12 + i] ^= mix[4 + i];
  }
  const bool query = flow.kind == Kind::icmp_query;
  if (flow.has_ports() && !(query && flow.is_reply)) e.source_port ^= load_be16(mix + 8);
  if (flow.has_ports() && !(query && !flow.is_reply)) e.destination_port ^= load_be16(mix + 10);
  return e;
}

// Where one packet has what a translation changes; offsets in the frame, 0: there is none.
struct Fields {
  size_t addresses, address_bytes, ip_checksum = 0, ports = 0, port_bytes = 0, checksum = 0;
};

Fields fields_of(bool v4, size_t l3, size_t l4, size_t end, const FlowFields& flow) {
  Fields f{l3 + (v4 ? 12 : 8), v4 ? 8u : 32u, v4 ? l3 + 10 : 0};
  if (l4 == 0) return f;
  size_t checksum = 0;
  switch (flow.tuple.protocol) {
    case 6:
      checksum = 16;
      break;
    case 17:
    case 33:
    case 136:
      checksum = 6;
      break;
    case 1:
    case 58:
      checksum = 2;
      break;
    default:
      return f;
  }
  if (l4 + checksum + 2 <= end) f.checksum = l4 + checksum;
  if (flow.has_ports()) f.ports = flow.kind == Kind::icmp_query ? l4 + 4 : l4;
  if (flow.has_ports()) f.port_bytes = flow.kind == Kind::icmp_query ? 2 : 4;
  return f;
}

// In one's complement there are two zeros.
bool equal_sums(uint16_t a, uint16_t b) {
  return a % 0xffff == b % 0xffff;
}

// `b` is `a` but for these fields of it.
void require_equal_elsewhere(Bytes a, const Bytes& b, std::initializer_list<Fields> changed) {
  auto take = [&](size_t at, size_t count) {
    std::copy_n(b.begin() + static_cast<std::ptrdiff_t>(at), count,
                a.begin() + static_cast<std::ptrdiff_t>(at));
  };
  for (const Fields& f : changed) {
    take(f.addresses, f.address_bytes);
    if (f.ip_checksum != 0) take(f.ip_checksum, 2);
    take(f.ports, f.port_bytes);
    if (f.checksum != 0) take(f.checksum, 2);
  }
  require(a == b);
}

// There and back again changes nothing, but which of the two zeros a checksum is.
void require_restored(Bytes a, const Bytes& b, std::initializer_list<Fields> changed) {
  for (const Fields& f : changed) {
    for (size_t at : {f.ip_checksum, f.checksum}) {
      if (at == 0) continue;
      require(equal_sums(load_be16(&a[at]), load_be16(&b[at])));
      store_be16(&a[at], load_be16(&b[at]));
    }
  }
  require(a == b);
}

uint16_t header_sum(const Bytes& frame, size_t l3) {
  return test::naive_sum(std::span(frame).subspan(l3, (frame[l3] & 15u) * 4));
}

bool is_partial(const Packet& p, const Fields& f) {
  const Offload& o = p.offload;
  return o.needs_checksum && o.checksum_start == p.layout.l4 &&
         o.checksum_start + o.checksum_offset == f.checksum;
}

// Of a transport segment and its pseudo-header, checksum included; of one that is left undone only
// what the field says, less the addresses.
uint16_t transport_sum(const Packet& p, const Bytes& frame, const Fields& f) {
  const auto all = std::span(frame);
  const Layout& l = p.layout;
  const auto addresses = all.subspan(f.addresses, f.address_bytes);
  const uint16_t pseudo = l.protocol == 1 ? 0 : test::naive_sum(addresses);
  if (!is_partial(p, f)) return test::naive_sum(all.subspan(l.l4, l.l3_end - l.l4), pseudo);
  const uint8_t minus[] = {static_cast<uint8_t>(~pseudo >> 8), static_cast<uint8_t>(~pseudo)};
  return test::naive_sum(all.subspan(f.checksum, 2), test::naive_sum(minus));
}

void check_sums(const Packet& p, const Bytes& before, const Bytes& after, const Fields& f) {
  if (f.ip_checksum != 0)
    require(equal_sums(header_sum(before, Layout::l3), header_sum(after, Layout::l3)));
  if (f.checksum == 0) return;
  const bool may_be_none = p.layout.protocol == 17 || p.layout.protocol == 136;
  if (may_be_none && !is_partial(p, f)) {
    require((load_be16(&before[f.checksum]) == 0) == (load_be16(&after[f.checksum]) == 0));
    if (load_be16(&before[f.checksum]) == 0) return;
  }
  require(equal_sums(transport_sum(p, before, f), transport_sum(p, after, f)));
}

void check_packet(Packet& p, const FlowFields& flow) {
  const Bytes before = copy(p);
  const Tuple to = elsewhere(flow, p.data);
  const Fields f = fields_of(is_ipv4(p), Layout::l3, p.layout.l4, p.layout.l3_end, flow);
  rewrite(p, flow.tuple, to);
  require(flow_fields(p).tuple == to);
  require_equal_elsewhere(before, copy(p), {f});
  check_sums(p, before, copy(p), f);
  rewrite(p, to, flow.tuple);
  require_restored(before, copy(p), {f});
}

// Makes the checksums of an ICMP error right, and the quoted IPv4 header's.
void mend_error(Packet& p) {
  const uint32_t end = p.layout.l3_end;
  uint8_t* icmp = p.data + p.layout.l4;
  auto mend = [](uint8_t* field, std::span<const uint8_t> over, uint16_t sum) {
    store_be16(field, 0);
    store_be16(field, static_cast<uint16_t>(~test::naive_sum(over, sum)));
  };
  if (is_ipv4(p) && end - p.layout.l4 >= 28) {
    const size_t header = std::min<size_t>((icmp[8] & 15u) * 4, end - p.layout.l4 - 8);
    if (header >= 20) mend(icmp + 18, {icmp + 8, header}, 0);
  }
  const size_t size = end - p.layout.l4;
  const uint16_t pseudo =
      is_ipv4(p) ? 0 : test::naive_pseudo_sum(p.frame().subspan(Layout::l3 + 8, 32), 58, size);
  mend(icmp + 2, {icmp, size}, pseudo);
}

// Another source than the quoted destination is not known on the way back.
void mask_source(Bytes& frame, const Fields& outer) {
  std::fill_n(frame.begin() + static_cast<std::ptrdiff_t>(outer.addresses), outer.address_bytes / 2,
              uint8_t{0});
  if (outer.ip_checksum != 0) store_be16(&frame[outer.ip_checksum], 0);
  store_be16(&frame[outer.checksum], 0);
}

void check_error(Packet& p) {
  const auto quote = parse_quote(p);
  if (!quote) return;
  const bool v4 = is_ipv4(p);
  const FlowFields error = flow_fields(p);
  Bytes before = copy(p);
  const Tuple to = elsewhere(quote->flow, p.data);
  const Fields outer = fields_of(v4, Layout::l3, p.layout.l4, p.layout.l3_end, error);
  const Fields inner = fields_of(v4, quote->l3, quote->l4, quote->end, quote->flow);

  translate_error(*quote, to, p);
  const auto now = parse_quote(p);  // its checksums are right (I-12)
  require(now && now->flow.tuple == to && now->flow.kind == quote->flow.kind);
  require(now->l3 == quote->l3 && now->l4 == quote->l4 && now->end == quote->end);
  require_equal_elsewhere(before, copy(p), {outer, inner});
  check_sums(p, before, copy(p), outer);

  translate_error(*now, quote->flow.tuple, p);
  Bytes after = copy(p);
  if (error.tuple.source != quote->flow.tuple.destination) {
    mask_source(before, outer);
    mask_source(after, outer);
  }
  require_restored(before, after, {outer, inner});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < virtio_header_size || size > max_frame) return 0;
  fuzz::FuzzPacket packet({data + virtio_header_size, size - virtio_header_size});
  Packet& p = *packet;
  p.offload = decode_offload(data);
  if (data[0] & 0x80) fuzz::mend_lengths(p);
  if (parse_layout(p) != Reason::none) return 0;
  const FlowFields flow = flow_fields(p);
  if (flow.kind == Kind::icmp_error) {
    if (data[0] & 0x40) mend_error(p);
    check_error(p);
  } else {
    require(!parse_quote(p));
    if (flow.kind != Kind::untrackable) check_packet(p, flow);
  }
  return 0;
}
