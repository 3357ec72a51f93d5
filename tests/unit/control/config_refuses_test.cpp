// Runs the rows of config_refuses_*_test.cpp, and what does not fit into a row.
#include <gmock/gmock.h>

#include <chrono>

#include "tests/unit/control/config_errors.h"

namespace uswitch::test {

std::string port(const std::string& keys, const std::string& network) {
  return "networks: {n: " + network + "}\nports:\n  p: {" + keys + "}\n";
}

std::string nat(const std::string& text) {
  return R"(networks:
  n: {router: [10.0.0.1/24, 'fd00::1/64']}
  m: {router: 10.1.0.1/24}
  out: {router: [198.51.100.1/24, 198.51.100.2/24]}
  plain: {}
ports:
  web: {type: tap, netns: web, device: eth0, network: n, address: [10.0.0.11/24]}
  lb: {type: tap, netns: lb, device: eth0, network: out, address: [198.51.100.7/24]}
nat:
  )" + text +
         "\n";
}

std::vector<std::string> errors_of(std::string_view yaml) {
  std::vector<std::string> lines;
  const ConfigResult result = parse_config(yaml, "f");
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    for (const ConfigError& e : *errors) lines.push_back(e.to_string().substr(2));
  }
  return lines;
}

TEST_P(RefusedConfig, SaysWhereAndWhy) {
  EXPECT_EQ(errors_of(GetParam().yaml), GetParam().errors);
}

namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string repeat(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

// Each would cost a careless reader minutes or gigabytes: aliases that multiply, nesting,
// look-ahead without end, one error a line, a search through all names for each misspelt one, or
// through all networks for each route.
TEST(HostileConfig, IsRefusedInSeconds) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  std::string names = "networks:\n";
  std::string references = "ports:\n";
  for (int i = 1; i <= 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeat(before + ", ", 8) +
            before + "]\n";
  }
  for (int i = 0; i < 5000; ++i) {
    const std::string n = std::to_string(i);
    names += "  network-with-a-long-name-" + n + ": {}\n";
    references += "  p" + n + ": {type: tap, device: d" + n + ", network: network-" + n + "}\n";
  }
  // As many lengths of prefix as there can be, and one route that is wrong among many.
  std::string routes = "networks: {n: {router: ['8000::1/1'";
  for (int i = 2; i < 126; ++i)
    routes += ", 'c000::" + std::to_string(i) + "/" + std::to_string(i) + "'";
  routes += "]}}\nroutes:\n  - {to: '::/0', via: web}\n";
  std::string routers = "networks:\n  n: {router: 10.255.255.254/8}\n";
  for (int i = 0; i < 6'000; ++i) {
    const std::string n = std::to_string(i / 250) + "." + std::to_string(i % 250);
    routes += "  - {to: 10." + n +
              ".0/24, type: blackhole}\n  - {to: 'fd09:" + std::to_string(i % 1'000) + ":" +
              std::to_string(i / 1'000) + "::/48', via: 'a000::1'}\n";
    routers += "  n" + std::to_string(i) + ": {router: 10." + n + ".1/24}\n";
  }
  // Entries that are right, and one that is wrong behind them.
  std::string many = "networks: {n: {router: 10.0.0.1/8}}\nnat:\n  masquerade:\n";
  for (size_t i = 1; i < NatConfig::max_masquerade; ++i) {
    many += "  - {from: 192.168." + std::to_string(i / 250) + "." + std::to_string(i % 250) +
            "/32, out: n, to: 10.0.0.2-10.0.1.1}\n";
  }
  many += "  - {}\n  publish:\n";
  for (int i = 1; i <= 10'000; ++i) {
    many += "  - {on: n, address: 10.2." + std::to_string(i / 250 % 25) + "." +
            std::to_string(i % 250 + 1) + ", port: " + std::to_string(i / 6'250 + 1) +
            ", to: 10.0.0.2}\n";
  }
  const std::pair<std::string, std::string> table[] = {
      {"aliases", bomb},
      {"brackets", repeat("[", 900'000)},
      {"more brackets", repeat("[", 10'000'000)},
      {"maps", repeat("{a: ", 300'000)},
      {"lists", repeat("- ", 500'000)},
      {"questions", repeat("? ", 500'000)},
      {"anchors", repeat("&a ", 500'000)},
      {"tags", repeat("!a ", 300'000)},
      {"equal keys", repeat("a: 1\n", 200'000)},
      {"unknown keys", "networks: {n: {" + repeat("zyx, ", 200'000) + "}}"},
      {"long word", "log: {level: " + repeat("x", 2'000'000) + "}"},
      {"open quotes", "control: \"" + repeat("x ", 1'000'000)},
      {"names", names + references},
      {"routes", routes},
      {"routers", routers},
      {"nat", many},
  };
  for (const auto& [name, yaml] : table) {
    const auto start = std::chrono::steady_clock::now();
    const auto errors = errors_of(yaml);
    EXPECT_FALSE(errors.empty()) << name;
    EXPECT_LE(errors.size(), ErrorList::limit) << name;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << name;
  }
}

TEST(HostileConfig, LongWordsAreShortenedInMessages) {
  EXPECT_THAT(errors_of("log: {level: " + repeat("x", 100'000) + "}"),
              ElementsAre("1:14: log: unknown level '" + repeat("x", 80) +
                          "...'; the levels are 'trace', 'debug', 'info', 'warning', 'error'"));
}

TEST(ManyConfigErrors, EndAtALimit) {
  std::string yaml = "ports:\n";
  for (int i = 0; i < 200; ++i) yaml += "  p" + std::to_string(i) + ": {}\n";
  EXPECT_THAT(errors_of(yaml), SizeIs(ErrorList::limit));
}

TEST(ManyPorts, EndAtTheNumberOfPortIds) {
  std::string yaml = "networks: {n: {}}\nports:\n";
  for (int i = 0; i <= 0xfff0; ++i) {
    yaml += "  p" + std::to_string(i) + ": {type: pcap, read: f, network: n}\n";
  }
  EXPECT_THAT(errors_of(yaml),
              ElementsAre(StartsWith("2:1: ports: 65521 ports; there can be 65520")));
}

}  // namespace
}  // namespace uswitch::test
