#include "engine/explain_text.h"

#include <algorithm>

#include "nat/port_map.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"

namespace uswitch::explain_text {

std::string port(const Tables& tables, PortId id) {
  if (id >= tables.ports.size()) return "a port that is gone";
  return "port " + tables.ports[id].name;
}

std::string network(const Tables& tables, NetworkId id) {
  return id < tables.networks.size() ? tables.networks[id].name : "no network";
}

std::string reason(Reason r) {
  const ReasonInfo& known = info(r);
  return std::string(known.name) + ": " + std::string(known.sentence);
}

std::string ago(Duration age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  return seconds < 120 ? std::to_string(seconds) + " s ago"
                       : std::to_string(seconds / 60) + " min ago";
}

std::string end(const IpAddress& address, uint16_t port) {
  std::string text = address.to_string();
  if (port == 0) return text;
  return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

// The id of an ICMP query stands in the port of the end that asked, the request's type in the
// other.
std::string flow(const Tuple& t) {
  const bool icmp = t.protocol == ip_protocol::icmp || t.protocol == ip_protocol::icmp6;
  if (icmp) {
    constexpr uint16_t requests[] = {icmp_type::echo_request, 13, icmp6_type::echo_request};
    const bool asks = std::ranges::find(requests, t.destination_port) != std::end(requests);
    return t.source.to_string() + " > " + t.destination.to_string() + " id " +
           std::to_string(asks ? t.source_port : t.destination_port);
  }
  const bool ports = PortMap::maps(t.protocol);
  return end(t.source, ports ? t.source_port : uint16_t{0}) + " > " +
         end(t.destination, ports ? t.destination_port : uint16_t{0});
}

namespace {

std::string hops(const Tables& tables, const RouteTarget& target) {
  std::string text;
  for (size_t i = 0; i < target.count; ++i) {
    const RouteHop& hop = target.hops[i];
    text += i == 0 ? "" : ", or ";
    text += hop.onlink ? "directly on " : "via " + hop.gateway.to_string() + " on ";
    text += network(tables, hop.network);
  }
  return text;
}

}  // namespace

std::string route(const Tables& tables, const RouteTarget& target) {
  switch (target.kind) {
    case RouteKind::forward:
      return hops(tables, target) + (target.origin == RouteOrigin::host ? " (the host's)" : "");
    case RouteKind::local:
      return "the router's own address";
    case RouteKind::broadcast:
      return "a broadcast address";
    case RouteKind::blackhole:
      return "blackhole";
    case RouteKind::unreachable:
      return "unreachable";
    case RouteKind::prohibit:
      return "prohibit";
  }
  return "";
}

const char* learned(Fdb::Learn outcome) {
  switch (outcome) {
    case Fdb::Learn::known:
    case Fdb::Learn::refreshed:
      return "known there";
    case Fdb::Learn::learned:
      return "new, learned";
    case Fdb::Learn::moved:
      return "moves there from another port";
    case Fdb::Learn::damped:
      return "has moved too often just now, stays where it was";
    case Fdb::Learn::table_full:
      return "not learned: the network's MAC table is full";
    case Fdb::Learn::port_full:
      return "not learned: the port has as many as it may";
    case Fdb::Learn::refused_static:
      return "not learned: a static entry says that it is elsewhere";
  }
  return "";
}

const char* state(NeighbourState s) {
  constexpr const char* names[neighbour_states] = {
      "asked for",   "reachable",      "stale",    "to be asked again",
      "asked again", "did not answer", "permanent"};
  return names[static_cast<size_t>(s)];
}

namespace {

struct IcmpName {
  uint8_t type, code;
  const char* name;
};
constexpr IcmpName names4[] = {{3, 0, "no route"},           {3, 1, "host unreachable"},
                               {3, 2, "no such protocol"},   {3, 3, "no such port"},
                               {3, 4, "packet too long"},    {3, 5, "source route failed"},
                               {3, 13, "prohibited"},        {11, 0, "hop limit exceeded"},
                               {11, 1, "fragments missing"}, {12, 0, "wrong header"}};
constexpr IcmpName names6[] = {{1, 0, "no route"},           {1, 1, "prohibited"},
                               {1, 2, "beyond scope"},       {1, 3, "host unreachable"},
                               {1, 4, "no such port"},       {2, 0, "packet too long"},
                               {3, 0, "hop limit exceeded"}, {3, 1, "fragments missing"},
                               {4, 0, "wrong header"},       {4, 1, "no such protocol"}};

template <size_t n>
const char* name_in(const IcmpName (&names)[n], const IcmpError& error) {
  for (const IcmpName& one : names) {
    if (one.type == error.type && one.code == error.code) return one.name;
  }
  return "error";
}

}  // namespace

std::string icmp(const IcmpError& error, Family family) {
  const bool v4 = family == Family::v4;
  return std::string(v4 ? "ICMP" : "ICMPv6") + " '" +
         (v4 ? name_in(names4, error) : name_in(names6, error)) + "' (type " +
         std::to_string(error.type) + " code " + std::to_string(error.code) + ")";
}

}  // namespace uswitch::explain_text
