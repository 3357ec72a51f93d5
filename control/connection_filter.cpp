#include "control/connection_filter.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "control/views.h"
#include "wire/ip_protocol.h"

namespace uswitch {

namespace {

struct Protocol {
  uint8_t number;
  std::string_view name;
};
constexpr Protocol protocols[] = {{ip_protocol::icmp, "icmp"},
                                  {ip_protocol::tcp, "tcp"},
                                  {ip_protocol::udp, "udp"},
                                  {ip_protocol::icmp6, "icmp6"}};

// Those of TCP by TcpState, but for `none`; then those of all else.
constexpr std::array<std::string_view, 11> state_words = {
    "syn_sent", "syn_sent2", "syn_received", "established", "fin_wait", "close_wait",
    "last_ack", "time_wait", "close",        "unreplied",   "replied"};
constexpr size_t unreplied = 9, replied = 10;
static_assert(state_words[static_cast<size_t>(TcpState::close) - 1] == "close");

size_t state_index(const ConnectionInfo& info) {
  if (info.tcp != TcpState::none) return static_cast<size_t>(info.tcp) - 1;
  return info.seen_reply ? replied : unreplied;
}

std::optional<uint8_t> parse_protocol(const std::string& text) {
  const auto known = std::ranges::find(protocols, text, &Protocol::name);
  if (known != std::end(protocols)) return known->number;
  uint8_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

bool has_address(const Tuple& t, const IpAddress& address) {
  return t.source == address || t.destination == address;
}

bool has_port(const Tuple& t, uint16_t port) {
  return (t.protocol == ip_protocol::tcp || t.protocol == ip_protocol::udp) &&
         (t.source_port == port || t.destination_port == port);
}

}  // namespace

std::string protocol_name(uint8_t protocol) {
  const auto known = std::ranges::find(protocols, protocol, &Protocol::number);
  return known != std::end(protocols) ? std::string(known->name) : std::to_string(protocol);
}

std::string_view state_name(const ConnectionInfo& info) {
  return state_words[state_index(info)];
}

ConnectionFilter ConnectionFilter::of(Parameters& parameters) {
  ConnectionFilter filter;
  if (const auto port = parameters.number("port", 1, 65535)) {
    filter.port = static_cast<uint16_t>(*port);
  }
  if (const auto proto = parameters.text("proto")) {
    filter.protocol = parse_protocol(*proto);
    if (!filter.protocol) {
      throw BadQuery("proto is '" + *proto +
                     "', it takes tcp, udp, icmp, icmp6 or a number from 0 to 255");
    }
  }
  filter.address = parameters.address("address");
  filter.state = parameters.choice("state", state_words);
  return filter;
}

bool ConnectionFilter::fits(const ConnectionInfo& info) const {
  return (!protocol || info.original.protocol == *protocol) &&
         (!state || state_index(info) == *state) &&
         (!port || has_port(info.original, *port) || has_port(info.reply, *port)) &&
         (!address || has_address(info.original, *address) || has_address(info.reply, *address));
}

bool ConnectionFilter::fits_leave(const ConnectionInfo& info) const {
  return !port && !state && !protocol &&
         (!address || has_address(info.original, *address) || has_address(info.reply, *address));
}

}  // namespace uswitch
