#include "control/render_status.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include "control/figures.h"
#include "control/table.h"

namespace uswitch {

namespace json = boost::json;

namespace {

constexpr Table::Align right = Table::Align::right;

uint64_t number(const json::value& value) {
  return value.to_number<uint64_t>();
}

std::string text(const json::value& value) {
  return value.is_null() ? "" : json::value_to<std::string>(value);
}

std::string joined(const json::array& list, const char* separator) {
  std::string out;
  for (const json::value& one : list) out += (out.empty() ? "" : separator) + text(one);
  return out;
}

std::string kind_of(const json::object& network) {
  json::array kinds;
  for (const char* kind : {"outside", "isolated"}) {
    if (network.at(kind).as_bool()) kinds.emplace_back(kind);
  }
  return joined(kinds, ",");
}

// "80 %", when there is a bound.
std::string share_of(const json::object& table) {
  if (table.at("max_entries").is_null()) return "";
  const uint64_t most = number(table.at("max_entries"));
  return most == 0 ? "" : std::to_string(100 * number(table.at("entries")) / most) + " %";
}

}  // namespace

std::string render_status(const json::object& view, bool colour) {
  const auto counted = [&](const char* what, const std::string& noun) {
    const uint64_t n = number(view.at(what));
    return show_count(n) + " " + noun + (n == 1 ? "" : "s");
  };
  std::string out = "uswitch " + text(view.at("version")) + ", up for " +
                    show_seconds(view.at("uptime_seconds").to_number<double>()) + "\n" +
                    show_count(number(view.at("ports_up"))) + " of " + counted("ports", "port") +
                    " up, " + counted("networks", "network") + ", " + counted("workers", "worker") +
                    "\n";
  Table table({{"TABLE"}, {"ENTRIES", right}, {"ROOM FOR", right}, {"FULL", right}});
  for (const json::value& value : view.at("tables").as_array()) {
    const json::object& one = value.as_object();
    const json::value& most = one.at("max_entries");
    table.add({text(one.at("name")), show_count(number(one.at("entries"))),
               most.is_null() ? "" : show_count(number(most)), share_of(one)});
  }
  return table.empty() ? out : out + "\n" + table.render(colour);
}

std::string render_networks(const json::object& view, bool colour) {
  Table table({{"NETWORK"},
               {"ROUTER"},
               {"ROUTER MAC"},
               {"KIND"},
               {"MTU", right},
               {"ADDRESSES", right},
               {"ROOM FOR", right},
               {"PORTS"}});
  for (const json::value& value : view.at("networks").as_array()) {
    const json::object& one = value.as_object();
    table.add({text(one.at("name")), joined(one.at("router").as_array(), ","),
               text(one.at("router_mac")), kind_of(one), std::to_string(number(one.at("mtu"))),
               show_count(number(one.at("addresses"))), show_count(number(one.at("max_addresses"))),
               joined(one.at("ports").as_array(), ",")});
  }
  if (table.empty()) return "no networks\n";
  table.hide_empty_columns();
  return table.render(colour);
}

}  // namespace uswitch
