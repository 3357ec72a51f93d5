#include "control/reloads.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>

#include "control/logging.h"

namespace uswitch {

namespace {

std::string some_of(const std::vector<std::string>& names, std::string_view what) {
  constexpr size_t most = 5;
  if (names.empty()) return "";
  std::string text = "; ";
  text += what;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) text += (i ? ", " : " ") + names[i];
  if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

void log(const ConfigOutcome& outcome) {
  for (const ConfigError& e : outcome.errors) spdlog::error("{}", e.to_string());
  if (!outcome.errors.empty()) {
    spdlog::error("the configuration is wrong; the one that runs stays in force");
  } else if (!outcome.refusal.empty()) {
    spdlog::error("{}; the configuration that runs stays in force", outcome.refusal);
  } else {
    spdlog::info("reloaded{}{}{}{}{}{}", some_of(outcome.ports.added, "new ports"),
                 some_of(outcome.ports.changed, "changed ports"),
                 some_of(outcome.ports.removed, "ports gone"),
                 some_of(outcome.networks.added, "new networks"),
                 some_of(outcome.networks.changed, "changed networks"),
                 some_of(outcome.networks.removed, "networks gone"));
  }
}

}  // namespace

Reloads::Reloads(LiveSwitch& live, std::string path, std::optional<std::string> control)
    : live_(live),
      path_(std::move(path)),
      control_(std::move(control)),
      text_(live.config().text),
      config_(live.config()) {}

ConfigOutcome Reloads::read_file(const std::optional<std::string>& path) {
  const std::string& from = path ? *path : path_;
  ConfigResult file = load_config(from);
  if (const auto* config = std::get_if<Config>(&file)) return anew(config->text, from);
  ConfigOutcome outcome;
  outcome.errors = std::get<std::vector<ConfigError>>(std::move(file));
  log(outcome);
  return outcome;
}

ConfigOutcome Reloads::take_text(const std::string& text) {
  return anew(text, path_);
}

// Errors without a line are not of the text.
ConfigOutcome Reloads::anew(const std::string& text, const std::string& path) {
  Additions additions = additions_;
  additions.forget_removals();
  ConfigOutcome outcome = apply(text, path, std::move(additions));
  for (ConfigError& e : outcome.errors) {
    if (e.line == 0 && !additions_.none()) {
      e.remedy += "; it was added at run time, where it can be deleted";
    }
  }
  return outcome;
}

ConfigOutcome Reloads::add_port(const std::string& name, const YamlNode& port) {
  if (std::ranges::find(config_.ports, name, &PortConfig::name) != config_.ports.end()) {
    ConfigOutcome outcome;
    outcome.refusal = "there is a port '" + name + "' already; delete it first";
    return outcome;
  }
  Additions additions = additions_;
  additions.ports[name] = port;
  return apply(text_, path_, std::move(additions));
}

ConfigOutcome Reloads::remove_port(const std::string& name) {
  Additions additions = additions_;
  if (additions.ports.erase(name) == 0) additions.removed_ports.insert(name);
  return apply(text_, path_, std::move(additions));
}

ConfigOutcome Reloads::apply(const std::string& text, const std::string& path,
                             Additions additions) {
  ConfigOutcome outcome;
  ConfigResult result = parse_config(text, path, additions);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    outcome.errors = std::move(*errors);
    log(outcome);
    return outcome;
  }
  Config& config = std::get<Config>(result);
  if (control_) config.control = *control_;
  try {
    LiveSwitch::Changes changes = live_.reload(config);
    outcome.ports = {std::move(changes.ports.added), std::move(changes.ports.changed),
                     std::move(changes.ports.removed)};
    outcome.networks = {std::move(changes.networks_added), std::move(changes.networks_changed),
                        std::move(changes.networks_removed)};
    set_log_level(config.log.level);
    text_ = text;
    path_ = path;
    additions_ = std::move(additions);
    config_ = std::move(config);
  } catch (const std::runtime_error& error) {
    outcome.refusal = error.what();
  }
  log(outcome);
  return outcome;
}

std::optional<std::string> Reloads::publish(const PublishConfig& entry) {
  if (auto refusal = live_.publish(entry)) return refusal;
  additions_.published.push_back(entry);
  refresh();
  return std::nullopt;
}

std::optional<std::string> Reloads::unpublish(const PublishConfig& entry) {
  PublishConfig removed;
  if (auto refusal = live_.unpublish(entry, removed)) return refusal;
  if (std::erase(additions_.published, removed) == 0) additions_.unpublished.push_back(removed);
  refresh();
  return std::nullopt;
}

// What runs already, as a text.
void Reloads::refresh() {
  Additions additions = additions_;
  ConfigResult result = parse_config(text_, path_, additions);
  if (auto* config = std::get_if<Config>(&result)) config_ = std::move(*config);
}

}  // namespace uswitch
