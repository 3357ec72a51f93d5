// The section `nat`, but for what is published.
#include "control/config_nat.h"

#include <algorithm>
#include <set>

namespace uswitch {
namespace {

constexpr std::string_view nat_keys[] = {"masquerade", "publish", "filtering", "timeouts",
                                         "max_connections"};
constexpr std::string_view masquerade_keys[] = {"from", "out", "to"};
constexpr std::string_view masquerade_example = "{from: 10.0.0.0/24, out: outside}";
constexpr std::string_view pool_example = "[198.51.100.8, 198.51.100.16-198.51.100.31]";
constexpr Choice<Filtering> filterings[] = {
    {"endpoint-independent", Filtering::endpoint_independent},
    {"address-dependent", Filtering::address_dependent},
    {"address-and-port-dependent", Filtering::address_and_port_dependent}};

struct Timeout {
  std::string_view key;
  Duration Timeouts::*value;
};
constexpr Timeout timeouts[] = {{"tcp_established", &Timeouts::tcp_established},
                                {"tcp_opening", &Timeouts::tcp_opening},
                                {"tcp_closing", &Timeouts::tcp_closing},
                                {"udp", &Timeouts::udp},
                                {"icmp", &Timeouts::icmp},
                                {"other", &Timeouts::other}};

void read_timeouts(const MapReader& nat, Timeouts& result) {
  const YamlNode* node = nat.map("timeouts");
  if (!node) return;
  const MapReader map(*node, "nat: timeouts", nat.errors());
  std::vector<std::string_view> keys;
  for (const Timeout& t : timeouts) keys.push_back(t.key);
  map.expect_keys(keys);
  for (const Timeout& t : timeouts) {
    result.*t.value =
        map.duration(t.key, std::chrono::seconds(1), Timeouts::longest, result.*t.value);
  }
}

// The one behind it; only for one that has one.
IpAddress next_of(IpAddress address) {
  for (size_t i = address.bytes.size(); i-- > 0;) {
    if (++address.bytes[i] != 0) break;
  }
  return address;
}

class MasqueradeReader {
 public:
  MasqueradeReader(const NatPlaces& places, NatConfig& config) : places_(places), config_(config) {}

  void read(const MapReader& entry) {
    entry.expect_keys(masquerade_keys);
    if (!entry.node().is(YamlNode::Kind::map)) return;
    const auto from = read_from(entry);
    const auto family = from ? std::optional(from->address.family()) : std::nullopt;
    const bool has_out = require_key(entry, "out", masquerade_example);
    const NetworkConfig* out = has_out ? places_.resolve(entry, "out", family) : nullptr;
    std::vector<IpAddress> pool;
    if (!read_pool(entry, family, out, pool) || !from || !out) return;  // reported
    MasqueradeConfig result{*from, out->name, std::move(pool)};
    if (!is_taken(entry, result)) config_.masquerade.push_back(std::move(result));
  }

 private:
  static std::optional<IpPrefix> read_from(const MapReader& entry) {
    if (!require_key(entry, "from", masquerade_example)) return std::nullopt;
    const YamlNode& node = *entry.find("from");
    const auto from = read_destination(entry, node);
    const auto kind = from ? never_routed(from->address) : "";
    if (kind.empty()) return from;
    entry.refuse(node, from->to_string() + " is a prefix of " + std::string(kind) + " addresses",
                 "remove the entry: the router forwards from none of them");
    return std::nullopt;
  }

  // What was refused already, the family or the network, is not compared with.
  bool read_pool(const MapReader& entry, std::optional<Family> family, const NetworkConfig* out,
                 std::vector<IpAddress>& result) const {
    std::set<IpAddress> pool;
    const auto items = one_or_list(entry, "to", pool_example);
    bool right = entry.has("to") == !items.empty();
    for (const YamlNode& item : items) {
      if (pool.size() > MasqueradeConfig::max_pool) break;  // reported
      const auto range = read_range(entry, item, family);
      right = range && add_range(entry, item, *range, out, pool) && right;
      if (right) append(*range, result);
    }
    return right;
  }

  struct Range {
    IpAddress first, last;
  };

