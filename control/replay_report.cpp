#include "control/replay_report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/table.h"
#include "control/views.h"
#include "core/layout.h"
#include "engine/explain_text.h"
#include "nat/flow_tuple.h"
#include "switch/vlan.h"
#include "wire/ethernet.h"
#include "wire/ip_protocol.h"

namespace uswitch {

namespace json = boost::json;

namespace {

constexpr const char* others = "all other flows";

std::string protocol_name(uint8_t protocol) {
  switch (protocol) {
    case ip_protocol::tcp:
      return "tcp";
    case ip_protocol::udp:
      return "udp";
    case ip_protocol::icmp:
      return "icmp";
    case ip_protocol::icmp6:
      return "icmp6";
    default:
      return "protocol " + std::to_string(protocol);
  }
}

std::string type_name(uint16_t type) {
  if (type == ether_type::arp) return "arp";
  if (type == ether_type::ipv4) return "damaged ipv4";
  if (type == ether_type::ipv6) return "damaged ipv6";
  if (type == 0) return "802.3";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "type 0x";
  for (int shift = 12; shift >= 0; shift -= 4) text += digits[type >> shift & 15];
  return text;
}

// A copy of a frame, as the first stages see it.
struct Seen {
  std::vector<uint8_t> bytes;
  Packet packet;

