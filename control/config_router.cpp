// The router's part of the section `networks`.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "control/config_sections.h"

namespace uswitch {
namespace {

constexpr std::string_view example = "[10.0.0.1/24]";
constexpr std::string_view router_keys[] = {"router_mac", "reverse_path", "clamp_mss", "advertise",
                                            "outside"};
constexpr Choice<ReversePath> reverse_paths[] = {
    {"off", ReversePath::off}, {"loose", ReversePath::loose}, {"strict", ReversePath::strict}};

void refuse_router_keys(const MapReader& map) {
  for (std::string_view key : router_keys) {
    if (const YamlNode* entry = map.find(key)) {
      map.refuse_key(
          *entry, quoted(key) + " in a network without a router",
          "give the network 'router: " + std::string(example) + "', or remove " + quoted(key));
    }
  }
}

void read_router_address(const MapReader& map, const YamlNode& item, NetworkConfig& network) {
  const auto prefix = read_host_address(map, item);
  if (!prefix) return;
  if (prefix->address.is_link_local()) {
    map.refuse(item, quoted(item.text) + " is a link-local address",
               prefix->address.is_v4() ? "write an address that may be routed (RFC 3927 2.7)"
                                       : "remove it: the router makes its own");
  } else {
    network.router.push_back(*prefix);
  }
}

void read_advertise(const MapReader& map, bool ipv6, NetworkConfig& network) {
  const bool wanted = map.boolean("advertise", ipv6);
  network.advertise = wanted && ipv6;
  if (wanted && !ipv6) {
    map.refuse(*map.find("advertise"), "'advertise' without an IPv6 address of the router",
               "give 'router' one, such as fd00:a::1/64: advertisements are of IPv6");
  }
}

// One address of a router, and where it stands.
struct Claim {
  IpPrefix prefix;
  const NetworkConfig* network;
  const YamlNode* item;

  std::string owner() const {
    return "network " + quoted(network->name) + " (line " + std::to_string(item->at.line) + ")";
  }
};

std::span<const YamlNode> items_of(const YamlNode& router) {
  return router.is(YamlNode::Kind::scalar) ? std::span(&router, 1) : std::span(router.children);
}

class SharedRouters {
 public:
  explicit SharedRouters(ErrorList& errors) : errors_(errors) {}

  // The network's addresses are those of its items that were not refused.
  void add(const NetworkConfig& network, const YamlNode& node) {
    auto next = network.router.begin();
    const YamlNode* router = node.find("router");
    if (next == network.router.end() || !router) return;
    for (const YamlNode& item : items_of(*router)) {
      if (next == network.router.end()) return;
      if (IpPrefix::parse(item.text) != *next) continue;
      add({*next++, &network, &item});
    }
  }

  // Prefixes are disjoint or one is within the other; then it comes first in this order, and is on
  // the stack still.
  void check_overlaps() {
    std::sort(claims_.begin(), claims_.end(),
              [](const Claim& a, const Claim& b) { return order(a.prefix) < order(b.prefix); });
    std::vector<const Claim*> around;
    for (const Claim& c : claims_) {
      while (!around.empty() && !around.back()->prefix.contains(c.prefix.address)) {
        around.pop_back();
      }
      if (!around.empty() && around.back()->network != c.network) refuse(*around.back(), c);
      around.push_back(&c);
    }
  }

 private:
  using Order = std::tuple<Family, IpAddress, uint8_t>;
  static Order order(const IpPrefix& p) { return {p.address.family(), p.network(), p.length}; }

  void add(const Claim& claim) {
    const auto [first, is_new] = by_address_.emplace(claim.prefix.address, claim);
    if (is_new) {
      claims_.push_back(claim);
      return;
    }
    const Claim& other = first->second;
    const bool here = other.network == claim.network;
    const std::string address = claim.prefix.address.to_string();
    if (here) {
      report(claim, address + " stands here twice", "remove one of them");
    } else {
      report(claim, address + " is used by " + other.owner() + " already",
             "give the router an address of its own in each network");
    }
  }

  // Of the two the later in the file, and that only once.
  void refuse(const Claim& a, const Claim& b) {
    const bool a_first = a.item->at < b.item->at;
    const Claim& first = a_first ? a : b;
    const Claim& second = a_first ? b : a;
    if (!reported_.insert(second.item).second) return;
    report(second,
           second.prefix.to_string() + " overlaps with " + first.prefix.to_string() + " of " +
               first.owner(),
           "networks with a router share one table of routes: give each a prefix of its own");
  }

  void report(const Claim& at, const std::string& what, std::string remedy) {
    errors_.add(at.item->at, "network " + quoted(at.network->name) + ": router address " + what,
                std::move(remedy));
  }

  std::vector<Claim> claims_;
  std::map<IpAddress, Claim> by_address_;
  std::set<const YamlNode*> reported_;
  ErrorList& errors_;
};

}  // namespace

bool has_router(const NetworkConfig& network, Family family) {
  return std::any_of(network.router.begin(), network.router.end(),
                     [&](const IpPrefix& p) { return p.address.family() == family; });
}

void read_router(const MapReader& map, NetworkConfig& network) {
  if (!map.has("router")) return refuse_router_keys(map);
  for (const YamlNode& item : one_or_list(map, "router", example)) {
    read_router_address(map, item, network);
  }
  const bool ipv6 = has_router(network, Family::v6);
  if (ipv6 && network.mtu < smallest_mtu_of_ipv6) {
    map.refuse_key(*map.find("router"),
                   "an IPv6 address of the router with an MTU of " + std::to_string(network.mtu),
                   "IPv6 needs an 'mtu' of at least " + std::to_string(smallest_mtu_of_ipv6));
  }
  if (const YamlNode* mac = map.find("router_mac")) network.router_mac = read_mac(map, *mac);
  network.reverse_path =
      map.choice<ReversePath>("reverse_path", reverse_paths, network.reverse_path);
  network.clamp_mss = map.boolean("clamp_mss", network.clamp_mss);
  network.outside = map.boolean("outside", network.outside);
  read_advertise(map, ipv6, network);
}

void check_routers_together(std::span<const NetworkConfig> networks,
                            std::span<const YamlNode* const> nodes, ErrorList& errors) {
  SharedRouters shared(errors);
  for (size_t i = 0; i < networks.size(); ++i) shared.add(networks[i], *nodes[i]);
  shared.check_overlaps();
}

}  // namespace uswitch
