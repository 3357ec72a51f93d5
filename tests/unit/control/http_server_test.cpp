#include "control/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

#include "control/client.h"
#include "tests/unit/control/running_server.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

// A connection that says whatever it likes. Reads give up after five seconds.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    const timeval patience{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("connect");
    }
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False once the server has closed.
  bool say(const std::string& text) {
    return send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  void finish() { shutdown(fd_, SHUT_WR); }

  // Until the text ends with this, or the server closes.
  std::string hear(const std::string& last = "") {
    std::string all;
    char buffer[4096];
    ssize_t n;
    while ((n = recv(fd_, buffer, sizeof buffer, 0)) > 0) {
      all.append(buffer, static_cast<size_t>(n));
      if (!last.empty() && all.ends_with(last)) return all;
    }
    return all + (n < 0 && errno == EAGAIN ? " (still open)" : "");
  }

  bool closed_by_server() {
    char byte;
    const ssize_t n = recv(fd_, &byte, 1, 0);
    return n == 0 || (n < 0 && errno != EAGAIN);
  }

 private:
  int fd_;
};

// Echoes what it understood.
Reply answer(const Request& request) {
  if (request.target == "/throw") throw std::runtime_error("out of cheese");
  Reply reply;
  if (request.target == "/big") {
    reply.body.assign(8'000'000, 'x');
  } else {
    reply.body = request.method + " " + request.target + " " + request.body;
  }
  return reply;
}

HttpServer::Limits short_patience() {
  HttpServer::Limits limits;
  limits.patience = 300ms;
  return limits;
}

HttpServer::Limits long_patience() {
  HttpServer::Limits limits;
  limits.patience = limits.silence = 30s;
  return limits;
}

void expect_service(const test::RunningServer& server) {
  EXPECT_EQ(exchange(server.path(), {"GET", "/alive", ""}).body, "GET /alive ");
}

TEST(HttpServer, PassesMethodTargetAndBody) {
  test::RunningServer server(answer, short_patience());
  const Reply reply = exchange(server.path(), {"PUT", "/v1/config?x=%31", "a: b"});
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "PUT /v1/config?x=%31 a: b");
}

