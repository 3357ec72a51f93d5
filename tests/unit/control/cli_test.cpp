#include "control/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace uswitch {
namespace {

using testing::HasSubstr;
using Command = CommandLine::Command;

ParsedLine parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "uswitch");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

CommandLine good(std::vector<const char*> arguments) {
  const ParsedLine parsed = parse(std::move(arguments));
  EXPECT_TRUE(parsed.line) << parsed.err;
  return parsed.line.value_or(CommandLine{});
}

// What is wrong goes to standard error, with exit code 2.
std::string refused(std::vector<const char*> arguments) {
  const ParsedLine parsed = parse(std::move(arguments));
  EXPECT_FALSE(parsed.line);
  EXPECT_EQ(parsed.exit_code, 2);
  EXPECT_EQ(parsed.out, "");
  return parsed.err;
}

std::string told(std::vector<const char*> arguments) {
  const ParsedLine parsed = parse(std::move(arguments));
  EXPECT_FALSE(parsed.line);
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_EQ(parsed.err, "");
  return parsed.out;
}

TEST(Cli, RunsAConfiguration) {
  const CommandLine line = good({"--config", "a.yaml"});
  EXPECT_EQ(line.command, Command::run);
  EXPECT_EQ(line.config, "a.yaml");
  EXPECT_FALSE(line.control);
  EXPECT_EQ(line.control_path(), "/run/uswitch/uswitch.sock");
}

TEST(Cli, ChecksAConfiguration) {
  const CommandLine line = good({"--check", "--config=a.yaml", "--control", "/tmp/s"});
  EXPECT_EQ(line.command, Command::check);
  EXPECT_EQ(line.config, "a.yaml");
  EXPECT_EQ(line.control, "/tmp/s");
}

TEST(Cli, ShowsEachThing) {
  for (const char* what : {"status", "ports", "networks", "fdb", "neighbours", "routes",
                           "connections", "drops", "workers", "config"}) {
    const CommandLine line = good({"show", what});
    EXPECT_EQ(line.command, Command::show);
    EXPECT_EQ(line.what, what);
    EXPECT_FALSE(line.json);
    EXPECT_TRUE(line.query.empty());
  }
}

TEST(Cli, TakesControlAndJsonBeforeAndAfterTheCommand) {
  EXPECT_EQ(good({"--control", "/tmp/s", "show", "ports"}).control_path(), "/tmp/s");
  const CommandLine line = good({"show", "--json", "ports", "--control", "/tmp/s"});
  EXPECT_EQ(line.control_path(), "/tmp/s");
  EXPECT_TRUE(line.json);
  EXPECT_TRUE(good({"show", "ports", "--json"}).json);
}

TEST(Cli, PassesFiltersOnUnderTheApisNames) {
  const CommandLine fdb = good({"show", "fdb", "--network", "office", "--port", "web", "--mac",
                                "02:00:00:00:00:01", "--limit", "5"});
  EXPECT_THAT(fdb.query, testing::UnorderedElementsAre(testing::Pair("network", "office"),
                                                       testing::Pair("port", "web"),
                                                       testing::Pair("mac", "02:00:00:00:00:01"),
                                                       testing::Pair("limit", "5")));
  EXPECT_EQ(good({"show", "neighbours", "--address", "10.0.0.2", "--state", "stale"}).query,
            (Query{{"address", "10.0.0.2"}, {"state", "stale"}}));
  EXPECT_EQ(good({"show", "routes", "--to", "10.0.0.2", "--origin", "host"}).query,
            (Query{{"to", "10.0.0.2"}, {"origin", "host"}}));
  EXPECT_EQ(good({"show", "connections", "--proto", "tcp", "--port", "443"}).query,
            (Query{{"port", "443"}, {"proto", "tcp"}}));
  EXPECT_EQ(good({"show", "drops", "--all"}).query, (Query{{"all", "1"}}));
}

