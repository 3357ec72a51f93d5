#include "control/top_sample.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include "control/connection_text.h"

namespace uswitch {

namespace json = boost::json;

namespace {

std::string text(const json::object& from, std::string_view member) {
  const json::value& value = from.at(member);
  return value.is_null() ? "" : json::value_to<std::string>(value);
}

uint64_t number(const json::object& from, std::string_view member) {
  return from.at(member).to_number<uint64_t>();
}

// The untagged one; of a trunk the first tagged one, and that there are more.
std::string network_of(const json::object& port) {
  const json::object& tagged = port.at("tagged").as_object();
  std::string network = text(port, "network");
  if (tagged.empty()) return network;
  if (!network.empty()) return network + ",...";
  const json::key_value_pair& first = *tagged.begin();
  return std::string(first.key()) + ":" + json::value_to<std::string>(first.value()) +
         (tagged.size() > 1 ? ",..." : "");
}

TopSample::Port read_port(const json::object& port) {
  return {text(port, "name"),         network_of(port),         port.at("up").as_bool(),
          number(port, "rx_packets"), number(port, "rx_bytes"), number(port, "tx_packets"),
          number(port, "tx_bytes"),   number(port, "drops")};
}

TopSample::Drop read_drop(const json::object& drop) {
  TopSample::Drop out{text(drop, "reason"), text(drop, "sentence"), number(drop, "packets"), {}};
  for (const auto& [port, packets] : drop.at("ports").as_object()) {
    out.ports.emplace_back(port, packets.to_number<uint64_t>());
  }
  return out;
}

TopSample::Worker read_worker(const json::object& worker) {
  return {worker.at("user_seconds").to_number<double>() +
              worker.at("system_seconds").to_number<double>(),
          number(worker, "packets")};
}

TopSample::Connection read_connection(const json::object& connection) {
  const json::object& original = connection.at("original").as_object();
  const json::object& reply = connection.at("reply").as_object();
  return {text(connection, "proto"), text(connection, "state"),
          path_text(original, "source", "destination"),
          number(original, "bytes") + number(reply, "bytes")};
}

TopSample::Table read_table(const json::object& table) {
  return {text(table, "name"), number(table, "entries")};
}

template <class Read>
auto read_list(const json::value& answer, std::string_view member, Read read) {
  std::vector<decltype(read(json::object()))> out;
  for (const json::value& one : answer.as_object().at(member).as_array()) {
    out.push_back(read(one.as_object()));
  }
  return out;
}

}  // namespace

TopSample read_top_sample(const std::vector<json::value>& answers) {
  TopSample sample;
  sample.ports = read_list(answers.at(0), "ports", read_port);
  sample.drops = read_list(answers.at(1), "drops", read_drop);
  sample.workers = read_list(answers.at(2), "workers", read_worker);
  sample.connections = read_list(answers.at(3), "connections", read_connection);
  sample.tables = read_list(answers.at(4), "tables", read_table);
  const json::object& status = answers.at(4).as_object();
  sample.version = text(status, "version");
  sample.uptime = status.at("uptime_seconds").to_number<double>();
  return sample;
}

}  // namespace uswitch
