// Whatever the file says, parse_config returns: a configuration that keeps its promises, or errors
// that have a place in the file.
#include <cstdlib>
#include <string_view>

#include "control/config.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const uswitch::PortConfig& port) {
  using uswitch::PortType;
  require(port.type == PortType::socket || port.network || !port.tagged.empty());
  require(port.mtu >= 68);
  require(!port.guard || !port.addresses.empty());
  switch (port.type) {
    case PortType::pcap:
      return require(!port.read_file.empty() || !port.write_file.empty());
    case PortType::tunnel:
    case PortType::socket:
      require(port.tunnel && port.tunnel->socket.port != 0 && port.tunnel->socket.ttl != 0);
      return require(port.tunnel->network_id <= uswitch::max_network_id);
    default:
      return require(!port.device.empty() && port.device.size() <= 15);
  }
}

void check(const uswitch::Config& config, std::string_view text) {
  require(config.text == text);
  require(config.workers >= 1 && config.workers <= 64);
  require(config.control.size() <= 107);
  for (const uswitch::PortConfig& port : config.ports) check(port);
}

void check(const std::vector<uswitch::ConfigError>& errors) {
  require(!errors.empty() && errors.size() <= uswitch::ErrorList::limit);
  for (const uswitch::ConfigError& e : errors) {
    require(e.line >= 1 && e.column >= 1 && !e.what.empty() && !e.remedy.empty());
    require(e.to_string().size() < 2000);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const uswitch::ConfigResult result = uswitch::parse_config(text, "fuzz.yaml");
  if (auto* config = std::get_if<uswitch::Config>(&result)) {
    check(*config, text);
  } else {
    check(std::get<1>(result));
  }
  return 0;
}