TEST(Cli, DeletesConnections) {
  const CommandLine line = good({"delete", "connections", "--address", "10.0.0.2", "--proto", "tcp",
                                 "--port", "80", "--state", "close", "--control", "/tmp/s"});
  EXPECT_EQ(line.command, Command::remove);
  EXPECT_EQ(line.what, "connections");
  EXPECT_EQ(line.control_path(), "/tmp/s");
  EXPECT_THAT(line.query, testing::UnorderedElementsAre(
                              testing::Pair("address", "10.0.0.2"), testing::Pair("proto", "tcp"),
                              testing::Pair("port", "80"), testing::Pair("state", "close")));
  EXPECT_EQ(good({"delete", "connections", "--all"}).query, (Query{{"all", "1"}}));
  EXPECT_THAT(refused({"delete"}), HasSubstr("WHAT"));
  EXPECT_THAT(refused({"delete", "conections"}), HasSubstr("did you mean 'connections'?"));
  EXPECT_THAT(refused({"delete", "connections", "--limit", "3"}), HasSubstr("--limit"));
  EXPECT_THAT(refused({"--config", "a.yaml", "delete", "connections"}), HasSubstr("delete"));
}

TEST(Cli, ReloadsTheFileOrAnotherOne) {
  const CommandLine line = good({"reload"});
  EXPECT_EQ(line.command, Command::reload);
  EXPECT_EQ(line.config, "");
  EXPECT_EQ(good({"reload", "b.yaml", "--control", "/tmp/s"}).config, "b.yaml");
  EXPECT_TRUE(good({"reload", "--json"}).json);
  EXPECT_THAT(refused({"--config", "a.yaml", "reload"}), HasSubstr("do not go with reload"));
  EXPECT_THAT(refused({"--check", "reload"}), HasSubstr("do not go with reload"));
  EXPECT_THAT(refused({"reload", "a.yaml", "b.yaml"}), HasSubstr("b.yaml"));
  EXPECT_THAT(told({"reload", "--help"}), HasSubstr("uswitch reload /etc/uswitch.yaml"));
}

TEST(Cli, RefusesWhatItDoesNotKnowAndSaysWhatThereIs) {
  EXPECT_THAT(refused({}), HasSubstr("--config FILE"));
  EXPECT_THAT(refused({"--check"}), HasSubstr("--config FILE"));
  EXPECT_THAT(refused({"--config"}), HasSubstr("--config"));
  EXPECT_THAT(refused({"--konfig", "x"}), HasSubstr("--konfig"));
  EXPECT_THAT(refused({"shwo", "ports"}), HasSubstr("shwo"));
  EXPECT_THAT(refused({"show"}), HasSubstr("WHAT"));
  EXPECT_THAT(refused({"show", "prots"}), HasSubstr("'prots'; did you mean 'ports'?"));
  EXPECT_THAT(refused({"show", "neighbors"}), HasSubstr("did you mean 'neighbours'?"));
  EXPECT_THAT(refused({"show", "xyzzy"}), HasSubstr("'workers', 'config'"));
  EXPECT_THAT(refused({"show", "ports", "fdb"}), HasSubstr("fdb"));
}

TEST(Cli, Captures) {
  const CommandLine line = good({"capture", "--port", "web", "--port", "db", "--filter",
                                 "tcp port 80", "--drops", "--count", "7", "--snaplen", "96", "-w",
                                 "x.pcapng", "--rotate-size", "10M", "--rotate-count", "3"});
  EXPECT_EQ(line.command, CommandLine::Command::capture);
  EXPECT_THAT(line.query, testing::UnorderedElementsAre(
                              testing::Pair("port", "web"), testing::Pair("port", "db"),
                              testing::Pair("filter", "tcp port 80"), testing::Pair("drops", "1"),
                              testing::Pair("count", "7"), testing::Pair("snaplen", "96")));
  EXPECT_EQ(line.write, "x.pcapng");
  EXPECT_EQ(line.rotate_size, 10'000'000u);
  EXPECT_EQ(line.rotate_count, 3u);
  EXPECT_EQ(good({"capture"}).write, "");
  EXPECT_EQ(good({"capture", "-w", "-"}).write, "-");
  for (const char* size : {"", "0", "10X", "M", "-1", "1.5M", "10MB"}) {
    EXPECT_THAT(refused({"capture", "-w", "x", "--rotate-size", size}), HasSubstr("size")) << size;
  }
  EXPECT_THAT(refused({"capture", "--rotate-size", "10M"}), HasSubstr("-w FILE"));
  EXPECT_THAT(refused({"capture", "-w", "-", "--rotate-size", "10M"}), HasSubstr("no file"));
  EXPECT_THAT(refused({"--config", "a.yaml", "capture"}), HasSubstr("capture"));
}

TEST(Cli, Traces) {
  const CommandLine line = good({"trace", "--filter", "icmp", "--count", "2"});
  EXPECT_EQ(line.command, CommandLine::Command::trace);
  EXPECT_EQ(line.query, (Query{{"filter", "icmp"}, {"count", "2"}}));
}

