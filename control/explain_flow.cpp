// The text form of an imagined flow.
#include <charconv>

#include "control/explain_frame.h"

namespace uswitch {

namespace {

struct End {
  IpAddress address;
  uint16_t port = 0;
};

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0) return std::nullopt;
  return port;
}

std::optional<End> parse_bare(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return End{*address, 0};
}

std::optional<End> parse_end(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  const bool bracket = host.starts_with('[');
  const auto end = parse_bare(host);
  const auto port = parse_port(text.substr(colon + 1));
  if (!end || !port || bracket == end->address.is_v4()) return std::nullopt;
  return End{end->address, *port};
}

}  // namespace

std::optional<std::string> parse_flow(std::string_view text, ImaginedFlow& flow) {
  const bool icmp = flow.kind == ImaginedFlow::Kind::icmp;
  const std::string form = icmp ? "SRC,DST as in 10.0.0.11,10.0.0.21"
                                : "SRC:PORT,DST:PORT as in 10.0.0.11:4000,10.0.0.21:80 or "
                                  "[fd00::11]:4000,[fd00::21]:80";
  const size_t comma = text.find(',');
  const std::string refusal = "'" + std::string(text) + "' is no " + form;
  if (comma == std::string_view::npos) return refusal;
  const auto parse = icmp ? parse_bare : parse_end;
  const auto from = parse(text.substr(0, comma)), to = parse(text.substr(comma + 1));
  if (!from || !to) return refusal;
  if (from->address.family() != to->address.family()) {
    return "'" + std::string(text) + "' goes from one version of IP to the other";
  }
  flow.source = from->address;
  flow.source_port = from->port;
  flow.destination = to->address;
  flow.destination_port = to->port;
  return std::nullopt;
}

}  // namespace uswitch