TEST(HttpServer, KeepsTheConnectionAndAnswersInOrder) {
  test::RunningServer server(answer, short_patience());
  RawClient client(server.path());
  ASSERT_TRUE(client.say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(client.hear("GET /1 "), StartsWith("HTTP/1.1 200 OK\r\n"));
  ASSERT_TRUE(client.say("GET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nConnection: close\r\n\r\n"));
  const std::string both = client.hear();
  EXPECT_LT(both.find("GET /2 "), both.find("GET /3 "));
  EXPECT_THAT(both, HasSubstr("GET /3 "));
}

TEST(HttpServer, ClosesAHalfRequestAndAnIdleConnectionWithoutAWord) {
  test::RunningServer server(answer, short_patience());
  RawClient half(server.path()), idle(server.path());
  ASSERT_TRUE(half.say("GET /v1/ports HTT"));
  expect_service(server);
  EXPECT_EQ(half.hear(), "");
  EXPECT_EQ(idle.hear(), "");
}

TEST(HttpServer, DoesNotLetASlowRequestBuyTimeByteByByte) {
  test::RunningServer server(answer, short_patience());
  RawClient client(server.path());
  const auto begin = std::chrono::steady_clock::now();
  while (client.say("G") && std::chrono::steady_clock::now() - begin < 3s) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(HttpServer, DoesNotWaitForAClientThatNeverReads) {
  test::RunningServer server(answer, short_patience());
  RawClient client(server.path());
  ASSERT_TRUE(client.say("GET /big HTTP/1.1\r\n\r\n"));
  expect_service(server);
  std::this_thread::sleep_for(700ms);
  const std::string got = client.hear();
  EXPECT_GT(got.size(), 0u);
  EXPECT_LT(got.size(), 8'000'000u);
  EXPECT_FALSE(got.ends_with("(still open)"));
}

TEST(HttpServer, RefusesAnOversizedHeader) {
  test::RunningServer server(answer, short_patience());
  RawClient client(server.path());
  client.say("GET / HTTP/1.1\r\nX: " + std::string(17 * 1024, 'x') + "\r\n\r\n");
  EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 431 "));
  expect_service(server);
}

TEST(HttpServer, RefusesAnOversizedBodyBeforeItComes) {
  test::RunningServer server(answer, short_patience());
  RawClient client(server.path());
  client.say("PUT / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n");
  const std::string answer = client.hear();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("{\"error\":\"the body is longer than 1048576 bytes\"}"));
}

TEST(HttpServer, RefusesAChunkedBodyThatGrowsTooLarge) {
  HttpServer::Limits limits;
  limits.body = 1000;
  test::RunningServer server(answer, limits);
  RawClient client(server.path());
  client.say("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  client.say(chunk + chunk + chunk);
  EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServer, TakesABodyOfTheLimit) {
  test::RunningServer server(answer, short_patience());
  const std::string body(1024 * 1024, 'x');
  EXPECT_EQ(exchange(server.path(), {"PUT", "/", body}).body, "PUT / " + body);
}

TEST(HttpServer, AnswersGarbageWithBadRequest) {
  test::RunningServer server(answer, short_patience());
  for (const char* garbage :
       {"\x16\x03\x01\x02", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    RawClient client(server.path());
    client.say(garbage);
    const std::string answer = client.hear();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << garbage;
    EXPECT_THAT(answer, HasSubstr("this is not HTTP/1.1")) << garbage;
  }
  expect_service(server);
}

TEST(HttpServer, SurvivesAClientThatLeavesInTheMiddle) {
  test::RunningServer server(answer, short_patience());
  for (const char* part : {"", "GET /x HTTP", "PUT /x HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
                           "GET /big HTTP/1.1\r\n\r\n"}) {
    RawClient client(server.path());
    client.say(part);
  }
  expect_service(server);
}

TEST(HttpServer, WhoHasKeptSilentForLongestMakesRoom) {
  HttpServer::Limits limits = long_patience();
  limits.connections = 3;
  limits.silence = 0ms;
  test::RunningServer server(answer, limits);
  RawClient first(server.path()), second(server.path()), third(server.path());
  for (RawClient* client : {&first, &second, &third}) {  // one after the other
    client->say("GET /a HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client->hear("GET /a "), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  first.say("GET /half");  // says something, but does not come to an end
  expect_service(server);
  EXPECT_TRUE(first.closed_by_server());
  second.say("GET /b HTTP/1.1\r\n\r\n");
  EXPECT_THAT(second.hear("GET /b "), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, TellsTheRestOfTwoHundredToComeAgain) {
  test::RunningServer server(answer, long_patience());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<RawClient>(server.path()));
  for (size_t i = 64; i < 200; ++i) {
    const std::string answer = clients[i]->hear();
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 503 ")) << i;
    const size_t body = answer.find("\r\n\r\n") + 4;
    ASSERT_THAT(answer, HasSubstr("Content-Length: " + std::to_string(answer.size() - body)));
  }
  for (size_t i = 0; i < 64; ++i) {
    ASSERT_TRUE(clients[i]->say("GET /i HTTP/1.1\r\n\r\n"));
    ASSERT_THAT(clients[i]->hear("GET /i "), StartsWith("HTTP/1.1 200 OK\r\n")) << i;
  }
  EXPECT_EQ(exchange(server.path(), {"GET", "/", ""}).status, 503u);
  clients.resize(10);
  Reply reply;
  for (int tries = 0; tries < 100; ++tries) {  // until the server has seen them leave
    if (reply = exchange(server.path(), {"GET", "/", ""}); reply.status == 200) break;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(reply.status, 200u);
}

TEST(HttpServer, AnswersForAHandlerThatThrows) {
  test::RunningServer server(answer, short_patience());
  const Reply reply = exchange(server.path(), {"GET", "/throw", ""});
  EXPECT_EQ(reply.status, 500u);
  EXPECT_EQ(reply.body, "{\"error\":\"out of cheese\"}\n");
}

TEST(HttpServer, StopsWithConnectionsOpen) {
  test::RunningServer server(answer, long_patience());
  RawClient idle(server.path()), half(server.path()), slow(server.path());
  ASSERT_TRUE(half.say("GET /"));
  ASSERT_TRUE(slow.say("GET /big HTTP/1.1\r\n\r\n"));
  expect_service(server);
  server.stop();
  EXPECT_FALSE(std::filesystem::exists(server.path()));
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_TRUE(half.closed_by_server());
  EXPECT_FALSE(slow.hear().ends_with("(still open)"));
  EXPECT_THROW(exchange(server.path(), {"GET", "/", ""}), NoDaemon);
}

TEST(Client, SaysThatNobodyIsThere) {
  const test::TemporaryDirectory directory;
  try {
    exchange(directory.file("s"), {"GET", "/", ""});
    FAIL();
  } catch (const NoDaemon& e) {
    EXPECT_THAT(e.what(), HasSubstr("no uswitch answers on " + directory.file("s")));
  }
}

TEST(Client, ToldAPathThatIsTooLongFails) {
  EXPECT_THROW(exchange("/tmp/" + std::string(200, 'x'), {"GET", "/", ""}), std::runtime_error);
}

TEST(Client, GivesUpOnAServerThatIsSilent) {
  const test::TemporaryDirectory directory;
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, directory.file("s").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(fd, 5), 0);
  const auto begin = std::chrono::steady_clock::now();
  try {
    exchange(directory.file("s"), {"GET", "/", ""}, 100ms);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("gave no whole answer"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  close(fd);
}

}  // namespace
}  // namespace uswitch
