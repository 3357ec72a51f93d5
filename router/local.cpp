#include "router/local.h"

#include "core/gso.h"
#include "router/echo.h"
#include "router/ip_checks.h"
#include "router/own_packet.h"
#include "router/tcp_reset.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

uint16_t pseudo_sum(const Packet& p, size_t size) {
  const uint8_t* ip = p.data + Layout::l3;
  if (!ip_checks::is_v4(p)) {
    return checksum::pseudo6(ip + Ipv6View::Offset::source, p.layout.protocol, size);
  }
  if (p.layout.protocol == ip_protocol::icmp) return 0;
  return checksum::pseudo4(ip + Ipv4View::Offset::source, p.layout.protocol, size);
}

// Whether the transport's checksum is right, or still to be made by whoever needs it, or left out
// where that is allowed (R6-4).
bool checksum_right(const Packet& p) {
  if (p.offload.needs_checksum) return true;
  const uint8_t* l4 = p.data + p.layout.l4;
  size_t size = p.layout.l3_end - p.layout.l4;
  if (p.layout.protocol == ip_protocol::udp) {
    if (load_be16(l4 + UdpView::Offset::checksum) == 0) return ip_checks::is_v4(p);
    size = load_be16(l4 + UdpView::Offset::length);  // the IP payload may be longer
  }
  return checksum::add(pseudo_sum(p, size), checksum::sum({l4, size})) == 0xffff;
}

// Where the protocol is named that is not spoken here (I6-1); IPv4 does not ask.
uint32_t next_header_at(const Packet& p) {
  const auto ip = Ipv6View::parse({p.data + Layout::l3, p.layout.l3_end - size_t{Layout::l3}});
  return ip ? static_cast<uint32_t>(walk_extensions(*ip).next_header_at) : 0;
}

bool is_icmp(const Packet& p) {
  if (p.layout.fault != Reason::none || p.layout.l4 == 0) return false;
  const bool v4 = ip_checks::is_v4(p);
  return p.layout.protocol == (v4 ? ip_protocol::icmp : ip_protocol::icmp6);
}

// A packet that says that nothing follows asks for nothing (RFC 8200 4.7).
bool carries_nothing(const Packet& p) {
  return !ip_checks::is_v4(p) && p.layout.protocol == ip_protocol::no_next_header;
}

}  // namespace

Verdict Local::receive(const Routing& routing, Packet& packet, Time now) {
  if (!packet.layout.fragment) return receive_whole(routing, packet, now);
  Packet* whole = sender_.fresh();
  if (whole == nullptr) return Verdict::drop(Reason::no_buffer);
  const Verdict verdict = reassemble(routing, packet, *whole, now);
  if (verdict.kind() != Verdict::Kind::next) return verdict;
  sender_.finish(*whole, receive_whole(routing, *whole, now));
  return Verdict::consumed();
}

// Others that it was the end of are no longer held: the books say so at once.
Verdict Local::reassemble(const Routing& routing, Packet& fragment, Packet& whole, Time now) {
  const Verdict verdict = collect(routing, fragment, whole, now);
  expire(routing, now);
  return verdict;
}

// The fragment that completes a datagram goes on as the whole; the others have arrived.
Verdict Local::collect(const Routing& routing, Packet& fragment, Packet& whole, Time now) {
  using Kind = Reassembly::Result::Kind;
  complete_checksum(fragment);
  const Reassembly::Result result = reassembly_.add(fragment, now, whole);
  if (result.kind == Kind::kept) return Verdict::consumed();
  if (result.kind == Kind::dropped) {
    if (result.problem_at != 0) {
      sender_.answer(routing, fragment,
                     icmp_error::parameter_problem(Family::v6, result.problem_at), now);
    }
    return Verdict::drop(result.reason);
  }
  sender_.counters(no_port).tx_packets.add(result.merged.size());
  whole.reassembled = true;
  whole.mark = fragment.mark;
  return Verdict::next();
}

void Local::expire(const Routing& routing, Time now) {
  if (now < reassembly_.next_deadline()) return;
  reassembly_.expire(now, [&](const Reassembly::Abandoned& lost) {
    if (lost.first) {
      sender_.answer(routing, *lost.first, icmp_error::reassembly_timeout(family_of(*lost.first)),
                     now);
    }
    bool shown = lost.first == nullptr;
    for (const PortId ingress : lost.ingress) {
      if (!shown && ingress == lost.first->ingress) {
        shown = true;
        sender_.drop(*lost.first, lost.reason);
      } else {
        sender_.counters(ingress).drop(lost.reason);
      }
    }
  });
}

bool Local::is_nd(const Packet& p) {
  return p.layout.fault == Reason::none && !ip_checks::is_v4(p) && Nd::takes(p);
}

Reason Local::judge(const Packet& p) {
  if (p.layout.fault != Reason::none) return p.layout.fault;
  const bool v4 = ip_checks::is_v4(p);
  const uint8_t protocol = p.layout.l4 != 0 ? p.layout.protocol : ip_protocol::no_next_header;
  if (protocol == (v4 ? ip_protocol::icmp : ip_protocol::icmp6)) {
    if (!checksum_right(p)) return Reason::bad_l4_checksum;
    const uint8_t request = v4 ? icmp_type::echo_request : icmp6_type::echo_request;
    return p.data[p.layout.l4] == request ? Reason::none : Reason::icmp_unhandled;
  }
  if (protocol != ip_protocol::udp && protocol != ip_protocol::tcp) return Reason::no_protocol;
  return checksum_right(p) ? Reason::no_listener : Reason::bad_l4_checksum;
}

Verdict Local::receive_whole(const Routing& routing, Packet& packet, Time now) {
  if (is_nd(packet)) return receive_nd(routing, packet, now);
  if (is_icmp(packet)) complete_checksum(packet);
  const Reason reason = judge(packet);
  if (reason != Reason::none) {
    tell(routing, packet, reason, now);
    return Verdict::drop(reason);
  }
  (void)sender_.deliver(packet);
  turn_into_echo_reply(packet);
  return sender_.originate(routing, packet, now);
}

Verdict Local::receive_nd(const Routing& routing, const Packet& packet, Time now) {
  if (packet.reassembled) return Verdict::drop(Reason::nd_invalid);  // RFC 6980 5
  const Reason reason = nd_.receive(routing, packet, now);
  return reason == Reason::none ? sender_.deliver(packet) : Verdict::drop(reason);
}

// What the source learns of it.
void Local::tell(const Routing& routing, const Packet& packet, Reason reason, Time now) {
  const Family family = family_of(packet);
  if (reason == Reason::no_listener && packet.layout.protocol == ip_protocol::tcp) {
    sender_.reset(routing, packet, now);
  } else if (reason == Reason::no_listener) {
    sender_.answer(routing, packet, icmp_error::port_unreachable(family), now);
  } else if (reason == Reason::no_protocol && !carries_nothing(packet)) {
    const auto error = icmp_error::protocol_unreachable(family, next_header_at(packet));
    sender_.answer(routing, packet, error, now);
  }
}

}  // namespace uswitch
