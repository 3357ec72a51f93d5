// Any bytes as the method, target and, after a line break, body of a request to the control socket:
// what comes back is always JSON, and a refusal always says why. Configurations and ports are read
// and checked; nothing is made of them.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>

#include "control/api.h"
#include "control/config_additions.h"

using namespace uswitch;
namespace json = boost::json;

namespace {

// No worker runs: nothing here needs one.
Engine& engine() {
  static Engine one(0, IoKind::plain);
  if (one.tables().networks.empty()) {
    auto tables = std::make_shared<Tables>();
    tables->networks.resize(1);
    tables->networks[0].name = "office";
    tables->networks[0].fdb = std::make_shared<Fdb>(64);
    tables->networks[0].fdb->learn(MacAddress::from_u64(2), 0, Time{});
    tables->ports.push_back({"web", nullptr, std::make_shared<PortStats>(1)});
    tables->settings.resize(1);
    one.publish(tables);
  }
  return one;
}

constexpr std::string_view file = "networks: {office: {router: [10.0.0.1/24]}}\nports: {}\n";

ConfigOutcome read(std::string_view text, Additions additions) {
  ConfigOutcome outcome;
  ConfigResult result = parse_config(text, "a.yaml", additions);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    outcome.errors = std::move(*errors);
  } else if (!additions.none()) {
    // What runs can be said as a file.
    if (!std::holds_alternative<Config>(parse_config(std::get<Config>(result).text, ""))) abort();
  }
  return outcome;
}

ApiActions actions() {
  ApiActions all;
  all.configure = [](const std::string& text) { return read(text, {}); };
  all.add_port = [](const std::string& name, const YamlNode& port) {
    Additions additions;
    additions.ports[name] = port;
    return read(file, std::move(additions));
  };
  all.remove_port = [](const std::string& name) {
    Additions additions;
    additions.removed_ports.insert(name);
    return read(file, std::move(additions));
  };
  return all;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n'), blank = input.substr(0, line).find(' ');
  Request request{"GET", std::string(input.substr(0, line)), ""};
  if (blank != std::string_view::npos) {
    request.method = input.substr(0, blank);
    request.target = input.substr(0, line).substr(blank + 1);
  }
  if (line != std::string_view::npos) request.body = input.substr(line + 1);
  const Reply reply =
      handle(request, {engine(), {}, "a.yaml", "", Time{}, Time{}, nullptr, actions()});
  const json::object body = json::parse(reply.body).as_object();
  require(reply.status == 200 || !body.at("error").as_string().empty());
  require((reply.status == 405) == !reply.allow.empty());
  return 0;
}
