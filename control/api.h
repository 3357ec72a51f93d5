// The requests that the control socket takes, and what answers each. docs/control.md documents the
// answers.
//
// Control thread, like everything behind ApiContext.
#pragma once
#include <span>
#include <string_view>

#include "control/http.h"
#include "control/port_info.h"
#include "core/time.h"
#include "engine/engine.h"

namespace uswitch {

// What there is to show, as of now. Made anew for a request; it owns nothing.
struct ApiContext {
  const Engine& engine;
  std::span<const PortInfo> ports;  // indexed by PortId; may be shorter than Tables::ports
  std::string_view config_path;     // of the running configuration
  std::string_view config_text;
  Time now;
  Time started;  // when the daemon was
};

// Never throws for what a client can send: a refusal is a Reply with {"error": SENTENCE}.
Reply handle(const Request& request, const ApiContext& context);

}  // namespace uswitch
