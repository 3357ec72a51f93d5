// GET, POST and DELETE /v1/publish. An entry is checked by what reads the section `nat: publish` of
// the configuration, so it is refused for the same reasons, in the same words.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/config_nat.h"
#include "control/json_node.h"
#include "control/nat_control.h"
#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

constexpr std::string_view example =
    R"({"on": "outside", "port": 8080, "proto": "tcp", "to": "10.0.0.11:80"})";

YamlNode entry_of(const std::string& body) {
  return json_node(body, example);
}

YamlNode entry_of(const Query& query) {
  Parameters parameters(query);
  YamlNode entry{.kind = YamlNode::Kind::map};
  for (const char* name : {"on", "address", "port", "proto", "to"}) {
    auto value = parameters.text(name);
    if (!value) continue;
    entry.children.push_back(scalar_node(std::move(*value), true));
    entry.children.back().key = name;
  }
  parameters.done();
  return entry;
}

PublishConfig read_entry(const YamlNode& node, const Config& config, bool whole) {
  ErrorList errors("");
  const NatPlaces places(config);
  std::optional<PublishConfig> entry;
  try {
    entry = read_publish_alone(MapReader(node, "publish", errors), places, whole);
  } catch (const ErrorList::TooMany&) {
  }
  if (!errors.empty()) throw BadQuery(sentences(errors.take()));
  return entry.value();
}

std::string ports_text(uint16_t first, uint16_t last) {
  return std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
}

// "10.0.0.11:80", "[fd00:a::11]:9000-9099", as the configuration has it; null: not said.
json::value target_text(const PublishConfig& entry) {
  if (entry.to_port == 0) return nullptr;
  const std::string address = entry.to.to_string();
  const auto last = static_cast<uint16_t>(entry.to_port + (entry.last_port - entry.first_port));
  const std::string host = entry.to.is_v4() ? address : "[" + address + "]";
  json::value text(host + ":" + ports_text(entry.to_port, last));  // in braces it would be an array
  return text;
}

json::object view_entry(const PublishConfig& entry) {
  json::array protos, allow;
  if (entry.tcp) protos.emplace_back("tcp");
  if (entry.udp) protos.emplace_back("udp");
  for (const IpPrefix& prefix : entry.allow) allow.emplace_back(prefix.to_string());
  json::object out;
  out["on"] = entry.on.empty() ? "host" : entry.on;
  out["address"] = entry.address ? json::value(entry.address->to_string()) : json::value(nullptr);
  out["port"] = ports_text(entry.first_port, entry.last_port);
  out["proto"] = std::move(protos);
  out["to"] = target_text(entry);
  out["allow"] = std::move(allow);
  return out;
}

json::value view_relayed(const std::optional<RelayCounts>& relayed) {
  if (!relayed) return nullptr;
  return {{"active", relayed->active},     {"opened", relayed->opened},
          {"refused", relayed->refused},   {"failed", relayed->failed},
          {"bytes_in", relayed->bytes_in}, {"bytes_out", relayed->bytes_out}};
}

json::object act(const ApiContext& context, const ApiActions::Act& action, const YamlNode& node,
                 bool whole) {
  if (!action || !context.config) {
    throw Conflict("this uswitch does not translate; give its configuration a section 'nat'");
  }
  const PublishConfig entry = read_entry(node, *context.config, whole);
  if (const auto refusal = action(entry)) throw Conflict(*refusal);
  return view_entry(entry);
}

}  // namespace

json::object view_publish(const ApiContext& context, const Query& query) {
  Parameters(query).done();
  json::array entries;
  if (context.nat) {
    for (const NatControl::Published& published : context.nat->list_published()) {
      json::object entry = view_entry(published.config);
      entry["relayed"] = view_relayed(published.relayed);
      entries.push_back(std::move(entry));
    }
  }
  return {{"publish", std::move(entries)}};
}

json::object publish(const ApiContext& context, const Query& query, const std::string& body) {
  Parameters(query).done();
  return {{"published", act(context, context.actions.publish, entry_of(body), true)}};
}

json::object unpublish(const ApiContext& context, const Query& query, const std::string& body) {
  if (!body.empty() && !query.empty()) {
    throw BadQuery("say which entry in the body or in parameters, not in both");
  }
  const YamlNode node = body.empty() ? entry_of(query) : entry_of(body);
  return {{"unpublished", act(context, context.actions.unpublish, node, false)}};
}

}  // namespace uswitch
