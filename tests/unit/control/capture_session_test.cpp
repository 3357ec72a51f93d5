// From the workers' records to what a client gets.
#include "control/capture_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "control/trace_session.h"
#include "tests/support/frame_builder.h"
#include "tests/unit/control/api_fixture.h"
#include "wire/pcapng.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

// The test is the worker: no packet comes to those that the engine has.
class CaptureSessionTest : public test::ApiFixture {
 protected:
  void record(unsigned worker, CaptureRecord r, const std::vector<uint8_t>& bytes) {
    CaptureRing& ring = capture_->of_worker(worker).ring;
    uint8_t* room = ring.reserve(sizeof r + bytes.size());
    ASSERT_NE(room, nullptr);
    r.captured = static_cast<uint32_t>(bytes.size());
    if (r.length == 0) r.length = r.captured;
    std::memcpy(room, &r, sizeof r);
    std::memcpy(room + sizeof r, bytes.data(), bytes.size());
    ring.publish();
  }
  void record(unsigned worker, CaptureRecord r) {
    record(worker, r,
           test::frame()
               .eth(test::mac(1), test::mac(2))
               .ipv4("10.0.0.1", "10.0.0.2")
               .udp(1, 2)
               .bytes());
  }
  static CaptureRecord at(int milliseconds, uint64_t id, PortId port) {
    CaptureRecord r;
    r.time = Time(std::chrono::milliseconds(milliseconds));
    r.id = id;
    r.port = port;
    return r;
  }

  CaptureRecords records() {
    capture_ = captures_->start({});
    return {captures_, capture_};
  }

  std::shared_ptr<Capture> capture_;
};