  // "198.51.100.8", or "198.51.100.8-198.51.100.15".
  static std::optional<Range> read_range(const MapReader& entry, const YamlNode& item,
                                         std::optional<Family> family) {
    static constexpr std::string_view form =
        "an address such as 198.51.100.8, or a range such as 198.51.100.8-198.51.100.15";
    const auto text = entry.scalar(item, form);
    if (!text) return std::nullopt;
    const size_t dash = text->find('-');
    const auto first = IpAddress::parse(text->substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : IpAddress::parse(text->substr(dash + 1));
    if (!first || !last || first->family() != last->family()) {
      const bool prefix = IpPrefix::parse(*text).has_value();
      entry.refuse(item,
                   quoted(*text) + (prefix ? " is a prefix" : " is not an address or a range"),
                   "write " + std::string(form));
    } else if (*last < *first) {
      entry.refuse(item, quoted(*text) + " ends before it begins",
                   "did you mean " + quoted(last->to_string() + "-" + first->to_string()) + "?");
    } else if (family && first->family() != *family) {
      entry.refuse(item, "'from' and 'to' are of different IP versions",
                   "write addresses of the same one");
    } else {
      return Range{*first, *last};
    }
    return std::nullopt;
  }

  // False after reporting why the pool cannot have all of the range. The pool is bounded, so a
  // range is walked no further.
  bool add_range(const MapReader& entry, const YamlNode& item, const Range& range,
                 const NetworkConfig* out, std::set<IpAddress>& pool) const {
    for (IpAddress a = range.first;; a = next_of(a)) {
      if (auto fault = out ? places_.fault_of_public(a, *out) : ""; !fault.empty()) {
        entry.refuse(item, quoted(a.to_string()) + " " + fault,
                     "write addresses that are routed here, and are no station's");
        return false;
      }
      if (!pool.insert(a).second) {
        entry.refuse(item, quoted(a.to_string()) + " stands here twice", "remove one of them");
        return false;
      }
      if (pool.size() > MasqueradeConfig::max_pool) {
        entry.refuse(item, "more than " + std::to_string(MasqueradeConfig::max_pool) + " addresses",
                     "write fewer");
        return false;
      }
      if (a == range.last) return true;
    }
  }

  static void append(const Range& range, std::vector<IpAddress>& pool) {
    for (IpAddress a = range.first;; a = next_of(a)) {
      pool.push_back(a);
      if (a == range.last) return;
    }
  }

  // True after reporting that an earlier entry takes all that this one would.
  bool is_taken(const MapReader& entry, const MasqueradeConfig& masquerade) {
    auto& lines = lines_[masquerade.out];
    for (int length = masquerade.from.length; length >= 0; --length) {
      IpPrefix around{masquerade.from.address, static_cast<uint8_t>(length)};
      around.address = around.network();
      const auto first = lines.find(around);
      if (first == lines.end()) continue;
      refuse_taken(entry, masquerade, around, first->second);
      return true;
    }
    lines.emplace(masquerade.from, entry.node().at.line);
    return false;
  }

  static void refuse_taken(const MapReader& entry, const MasqueradeConfig& masquerade,
                           const IpPrefix& by, int line) {
    const std::string from = masquerade.from.to_string();
    const std::string first = "line " + std::to_string(line);
    const YamlNode& node = *entry.find("from");
    if (by == masquerade.from) {
      entry.refuse(node,
                   "a second entry from " + from + " out by " + quoted(masquerade.out) +
                       "; the first is on " + first,
                   "remove one of them; several addresses of 'to' are one list");
    } else {
      entry.refuse(node,
                   from + " is within " + by.to_string() + " of " + first +
                       ", which takes all of it: the first entry that fits holds",
                   "put this entry before that one, or remove it");
    }
  }

  const NatPlaces& places_;
  NatConfig& config_;
  std::map<std::string, std::map<IpPrefix, int>> lines_;  // by `out` and `from`
};

void read_masquerade(const MapReader& nat, const NatPlaces& places, NatConfig& config) {
  const auto items = nat.list("masquerade", "[" + std::string(masquerade_example) + "]");
  if (items.size() > NatConfig::max_masquerade) {
    nat.refuse_key(*nat.find("masquerade"),
                   "'masquerade' has " + std::to_string(items.size()) + " entries",
                   "there can be " + std::to_string(NatConfig::max_masquerade));
    return;
  }
  MasqueradeReader reader(places, config);
  for (const YamlNode& item : items) reader.read(MapReader(item, "masquerade", nat.errors()));
}

}  // namespace

bool require_key(const MapReader& entry, std::string_view key, std::string_view example) {
  if (entry.has(key)) return true;
  entry.refuse(entry.node(), quoted(key) + " is missing", "write " + std::string(example));
  return false;
}

std::optional<IpAddress> read_address(const MapReader& map, const YamlNode& node,
                                      std::string_view form) {
  const auto text = map.scalar(node, form);
  if (!text) return std::nullopt;
  const auto address = IpAddress::parse(*text);
  if (!address) {
    map.refuse(node, quoted(*text) + " is not an address", "write " + std::string(form));
  }
  return address;
}

bool operator==(const Timeouts& a, const Timeouts& b) {
  return std::all_of(std::begin(timeouts), std::end(timeouts),
                     [&](const Timeout& t) { return a.*t.value == b.*t.value; });
}
static_assert(sizeof(Timeouts) == std::size(timeouts) * sizeof(Duration), "a timeout has no key");

void read_nat(const MapReader& top, Config& config) {
  const YamlNode* node = top.map("nat");
  if (!node) return;
  const MapReader nat(*node, "nat", top.errors());
  nat.expect_keys(nat_keys);
  NatConfig& result = config.nat;
  result.present = true;
  const NatPlaces places(config);
  read_masquerade(nat, places, result);
  read_publish(nat, places, result);
  result.filtering = nat.choice<Filtering>("filtering", filterings, result.filtering);
  read_timeouts(nat, result.timeouts);
  result.max_connections =
      static_cast<uint32_t>(nat.size("max_connections", {1024, 1 << 24}, result.max_connections));
}

}  // namespace uswitch