TEST(Cli, RefusesToMixRunningAndShowing) {
  EXPECT_THAT(refused({"--config", "a.yaml", "show", "ports"}), HasSubstr("show"));
  EXPECT_THAT(refused({"--check", "show", "ports"}), HasSubstr("show"));
}

TEST(Cli, HelpOfEachShowsAnExample) {
  EXPECT_THAT(told({"--help"}), HasSubstr("uswitch --config /etc/uswitch.yaml"));
  EXPECT_THAT(told({"show", "--help"}), HasSubstr("uswitch show fdb --network"));
  EXPECT_THAT(told({"delete", "--help"}), HasSubstr("uswitch delete connections --address"));
  EXPECT_THAT(told({"capture", "--help"}), HasSubstr("uswitch capture -w - | wireshark"));
  EXPECT_THAT(told({"trace", "--help"}), HasSubstr("uswitch trace --filter"));
}

TEST(Cli, ExplainsOnePacketOfAPort) {
  const CommandLine line =
      good({"explain", "--port", "web", "--tcp", "10.0.0.1:1,10.0.0.2:2", "--json"});
  EXPECT_EQ(line.command, Command::explain);
  EXPECT_TRUE(line.json);
  EXPECT_EQ(line.query, (Query{{"port", "web"}, {"tcp", "10.0.0.1:1,10.0.0.2:2"}}));
  EXPECT_THAT(refused({"explain", "--port", "web"}), HasSubstr("--frame,--tcp,--udp,--icmp"));
  EXPECT_THAT(refused({"explain", "--tcp", "x"}), HasSubstr("--port"));
  EXPECT_THAT(refused({"explain", "--port", "web", "--tcp", "x", "--udp", "y"}),
              HasSubstr("--udp"));
  EXPECT_THAT(refused({"--config", "a", "explain", "--port", "p", "--tcp", "x"}),
              HasSubstr("explain"));
  EXPECT_THAT(told({"explain", "--help"}), HasSubstr("uswitch explain --port web --tcp"));
}

TEST(Cli, ReplaysCaptures) {
  const CommandLine line = good({"replay", "--config", "a.yaml", "--in", "web=w.pcap", "--in",
                                 "db=d.pcap", "--out", "dir", "--seed", "7"});
  EXPECT_EQ(line.command, Command::replay);
  EXPECT_EQ(line.replay.config, "a.yaml");
  EXPECT_EQ(line.replay.in, (std::vector<std::string>{"web=w.pcap", "db=d.pcap"}));
  EXPECT_EQ(line.replay.out, "dir");
  EXPECT_EQ(line.replay.seed, 7u);
  EXPECT_THAT(refused({"replay", "--config", "a", "--out", "d"}), HasSubstr("--in"));
  EXPECT_THAT(refused({"--config", "b", "replay", "--config", "a", "--in", "x=y", "--out", "d"}),
              HasSubstr("do not go with replay"));
  EXPECT_THAT(told({"replay", "--help"}), HasSubstr("uswitch replay --config"));
}

TEST(Cli, SaysItsVersion) {
  EXPECT_THAT(told({"--version"}), testing::MatchesRegex("uswitch [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Cli, Top) {
  const CommandLine line = good({"top", "--control", "/tmp/s"});
  EXPECT_EQ(line.command, Command::top);
  EXPECT_EQ(line.control, "/tmp/s");
  EXPECT_FALSE(line.once);
  EXPECT_EQ(line.interval, std::chrono::seconds(1));
  EXPECT_TRUE(good({"top", "--once"}).once);
  EXPECT_EQ(good({"top", "--interval", "500ms"}).interval, std::chrono::milliseconds(500));
}

TEST(Cli, TopRefusesAnIntervalThatIsNone) {
  for (const char* interval : {"2", "0s", "99ms", "2h", "fast"}) {
    EXPECT_THAT(refused({"top", "--interval", interval}),
                HasSubstr("write a duration from 100ms to 1h, such as 2s"));
  }
}

TEST(Cli, EachCommandShowsAnExample) {
  for (const char* command : {"show", "top", "delete"}) {
    EXPECT_THAT(told({command, "--help"}),
                HasSubstr("Examples:\n  uswitch " + std::string(command)));
  }
}

}  // namespace
}  // namespace uswitch
