// JSON of the control socket as nodes of the configuration, so that what is sent is checked by what
// reads the file, and refused in the same words. No state; any thread.
#pragma once
#include <string>
#include <string_view>

#include "control/config_error.h"
#include "control/yaml_document.h"

namespace uswitch {

// The body of a request. Throws BadQuery, with `example` for what to send, when it is not JSON.
YamlNode json_node(const std::string& body, std::string_view example);

// What is wrong, as one text without the places.
std::string sentences(const std::vector<ConfigError>& errors);

}  // namespace uswitch
