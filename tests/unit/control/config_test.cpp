#include "control/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/unit/control/config_accepted.h"

namespace uswitch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using namespace test;

// One port, in a network `n` of these settings.
PortConfig port_of(const std::string& port, const std::string& network = "{}") {
  Config config = accepted("networks: {n: " + network + "}\nports: {p: " + port + "}\n");
  return config.ports.empty() ? PortConfig{} : config.ports[0];
}

TEST(Config, WhatIsLeftOutHasItsDefault) {
  const Config config = accepted("networks: {n: {}}");
  EXPECT_EQ(config.workers, default_workers(std::thread::hardware_concurrency()));
  EXPECT_EQ(config.control, "/run/uswitch/uswitch.sock");
  EXPECT_EQ(config.log, (LogConfig{LogLevel::info, LogFormat::text}));
  ASSERT_EQ(config.networks.size(), 1u);
  const NetworkConfig& n = config.networks[0];
  EXPECT_EQ(n.name, "n");
  EXPECT_EQ(n.mtu, 1500);
  EXPECT_EQ(n.ageing, std::chrono::seconds(300));  // BR-4
  EXPECT_EQ(n.max_addresses, 8192u);
  EXPECT_FALSE(n.isolated);
  EXPECT_FALSE(n.relay_bpdu);  // BR-7
  EXPECT_THAT(config.ports, IsEmpty());
}

TEST(Config, EveryKeyIsRead) {
  const char* yaml = R"(workers: 4
control: /tmp/u.sock
log: {level: warning, format: json}
ports:                 # before the networks it refers to
  web:
    type: tap
    netns: web
    device: eth0
    network: office
    tagged: {20: outside}
    address: [10.0.0.11/24, fd00:a::11/64]
    routes:
      - {to: 10.9.0.0/16, via: 10.0.0.2}
      - {to: "::/0", via: "fe80::1"}
    mac: 02-00-00-00-00-0A
    mtu: 1400
    guard: off
    isolated: no
    max_addresses: 2k
    static: ["02:00:00:00:00:0b", "02:00:00:00:00:0c"]
networks:
  office: {mtu: 9000, ageing: 2h4m, max_addresses: 64k, isolated: true, relay_bpdu: on}
  outside: {}
)";
  const Config config = accepted(yaml);
  EXPECT_EQ(config.text, yaml);
  EXPECT_EQ(config.workers, 4u);
  EXPECT_EQ(config.control, "/tmp/u.sock");
  EXPECT_EQ(config.log, (LogConfig{LogLevel::warning, LogFormat::json}));
  ASSERT_EQ(config.networks.size(), 2u);
  EXPECT_EQ(config.networks[0], (NetworkConfig{.name = "office",
                                               .mtu = 9000,
                                               .mtu_follows = false,
                                               .ageing = std::chrono::minutes(124),
                                               .max_addresses = 65536,
                                               .isolated = true,
                                               .relay_bpdu = true}));
  ASSERT_EQ(config.ports.size(), 1u);
  const PortConfig& web = config.ports[0];
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.type, PortType::tap);
  EXPECT_EQ(web.netns, (NetnsConfig{NetnsConfig::Kind::name, "web"}));
  EXPECT_EQ(web.device, "eth0");
  EXPECT_EQ(web.network, "office");
  EXPECT_THAT(web.tagged, ElementsAre(Pair(20, "outside")));
  EXPECT_THAT(web.addresses, ElementsAre(prefix("10.0.0.11/24"), prefix("fd00:a::11/64")));
  EXPECT_THAT(web.routes, ElementsAre(RouteConfig{prefix("10.9.0.0/16"), address("10.0.0.2")},
                                      RouteConfig{prefix("::/0"), address("fe80::1")}));
  EXPECT_EQ(web.mac, mac("02:00:00:00:00:0a"));
  EXPECT_EQ(web.mtu, 1400);
  EXPECT_FALSE(web.guard);
  EXPECT_FALSE(web.isolated);
  EXPECT_EQ(web.max_addresses, 2048u);
  EXPECT_THAT(web.static_macs, ElementsAre(mac("02:00:00:00:00:0b"), mac("02:00:00:00:00:0c")));
}