  Seen(std::span<const uint8_t> frame, const PortSettings& port)
      : bytes(frame.begin(), frame.end()) {
    packet.buffer = packet.data = bytes.data();
    packet.length = packet.capacity = static_cast<uint32_t>(bytes.size());
    readable = classify_vlan(port, packet) == Reason::none && parse_layout(packet) == Reason::none;
  }
  bool readable = false;
};

// Its name among the flows, and its tuple when it has one.
std::string flow_of(const Seen& seen, std::optional<Tuple>& tuple) {
  if (!seen.readable) return "unreadable or of no network here";
  if (seen.packet.layout.l3_end == 0) return type_name(seen.packet.layout.ether_type);
  const FlowFields fields = flow_fields(seen.packet);
  tuple = fields.tuple;
  std::string text = protocol_name(fields.tuple.protocol) + " " + explain_text::flow(*tuple);
  if (fields.kind == FlowFields::Kind::icmp_error) text += " (error)";
  if (fields.fragment) text += " (fragments)";
  return text;
}

std::string translation_of(const Tables& tables, const Tuple& tuple, Time now) {
  if (!tables.nat.connections) return {};
  const auto found = tables.nat.connections->lookup(tables.nat.connections->key(tuple), now);
  if (!found || found->translated() == tuple) return {};
  return explain_text::flow(found->translated());
}

// Seconds since 1970, as captures have them.
std::string time_text(CaptureTime t) {
  std::string fraction = std::to_string(t.count() % 1'000'000'000);
  fraction.insert(0, 9 - fraction.size(), '0');
  return std::to_string(t.count() / 1'000'000'000) + "." + fraction;
}

std::string drops_text(const std::map<Reason, uint64_t>& drops) {
  std::string text;
  for (const auto& [reason, count] : drops) {
    text +=
        (text.empty() ? "" : ", ") + std::string(info(reason).name) + " " + std::to_string(count);
  }
  return text;
}

uint64_t dropped(const PortCounters& counters) {
  uint64_t sum = 0;
  for (const Counter& c : counters.drops) sum += c.get();
  return sum;
}

// Every port, and the router when there is one.
template <class Visit>
void for_each_row(const Tables& tables, Visit visit) {
  for (PortId id = 0; id < tables.ports.size(); ++id) {
    visit(tables.ports[id].name, tables.counters(id, 0));
  }
  if (tables.router_stats) visit(std::string(router_row), tables.counters(no_port, 0));
}

json::array json_ports(const Tables& tables) {
  json::array all;
  for_each_row(tables, [&](const std::string& name, const PortCounters& c) {
    json::object row;
    row["name"] = name;
    row["rx_packets"] = c.rx_packets.get();
    row["rx_bytes"] = c.rx_bytes.get();
    row["tx_packets"] = c.tx_packets.get();
    row["tx_bytes"] = c.tx_bytes.get();
    row["copies"] = c.copies.get();
    row["drops"] = dropped(c);
    all.push_back(std::move(row));
  });
  return all;
}

json::array json_drops(const Tables& tables) {
  json::array all;
  for (size_t i = 1; i < reason_count; ++i) {
    json::object ports;
    uint64_t sum = 0;
    for_each_row(tables, [&](const std::string& name, const PortCounters& c) {
      if (c.drops[i].get() == 0) return;
      ports[name] = c.drops[i].get();
      sum += c.drops[i].get();
    });
    if (sum == 0) continue;
    const ReasonInfo& known = reason_table[i];
    json::object row;
    row["reason"] = known.name;
    row["why"] = known.sentence;
    row["packets"] = sum;
    row["ports"] = std::move(ports);
    all.push_back(std::move(row));
  }
  return all;
}

std::string text_ports(const Tables& tables) {
  constexpr auto right = Table::Align::right;
  Table table({{"PORT"},
               {"RX", right},
               {"RX BYTES", right},
               {"TX", right},
               {"TX BYTES", right},
               {"COPIES", right},
               {"DROPS", right}});
  for_each_row(tables, [&](const std::string& name, const PortCounters& c) {
    table.add({name, std::to_string(c.rx_packets.get()), std::to_string(c.rx_bytes.get()),
               std::to_string(c.tx_packets.get()), std::to_string(c.tx_bytes.get()),
               std::to_string(c.copies.get()), std::to_string(dropped(c))});
  });
  return table.render(false);
}

std::string text_drops(const Tables& tables) {
  Table table({{"REASON"}, {"PACKETS", Table::Align::right}, {"PORTS"}, {"WHY"}});
  for (size_t i = 1; i < reason_count; ++i) {
    std::string ports;
    uint64_t sum = 0;
    for_each_row(tables, [&](const std::string& name, const PortCounters& c) {
      if (c.drops[i].get() == 0) return;
      ports += (ports.empty() ? "" : ", ") + name + " " + std::to_string(c.drops[i].get());
      sum += c.drops[i].get();
    });
    if (sum == 0) continue;
    table.add({std::string(reason_table[i].name), std::to_string(sum), ports,
               std::string(reason_table[i].sentence)});
  }
  return table.empty() ? "nothing was dropped\n" : table.render(false);
}

}  // namespace

ReplayReport::Drops ReplayReport::drops_of(const Tables& tables, PortId port) {
  Drops drops;
  const PortCounters& counters = tables.counters(port, 0);
  for (size_t i = 0; i < reason_count; ++i) drops[i] = counters.drops[i].get();
  return drops;
}

void ReplayReport::before(const Tables& tables, PortId port) {
  before_ = drops_of(tables, port);
}

void ReplayReport::after(const Tables& tables, PortId port, std::span<const uint8_t> frame,
                         bool whole, CaptureTime at, Time now) {
  if (frames_++ == 0) first_ = at;
  last_ = at;
  if (!whole) ++cut_short_;
  std::optional<Tuple> tuple;
  Key key{port, flow_of(Seen(frame, tables.settings[port]), tuple)};
  if (flows_.size() >= max_flows && !flows_.contains(key)) key.second = others;
  Flow& flow = flows_[key];
  if (flow.packets++ == 0) flow.first = at;
  flow.last = at;
  flow.bytes += frame.size();
  if (tuple && flow.translated.empty()) flow.translated = translation_of(tables, *tuple, now);
  const Drops drops = drops_of(tables, port);
  for (size_t i = 0; i < reason_count; ++i) {
    if (drops[i] != before_[i]) flow.drops[static_cast<Reason>(i)] += drops[i] - before_[i];
  }
}

std::vector<const std::pair<const ReplayReport::Key, ReplayReport::Flow>*>
ReplayReport::largest_flows() const {
  std::vector<const std::pair<const Key, Flow>*> all;
  for (const auto& flow : flows_) all.push_back(&flow);
  std::ranges::stable_sort(
      all, [](const auto* a, const auto* b) { return a->second.packets > b->second.packets; });
  return all;
}

json::object ReplayReport::json(const Tables& tables, const Summary& summary) const {
  json::array flows, damaged;
  for (const auto& [key, flow] : flows_) {
    json::object drops;
    for (const auto& [reason, count] : flow.drops) drops[info(reason).name] = count;
    json::object row;
    row["port"] = tables.ports[key.first].name;
    row["flow"] = key.second;
    row["translated"] =
        flow.translated.empty() ? json::value(nullptr) : json::value(flow.translated);
    row["packets"] = flow.packets;
    row["bytes"] = flow.bytes;
    row["first"] = time_text(flow.first);
    row["last"] = time_text(flow.last);
    row["drops"] = std::move(drops);
    flows.push_back(std::move(row));
  }
  for (const std::string& sentence : summary.damaged) damaged.emplace_back(sentence);
  json::object out;
  out["seed"] = summary.seed;
  out["frames"] = frames_;
  out["cut_short"] = cut_short_;
  out["first"] = time_text(first_);
  out["last"] = time_text(last_);
  out["answers"] = summary.answers;
  out["held"] = summary.held;
  out["damaged"] = std::move(damaged);
  out["ports"] = json_ports(tables);
  out["drops"] = json_drops(tables);
  out["flows"] = std::move(flows);
  return out;
}

std::string ReplayReport::text(const Tables& tables, const Summary& summary) const {
  std::string out = std::to_string(frames_) + " frames from " + time_text(first_) + " to " +
                    time_text(last_) + ", seed " + std::to_string(summary.seed) + "\n";
  if (cut_short_ != 0) {
    out += std::to_string(cut_short_) + " of them were captured in part only (snaplen)\n";
  }
  for (const std::string& sentence : summary.damaged) out += sentence + "\n";
  if (summary.answers != 0) {
    out += "endpoints answered " + std::to_string(summary.answers) +
           " questions for their addresses\n";
  }
  out += "\n" + text_ports(tables) + "\n" + text_drops(tables) + "\n";
  Table table({{"PORT"},
               {"FLOW"},
               {"GOES ON AS"},
               {"PACKETS", Table::Align::right},
               {"BYTES", Table::Align::right},
               {"DROPS"}});
  const auto all = largest_flows();
  for (const auto* flow : std::span(all).first(std::min(all.size(), max_listed))) {
    const auto& [key, f] = *flow;
    table.add({tables.ports[key.first].name, key.second, f.translated, std::to_string(f.packets),
               std::to_string(f.bytes), drops_text(f.drops)});
  }
  table.hide_empty_columns();
  if (!table.empty()) out += table.render(false);
  if (all.size() > max_listed) {
    out += "and " + std::to_string(all.size() - max_listed) + " more flows: see report.json\n";
  }
  return out;
}

}  // namespace uswitch
