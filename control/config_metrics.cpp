// The section `metrics`.
#include "control/config_sections.h"
#include "control/units.h"

namespace uswitch {
namespace {

constexpr std::string_view metrics_keys[] = {"listen"};
constexpr std::string_view form =
    R"(an address and a port, such as 127.0.0.1:9433 or "[::1]:9433")";

std::optional<MetricsConfig> parse_listen(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracket = host.starts_with('[') && host.ends_with(']');
  if (bracket) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = parse_integer(text.substr(colon + 1));
  if (!address || address->is_v4() == bracket) return std::nullopt;
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  return MetricsConfig{*address, static_cast<uint16_t>(*port)};
}

}  // namespace

void read_metrics(const MapReader& top, Config& config) {
  const YamlNode* node = top.map("metrics");
  if (!node) return;
  const MapReader map(*node, "metrics", top.errors());
  map.expect_keys(metrics_keys);
  const YamlNode* listen = map.find("listen");
  const auto text = listen ? map.scalar(*listen, form) : std::nullopt;
  if (!text) return;
  if (const auto parsed = parse_listen(*text)) {
    config.metrics = *parsed;
  } else {
    map.refuse(*listen, "'listen' is '" + std::string(*text) + "'", "write " + std::string(form));
  }
}

}  // namespace uswitch
