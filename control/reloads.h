// Where configurations come from while the switch runs: the file, read anew; a text in its place;
// one port more or less. Each ends as one whole configuration that LiveSwitch is taken to, or
// refused with nothing changed.
//
// Owner: Daemon, on the control thread.
#pragma once
#include <optional>
#include <string>

#include "control/api.h"
#include "control/config_additions.h"
#include "control/live_switch.h"

namespace uswitch {

class Reloads {
 public:
  // `path` is of the file that `live` runs; `control`, if set, stands in place of the file's.
  Reloads(LiveSwitch& live, std::string path, std::optional<std::string> control);

  ConfigOutcome read_file(const std::optional<std::string>& path);
  ConfigOutcome take_text(const std::string& text);
  ConfigOutcome add_port(const std::string& name, const YamlNode& port);
  ConfigOutcome remove_port(const std::string& name);
  std::optional<std::string> publish(const PublishConfig& entry);
  std::optional<std::string> unpublish(const PublishConfig& entry);

  // Of the file that was read last, and what runs.
  const std::string& path() const { return path_; }
  const Config& config() const { return config_; }  // networks in the order of the file

 private:
  ConfigOutcome anew(const std::string& text, const std::string& path);
  ConfigOutcome apply(const std::string& text, const std::string& path, Additions additions);
  void refresh();

  LiveSwitch& live_;
  std::string path_;
  const std::optional<std::string> control_;
  std::string text_;  // the file's
  Additions additions_;
  Config config_;
};

}  // namespace uswitch
