#include "control/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "control/json_reply.h"
#include "tests/unit/control/running_server.h"

namespace uswitch {
namespace {

using testing::HasSubstr;

constexpr const char* drops =
    R"({"drops": [{"reason": "guard_mac", "room": "switch", "sentence": "Not its own.",
        "packets": 1234567, "rate": 12.5, "last": {"age": 3, "port": "web", "length": 60,
        "summary": "ARP who has 10.0.0.2, tell 10.0.0.1, 60 B"}, "ports": {"web": 1234567}, "workers": [1234567]}], "total": 1234567})";

// A daemon that knows some answers by heart.
Reply answer(const Request& request) {
  Reply reply;
  if (request.method == "DELETE") {
    if (request.target != "/v1/connections?port=53") return error_reply(400, "say which");
    reply.body = R"({"deleted": 12345})";
  } else if (request.target == "/v1/drops") {
    reply.body = drops;
  } else if (request.target == "/v1/fdb?network=a%26b") {
    reply.body = R"({"fdb": [], "truncated": false, "left_out": 0, "networks": []})";
  } else if (request.target == "/v1/ports") {
    reply.body = R"({"ports": 5})";
  } else if (request.target == "/v1/config") {
    return error_reply(500, "out of cheese");
  } else {
    return error_reply(400, "what is " + request.target + "?");
  }
  return reply;
}

struct Shown {
  int code;
  std::string out, err;
};

Shown run(const std::string& control, const std::string& what, Query query = {}, bool json = false,
          bool colour = false) {
  CommandLine line;
  line.command = CommandLine::Command::show;
  line.control = control;
  line.what = what;
  line.query = std::move(query);
  line.json = json;
  std::ostringstream out, err;
  const int code = show(line, out, err, colour);
  return {code, out.str(), err.str()};
}

TEST(Show, PrintsATableForPeople) {
  test::RunningServer server(answer);
  const Shown shown = run(server.path(), "drops");
  EXPECT_EQ(shown.code, exit_ok);
  EXPECT_EQ(shown.out,
            "REASON     ROOM    PACKETS  PER SECOND  PORTS       WHY\n"
            "guard_mac  switch   1.23 M       12.50  web 1.23 M  Not its own.\n"
            "\n"
            "REASON        LAST  FROM  PACKET\n"
            "guard_mac  3 s ago  web   ARP who has 10.0.0.2, tell 10.0.0.1, 60 B\n");
  EXPECT_EQ(shown.err, "");
}

TEST(Show, PrintsExactNumbersForPrograms) {
  test::RunningServer server(answer);
  EXPECT_EQ(run(server.path(), "drops", {}, true).out, drops);
}

TEST(Show, ColoursOnlyWhenTold) {
  test::RunningServer server(answer);
  EXPECT_THAT(run(server.path(), "drops", {}, false, true).out, HasSubstr("\033[31m1.23 M\033[0m"));
  EXPECT_THAT(run(server.path(), "drops").out, testing::Not(HasSubstr("\033")));
}

TEST(Show, PassesFiltersOn) {
  test::RunningServer server(answer);
  EXPECT_EQ(run(server.path(), "fdb", {{"network", "a&b"}}).out, "no addresses\n");
}

TEST(Show, DeletesAndSaysHowMany) {
  test::RunningServer server(answer);
  CommandLine line;
  line.command = CommandLine::Command::remove;
  line.control = server.path();
  line.what = "connections";
  line.query = {{"port", "53"}};
  std::ostringstream out, err;
  EXPECT_EQ(show(line, out, err, false), exit_ok);
  EXPECT_EQ(out.str(), "12345 connections deleted\n");
  line.query.clear();
  EXPECT_EQ(show(line, out, err, false), exit_usage);
  EXPECT_EQ(err.str(), "uswitch: say which\n");
}

TEST(Show, ARefusedFilterIsAUsageError) {
  test::RunningServer server(answer);
  const Shown shown = run(server.path(), "fdb", {{"limit", "0"}});
  EXPECT_EQ(shown.code, exit_usage);
  EXPECT_EQ(shown.err, "uswitch: what is /v1/fdb?limit=0?\n");
  EXPECT_EQ(shown.out, "");
}

TEST(Show, ADaemonInTroubleIsAFailure) {
  test::RunningServer server(answer);
  const Shown shown = run(server.path(), "config");
  EXPECT_EQ(shown.code, exit_failure);
  EXPECT_EQ(shown.err, "uswitch: out of cheese\n");
}

TEST(Show, AnAnswerOfAnotherShapeIsAFailureAndNotACrash) {
  test::RunningServer server(answer);
  const Shown shown = run(server.path(), "ports");
  EXPECT_EQ(shown.code, exit_failure);
  EXPECT_THAT(shown.err, testing::StartsWith("uswitch: "));
}

TEST(Show, NoDaemonIsOneLineAndItsOwnExitCode) {
  const test::TemporaryDirectory directory;
  const Shown shown = run(directory.file("s"), "ports");
  EXPECT_EQ(shown.code, exit_no_daemon);
  EXPECT_THAT(shown.err, HasSubstr(directory.file("s")));
  EXPECT_EQ(std::ranges::count(shown.err, '\n'), 1);
}

}  // namespace
}  // namespace uswitch
