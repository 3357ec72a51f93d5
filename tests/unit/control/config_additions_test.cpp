#include "control/config_additions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/json_node.h"
#include "control/yaml_write.h"

namespace uswitch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view file = R"(# what a person wrote
networks:
  office:  {router: [10.0.0.1/24, "fd00:a::1/64"], ageing: 60s}
  outside: {router: 198.51.100.1/24}
ports:
  web: {type: tap, netns: web, device: eth0, network: office, address: [10.0.0.11/24]}
  db:  {type: tap, netns: db, device: eth0, network: office, address: [10.0.0.21/24]}
nat:
  publish:
    - {on: outside, port: 80, to: "10.0.0.11:80"}
    - {on: outside, port: 81, to: "10.0.0.21:80"}
)";

YamlNode port(const std::string& netns) {
  return json_node(R"({"type": "tap", "device": "eth0", "network": "office", "mtu": 1400,
                       "netns": ")" +
                       netns + "\"}",
                   "");
}

Config config_of(ConfigResult result) {
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    for (const ConfigError& e : *errors) ADD_FAILURE() << e.to_string();
    return {};
  }
  return std::get<Config>(std::move(result));
}

std::vector<std::string> port_names(const Config& config) {
  std::vector<std::string> names;
  for (const PortConfig& p : config.ports) names.push_back(p.name);
  return names;
}

std::vector<uint16_t> published(const Config& config) {
  std::vector<uint16_t> ports;
  for (const PublishConfig& p : config.nat.publish) ports.push_back(p.first_port);
  return ports;
}

// The text says what runs: read alone it gives the same configuration.
Config both_ways(Additions& additions) {
  Config with = config_of(parse_config(file, "f.yaml", additions));
  Config alone = config_of(parse_config(with.text, "text"));
  EXPECT_EQ(alone, with) << with.text;
  return with;
}

TEST(Additions, WithoutAnyTheTextIsTheFile) {
  Additions none;
  EXPECT_EQ(config_of(parse_config(file, "f.yaml", none)).text, file);
}

TEST(Additions, PortsComeAndGo) {
  Additions additions;
  additions.ports["c1"] = port("c1");
  additions.removed_ports.insert("db");
  additions.unpublished.push_back(config_of(parse_config(file, "f.yaml")).nat.publish[1]);
  const Config config = both_ways(additions);
  EXPECT_THAT(port_names(config), ElementsAre("web", "c1"));
  EXPECT_EQ(config.ports[1].mtu, 1400);
  EXPECT_THAT(published(config), ElementsAre(80));
}

TEST(Additions, PublishedPortsComeAndGo) {
  const Config before = config_of(parse_config(file, "f.yaml"));
  Additions additions;
  PublishConfig range = before.nat.publish[0];
  range.first_port = 9000;
  range.last_port = range.to_port = 9009;
  range.udp = true;
  range.address = IpAddress::parse("198.51.100.9");
  range.allow = {*IpPrefix::parse("192.0.2.0/24")};
  additions.published.push_back(range);
  additions.unpublished.push_back(before.nat.publish[0]);
  const Config config = both_ways(additions);
  ASSERT_THAT(published(config), ElementsAre(81, 9000));
  EXPECT_EQ(config.nat.publish[1], range);
}

// A reload after a port was published at run time finds the networks as they run.
TEST(Additions, APublishedPortChangesNothingElse) {
  const Config before = config_of(parse_config(file, "f.yaml"));
  Additions additions;
  for (const char* on : {"office", "outside"}) {
    PublishConfig entry = before.nat.publish[0];
    entry.on = on;
    entry.first_port = entry.last_port = 8080;
    additions.published.push_back(entry);
  }
  const Config after = both_ways(additions);
  EXPECT_EQ(after.nat.publish.size(), before.nat.publish.size() + 2);
  EXPECT_EQ(after.networks, before.networks);
}

TEST(Additions, WhatTheFileHasItselfIsTheFiles) {
  Additions additions;
  additions.ports["web"] = port("elsewhere");
  additions.published.push_back(config_of(parse_config(file, "f.yaml")).nat.publish[0]);
  const Config config = config_of(parse_config(file, "f.yaml", additions));
  EXPECT_TRUE(additions.none());
  EXPECT_EQ(config.ports[0].netns->text, "web");
}

TEST(Additions, OneThatDoesNotFitAnyMoreStandsOnNoLine) {
  Additions additions;
  additions.ports["c1"] = port("c1");
  const auto result = parse_config("networks: {lab: {}}\nports: {}\n", "f.yaml", additions);
  const auto* errors = std::get_if<std::vector<ConfigError>>(&result);
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->front().line, 0);
  EXPECT_THAT(errors->front().what, HasSubstr("port 'c1'"));
}

TEST(Additions, SectionsThatTheFileLacksAreMade) {
  Additions additions;
  additions.ports["c1"] = port("c1");
  const auto config = config_of(parse_config("networks: {office: {}}\n", "f.yaml", additions));
  EXPECT_THAT(port_names(config), ElementsAre("c1"));
}

TEST(WriteYaml, IsReadBackToTheSame) {
  constexpr std::string_view text = R"(empty: {}
none:
list: [1, "two", 'a "quoted" \ one', "two words", -dash, "fd00::1", true, "true"]
"odd key: ": {a: {b: [[], {}]}}
umlaut: "ä"
)";
  ErrorList errors("");
  const YamlNode root = parse_yaml(text, errors);
  const std::string written = write_yaml(root);
  const YamlNode again = parse_yaml(written, errors);
  EXPECT_TRUE(errors.empty()) << written;
  EXPECT_EQ(write_yaml(again), written);
  ASSERT_EQ(again.children.size(), 5u) << written;
  EXPECT_EQ(again.children[2].children[2].text, "a \"quoted\" \\ one");
  EXPECT_EQ(again.children[2].children[3].text, "two words");
  EXPECT_TRUE(again.children[2].children[6].plain);
  EXPECT_FALSE(again.children[2].children[7].plain);
  EXPECT_EQ(again.children[3].key, "odd key: ");
  EXPECT_TRUE(again.children[1].is(YamlNode::Kind::null));
}

}  // namespace
}  // namespace uswitch
