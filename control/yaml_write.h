// A document as YAML text that parse_yaml() reads back to the same. No state; any thread.
#pragma once
#include <string>

#include "control/yaml_document.h"

namespace uswitch {

// Maps and lists on lines of their own down to the entries of the sections (`ports: web:`), what is
// deeper in braces. Comments are not in the tree.
std::string write_yaml(const YamlNode& root);

}  // namespace uswitch
