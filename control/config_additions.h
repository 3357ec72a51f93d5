// What was changed through the control socket since the configuration file was read: ports and
// published ports that came and went. Together with the file it is the configuration that runs.
//
// What was added stays when the file is read anew, until it is taken away where it was added, or
// the file has something of that name: file and socket are two owners. What of the file was taken
// away comes back with the file. Values; the control thread's.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.h"
#include "control/yaml_document.h"

namespace uswitch {

struct Additions {
  std::map<std::string, YamlNode> ports;  // by name, as they were sent
  std::set<std::string> removed_ports;    // of the file
  std::vector<PublishConfig> published;
  std::vector<PublishConfig> unpublished;  // of the file

  bool none() const {
    return ports.empty() && removed_ports.empty() && published.empty() && unpublished.empty();
  }
  // The file is read anew.
  void forget_removals() {
    removed_ports.clear();
    unpublished.clear();
  }
};

// The file's configuration with these. What the file has itself is taken out of them. Config::text
// is the whole of it as one file would say it: the text itself when there is nothing to add. Errors
// of an addition have no line.
ConfigResult parse_config(std::string_view text, std::string file_name, Additions& additions);

}  // namespace uswitch