TEST(Config, ARawPortTakesADeviceOver) {
  const Config config = accepted(R"(networks: {office: {}, outside: {}}
ports: {trunk: {type: raw, device: eth2, tagged: {10: office, 4094: outside}}})");
  ASSERT_EQ(config.ports.size(), 1u);
  EXPECT_EQ(config.ports[0].type, PortType::raw);
  EXPECT_EQ(config.ports[0].device, "eth2");
  EXPECT_FALSE(config.ports[0].network);
  EXPECT_FALSE(config.ports[0].netns);
  EXPECT_FALSE(config.ports[0].guard);
  EXPECT_THAT(config.ports[0].tagged, ElementsAre(Pair(10, "office"), Pair(4094, "outside")));
}

TEST(Config, APcapPortHasOneFileOrBoth) {
  const PortConfig both = port_of("{type: pcap, read: in.pcap, write: out.pcap, network: n}");
  EXPECT_EQ(both.type, PortType::pcap);
  EXPECT_EQ(both.read_file, "in.pcap");
  EXPECT_EQ(both.write_file, "out.pcap");
  EXPECT_EQ(port_of("{type: pcap, read: in.pcap, network: n}").write_file, "");
  EXPECT_EQ(port_of("{type: pcap, write: out.pcap, network: n}").read_file, "");
}

TEST(Config, AnEndpointWithAnAddressIsGuarded) {
  const std::string start = "{type: veth, device: d, network: n";
  EXPECT_TRUE(port_of(start + ", address: [10.0.0.1/24]}").guard);
  EXPECT_TRUE(port_of(start + ", address: [10.0.0.1/24], guard: on}").guard);
  EXPECT_FALSE(port_of(start + ", address: [10.0.0.1/24], guard: off}").guard);
  EXPECT_FALSE(port_of(start + "}").guard);
}

// What it makes for itself of the router's prefix is known from its MAC.
TEST(Config, AnEndpointThatConfiguresItselfIsGuardedWhenItSaysSo) {
  const std::string start = "{type: tap, netns: a, device: d, network: n",
                    router = "{router: 'fd00::1/64'}";
  EXPECT_TRUE(port_of(start + ", guard: on}", router).guard);
  EXPECT_FALSE(port_of(start + "}", router).guard);
}

// The host sends what it forwards for others too, under their addresses.
TEST(Config, TheHostIsGuardedOnlyWhenItSaysSo) {
  const std::string start = "{type: tap, device: d, network: n, address: [10.0.0.1/24]";
  EXPECT_FALSE(port_of(start + "}").guard);
  EXPECT_TRUE(port_of(start + ", guard: on}").guard);
  EXPECT_TRUE(port_of(start + ", netns: a}").guard);
  EXPECT_TRUE(is_host(port_of(start + "}")));
  EXPECT_FALSE(is_host(port_of(start + ", netns: a}")));
  EXPECT_FALSE(is_host(port_of("{type: veth, device: d, network: n}")));
}

TEST(Config, APortIsIsolatedAsItsNetworkUnlessItSaysOtherwise) {
  const std::string start = "{type: tap, device: d, network: n";
  EXPECT_TRUE(port_of(start + "}", "{isolated: true}").isolated);
  EXPECT_FALSE(port_of(start + ", isolated: false}", "{isolated: true}").isolated);
  EXPECT_TRUE(port_of(start + ", isolated: true}").isolated);
  EXPECT_FALSE(port_of(start + "}").isolated);
}

