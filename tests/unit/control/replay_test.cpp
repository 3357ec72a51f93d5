#include "control/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <sstream>

#include "control/replay_files.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "tests/support/temporary_directory.h"
#include "wire/print.h"

namespace uswitch::test {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Two networks behind a router that masquerades them into a third one.
constexpr const char* nat_yaml = R"(
networks:
  office: {router: [10.0.0.1/24, fd00:a::1/64], router_mac: 02:00:00:00:ff:01}
  lab: {router: [10.1.0.1/24, fd00:b::1/64], router_mac: 02:00:00:00:ff:02}
  internet: {router: [198.51.100.1/24], router_mac: 02:00:00:00:ff:03}
ports:
  alice: {type: tap, netns: a, device: eth0, network: office, mac: 02:00:00:00:00:01,
          address: [10.0.0.2/24, fd00:a::2/64], routes: default}
  bob: {type: veth, netns: b, device: eth0, network: lab, address: [10.1.0.2/24, fd00:b::2/64],
        routes: default}
  usw0: {type: tap, device: usw0, network: lab, address: [10.1.0.254/24]}
  wan: {type: raw, device: eth1, network: internet}
routes: [{to: 0.0.0.0/0, via: 198.51.100.254}]
nat:
  masquerade: [{from: 10.0.0.0/15, out: internet}]
  publish:
    - {on: internet, port: 8080, to: "10.1.0.2:80"}
    - {on: host, address: 127.0.0.1, port: 8080, to: "10.1.0.2:80"}
)";
const Mac office_gateway = "02:00:00:00:ff:01", internet_gateway = "02:00:00:00:ff:03";
constexpr seconds noon{1'700'000'000};

struct Captured {
  std::chrono::nanoseconds at;
  Bytes bytes;
};

class ReplayTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.file(name), std::ios::binary) << text;
    return directory_.file(name);
  }
  std::string capture(const std::string& name, const std::vector<Captured>& frames) {
    CaptureWriter writer(directory_.file(name));
    for (const Captured& f : frames) writer.write(f.at, f.bytes);
    EXPECT_TRUE(writer.finish());
    return directory_.file(name);
  }
  static std::string read(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }
  // One line a frame.
  static std::vector<std::string> lines(const std::string& file) {
    std::vector<std::string> all;
    for (CaptureReader reader(file); reader.frame(); reader.next()) {
      all.push_back(describe({reader.frame().bytes, reader.frame().length}));
    }
    return all;
  }
  std::vector<std::string> left_by(const std::string& port, const std::string& out = "out") {
    return lines(directory_.file(out + "/" + port + ".pcap"));
  }
  json::value report(const std::string& out = "out") {
    return json::parse(read(directory_.file(out + "/report.json")));
  }

  int run(const std::vector<std::string>& in, const std::string& out = "out", uint64_t seed = 1,
          const char* yaml = nat_yaml) {
    out_.str("");
    err_.str("");
    return replay({write("config.yaml", yaml), in, directory_.file(out), seed}, out_, err_);
  }
  void expect_run(const std::vector<std::string>& in, const std::string& out = "out",
                  uint64_t seed = 1, const char* yaml = nat_yaml) {
    EXPECT_EQ(run(in, out, seed, yaml), 0) << err_.str();
  }
  uint64_t drops(const std::string& reason) {
    const json::value all = report();
    for (const json::value& row : all.at("drops").as_array()) {
      if (row.at("reason").as_string() == reason) return row.at("packets").to_number<uint64_t>();
    }
    return 0;
  }

  static FrameBuilder from_alice() { return frame().eth(mac(1), office_gateway); }
  static FrameBuilder isp() { return frame().eth(mac(9), internet_gateway); }
  static Bytes isp_asks() {
    return frame()
        .eth(mac(9), "ff:ff:ff:ff:ff:ff")
        .arp_request(mac(9), "198.51.100.254", "198.51.100.1")
        .bytes();
  }

  TemporaryDirectory directory_;
  std::ostringstream out_, err_;
};

