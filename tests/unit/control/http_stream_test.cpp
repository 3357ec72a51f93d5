// Answers that come bit by bit over the control socket.
#include "control/http_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "control/client.h"
#include "tests/unit/control/running_server.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;

// What the bodies below have in common with the test.
struct Shared {
  std::atomic<int> asked{0};
  std::promise<void> stopped;
  std::atomic<bool> was_stopped{false};
};

// Says "bit" for ever, until it is stopped, then "rest".
class Bits : public BodyStream {
 public:
  Bits(Shared& shared, size_t size) : shared_(shared), size_(size) {}

  std::string next() override {
    ++shared_.asked;
    if (!shared_.was_stopped) return std::string(size_, 'b');
    return std::exchange(rest_, "");
  }
  bool ended() const override { return shared_.was_stopped && rest_.empty(); }
  void stop() override {
    if (!shared_.was_stopped.exchange(true)) shared_.stopped.set_value();
  }

 private:
  Shared& shared_;
  size_t size_;
  std::string rest_ = "rest";
};

// Says nothing at first, then one thing, and ends.
class OneThing : public BodyStream {
 public:
  std::string next() override { return ++asked_ == 3 ? "one thing" : ""; }
  bool ended() const override { return asked_ > 3; }
  void stop() override {}

 private:
  int asked_ = 0;
};

class HttpStreamTest : public testing::Test {
 protected:
  Reply answer(const Request& request) {
    Reply reply;
    reply.content_type = "text/plain";
    if (request.target == "/one") reply.stream = std::make_shared<OneThing>();
    if (request.target == "/bits") reply.stream = std::make_shared<Bits>(shared_, 1000);
    if (request.target == "/refused") {
      reply.status = 400;
      reply.body = "no";
    }
    return reply;
  }
  bool stops() { return shared_.stopped.get_future().wait_for(10s) == std::future_status::ready; }

  Shared shared_;
  test::RunningServer server_{[this](const Request& r) { return answer(r); }};
};

std::string read_all(AnswerStream& stream) {
  std::string all;
  for (std::string_view bytes; !(bytes = stream.read()).empty();) all += bytes;
  return all;
}

TEST_F(HttpStreamTest, SendsWhatComesUntilItEnds) {
  AnswerStream stream(server_.path(), {"GET", "/one", ""});
  EXPECT_EQ(stream.status(), 200u);
  EXPECT_EQ(read_all(stream), "one thing");
}

TEST_F(HttpStreamTest, ARefusalIsReadAlike) {
  AnswerStream stream(server_.path(), {"GET", "/refused", ""});
  EXPECT_EQ(stream.status(), 400u);
  EXPECT_EQ(read_all(stream), "no");
}

TEST_F(HttpStreamTest, AClientThatHasEnoughStillGetsTheRest) {
  AnswerStream stream(server_.path(), {"GET", "/bits", ""});
  EXPECT_NE(stream.read(), "");
  shutdown(stream.descriptor(), SHUT_WR);
  const std::string all = read_all(stream);
  EXPECT_TRUE(all.ends_with("rest")) << "of " << all.size() << " bytes";
}

TEST_F(HttpStreamTest, AClientThatVanishesEndsIt) {
  {
    AnswerStream stream(server_.path(), {"GET", "/bits", ""});
    EXPECT_NE(stream.read(), "");
  }
  EXPECT_TRUE(stops());
}

TEST_F(HttpStreamTest, TheBodyIsNotAskedForMoreThanAClientTakes) {
  AnswerStream stream(server_.path(), {"GET", "/bits", ""});
  // The socket's buffers are full when others are answered and nothing is asked for meanwhile.
  int asked = -1;
  for (int i = 0; i < 1000 && asked != shared_.asked; ++i) {
    asked = shared_.asked;
    for (int n = 0; n < 20; ++n) {
      AnswerStream other(server_.path(), {"GET", "/refused", ""});
      EXPECT_EQ(read_all(other), "no");
    }
  }
  EXPECT_EQ(asked, shared_.asked);
  EXPECT_LT(asked, 10'000);
}

TEST_F(HttpStreamTest, AServerThatIsStoppedEndsItsStreams) {
  AnswerStream stream(server_.path(), {"GET", "/bits", ""});
  EXPECT_NE(stream.read(), "");
  server_.stop();
  EXPECT_THROW(read_all(stream), std::runtime_error);
}

}  // namespace
}  // namespace uswitch
