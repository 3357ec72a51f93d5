// Values of the configuration that are addresses.
#include "control/config_sections.h"

namespace uswitch {

// RFC 6164 and RFC 3021 make both addresses of a two-address link usable; in a longer IPv6 prefix
// the first one is the Subnet-Router anycast address (RFC 4291 2.6.1).
std::string_view fault_of_host(const IpPrefix& prefix) {
  const IpAddress& a = prefix.address;
  const unsigned host_bits = (a.is_v4() ? 32u : 128u) - prefix.length;
  if (a.is_multicast()) return "a multicast address";
  if (a.is_unspecified()) return "the unspecified address";
  if (a.is_loopback()) return "a loopback address";
  if (a.is_v4() && a.v4() == 0xffffffff) return "the broadcast address";
  if (a.is_v4() && a.v4() >> 24 == 0) return "an address of 0.0.0.0/8";
  if (host_bits < 2) return {};
  if (a == prefix.network()) return "the address of the network itself";
  if (a.is_v4() && a == prefix.broadcast()) return "the network's broadcast address";
  return {};
}

std::string_view never_routed(const IpAddress& address) {
  if (address.is_multicast()) return "multicast";
  if (address.is_link_local()) return "link-local";
  if (address.is_loopback()) return "loopback";
  return {};
}

std::optional<IpPrefix> read_host_address(const MapReader& map, const YamlNode& node) {
  static constexpr std::string_view form =
      "an address with its prefix length, such as 10.0.0.11/24";
  auto text = map.scalar(node, form);
  if (!text) return std::nullopt;
  auto prefix = IpPrefix::parse(*text);
  if (!prefix) {
    const bool bare = IpAddress::parse(*text).has_value();
    map.refuse(node, quoted(*text) + (bare ? " has no prefix length" : " is not an address"),
               "write " + std::string(form));
  } else if (auto fault = fault_of_host(*prefix); !fault.empty()) {
    map.refuse(node, quoted(*text) + " is " + std::string(fault),
               "write an address that one station can have");
    return std::nullopt;
  }
  return prefix;
}

std::optional<IpPrefix> read_destination(const MapReader& map, const YamlNode& node) {
  static constexpr std::string_view form = "a prefix, such as 10.9.0.0/16";
  auto text = map.scalar(node, form);
  if (!text) return std::nullopt;
  auto prefix = IpPrefix::parse(*text);
  if (!prefix) {
    map.refuse(node, quoted(*text) + " is not a prefix", "write " + std::string(form));
  } else if (prefix->address != prefix->network()) {
    const IpPrefix meant{prefix->network(), prefix->length};
    map.refuse(node, quoted(*text) + " has bits set behind its prefix length",
               "did you mean " + quoted(meant.to_string()) + "?");
    return std::nullopt;
  }
  return prefix;
}

std::optional<MacAddress> read_mac(const MapReader& map, const YamlNode& node) {
  static constexpr std::string_view form = "a MAC address, such as 02:00:00:00:00:01";
  auto text = map.scalar(node, form);
  if (!text) return std::nullopt;
  auto mac = MacAddress::parse(*text);
  if (!mac) {
    map.refuse(node, quoted(*text) + " is not a MAC address", "write " + std::string(form));
  } else if (mac->is_group() || mac->is_zero()) {
    map.refuse(node,
               quoted(*text) + (mac->is_zero() ? " is the zero address" : " is a group address"),
               "write the address of one station: its first byte is even");
    return std::nullopt;
  }
  return mac;
}

std::span<const YamlNode> one_or_list(const MapReader& map, std::string_view key,
                                      std::string_view example) {
  const YamlNode* node = map.find(key);
  if (node && node->is(YamlNode::Kind::scalar)) return {node, 1};
  const auto items = map.list(key, example);
  if (node && node->is(YamlNode::Kind::sequence) && items.empty()) {
    map.refuse(*node, quoted(key) + " is an empty list",
               "write at least one, such as " + std::string(example));
  }
  return items;
}

}  // namespace uswitch
