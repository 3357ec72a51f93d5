#include "nat/leave.h"

#include "wire/ip_protocol.h"

namespace uswitch {

namespace {

// What stands in a tuple for the leave of an address to send to a mapping, whatever its port
// (address-dependent filtering), or of all addresses (endpoint-independent). No flow has this
// number with ports: it is none that has ports.
constexpr uint8_t leave_protocol = 253;

TransportAddress source_end(const Tuple& t) {
  return {t.source, t.source_port, t.protocol};
}
TransportAddress destination_end(const Tuple& t) {
  return {t.destination, t.destination_port, t.protocol};
}

// The leave of all stands in the name of the external address itself.
const IpAddress& holder_of_leave(Filtering filtering, const IpAddress& remote,
                                 const TransportAddress& external) {
  return filtering == Filtering::address_dependent ? remote : external.address;
}
Tuple leave_of(const IpAddress& remote, const TransportAddress& external) {
  return {remote, external.address, external.protocol, external.port, leave_protocol};
}

// A leave lives as long as a flow of its protocol does.
Timeouts timeouts_of_leave(const Timeouts& timeouts, uint8_t protocol) {
  Timeouts own = timeouts;
  own.other = protocol == ip_protocol::tcp   ? timeouts.tcp_established
              : protocol == ip_protocol::udp ? timeouts.udp
                                             : timeouts.icmp;
  return own;
}

}  // namespace

bool is_leave(const Tuple& original) {
  return original.protocol == leave_protocol &&
         (original.source_port != 0 || original.destination_port != 0);
}

bool may_enter(const Translation& nat, const Tuple& tuple, Time now) {
  switch (nat.filtering) {
    case Filtering::endpoint_independent:
    case Filtering::address_dependent: {
      const TransportAddress external = destination_end(tuple);
      const Tuple leave =
          leave_of(holder_of_leave(nat.filtering, tuple.source, external), external);
      return nat.connections->lookup(nat.connections->key(leave), now).has_value();
    }
    case Filtering::address_and_port_dependent:
      break;
  }
  return false;  // else there would be a connection
}

void note_sent(const Translation& nat, const Tuple& sent, const Tuple& translated, Time now) {
  if (nat.filtering == Filtering::address_and_port_dependent) return;
  if (translated.source == sent.source || !PortMap::maps(sent.protocol)) return;
  const TransportAddress external = source_end(translated);
  const IpAddress& holder = holder_of_leave(nat.filtering, translated.destination, external);
  const Tuple leave = leave_of(holder, external);
  const auto key = nat.connections->key(leave);
  const Timeouts timeouts = timeouts_of_leave(nat.timeouts, sent.protocol);
  if (const auto found = nat.connections->lookup(key, now)) {
    nat.connections->touch(*found, 0, now, timeouts, ConnectionTable::Refresh::yes);
    return;
  }
  NewConnection made;
  made.reply = {sent.source, holder, sent.source_port, sent.protocol, leave_protocol};
  (void)nat.connections->insert(key, made, 0, now, timeouts);
}

}  // namespace uswitch
