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

#include "control/config.h"
#include "control/http.h"
#include "control/port_info.h"
#include "core/time.h"
#include "engine/engine.h"

namespace uswitch {

class CaptureControl;
class DropRates;

// What a client can have done that takes more than the tables. Each returns why it cannot be done,
// a sentence, or nothing once it is done. Empty: the switch does not translate.
struct ApiActions {
  using Act = std::function<std::optional<std::string>(const PublishConfig&)>;

  Act publish;
  // The entry names ports of an address, or of all addresses there; `to` is where they lead, or
  // unspecified: wherever they do. `allow` is of no account.
  Act unpublish;
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
};

// Never throws for what a client can send: a refusal is a Reply with {"error": SENTENCE}.
Reply handle(const Request& request, const ApiContext& context);

}  // namespace uswitch
