#include "nat/leave.h"

namespace uswitch {

namespace {

TransportAddress source_end(const Tuple& t) {
  return {t.source, t.source_port, t.protocol};
}
TransportAddress destination_end(const Tuple& t) {
  return {t.destination, t.destination_port, t.protocol};
}

// The leave of an address to send to a mapping, whatever its port (address-dependent filtering), or
// of all addresses (endpoint-independent), which stands in the name of the external one itself.
const IpAddress& holder_of_leave(Filtering filtering, const IpAddress& remote,
                                 const TransportAddress& external) {
  return filtering == Filtering::address_dependent ? remote : external.address;
}
Tuple leave_of(const IpAddress& holder, const TransportAddress& external) {
  return {holder, external.address, external.protocol, external.port, leave_protocol};
}

// Another worker may have been faster. What is in the way is the leave of an external address that
// the inner end has no longer. Without room the flow goes on without, until its next packet.
std::optional<Found> insert_leave(const Translation& nat, const ConnectionTable::Key& key,
                                  const Tuple& sent, const Tuple& translated, Time now) {
  using Insert = ConnectionTable::Insert;
  const TransportAddress external = source_end(translated);
  const IpAddress& holder = holder_of_leave(nat.filtering, translated.destination, external);
  NewConnection made;
  made.reply = {sent.source, holder, external.port, sent.protocol, leave_protocol};
  const auto inserted = nat.connections->insert(key, made, 0, now, nat.timeouts);
  if (inserted.outcome != Insert::taken) return inserted.found;
  const auto old = nat.connections->lookup(nat.connections->key(made.reply), now);
  if (old) nat.connections->remove(old->ref);
  return nat.connections->insert(key, made, 0, now, nat.timeouts).found;
}

// U-11: a leave goes for a new flow only when the flow that gave it could. One that has only begun
// takes nothing from what others of the mapping have.
void value(const Translation& nat, const Found& leave, const ConnectionRef& giver) {
  if (giver == ConnectionRef{}) return;
  const auto worth = nat.connections->worth(giver);
  if (worth == ConnectionTable::Worth::begun) return;
  nat.connections->set_assured(leave.ref, worth == ConnectionTable::Worth::assured);
}

// The leave that a packet gives which goes out like this.
ConnectionTable::Key key_for(const Translation& nat, const Tuple& translated) {
  const TransportAddress external = source_end(translated);
  return nat.connections->key(
      leave_of(holder_of_leave(nat.filtering, translated.destination, external), external));
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

void note_sent(const Translation& nat, const ConnectionRef& giver, const Tuple& sent,
               const Tuple& translated, Time now) {
  if (nat.filtering == Filtering::address_and_port_dependent) return;
  if (translated.source == sent.source || !PortMap::maps(sent.protocol)) return;
  const auto key = key_for(nat, translated);
  auto leave = nat.connections->lookup(key, now);
  if (leave)
    nat.connections->touch(*leave, 0, now, nat.timeouts, ConnectionTable::Refresh::yes);
  else
    leave = insert_leave(nat, key, sent, translated, now);
  if (leave) value(nat, *leave, giver);
}

void note_reset(const Translation& nat, const ConnectionRef& giver, const Tuple& translated,
                Time now) {
  if (nat.filtering == Filtering::address_and_port_dependent) return;
  if (const auto leave = nat.connections->lookup(key_for(nat, translated), now))
    value(nat, *leave, giver);
}

}  // namespace uswitch
