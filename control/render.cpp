// The tables of `uswitch show`.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include "control/connection_text.h"
#include "control/figures.h"
#include "control/render_status.h"
#include "control/show.h"
#include "control/table.h"

namespace uswitch {

namespace json = boost::json;

namespace {

using Style = Table::Style;
constexpr Table::Align right = Table::Align::right;

std::string text(const json::value& value) {
  return value.is_null() ? "" : json::value_to<std::string>(value);
}

uint64_t number(const json::value& value) {
  return value.to_number<uint64_t>();
}

std::string count(const json::value& value) {
  return show_count(number(value));
}

std::string bytes(const json::value& value) {
  return show_bytes(number(value));
}

std::string separated(const std::string& list, const std::string& next) {
  return list.empty() ? next : list + "," + next;
}

// "office" or "office,10:lab": tagged networks carry their VLAN id.
std::string networks_of(const json::object& port) {
  std::string list = text(port.at("network"));
  for (const auto& [vid, network] : port.at("tagged").as_object()) {
    list = separated(list, std::string(vid) + ":" + text(network));
  }
  return list;
}

std::string joined(const json::array& list) {
  std::string all;
  for (const json::value& one : list) all = separated(all, text(one));
  return all;
}

Table::Cell drops(const json::value& value) {
  return {count(value), number(value) > 0 ? Style::red : Style::plain};
}

Table::Cell state(const json::object& port) {
  return port.at("up").as_bool() ? Table::Cell("up", Style::green)
                                 : Table::Cell("down", Style::red);
}

// The router has one in each of its networks.
std::string mtu_of(const json::object& port) {
  const uint64_t mtu = number(port.at("mtu"));
  return mtu == 0 ? "" : std::to_string(mtu);
}

std::string render_ports(const json::object& view, bool colour) {
  Table table({{"PORT"},
               {"TYPE"},
               {"STATE"},
               {"NETWORK"},
               {"NETNS"},
               {"DEVICE"},
               {"MAC"},
               {"ADDRESS"},
               {"MTU", right},
               {"RX", right},
               {"RX BYTES", right},
               {"TX", right},
               {"TX BYTES", right},
               {"DROPS", right},
               {"MISSED", right}});
  for (const json::value& one : view.at("ports").as_array()) {
    const json::object& port = one.as_object();
    table.add({text(port.at("name")), text(port.at("type")), state(port), networks_of(port),
               text(port.at("netns")), text(port.at("device")), text(port.at("mac")),
               joined(port.at("addresses").as_array()), mtu_of(port), count(port.at("rx_packets")),
               bytes(port.at("rx_bytes")), count(port.at("tx_packets")), bytes(port.at("tx_bytes")),
               drops(port.at("drops")), drops(port.at("missed"))});
  }
  if (table.empty()) return "no ports\n";
  table.hide_empty_columns();
  return table.render(colour);
}

// The line below a list that was cut short.
std::string left_out(const json::object& view, const std::string& options) {
  if (!view.at("truncated").as_bool()) return "";
  return "and " + count(view.at("left_out")) + " more: see " + options + "\n";
}

std::string render_fdb(const json::object& view, bool colour) {
  Table table({{"NETWORK"}, {"MAC"}, {"PORT"}, {"AGE", right}});
  for (const json::value& one : view.at("fdb").as_array()) {
    const json::object& entry = one.as_object();
    table.add({text(entry.at("network")), text(entry.at("mac")), text(entry.at("port")),
               entry.at("static").as_bool() ? "static"
                                            : show_seconds(entry.at("age").to_number<double>())});
  }
  if (table.empty()) return "no addresses\n";
  return table.render(colour) + left_out(view, "--network, --port, --mac, --limit");
}

Table::Cell neighbour_state(const json::object& neighbour) {
  const std::string state = text(neighbour.at("state"));
  const bool usable = state == "reachable" || state == "permanent";
  return {state, usable ? Style::green : state == "failed" ? Style::red : Style::plain};
}

std::string render_neighbours(const json::object& view, bool colour) {
  Table table({{"NETWORK"}, {"ADDRESS"}, {"MAC"}, {"STATE"}, {"ROUTER"}, {"AGE", right}});
  for (const json::value& one : view.at("neighbours").as_array()) {
    const json::object& neighbour = one.as_object();
    table.add({text(neighbour.at("network")), text(neighbour.at("address")),
               text(neighbour.at("mac")), neighbour_state(neighbour),
               neighbour.at("router").as_bool() ? "router" : "",
               text(neighbour.at("state")) == "permanent"
                   ? ""
                   : show_seconds(neighbour.at("age").to_number<double>())});
  }
  if (table.empty()) return "no neighbours\n";
  table.hide_empty_columns();
  return table.render(colour) + left_out(view, "--network, --address, --state, --limit");
}

// A line a hop; what holds for all of them stands on the first.
void add_route(Table& table, const json::object& route) {
  std::string to = text(route.at("to")), type = text(route.at("type"));
  std::string origin = text(route.at("origin"));
  const json::array& via = route.at("via").as_array();
  if (via.empty()) table.add({to, type, "", "", origin});
  for (const json::value& one : via) {
    const json::object& hop = one.as_object();
    table.add({to, type, text(hop.at("gateway")), text(hop.at("network")), origin});
    to = type = origin = "";
  }
}

std::string render_routes(const json::object& view, bool colour) {
  Table table({{"TO"}, {"TYPE"}, {"VIA"}, {"NETWORK"}, {"ORIGIN"}});
  for (const json::value& one : view.at("routes").as_array()) add_route(table, one.as_object());
  if (table.empty()) return "no routes\n";
  table.hide_empty_columns();
  return table.render(colour) + left_out(view, "--to, --network, --origin, --limit");
}

std::string render_connections(const json::object& view, bool colour) {
  Table table({{"PROTO"},
               {"STATE"},
               {"ORIGINAL"},
               {"TRANSLATED"},
               {"PACKETS", right},
               {"BYTES", right},
               {"EXPIRES", right}});
  for (const json::value& one : view.at("connections").as_array()) {
    const json::object& connection = one.as_object();
    const json::object& original = connection.at("original").as_object();
    const json::object& reply = connection.at("reply").as_object();
    const std::string way = path_text(original, "source", "destination");
    const std::string translated = path_text(reply, "destination", "source");
    table.add({text(connection.at("proto")), text(connection.at("state")), way,
               translated == way ? "" : translated,
               show_count(number(original.at("packets")) + number(reply.at("packets"))),
               show_bytes(number(original.at("bytes")) + number(reply.at("bytes"))),
               show_seconds(connection.at("expires").to_number<double>())});
  }
  if (table.empty()) return "no connections\n";
  table.hide_empty_columns();
  return table.render(colour) + left_out(view, "--port, --proto, --address, --state, --limit");
}

// "web 12, db 3": the ports of one reason.
std::string ports_of(const json::object& drop) {
  std::string list;
  for (const auto& [port, packets] : drop.at("ports").as_object()) {
    if (!list.empty()) list += ", ";
    list += std::string(port) + " " + count(packets);
  }
  return list;
}

std::string render_drops(const json::object& view, bool colour) {
  Table table(
      {{"REASON"}, {"ROOM"}, {"PACKETS", right}, {"PER SECOND", right}, {"PORTS"}, {"WHY"}});
  Table last({{"REASON"}, {"LAST", right}, {"FROM"}, {"PACKET"}});
  for (const json::value& one : view.at("drops").as_array()) {
    const json::object& drop = one.as_object();
    table.add({text(drop.at("reason")), text(drop.at("room")), drops(drop.at("packets")),
               show_fraction(drop.at("rate").to_number<double>()), ports_of(drop),
               text(drop.at("sentence"))});
    if (drop.at("last").is_null()) continue;
    const json::object& packet = drop.at("last").as_object();
    last.add({text(drop.at("reason")), show_seconds(packet.at("age").to_number<double>()) + " ago",
              text(packet.at("port")), text(packet.at("summary"))});
  }
  if (table.empty()) return "nothing was dropped\n";
  return table.render(colour) + (last.empty() ? "" : "\n" + last.render(colour));
}

// What is relayed stands only with what is published on the host.
std::string render_publish(const json::object& view, bool colour) {
  Table table({{"ON"},
               {"ADDRESS"},
               {"PORT", right},
               {"PROTO"},
               {"TO"},
               {"ALLOW"},
               {"ACTIVE", right},
               {"OPENED", right},
               {"REFUSED", right},
               {"FAILED", right},
               {"BYTES IN", right},
               {"BYTES OUT", right}});
  for (const json::value& one : view.at("publish").as_array()) {
    const json::object& entry = one.as_object();
    std::vector<Table::Cell> row{text(entry.at("on")),   text(entry.at("address")),
                                 text(entry.at("port")), joined(entry.at("proto").as_array()),
                                 text(entry.at("to")),   joined(entry.at("allow").as_array())};
    if (const json::object* relayed = entry.at("relayed").if_object()) {
      row.insert(row.end(), {count(relayed->at("active")), count(relayed->at("opened")),
                             drops(relayed->at("refused")), drops(relayed->at("failed")),
                             bytes(relayed->at("bytes_in")), bytes(relayed->at("bytes_out"))});
    }
    table.add(std::move(row));
  }
  if (table.empty()) return "nothing is published\n";
  table.hide_empty_columns();
  return table.render(colour);
}

std::string render_tunnels(const json::object& view, bool colour) {
  Table table({{"TUNNEL"},
               {"TYPE"},
               {"NETWORK"},
               {"VNI", right},
               {"LOCAL"},
               {"REMOTE"},
               {"PATH MTU", right},
               {"RX", right},
               {"RX BYTES", right},
               {"TX", right},
               {"TX BYTES", right},
               {"DROPS", right},
               {"MACS", right},
               {"HEARD", right}});
  for (const json::value& one : view.at("tunnels").as_array()) {
    const json::object& t = one.as_object();
    const json::value &path = t.at("path_mtu"), &heard = t.at("last_heard");
    table.add({text(t.at("tunnel")), text(t.at("type")), text(t.at("network")),
               std::to_string(number(t.at("vni"))), text(t.at("local")), text(t.at("remote")),
               path.is_null() ? Table::Cell("no way", Style::red)
                              : Table::Cell(std::to_string(number(path))),
               count(t.at("rx_packets")), bytes(t.at("rx_bytes")), count(t.at("tx_packets")),
               bytes(t.at("tx_bytes")), drops(t.at("drops")), count(t.at("macs")),
               heard.is_null() ? "never" : show_seconds(heard.to_number<double>()) + " ago"});
  }
  return table.empty() ? "no tunnels\n" : table.render(colour);
}

std::string render_workers(const json::object& view, bool colour) {
  Table table({{"WORKER", right},
               {"IO"},
               {"PACKETS", right},
               {"BATCHES", right},
               {"PER BATCH", right},
               {"TURNS", right},
               {"SLEEPS", right},
               {"HELD", right},
               {"CPU", right},
               {"USER", right},
               {"SYSTEM", right}});
  const double uptime = view.at("uptime_seconds").to_number<double>();
  for (const json::value& one : view.at("workers").as_array()) {
    const json::object& worker = one.as_object();
    const double user = worker.at("user_seconds").to_number<double>();
    const double system = worker.at("system_seconds").to_number<double>();
    table.add({count(worker.at("index")), text(worker.at("io")), count(worker.at("packets")),
               count(worker.at("batches")),
               show_fraction(worker.at("packets_per_batch").to_number<double>()),
               count(worker.at("turns")), count(worker.at("sleeps")), count(worker.at("held")),
               show_fraction(uptime > 0 ? 100 * (user + system) / uptime : 0) + " %",
               show_seconds(user), show_seconds(system)});
  }
  return table.render(colour) + "up for " + show_seconds(uptime) + "\n";
}

std::string render_config(const json::object& view, bool) {
  std::string out = "# " + text(view.at("path")) + "\n" + text(view.at("text"));
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

}  // namespace

std::string render_view(const std::string& what, const json::object& view, bool colour) {
  struct Renderer {
    std::string_view what;
    std::string (*render)(const json::object&, bool);
  };
  constexpr Renderer renderers[] = {
      {"status", render_status},           {"ports", render_ports},
      {"networks", render_networks},       {"fdb", render_fdb},
      {"neighbours", render_neighbours},   {"routes", render_routes},
      {"connections", render_connections}, {"publish", render_publish},
      {"tunnels", render_tunnels},         {"drops", render_drops},
      {"workers", render_workers},         {"config", render_config}};
  for (const Renderer& renderer : renderers) {
    if (renderer.what == what) return renderer.render(view, colour);
  }
  throw std::invalid_argument("there is no table of " + what);
}

}  // namespace uswitch
