// Words for what stands in tables. No state; any thread.
#pragma once
#include <string>

#include "engine/tables.h"
#include "nat/tuple.h"
#include "router/icmp_error.h"

namespace uswitch::explain_text {

std::string port(const Tables& tables, PortId id);         // "port web"
std::string network(const Tables& tables, NetworkId id);   // "office"
std::string reason(Reason reason);                         // "guard_ip: The endpoint used ..."
std::string ago(Duration age);                             // "3 s ago"
std::string end(const IpAddress& address, uint16_t port);  // "10.0.0.1:80", "[fd00::1]:80"
std::string flow(const Tuple& tuple);                      // "10.0.0.1:4000 > 10.0.0.2:80"
std::string route(const Tables& tables, const RouteTarget& target);
const char* learned(Fdb::Learn outcome);
const char* state(NeighbourState state);
std::string icmp(const IcmpError& error, Family family);  // "ICMP type 11 code 0 (...)"

}  // namespace uswitch::explain_text