// The blocks of a pcapng stream in words.
std::vector<std::string> words(const std::string& bytes) {
  std::vector<std::string> list;
  std::span<const uint8_t> left(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  while (!left.empty()) {
    const auto block = pcapng::next_block(left);
    if (!block || block->empty()) return {"damaged"};
    if (pcapng::type_of(*block) == pcapng::section) list.push_back("section");
    if (const auto i = pcapng::read_interface(*block)) list.push_back("interface " + i->name);
    if (const auto p = pcapng::read_packet(*block)) {
      list.push_back("packet " + std::to_string(p->id) + " on " + std::to_string(p->interface) +
                     (p->direction == pcapng::Direction::inbound ? " in " : " out ") +
                     std::string(p->comment));
    }
    if (const auto s = pcapng::read_statistics(*block)) {
      list.push_back("statistics of " + std::to_string(s->interface) + ": " +
                     std::to_string(s->received) + " handled, " + std::to_string(s->accepted) +
                     " accepted, " + std::to_string(s->dropped) + " lost");
    }
    left = left.subspan(block->size());
  }
  return list;
}

TEST_F(CaptureSessionTest, PC3_PC7_WritesInterfacesBeforeTheirPacketsAndStatisticsAtTheEnd) {
  CaptureSession session(records(), "", 100);
  EXPECT_THAT(words(session.next()), ElementsAre("section"));
  EXPECT_EQ(session.next(), "");
  CaptureRecord in = at(1, 7, 0), out = at(2, 7, 2);
  in.outcome = Outcome::to_port;
  in.other = 2;
  out.kind = CaptureRecord::Kind::out;
  out.outcome = Outcome::from_port;
  out.other = 0;
  record(0, in);
  EXPECT_THAT(words(session.next()),
              ElementsAre("interface web", "packet 7 on 0 in to port trunk"));
  counters(0, 0).rx_packets.add(3);
  counters(0, 1).tx_packets.add(2);
  record(0, out);
  EXPECT_THAT(words(session.next()),
              ElementsAre("interface trunk", "packet 7 on 1 out from port web"));
  EXPECT_FALSE(session.ended());
  session.stop();
  EXPECT_THAT(words(session.next()), ElementsAre("statistics of 0: 5 handled, 1 accepted, 0 lost",
                                                 "statistics of 1: 0 handled, 1 accepted, 0 lost"));
  EXPECT_TRUE(session.ended());
}

TEST_F(CaptureSessionTest, MergesTheWorkersByTime) {
  CaptureSession session(records(), "", 100);
  (void)session.next();
  record(1, at(2, 2, 0));
  record(0, at(1, 1, 0));
  record(0, at(3, 3, 0));
  record(1, at(4, 4, 0));
  EXPECT_THAT(words(session.next()),
              ElementsAre("interface web", "packet 1 on 0 in ", "packet 2 on 0 in ",
                          "packet 3 on 0 in ", "packet 4 on 0 in "));
}

TEST_F(CaptureSessionTest, SaysWhatBecameOfAPacket) {
  CaptureSession session(records(), "", 100);
  (void)session.next();
  const std::pair<Outcome, const char*> outcomes[] = {
      {Outcome::none, "packet 1 on 0 in "},
      {Outcome::flooded, "packet 1 on 0 in flooded"},
      {Outcome::consumed, "packet 1 on 0 in taken by the router"},
      {Outcome::answered, "packet 1 on 0 in answered by the router"},
      {Outcome::dropped,
       "packet 1 on 0 in drop: guard_mac: The endpoint used a source MAC that is not its own."},
      {Outcome::from_port, "packet 1 on 0 in from the router"}};
  for (const auto& [outcome, text] : outcomes) {
    CaptureRecord r = at(1, 1, 0);
    r.outcome = outcome;
    r.reason = Reason::guard_mac;
    record(0, r);
    EXPECT_EQ(words(session.next()).back(), text);
  }
}

TEST_F(CaptureSessionTest, EndsAfterTheCount) {
  CaptureSession session(records(), "", 2);
  for (uint64_t id = 1; id <= 3; ++id) record(0, at(1, id, 0));
  EXPECT_THAT(words(session.next()),
              ElementsAre("section", "interface web", "packet 1 on 0 in ", "packet 2 on 0 in ",
                          "statistics of 0: 0 handled, 2 accepted, 0 lost"));
  EXPECT_TRUE(session.ended());
  EXPECT_EQ(engine_.tables().captures, nullptr);
}

TEST_F(CaptureSessionTest, TellsWhatWasLost) {
  CaptureSession session(records(), "", 100);
  CaptureRecord r = at(1, 1, 0);
  r.lost = 5;
  capture_->of_worker(0).lost.add(8);
  record(0, r);
  (void)session.next();
  session.stop();
  EXPECT_THAT(words(session.next()), ElementsAre("statistics of 0: 0 handled, 9 accepted, 8 lost"));
}

TEST_F(CaptureSessionTest, AChunkIsBounded) {
  CaptureSession session(records(), "", ~uint64_t{0});
  for (uint64_t id = 0; id < 100; ++id) record(0, at(1, id, 0), std::vector<uint8_t>(60'000));
  EXPECT_LT(session.next().size(), 400'000u);
  EXPECT_FALSE(session.next().empty());
}

TEST_F(CaptureSessionTest, GoneIsGone) {
  {
    const CaptureSession session(records(), "", 100);
    EXPECT_NE(engine_.tables().captures, nullptr);
  }
  EXPECT_EQ(engine_.tables().captures, nullptr);
}

TEST_F(CaptureSessionTest, OutlivesTheEngine) {
  CaptureSession session(records(), "", 100);
  record(0, at(1, 1, 0));
  captures_.reset();
  EXPECT_THAT(words(session.next()),
              ElementsAre("section", "interface port 0", "packet 1 on 0 in "));
}

TEST_F(CaptureSessionTest, ATraceTellsAPacketsStoryInOnePiece) {
  TraceSession session(records(), 2);
  const auto steps = [](const char* text) {
    return std::vector<uint8_t>(text, text + std::strlen(text));
  };
  for (uint64_t id = 1; id <= 3; ++id) {
    CaptureRecord in = at(1, id, 0), text = at(1, id, 0);
    in.outcome = id == 2 ? Outcome::flooded : Outcome::consumed;
    text.kind = CaptureRecord::Kind::text;
    record(0, in);
    record(0, text, steps("bridge\tlearned\nroute\tto lab\n"));
  }
  CaptureRecord out = at(1, 2, 2);
  out.kind = CaptureRecord::Kind::out;
  record(0, out);
  EXPECT_THAT(session.next(),
              MatchesRegex("[0-9:.]+ #1 web: IPv4 10.0.0.1:1 > 10.0.0.2:2 UDP len 0, 42 B\n"
                           "  bridge    learned\n"
                           "  route     to lab\n"
                           "  end       taken by the router\n"
                           "[0-9:.]+ #2 web: IPv4 10.0.0.1:1 > 10.0.0.2:2 UDP len 0, 42 B\n"
                           "  bridge    learned\n"
                           "  route     to lab\n"
                           "  end       flooded\n"
                           "  left      by trunk: IPv4 10.0.0.1:1 > 10.0.0.2:2 UDP len 0, 42 B\n"));
  EXPECT_TRUE(session.ended());
}

TEST_F(CaptureSessionTest, ATraceTellsLaterWhatBecameOfAPacketThatWaited) {
  TraceSession session(records(), 100);
  CaptureRecord in = at(1, 1, 0);
  in.outcome = Outcome::consumed;
  record(0, in);
  EXPECT_THAT(session.next(), HasSubstr("taken by the router"));
  CaptureRecord out = at(9, 1, 2);
  out.kind = CaptureRecord::Kind::out;
  record(0, out);
  EXPECT_THAT(session.next(), MatchesRegex("[0-9:.]+ #1 again\n  left      by trunk: .*\n"));
}

class CaptureApiTest : public test::ApiFixture {};

TEST_F(CaptureApiTest, BeginsAStream) {
  Reply reply = ask("GET", "/v1/capture?port=web&port=trunk&filter=tcp%20port%2080&count=5");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.content_type, "application/x-pcapng");
  ASSERT_NE(reply.stream, nullptr);
  ASSERT_NE(engine_.tables().captures, nullptr);
  const CaptureRequest& request = engine_.tables().captures->places[0]->request();
  EXPECT_THAT(request.ports, ElementsAre(0, 2));
  EXPECT_FALSE(request.filter.takes_all());
  reply = {};  // ends it
  ASSERT_EQ(engine_.tables().captures, nullptr);
  reply = ask("GET", "/v1/trace?filter=udp");
  ASSERT_NE(engine_.tables().captures, nullptr);
  EXPECT_EQ(reply.content_type, "text/plain; charset=utf-8");
  EXPECT_TRUE(engine_.tables().captures->places[0]->request().explain);
}

TEST_F(CaptureApiTest, SaysWhatIsWrong) {
  EXPECT_THAT(refused("/v1/capture?filter=tcp%20prt"), HasSubstr("filter 'tcp prt': can't parse"));
  EXPECT_THAT(refused("/v1/capture?port=wbe"),
              HasSubstr("no port 'wbe'; there are web, trunk, wan"));
  EXPECT_THAT(refused("/v1/capture?snaplen=13"), HasSubstr("snaplen is '13', it takes 14 to"));
  EXPECT_THAT(refused("/v1/capture?count=0"), HasSubstr("count is '0'"));
  EXPECT_THAT(refused("/v1/capture?limit=3"), HasSubstr("unknown parameter 'limit'"));
  EXPECT_THAT(refused("/v1/trace?drops=1"), HasSubstr("unknown parameter 'drops'"));
  EXPECT_EQ(ask("POST", "/v1/capture").status, 405u);
  EXPECT_EQ(engine_.tables().captures, nullptr);
}

TEST_F(CaptureApiTest, RefusesOneTooMany) {
  std::vector<Reply> running;
  for (size_t i = 0; i < CaptureSet::limit; ++i) {
    running.push_back(ask("GET", "/v1/capture"));
    EXPECT_EQ(running.back().status, 200u);
  }
  EXPECT_EQ(ask("GET", "/v1/capture").status, 409u);
  running.erase(running.begin() + 3);
  EXPECT_EQ(ask("GET", "/v1/capture").status, 200u);
}

}  // namespace
}  // namespace uswitch