TEST_F(ReplayTest, MasqueradesAndRoutesAsTheSwitchWould) {
  const auto alice = capture(
      "alice.pcap",
      {{noon + milliseconds(10),
        from_alice().ipv4("10.0.0.2", "203.0.113.7").udp(4000, 7).payload("ask").bytes()},
       {noon + milliseconds(40), from_alice().ipv4("10.0.0.2", "10.1.0.2").udp(5, 7).bytes()}});
  const auto wan = capture(
      "wan.pcap",
      {{noon, isp_asks()},
       {noon + milliseconds(20),
        isp().ipv4("203.0.113.7", "198.51.100.1").udp(7, 4000).payload("told").bytes()},
       {noon + milliseconds(30), isp().ipv4("203.0.113.7", "198.51.100.1").udp(7, 9).bytes()},
       {noon + milliseconds(50),
        isp().ipv4("203.0.113.7", "198.51.100.1").tcp(5000, 8080).flags("S").bytes()}});
  expect_run({"alice=" + alice, "wan=" + wan});
  EXPECT_THAT(left_by("wan"),
              Contains(HasSubstr("198.51.100.1:4000 > 203.0.113.7:7 UDP")).Times(1));
  EXPECT_THAT(left_by("alice"), Contains(HasSubstr("203.0.113.7:7 > 10.0.0.2:4000 UDP")).Times(1));
  // Of bob there is no capture: his endpoint answers ARP nevertheless.
  EXPECT_THAT(left_by("bob"), Contains(HasSubstr("10.0.0.2:5 > 10.1.0.2:7 UDP")).Times(1));
  EXPECT_THAT(left_by("bob"),
              Contains(HasSubstr("203.0.113.7:5000 > 10.1.0.2:80 TCP SYN")).Times(1));
  EXPECT_EQ(drops("unsolicited"), 1u);
  const json::value all = report();
  EXPECT_EQ(all.at("frames").to_number<int>(), 6);
  EXPECT_EQ(all.at("held").to_number<int>(), 0);
  EXPECT_EQ(all.at("first").as_string(), "1700000000.000000000");
  EXPECT_EQ(out_.str(), read(directory_.file("out/report.txt")));
  EXPECT_THAT(out_.str(), HasSubstr("udp 10.0.0.2:4000 > 203.0.113.7:7"));
  EXPECT_THAT(out_.str(), HasSubstr("198.51.100.1:4000 > 203.0.113.7:7"));
}

TEST_F(ReplayTest, FramesLeaveAtTheTimeOfTheCapture) {
  const auto alice = capture(
      "a.pcap", {{noon, from_alice().ipv4("10.0.0.2", "10.1.0.2").udp(1, 2).bytes()},
                 {noon + seconds(3), from_alice().ipv4("10.0.0.2", "10.1.0.2").udp(3, 4).bytes()}});
  expect_run({"alice=" + alice});
  std::vector<std::chrono::nanoseconds> times;
  for (CaptureReader r(directory_.file("out/bob.pcap")); r.frame(); r.next()) {
    const std::string line = describe({r.frame().bytes, r.frame().length});
    if (line.find("UDP") != std::string::npos) times.push_back(r.frame().at);
  }
  EXPECT_THAT(times, ElementsAre(noon, noon + seconds(3)));
}

TEST_F(ReplayTest, TwoRunsAreAlikeToTheByteAndASeedMakesAnother) {
  std::vector<Captured> frames;
  for (unsigned i = 0; i < 200; ++i) {
    // Two inner ends want each port, so every other one is drawn at random.
    const Ip source = i % 2 == 0 ? "10.0.0.2" : "10.0.0.3";
    const auto port = static_cast<uint16_t>(2000 + i / 2);
    frames.push_back(
        {noon + milliseconds(i), from_alice().ipv4(source, "203.0.113.7").udp(port, 7).bytes()});
  }
  constexpr const char* yaml = R"(
networks:
  office: {router: [10.0.0.1/24], router_mac: 02:00:00:00:ff:01}
  internet: {router: [198.51.100.1/24]}
ports:
  alice: {type: raw, device: eth0, network: office}
  wan: {type: raw, device: eth1, network: internet}
routes: [{to: 0.0.0.0/0, via: 198.51.100.254}]
nat: {masquerade: [{from: 10.0.0.0/24, out: internet}]}
)";
  const auto alice = capture("a.pcap", frames);
  const auto asks = capture("w.pcap", {{noon - seconds(1), isp_asks()}});
  const std::vector<std::string> in{"alice=" + alice, "wan=" + asks};
  expect_run(in, "one", 1, yaml);
  expect_run(in, "two", 1, yaml);
  expect_run(in, "other", 2, yaml);
  for (const char* file : {"alice.pcap", "wan.pcap", "report.txt", "report.json"}) {
    EXPECT_EQ(read(directory_.file(std::string("one/") + file)),
              read(directory_.file(std::string("two/") + file)))
        << file;
  }
  EXPECT_THAT(left_by("wan", "one"), Not(IsEmpty()));
  EXPECT_NE(read(directory_.file("one/wan.pcap")), read(directory_.file("other/wan.pcap")));
}

