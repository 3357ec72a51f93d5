// Any bytes as a frame: printed, laid out, and the views parsed again where the layout says
// (TR-16).
#include "core/layout.h"
#include "tests/fuzz/fuzz_packet.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"
#include "wire/ndp.h"
#include "wire/print.h"
#include "wire/tcp.h"
#include "wire/udp.h"

using namespace uswitch;
using fuzz::require;

namespace {

bool parses(uint8_t protocol, std::span<const uint8_t> segment) {
  switch (protocol) {
    case ip_protocol::tcp:
      return TcpView::parse(segment).has_value();
    case ip_protocol::udp:
      return UdpView::parse(segment).has_value();
    case ip_protocol::icmp:
    case ip_protocol::icmp6:
      return IcmpView::parse(segment).has_value();
    default:
      return true;
  }
}

void check(const Packet& p) {
  const Layout& l = p.layout;
  require(l.l3_end <= p.length);
  require(l.l4 <= l.l3_end);
  require(l.l4 == 0 || l.l4 >= Layout::l3 + 20);
  if (l.fault != Reason::none || l.l4 == 0) return;
  auto segment = p.frame().subspan(l.l4, l.l3_end - l.l4);
  if (!l.fragment) require(parses(l.protocol, segment));
  if (auto ndp = NdpView::parse(segment)) {
    (void)ndp->target();
    (void)ndp->link_address(NdpView::Option::source_link_address);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > max_frame) return 0;
  require(!describe({data, size}).empty());
  fuzz::FuzzPacket packet({data, size});
  Reason verdict = parse_layout(*packet);
  require((verdict == Reason::frame_too_short) == (size < 14));
  if (verdict == Reason::none) check(*packet);
  return 0;
}