// A flood of addresses from one endpoint must leave room for the others.
TEST(Config, BR11_OnlyAnEndpointIsBoundBelowItsNetwork) {
  EXPECT_EQ(port_of("{type: tap, device: d, network: n}").max_addresses, 1024u);
  EXPECT_EQ(port_of("{type: veth, device: d, network: n}").max_addresses, 1024u);
  EXPECT_EQ(port_of("{type: raw, device: d, network: n}").max_addresses, 8192u);
  EXPECT_EQ(port_of("{type: pcap, read: f, network: n}").max_addresses, 8192u);
  EXPECT_EQ(port_of("{type: tap, device: d, network: n}", "{max_addresses: 16}").max_addresses,
            16u);
  EXPECT_EQ(port_of("{type: tap, device: d, network: n, max_addresses: 0}").max_addresses, 0u);
}

TEST(Config, AnMtuIsTheLargestOfThePortsNetworks) {
  const Config config = accepted(R"(networks: {small: {mtu: 1400}, large: {mtu: 9000}}
ports:
  one: {type: tap, device: a, network: small}
  two: {type: raw, device: b, network: small, tagged: {5: large}}
  set: {type: raw, device: c, network: small, tagged: {5: large}, mtu: 8000})");
  ASSERT_EQ(config.ports.size(), 3u);
  EXPECT_EQ(config.ports[0].mtu, 1400);
  EXPECT_EQ(config.ports[1].mtu, 9000);
  EXPECT_EQ(config.ports[2].mtu, 8000);
}

TEST(Config, ANetworkNamespaceHasThreeForms) {
  auto netns_of = [](const std::string& text) {
    return *port_of("{type: tap, device: d, network: n, netns: " + text + "}").netns;
  };
  using Kind = NetnsConfig::Kind;
  EXPECT_EQ(netns_of("web"), (NetnsConfig{Kind::name, "web"}));
  EXPECT_EQ(netns_of("10"), (NetnsConfig{Kind::name, "10"}));
  EXPECT_EQ(netns_of("/run/netns/web"), (NetnsConfig{Kind::name, "web"}));
  EXPECT_EQ(netns_of("/var/run/netns/web"), (NetnsConfig{Kind::name, "web"}));
  EXPECT_EQ(netns_of("/run/docker/netns/1a2b"),
            (NetnsConfig{Kind::path, "/run/docker/netns/1a2b"}));
  EXPECT_EQ(netns_of("pid:1234"), (NetnsConfig{Kind::pid, "pid:1234", 1234}));
}

TEST(Config, OneDeviceNameMayStandInEachNamespace) {
  const Config config = accepted(R"(networks: {n: {}}
ports:
  a: {type: tap, netns: a, device: eth0, network: n}
  b: {type: tap, netns: b, device: eth0, network: n}
  c: {type: raw, device: eth0, network: n})");
  EXPECT_EQ(config.ports.size(), 3u);
}

// BR-6: networks learn independently, so each may have its own station of the same address.
TEST(Config, BR6_OneAddressMayStandInEachNetwork) {
  const Config config = accepted(R"(networks: {n: {}, m: {}}
ports:
  a: {type: tap, netns: a, device: d, network: n, mac: "02:00:00:00:00:01", address: [10.0.0.1/8]}
  b: {type: tap, netns: b, device: d, network: m, mac: "02:00:00:00:00:01", address: [10.0.0.1/8]})");
  EXPECT_EQ(config.ports.size(), 2u);
}

TEST(Config, TwoAddressesOfASmallLinkAreBothUsable) {  // RFC 3021, RFC 6164
  for (auto text : {"10.0.0.0/31", "10.0.0.1/31", "10.0.0.0/32", "fd00::/127", "fd00::1/128"}) {
    const auto port =
        port_of("{type: tap, device: d, network: n, address: [" + std::string(text) + "]}");
    EXPECT_THAT(port.addresses, ElementsAre(prefix(text)));
  }
}

