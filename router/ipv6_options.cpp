#include "router/ipv6_options.h"

#include "wire/ip_protocol.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

using Bytes = std::span<const uint8_t>;

// The two highest bits of an option's type, for who does not know it (RFC 8200 4.2).
enum class Action : uint8_t { skip, drop, tell, tell_unless_multicast };
constexpr uint8_t pad1 = 0;

OptionProblem unknown_at(size_t at, bool tell) {
  return {icmp_error::unknown_option(static_cast<uint32_t>(at)), tell};
}

// `header` is a hop-by-hop or destination options header that stands at `at`. The packet was sent
// to one station, so both ways to tell are one.
std::optional<OptionProblem> in_options(Bytes header, size_t at) {
  for (size_t i = 2; i < header.size();) {
    const uint8_t type = header[i];
    const size_t size = type == pad1 ? 1 : i + 1 < header.size() ? header[i + 1] + 2u : 0;
    if (size == 0 || i + size > header.size()) return unknown_at(at + i, false);
    const auto action = static_cast<Action>(type >> 6);
    if (action != Action::skip) return unknown_at(at + i, action != Action::drop);
    i += size;
  }
  return std::nullopt;
}

// With hops to go it is for others, and no type is spoken here (RFC 8200 4.4).
std::optional<OptionProblem> in_routing(Bytes header, size_t at) {
  constexpr size_t type = 2, segments_left = 3;
  if (header[segments_left] == 0) return std::nullopt;
  return OptionProblem{icmp_error::parameter_problem(Family::v6, static_cast<uint32_t>(at + type)),
                       true};
}

size_t extension_size(uint8_t type, Bytes header) {
  if (type == ip_protocol::fragment) return 8;
  if (type == ip_protocol::authentication) return (header[1] + 2u) * 4;
  return (header[1] + 1u) * 8;
}

}  // namespace

std::optional<OptionProblem> unknown_option(const Packet& packet) {
  const Bytes ip = packet.frame().subspan(Layout::l3, packet.layout.l3_end - Layout::l3);
  const size_t end = packet.layout.l4 == 0 ? 0 : size_t{packet.layout.l4} - Layout::l3;
  uint8_t type = ip[Ipv6View::Offset::next_header];
  for (size_t at = Ipv6View::size; at < end;) {
    const size_t size = extension_size(type, ip.subspan(at));
    const Bytes header = ip.subspan(at, size);
    std::optional<OptionProblem> problem;
    if (type == ip_protocol::hop_by_hop || type == ip_protocol::destination_options)
      problem = in_options(header, at);
    else if (type == ip_protocol::routing)
      problem = in_routing(header, at);
    if (problem) return problem;
    type = header[0];
    at += size;
  }
  return std::nullopt;
}

}  // namespace uswitch
