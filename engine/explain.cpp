#include "engine/explain.h"

#include <algorithm>
#include <cstring>

#include "core/gso.h"
#include "core/layout.h"
#include "engine/egress.h"
#include "engine/explain_text.h"
#include "engine/explain_walk.h"
#include "switch/vlan.h"
#include "wire/print.h"

namespace uswitch {

namespace text = explain_text;

namespace {

std::string text_of(const MacAddress& mac) {
  return mac.to_string();
}

// Room for a tag, and, behind, for nothing: no stage makes a frame longer.
constexpr uint32_t room = packet_headroom;

}  // namespace

ExplainWalk::ExplainWalk(const Tables& tables, PortId ingress, const Packet& packet, Time now)
    : tables_(tables),
      ingress_(ingress),
      now_(now),
      bytes_(new uint8_t[room + packet.length]),
      packet_(packet) {
  packet_.buffer = bytes_.get();
  packet_.capacity = room + packet.length;
  packet_.data = bytes_.get() + room;
  std::memcpy(packet_.data, packet.data, packet.length);
  packet_.ingress = ingress;
}

void ExplainWalk::lose(Reason reason) {
  told_.drops.push_back(reason);
}

void ExplainWalk::lose(std::string stage, Reason reason, const std::string& why) {
  say(std::move(stage), (why.empty() ? "" : why + ": ") + text::reason(reason));
  lose(reason);
}

void ExplainWalk::doubt(std::string stage, std::string what) {
  told_.certain = false;
  say(std::move(stage), std::move(what));
}

Explanation ExplainWalk::run() && {
  admit();
  finish();
  return std::move(told_);
}

void ExplainWalk::finish() {
  if (told_.frame.empty()) told_.frame.assign(packet_.data, packet_.data + packet_.length);
  if (!told_.end.empty()) return;
  std::string names;
  for (const PortId id : told_.egress) {
    names += (names.empty() ? "" : ", ") + tables_.ports[id].name;
  }
  if (!names.empty()) told_.end = "leaves by " + names;
  for (const Reason r : told_.drops) {
    if (!told_.end.empty()) told_.end += "; ";
    told_.end += (told_.egress.empty() ? "dropped as " : "a copy is dropped as ") + text::reason(r);
  }
}

void ExplainWalk::admit() {
  if (packet_.refused != Reason::none) return lose("port", packet_.refused, "refused on reading");
  if (!classify()) return;
  if (const Reason r = parse_layout(packet_); r != Reason::none) {
    return lose("headers", r, describe(packet_.frame()));
  }
  layout();
  if (guard()) bridge();
}

bool ExplainWalk::classify() {
  const uint32_t before = packet_.length;
  const bool stripped = packet_.has_stripped_tag;
  const Reason r = classify_vlan(port(), packet_);
  const bool tagged = stripped || packet_.length != before;
  const std::string what =
      tagged ? "tag with VLAN " + std::to_string(packet_.tci & 0xfff) : std::string("no tag");
  if (r != Reason::none) {
    lose("vlan", r, what);
    return false;
  }
  say("vlan", what + " on " + text::port(tables_, ingress_) + ": network " +
                  text::network(tables_, packet_.network) +
                  (tagged ? ", the tag is taken off" : ""));
  return true;
}

void ExplainWalk::layout() {
  std::string what = describe(packet_.frame());
  if (packet_.offload.gso != Offload::Gso::none) {
    what += ", to be cut into segments of " + std::to_string(packet_.offload.segment_size) + " B";
  } else if (packet_.offload.needs_checksum) {
    what += ", checksum still to be made";
  }
  if (packet_.layout.fault != Reason::none) what += "; " + text::reason(packet_.layout.fault);
  say("headers", what);
}

bool ExplainWalk::guard() {
  if (!port().guard) {
    say("guard", "none: the port may use any address");
    return true;
  }
  const Reason r = port().guard->check(packet_);
  if (r != Reason::none) {
    lose("guard", r);
    return false;
  }
  say("guard", "MAC and addresses are the endpoint's own");
  return true;
}

void ExplainWalk::bridge() {
  bridge::Addresses addresses;
  bridge::prepare(network(), packet_, addresses);
  const Verdict may = bridge::judge(network(), addresses);
  if (may.kind() == Verdict::Kind::drop) return lose("bridge", may.reason());
  learn(MacAddress::load(packet_.data + 6));
  Verdict found = bridge::find(network(), packet_, addresses);
  // A frame to its own source, which may not have been known before.
  const MacAddress destination = MacAddress::load(packet_.data);
  if (destination == source_ && source_network_ == packet_.network)
    found = Verdict::drop(Reason::same_port);
  switch (found.kind()) {
    case Verdict::Kind::drop:
      find_station();
      return lose("bridge", found.reason());
    case Verdict::Kind::to_router:
      say("bridge", text_of(destination) + " is the gateway of " + network().name);
      return route();
    case Verdict::Kind::flood:
      find_station();
      return flood();
    default:
      find_station();
      return to_port(found.port());
  }
}

void ExplainWalk::learn(MacAddress source) {
  const auto outcome = network().fdb->foresee(source, ingress_, now_, port().max_addresses);
  say("bridge", "source " + text_of(source) + " on " + text::port(tables_, ingress_) + ": " +
                    text::learned(outcome));
  if (outcome > Fdb::Learn::moved) return;
  source_network_ = packet_.network;
  source_ = source;
}

PortId ExplainWalk::where_is(NetworkId n, const MacAddress& mac) const {
  if (n == source_network_ && mac == source_) return ingress_;
  return mac.is_group() ? no_port : tables_.networks[n].fdb->lookup(mac);
}

void ExplainWalk::find_station() {
  const MacAddress mac = MacAddress::load(packet_.data);
  const std::string whom = text_of(mac) + " in " + network().name;
  if (mac.is_group()) return say("bridge", whom + ": to all of the group");
  const PortId id = where_is(packet_.network, mac);
  if (id == no_port) return say("bridge", whom + ": not known, so to all ports of the network");
  const auto entry = network().fdb->entry(mac, now_);
  std::string since;
  if (entry && entry->port == id)
    since = entry->is_static ? ", static" : ", " + text::ago(entry->age);
  say("bridge", whom + ": behind " + text::port(tables_, id) + since);
}

void ExplainWalk::to_port(PortId id) {
  if (!tables_.has_port(id)) return lose("egress", Reason::egress_down, text::port(tables_, id));
  if (const Reason r = tables_.kept_apart(packet_, id); r != Reason::none)
    return lose("egress", r, text::port(tables_, id));
  leave_by(id);
}

unsigned ExplainWalk::to_members(PortId except, Reason& why_none) {
  unsigned sent = 0;
  for (const PortId member : network().members) {
    if (member == except) continue;
    if (const Reason r = tables_.kept_apart(packet_, member); r != Reason::none) {
      say("egress", text::port(tables_, member) + ": left out, " + text::reason(r));
      why_none = r;
      continue;
    }
    ++sent;
    leave_by(member);
  }
  return sent;
}

void ExplainWalk::flood() {
  if (const auto known = tables_.answer_for_remote(packet_, now_)) {
    say("tunnel", known->address.to_string() + " is at " + text_of(known->station.mac) +
                      " behind another node: the question becomes the answer");
    neighbour_message::turn_into_answer(packet_, known->station);
    return leave_by(ingress_);
  }
  Reason why_none = Reason::no_egress;
  unsigned sent = to_members(ingress_, why_none);
  if (routing().on(packet_.network) && Router::listens_to(packet_)) {
    ++sent;
    listen();
  }
  if (sent == 0) lose("egress", why_none);
}

void ExplainWalk::leave_by(PortId id) {
  const PortSettings& to = tables_.settings[id];
  const bool fits =
      pieces_of_ != 0 ? pieces_of_ <= to.mtu : treatment(to, packet_) != Treatment::too_long;
  if (!fits) {
    return lose("egress", Reason::exceeds_mtu,
                text::port(tables_, id) + " takes " + std::to_string(to.mtu) + " B");
  }
  std::string what = text::port(tables_, id);
  Packet& p = packet_;
  switch (pieces_of_ != 0 ? Treatment::none : treatment(to, p)) {
    case Treatment::segment:
      what += ", cut into segments of " + std::to_string(p.offload.segment_size) + " B";
      told_.in_pieces = true;
      break;
    case Treatment::sum:
      what += ", checksum made";
      complete_checksum(p);
      break;
    default:
      break;
  }
  const uint16_t vid = to.tag_of(p.network);
  if (vid != untagged) what += ", in VLAN " + std::to_string(vid);
  if (told_.egress.empty()) {
    if (vid != untagged) push_tag(p, vid);
    told_.frame.assign(p.data, p.data + p.length);
    if (vid != untagged) pop_tag(p);
  }
  say("egress", what);
  told_.egress.push_back(id);
}

Explanation explain(const Tables& tables, PortId ingress, const Packet& packet, Time now) {
  return ExplainWalk(tables, ingress, packet, now).run();
}

std::string Explanation::to_text() const {
  size_t width = 0;
  for (const Step& s : steps) width = std::max(width, s.stage.size());
  std::string out;
  for (const Step& s : steps)
    out += s.stage + std::string(width - s.stage.size() + 2, ' ') + s.text + "\n";
  return out + "=> " + end +
         (certain ? "" : " (as far as can be known before a real packet comes)") + "\n";
}

}  // namespace uswitch