TEST(Config, AReloadSeesOnlyWhatChanged) {
  const char* before = "networks: {n: {}}\nports: {p: {type: tap, device: d, network: n}}";
  const char* same =
      "# moved\nnetworks:\n  n: {ageing: 5m}\nports: {p: {network: n, type: tap, device: d}}";
  const char* other =
      "networks: {n: {}}\nports: {p: {type: tap, device: d, network: n, mtu: 1400}}";
  EXPECT_EQ(accepted(before).ports, accepted(same).ports);
  EXPECT_EQ(accepted(before).networks, accepted(same).networks);
  EXPECT_NE(accepted(before).ports, accepted(other).ports);
}

TEST(Config, WorkersLeaveHalfOfTheCpusToTheApplications) {
  const std::pair<unsigned, unsigned> table[] = {{0, 1}, {1, 1}, {2, 1}, {3, 1},
                                                 {4, 2}, {6, 3}, {8, 4}, {256, 4}};
  for (auto [cpus, workers] : table) EXPECT_EQ(default_workers(cpus), workers) << cpus;
}

TEST(Config, ErrorsPrintTheirPlaceAndRemedy) {
  EXPECT_EQ((ConfigError{"a.yaml", 3, 7, "wrong", "right"}.to_string()),
            "a.yaml:3:7: wrong; right");
  EXPECT_EQ((ConfigError{"a.yaml", 0, 0, "gone", ""}.to_string()), "a.yaml: gone");
}

TEST(Config, TheExampleInTheDocumentationIsRight) {
  std::stringstream text;
  text << std::ifstream(USWITCH_SOURCE_DIR "/docs/config.md").rdbuf();
  const std::string page = text.str();
  const size_t start = page.find("```yaml\n") + 8;
  const Config config = accepted(page.substr(start, page.find("```", start) - start));
  EXPECT_EQ(config.networks.size(), 2u);
  EXPECT_EQ(config.ports.size(), 6u);
  EXPECT_EQ(config.routes.size(), 4u);
  EXPECT_EQ(config.nat.masquerade.size(), 1u);
  EXPECT_EQ(config.nat.publish.size(), 3u);
}

class ConfigFile : public ::testing::Test {
 protected:
  ConfigFile() {
    char name[] = "/tmp/uswitch-config-XXXXXX";
    close(mkstemp(name));
    path_ = name;
  }
  ~ConfigFile() override { std::remove(path_.c_str()); }

  std::string first_error() {
    ConfigResult result = load_config(path_);
    auto* errors = std::get_if<1>(&result);
    return errors ? errors->front().to_string() : "";
  }

  std::string path_;
};

TEST_F(ConfigFile, IsRead) {
  std::ofstream(path_) << "workers: 3\n";
  ConfigResult result = load_config(path_);
  ASSERT_TRUE(std::holds_alternative<Config>(result));
  EXPECT_EQ(std::get<Config>(result).workers, 3u);
  EXPECT_EQ(std::get<Config>(result).text, "workers: 3\n");
}

TEST_F(ConfigFile, NamesItselfInErrors) {
  std::ofstream(path_) << "worker: 3\n";
  EXPECT_EQ(first_error(),
            path_ + ":1:1: configuration: unknown key 'worker'; did you mean 'workers'?");
}

TEST_F(ConfigFile, ThatIsMissingIsAnError) {
  std::remove(path_.c_str());
  EXPECT_EQ(first_error(), path_ +
                               ": cannot read the configuration: No such file or directory; "
                               "--config takes the path of a YAML file");
}

TEST_F(ConfigFile, ThatIsADirectoryIsAnError) {
  path_ = "/tmp";
  EXPECT_THAT(first_error(), HasSubstr("/tmp: cannot read the configuration: Is a directory"));
  path_ = "/nonexistent";  // for the destructor
}

TEST_F(ConfigFile, ThatIsTooLargeIsAnError) {
  ASSERT_EQ(truncate(path_.c_str(), (16 << 20) + 1), 0);
  EXPECT_EQ(first_error(),
            path_ + ": the file is larger than 16 MiB; a file of this size is no configuration");
}

}  // namespace
}  // namespace uswitch
