// POST /v1/reload, PUT /v1/config, POST /v1/ports and DELETE /v1/ports/NAME: the requests after
// which another configuration runs. All are checked by what reads the file.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/json_node.h"
#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

constexpr std::string_view port_example =
    R"({"name": "web", "type": "tap", "netns": "web", "device": "eth0", "network": "office"})";

json::object view_names(const ConfigOutcome::Names& names) {
  return {{"added", json::array(names.added.begin(), names.added.end())},
          {"changed", json::array(names.changed.begin(), names.changed.end())},
          {"removed", json::array(names.removed.begin(), names.removed.end())}};
}

json::object view_outcome(ConfigOutcome outcome) {
  if (!outcome.errors.empty()) throw BadConfig(std::move(outcome.errors));
  if (!outcome.refusal.empty()) throw Conflict(outcome.refusal);
  return {{"ports", view_names(outcome.ports)}, {"networks", view_names(outcome.networks)}};
}

template <class Action>
const Action& require(const Action& action) {
  if (!action) throw Conflict("the configuration of this uswitch cannot be changed");
  return action;
}

// Takes the name out of the port that was sent.
std::string take_name(YamlNode& port) {
  const std::string usage = "; send " + std::string(port_example);
  if (!port.is(YamlNode::Kind::map)) throw BadQuery("the body is no JSON object" + usage);
  const auto found = std::ranges::find(port.children, "name", &YamlNode::key);
  if (found == port.children.end()) throw BadQuery("'name' is missing" + usage);
  if (!found->is(YamlNode::Kind::scalar) || found->plain) {
    throw BadQuery("'name' is not a string" + usage);
  }
  std::string name = found->text;
  port.children.erase(found);
  return name;
}

// It stands on no line: the sentences say all.
void refuse_port(const ConfigOutcome& outcome) {
  if (!outcome.errors.empty()) throw BadQuery(sentences(outcome.errors));
}

}  // namespace

json::object reload(const ApiContext& context, const Query& query, const std::string&) {
  Parameters parameters(query);
  const auto path = parameters.text("file");
  parameters.done();
  return view_outcome(require(context.actions.reload)(path));
}

json::object configure(const ApiContext& context, const Query& query, const std::string& body) {
  Parameters(query).done();
  return view_outcome(require(context.actions.configure)(body));
}

json::object add_port(const ApiContext& context, const Query& query, const std::string& body) {
  Parameters(query).done();
  YamlNode port = json_node(body, port_example);
  const std::string name = take_name(port);
  ConfigOutcome outcome = require(context.actions.add_port)(name, port);
  refuse_port(outcome);
  return view_outcome(std::move(outcome));
}

json::object remove_port(const ApiContext& context, const Query& query) {
  Parameters parameters(query);
  const std::string name = parameters.text("name").value_or("");
  parameters.done();
  const auto& ports = context.engine.tables().ports;
  if (std::ranges::find(ports, name, &PortEntry::name) == ports.end()) {
    throw NotThere("there is no port '" + name + "'; GET /v1/ports lists them");
  }
  ConfigOutcome outcome = require(context.actions.remove_port)(name);
  refuse_port(outcome);
  return view_outcome(std::move(outcome));
}

}  // namespace uswitch