TEST_F(ReplayTest, AnEndpointWithoutMacIsHeldToTheFirstThatItShows) {
  const FrameBuilder own = frame().eth(mac(7), "02:00:00:00:ff:02");
  const FrameBuilder forged = frame().eth(mac(8), "02:00:00:00:ff:02");
  const auto bob = capture(
      "b.pcap", {{noon, FrameBuilder(own).ipv4("10.1.0.2", "10.0.0.2").udp(1, 2).bytes()},
                 {noon, FrameBuilder(forged).ipv4("10.1.0.2", "10.0.0.2").udp(1, 2).bytes()},
                 {noon, FrameBuilder(own).ipv4("10.1.0.9", "10.0.0.2").udp(1, 2).bytes()}});
  expect_run({"bob=" + bob});
  EXPECT_EQ(drops("guard_mac"), 1u);
  EXPECT_EQ(drops("guard_ip"), 1u);
  EXPECT_THAT(left_by("alice"), Contains(HasSubstr("10.1.0.2:1 > 10.0.0.2:2 UDP")).Times(1));
}

TEST_F(ReplayTest, EndpointsAnswerNeighbourDiscoveryAsStations) {
  const auto alice =
      capture("a.pcap", {{noon, from_alice().ipv6("fd00:a::2", "fd00:b::2").udp(1, 2).bytes()}});
  expect_run({"alice=" + alice});
  EXPECT_THAT(left_by("bob"), Contains(HasSubstr("[fd00:a::2]:1 > [fd00:b::2]:2 UDP")).Times(1));
  EXPECT_EQ(report().at("answers").to_number<int>(), 1);
  EXPECT_EQ(drops("nd_invalid"), 0u);
}

TEST_F(ReplayTest, WhatNobodyAnswersForIsDroppedByTheCapturesClock) {
  const auto alice =
      capture("a.pcap", {{noon, from_alice().ipv4("10.0.0.2", "10.1.0.77").udp(1, 2).bytes()}});
  expect_run({"alice=" + alice});
  EXPECT_EQ(drops("neighbour_failed"), 1u);
  EXPECT_THAT(left_by("alice"), Contains(HasSubstr("ICMP")));
}

TEST_F(ReplayTest, FilesOfSeveralPortsAreMergedByTime) {
  const auto dst = [&](uint16_t port) {
    return from_alice().ipv4("10.0.0.2", "10.1.0.2").udp(1, port).bytes();
  };
  const auto one = capture("1.pcap", {{noon + seconds(1), dst(1)}, {noon + seconds(4), dst(4)}});
  const auto two = capture("2.pcap", {{noon + seconds(2), dst(2)}, {noon + seconds(3), dst(3)}});
  expect_run({"alice=" + one, "alice=" + two});
  std::vector<std::string> ports;
  for (const std::string& line : left_by("bob")) {
    const size_t at = line.find("10.1.0.2:");
    if (at != std::string::npos && line.find("UDP") != std::string::npos)
      ports.push_back(line.substr(at + 9, 1));
  }
  EXPECT_THAT(ports, ElementsAre("1", "2", "3", "4"));
}

TEST_F(ReplayTest, ReadsPcapng) {
  const Bytes f = from_alice().ipv4("10.0.0.2", "10.1.0.2").udp(1, 2).payload("hi").bytes();
  std::string b;
  const auto u32 = [&](uint32_t v) { b.append(reinterpret_cast<const char*>(&v), 4); };
  for (const uint32_t v : {0x0a0d0d0au, 28u, 0x1a2b3c4du, 1u, ~0u, ~0u, 28u}) u32(v);
  for (const uint32_t v : {1u, 20u, 1u, 65535u, 20u}) u32(v);
  const auto size = static_cast<uint32_t>(f.size()), padded = (size + 3) & ~3u;
  for (const uint32_t v : {6u, 32 + padded, 0u, 0u, 1'000'000u, size, size}) u32(v);
  b.append(f.begin(), f.end());
  b.append(padded - size, '\0');
  u32(32 + padded);
  expect_run({"alice=" + write("a.pcapng", b)});
  EXPECT_THAT(left_by("bob"), Contains(HasSubstr("10.0.0.2:1 > 10.1.0.2:2 UDP")));
  EXPECT_EQ(report().at("first").as_string(), "1.000000000");
}

