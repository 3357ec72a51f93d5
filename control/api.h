// The requests that the control socket takes, and what answers each. docs/control.md documents the
// answers.
//
// Control thread, like everything behind ApiContext.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.h"
#include "control/http.h"
#include "control/port_info.h"
#include "control/yaml_document.h"
#include "core/time.h"
#include "engine/engine.h"

namespace uswitch {

class CaptureControl;
class DropRates;
class NatControl;

// What became of another configuration.
struct ConfigOutcome {
  std::vector<ConfigError> errors;  // why it cannot be read, or
  std::string refusal;              // why it cannot be put into force; nothing has changed then
  struct Names {
    std::vector<std::string> added, changed, removed;
  };
  Names ports, networks;
};

// What a client can have done that takes more than the tables. Empty: not here.
struct ApiActions {
  // Each returns why it cannot be done, a sentence, or nothing once it is done. Empty: the switch
  // does not translate.
  using Act = std::function<std::optional<std::string>(const PublishConfig&)>;
  Act publish;
  // The entry names ports of an address, or of all addresses there; `to` is where they lead, or
  // unspecified: wherever they do. `allow` is of no account.
  Act unpublish;

  // Reads a file, or the one of last time; or takes this text in place of a file.
  std::function<ConfigOutcome(const std::optional<std::string>& path)> reload;
  std::function<ConfigOutcome(const std::string& text)> configure;
  // One port as the file has it under its name, and one that goes.
  std::function<ConfigOutcome(const std::string& name, const YamlNode& port)> add_port;
  std::function<ConfigOutcome(const std::string& name)> remove_port;
};

// What there is to show, as of now, and to do. Made anew for a request; it is not kept.
struct ApiContext {
  const Engine& engine;
  std::span<const PortInfo> ports;  // indexed by PortId; may be shorter than Tables::ports
  std::string_view config_path;     // of the running configuration
  std::string_view config_text;
  Time now;
  Time started;  // when the daemon was
  // What is published refers to its networks and ports. Set when there are actions.
  const Config* config = nullptr;
  ApiActions actions = {};
  CaptureControl* captures = nullptr;  // null: none can be taken
  const DropRates* drop_rates = nullptr;
  // Counted on ports that are no longer configured and whose ids others have; null: nothing was.
  const PortStats* forgotten = nullptr;
  const NatControl* nat = nullptr;  // null: nothing is published
};

// Never throws for what a client can send: a refusal is a Reply with {"error": SENTENCE}.
Reply handle(const Request& request, const ApiContext& context);

}  // namespace uswitch
