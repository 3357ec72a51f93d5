// Explain: address translation.
#include "engine/explain_text.h"
#include "engine/explain_walk.h"
#include "router/own_packet.h"

namespace uswitch {

namespace text = explain_text;

namespace {

std::string outcome(const Tuple& from, const Tuple& to) {
  return from == to ? std::string("goes on as it is") : "goes on as " + text::flow(to);
}

const char* direction(Direction d) {
  return d == Direction::original ? "opened by it" : "of which it is an answer";
}

}  // namespace

// no_network: to the router itself, or nowhere.
NetworkId ExplainWalk::way_to(const IpAddress& destination) const {
  const bool here = destination == routing().at(packet_.network).link_local;
  return here ? no_network : Router::way_to(routing(), destination);
}

// A known flow is translated; the first packet of a flow is decided once its way is known.
bool ExplainWalk::translate() {
  const Translation& nat = tables_.nat;
  const Nat::Foresight f = Nat::foresee(nat, packet_, now_);
  if (f.found) {
    const bool error = f.from.protocol != f.found->other().protocol;
    say("nat", error ? "an ICMP error about a known connection, translated with what it quotes"
                     : text::flow(f.from) + ": a connection " + direction(f.found->direction) +
                           ", " + outcome(f.from, f.to));
  }
  if (f.verdict.kind() == Verdict::Kind::drop) {
    lose("nat", f.verdict.reason());
    return false;
  }
  if (f.kind != Nat::Foresight::Kind::first) return true;
  const NetworkId out = way_to(destination_of(packet_));
  return !Nat::is_watched(nat, packet_.network, out) || open_flow();
}

bool ExplainWalk::open_flow() {
  const Translation& nat = tables_.nat;
  const NetworkId in = packet_.network;
  const Nat::Opening opening = Nat::foresee_begin(nat, packet_, in, now_);
  const NetworkId out = way_to(opening.destination);
  if (opening.publish) {
    say("nat", text::end(opening.tuple.destination, opening.tuple.destination_port) +
                   " is published: leads to " + text::end(opening.destination, opening.port));
  } else if (opening.lease) {
    say("nat", text::end(opening.tuple.destination, opening.tuple.destination_port) +
                   " is the external port of " + text::end(opening.destination, opening.port));
  }
  const Nat::Foresight f = Nat::foresee_open(nat, opening, packet_, in, out, now_);
  if (f.verdict.kind() == Verdict::Kind::drop) {
    lose("nat", f.verdict.reason(), text::flow(opening.tuple));
    return false;
  }
  if (f.kind != Nat::Foresight::Kind::opened) {
    say("nat", "no connection is needed");
    return true;
  }
  std::string what = "new flow " + text::flow(f.from);
  if (f.masquerade) {
    what += ", masqueraded as " + f.to.source.to_string() + " (rule from " +
            f.masquerade->from.to_string() + ", out " + text::network(tables_, f.masquerade->out) +
            ")";
    if (f.published) what += " from the port that is published for it";
  }
  what += f.drawn ? std::string("; its port is taken, so one is drawn when a real packet comes")
                  : ", " + outcome(f.from, f.to);
  if (nat.connections->size() >= nat.connections->max_connections()) {
    what += "; the table of connections is full, another one has to give way";
    told_.certain = false;
  }
  if (f.drawn) told_.certain = false;
  say("nat", what);
  return true;
}

}  // namespace uswitch