TEST_F(ReplayTest, OddTimesAndCutFilesDoNoHarm) {
  const Bytes f = from_alice().ipv4("10.0.0.2", "10.1.0.2").udp(1, 2).bytes();
  const auto file = capture("a.pcap", {{std::chrono::hours(24 * 365 * 130), f},  // year 2100
                                       {seconds(0), f},
                                       {noon, f},
                                       {std::chrono::hours(24 * 365 * 100), {}},
                                       {seconds(5), Bytes(1)},
                                       {seconds(6), Bytes(13)},
                                       {seconds(7), Bytes(65549, 0xff)}});
  expect_run({"alice=" + file});
  EXPECT_EQ(report().at("frames").to_number<int>(), 7);
  const std::string whole = read(file);
  for (const size_t size : {size_t{24}, size_t{30}, size_t{50}, whole.size() - 1}) {
    expect_run({"alice=" + write("cut.pcap", whole.substr(0, size))});
  }
  EXPECT_THAT(out_.str(), HasSubstr("cut.pcap is damaged after 6 frames"));
}

TEST_F(ReplayTest, ATunnelHasAPortForEachRemote) {
  constexpr const char* yaml = R"(
networks: {office: {}}
ports:
  web: {type: raw, device: eth0, network: office}
tunnels:
  overlay: {type: vxlan, network: office, vni: 7, local: 192.0.2.1,
            remotes: [192.0.2.2, 192.0.2.3]}
)";
  const Bytes hello = frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes();
  const Bytes answer = frame().eth(mac(2), mac(1)).ipv4("10.0.0.2", "10.0.0.1").udp(2, 1).bytes();
  const auto web = capture("w.pcap", {{noon, hello}, {noon + seconds(2), hello}});
  const auto far = capture("f.pcap", {{noon + seconds(1), answer}});
  expect_run({"web=" + web, "overlay/192.0.2.3=" + far}, "out", 1, yaml);
  EXPECT_EQ(left_by("overlay_192.0.2.2").size(), 1u);  // before it was known where it is
  EXPECT_EQ(left_by("overlay_192.0.2.3").size(), 2u);
  EXPECT_EQ(left_by("web").size(), 1u);
}

TEST_F(ReplayTest, TheBooksAddUp) {
  std::vector<Captured> frames;
  for (unsigned i = 0; i < 300; ++i) {
    Bytes f = from_alice().ipv4("10.0.0.2", i % 3 ? "203.0.113.7" : "10.1.0.2").udp(1, 2).bytes();
    f[i % f.size()] = static_cast<uint8_t>(f[i % f.size()] + 1 + i / f.size());
    frames.push_back({noon + milliseconds(100 * i), f});
  }
  expect_run({"alice=" + capture("a.pcap", frames)});
  uint64_t in = 0, out = 0;
  const json::value all = report();
  for (const json::value& port : all.at("ports").as_array()) {
    in += port.at("rx_packets").to_number<uint64_t>() + port.at("copies").to_number<uint64_t>();
    out += port.at("tx_packets").to_number<uint64_t>() + port.at("drops").to_number<uint64_t>();
  }
  EXPECT_EQ(in, out + all.at("held").to_number<uint64_t>());
  EXPECT_EQ(all.at("held").to_number<uint64_t>(), 0u);
}

TEST_F(ReplayTest, SaysWhatIsWrongWithTheCommandLine) {
  const auto file = capture("a.pcap", {});
  EXPECT_EQ(run({"alise=" + file}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("no port is called 'alise'; did you mean 'alice'?"));
  EXPECT_EQ(run({"alice"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--in takes PORT=FILE, not 'alice'"));
  EXPECT_EQ(run({"alice=" + directory_.file("none.pcap")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("none.pcap: No such file"));
  EXPECT_EQ(run({"alice=" + write("text.pcap", "no capture at all, but long enough")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("text.pcap: unknown file format"));
  EXPECT_EQ(run({"alice=" + file}, "out", 1, "ports: 1\n"), 2);
  EXPECT_THAT(err_.str(), HasSubstr("config.yaml:1"));
  write("out", "");
  EXPECT_EQ(run({"alice=" + file}), 1);
}

}  // namespace
}  // namespace uswitch::test
