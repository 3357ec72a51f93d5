// A flood of SYNs with real flows beside it (CT-9, TR-11, U-11): whom it hurts, and whom it does
// not.
#include "tests/flow/natted.h"
#include "wire/checksum.h"

namespace uswitch::test {
namespace {

// One direction of a conversation: what is sent, and as what it arrives.
struct Way {
  PortId from, to;
  FrameBuilder sent, arrives;
};
struct Conversation {
  Way there, back;
};

// A frame that is sent often, with little changed in it.
class Stamp {
 public:
  explicit Stamp(const FrameBuilder& frame) : bytes_(frame.bytes()) {}
  Stamp& source(uint32_t address, uint16_t port) { return put(26, address, 34, port); }
  Stamp& destination(uint32_t address, uint16_t port) { return put(30, address, 36, port); }
  const Bytes& bytes() const { return bytes_; }

 private:
  static constexpr size_t ip_checksum = 24, tcp_checksum = 50;
  Stamp& put(size_t at, uint32_t address, size_t port_at, uint16_t port) {
    for (size_t i : {0, 2}) {
      const auto half = static_cast<uint16_t>(address >> (16 - 8 * i));
      correct(ip_checksum, at + i, half);
      change(at + i, half);
    }
    change(port_at, port);
    return *this;
  }
  void correct(size_t field, size_t at, uint16_t value) {
    const uint16_t delta = checksum::change(load_be16(&bytes_[at]), value);
    store_be16(&bytes_[field], checksum::apply(load_be16(&bytes_[field]), delta));
  }
  void change(size_t at, uint16_t value) {
    correct(tcp_checksum, at, value);
    store_be16(&bytes_[at], value);
  }
  Bytes bytes_;
};

// Bob serves port 8080 of the router, alice asks web; dns is a client of bob's. The crowd is
// whoever else is outside, and anna floods from inside.
class Flooded : public Natted {
 protected:
  const Host crowd = host(outside, 11, "198.51.100.11", "2001:db8::11");

  explicit Flooded(uint32_t max_connections) : Natted(max_connections) {
    sw.explain_no_more();
    sw.add_station(crowd.port, crowd.v4, mac(crowd.station));
    sw.add_route("0.0.0.0/0", outside, crowd.v4);
    sw.publish(outside, own4, 8080, tcp6, bob.v4, 80);
  }

  bool passes(const Way& way, std::string_view flags, uint32_t seq, uint32_t ack,
              std::string_view data = "") {
    const auto whole = [&](FrameBuilder f) {
      return f.flags(flags).seq(seq).ack(ack).payload(data);
    };
    (void)sw.received(way.to);
    send_by(way.from, whole(way.sent).bytes());
    return sw.received(way.to) == std::vector<Bytes>{whole(way.arrives).bytes()};
  }
  void send_by(PortId port, const Bytes& bytes) {
    sw.port(port).inject({bytes, {}});
    sw.poll(port);
  }

  // Its SYN has arrived. Nothing when it was refused.
  std::optional<Conversation> ask_web(uint16_t port) {
    (void)sw.received(web.port);
    send_by(alice.port, from(alice, web.v4).tcp(port, 80).flags("S").seq(100).bytes());
    const std::vector<Bytes> syns = sw.received(web.port);
    if (syns.size() != 1) return std::nullopt;
    const uint16_t external = source_port(syns[0]);
    return Conversation{
        {alice.port, web.port, from(alice, web.v4).tcp(port, 80), to(web, own4).tcp(external, 80)},
        {web.port, alice.port, from(web, own4).tcp(80, external), to(alice, web.v4).tcp(80, port)}};
  }
  std::optional<Conversation> ask_bob(uint16_t port) {
    const Conversation c{
        {dns.port, bob.port, from(dns, own4).tcp(port, 8080), to(bob, dns.v4).tcp(port, 80)},
        {bob.port, dns.port, from(bob, dns.v4).tcp(80, port), to(dns, own4).tcp(8080, port)}};
    if (!passes(c.there, "S", 100, 0)) return std::nullopt;
    return c;
  }
  bool answer(const Conversation& c) { return passes(c.back, "SA", 500, 101); }
  bool confirm(const Conversation& c) { return passes(c.there, "A", 101, 501); }
  // Data in both directions, as often as one likes.
  bool goes_on(const Conversation& c) {
    return passes(c.there, "PA", 101, 501, "question") && passes(c.back, "PA", 501, 109, "answer");
  }

  void establish(uint16_t each) {
    for (uint16_t n = 0; n < each; ++n) {
      for (const auto& c : {ask_web(next_port_), ask_bob(next_port_)}) {
        ASSERT_TRUE(c && answer(*c) && confirm(*c)) << n;
        established_.push_back(*c);
      }
      ++next_port_;
    }
  }
  // While the flood goes on: a client's round trip to bob, and alice's to web, take as long as so
  // many packets of it.
  template <class Send>
  void establish_within(Send flood, uint32_t round_trip) {
    const auto w = ask_web(next_port_);
    ASSERT_TRUE(w) << next_port_;
    flood(round_trip);
    ASSERT_TRUE(answer(*w) && confirm(*w)) << next_port_;
    const auto b = ask_bob(next_port_);
    ASSERT_TRUE(b && answer(*b)) << next_port_;
    flood(round_trip);
    ASSERT_TRUE(confirm(*b)) << next_port_;
    established_.push_back(*w);
    established_.push_back(*b);
    ++next_port_;
  }
  void expect_all_go_on() {
    for (size_t n = 0; n < established_.size(); ++n) {
      ASSERT_TRUE(goes_on(established_[n])) << n << " of " << established_.size();
    }
    EXPECT_EQ(sw.total_drops(), 0u);
  }

  // As fast as a million a second.
  void send_batch(PortId port, const std::vector<Bytes>& frames) {
    for (const Bytes& f : frames) sw.port(port).inject({f, {}});
    sw.poll(port);
    sw.advance(std::chrono::microseconds(frames.size()));
  }
  // From as many hosts, to bob, who answers every one.
  void flood_from_outside(uint32_t syns) {
    for (const uint32_t end = flooded_ + syns; flooded_ < end;) {
      std::vector<Bytes> frames, answers;
      for (; frames.size() < Batch::limit && flooded_ < end; ++flooded_) {
        const auto port = static_cast<uint16_t>(1024 + flooded_ % 60'000);
        frames.push_back(syn_in_.source(0x0b000000 + flooded_, port).bytes());
        answers.push_back(answer_.destination(0x0b000000 + flooded_, port).bytes());
      }
      (void)sw.received(bob.port);
      send_batch(crowd.port, frames);
      EXPECT_EQ(sw.received(bob.port).size(), frames.size());
      send_batch(bob.port, answers);
      EXPECT_EQ(sw.received(crowd.port).size(), frames.size());
    }
  }
  // From as many inner ends, to as many hosts, of which none answers.
  void flood_from_inside(uint32_t syns) {
    for (const uint32_t end = flooded_ + syns; flooded_ < end;) {
      std::vector<Bytes> frames;
      for (; frames.size() < Batch::limit && flooded_ < end; ++flooded_) {
        const uint32_t host = 0x0a000064 + flooded_ / 60'000;  // 10.0.0.100 and on
        syn_out_.source(host, static_cast<uint16_t>(1024 + flooded_ % 60'000));
        frames.push_back(syn_out_.destination(0x0b000000 + flooded_, 443).bytes());
      }
      send_batch(anna.port, frames);
      EXPECT_EQ(sw.received(crowd.port).size(), frames.size());
    }
  }

  std::vector<Conversation> established_;
  uint16_t next_port_ = 2000;
  uint32_t flooded_ = 0;
  Stamp syn_in_{from(crowd, own4).tcp(1, 8080).flags("S").seq(1)};
  Stamp answer_{from(bob, crowd.v4).tcp(80, 1).flags("SA").seq(7).ack(2)};
  Stamp syn_out_{from(anna, crowd.v4).tcp(1, 443).flags("S").seq(1)};
};

// A quarter is assured before, and a round trip lasts while a sixth of the rest is flooded.
class SmallTable : public Flooded {
 protected:
  static constexpr uint32_t room = 1u << 14, round_trip = 2000, million = 1'000'000;
  SmallTable() : Flooded(room) {}
};

TEST_F(SmallTable, CT9_AMillionSynsFromOutsideHurtNoneWhoWasThereAndKeepNobodyOut) {
  establish(2000);
  flood_from_outside(2 * room);
  while (flooded_ < million && !HasFatalFailure()) {
    establish_within([&](uint32_t n) { flood_from_outside(n); }, round_trip);
  }
  expect_all_go_on();
  EXPECT_EQ(sw.nat().connections->size(), room);
}

TEST_F(SmallTable, CT9_AMillionSynsFromInsideHurtNoneWhoWasThereAndKeepNobodyOut) {
  establish(2000);
  flood_from_inside(2 * room);
  while (flooded_ < million && !HasFatalFailure()) {
    establish_within([&](uint32_t n) { flood_from_inside(n); }, round_trip);
  }
  expect_all_go_on();
  EXPECT_EQ(sw.nat().connections->size(), room);
}

// U-11: who may send to a mapping does not change either, whoever else has begun flows.
class FloodedFilter : public Flooded, public testing::WithParamInterface<Filtering> {
 protected:
  static constexpr uint32_t room = 1024;
  FloodedFilter() : Flooded(room) { sw.nat().filtering = GetParam(); }
  // Web, from another port than the one it was asked by.
  bool web_may_send(uint16_t external, uint16_t from_port, uint16_t inner) {
    const Way way{web.port, alice.port, from(web, own4).tcp(from_port, external),
                  to(alice, web.v4).tcp(from_port, inner)};
    return passes(way, "S", 1, 0);
  }
};
INSTANTIATE_TEST_SUITE_P(Modes, FloodedFilter,
                         testing::Values(Filtering::endpoint_independent,
                                         Filtering::address_dependent));

TEST_P(FloodedFilter, U11_CT9_LeavesOfAssuredFlowsStay) {
  establish(50);
  for (uint16_t port = 9000; port < 9050; ++port) {
    for (int twice = 0; twice < 2; ++twice) {
      send_by(alice.port, from(alice, web.v4).udp(port, 53).bytes());
      send_by(web.port, from(web, own4).udp(53, port).bytes());
    }
  }
  flood_from_outside(20'000);
  flood_from_inside(20'000);
  for (uint16_t n = 0; n < 50; ++n) {
    const auto inner = static_cast<uint16_t>(2000 + n);
    const uint16_t external = load_be16(&established_[2u * n].there.arrives.bytes().at(34));
    EXPECT_TRUE(web_may_send(external, 81, inner)) << inner;
    (void)sw.received(alice.port);
    send_by(web.port, from(web, own4).udp(99, static_cast<uint16_t>(9000 + n)).bytes());
    EXPECT_EQ(sw.received(alice.port).size(), 1u) << n;
  }
  expect_all_go_on();
}

// The leave of a flow that is over is the first to go: of as many as there are, none stays in the
// way of a new one.
TEST_P(FloodedFilter, CT9_LeavesOfFinishedFlowsKeepNobodyOut) {
  for (uint16_t n = 0; n < 3 * room; ++n) {
    const auto c = ask_web(static_cast<uint16_t>(2000 + n));
    ASSERT_TRUE(c && answer(*c) && confirm(*c)) << n;
    if (n % 3 == 0) {
      ASSERT_TRUE(passes(c->back, "R", 501, 0));
    } else if (n % 3 == 1) {
      ASSERT_TRUE(passes(c->there, "R", 101, 0));
    } else {
      ASSERT_TRUE(passes(c->there, "FA", 101, 501) && passes(c->back, "FA", 501, 102) &&
                  passes(c->there, "A", 102, 502));
    }
    sw.advance(milliseconds(1));
  }
  EXPECT_EQ(sw.nat().connections->count(ConnectionTable::Insert::full), 0u);
}

// What a stranger has reset takes nothing from the others.
TEST_P(FloodedFilter, N4_U11_StrangersResetsDoNotMakeALeaveWorthLess) {
  establish(1);
  ASSERT_TRUE(web_may_send(2000, 81, 2000));
  EXPECT_TRUE(
      passes({alice.port, web.port, from(alice, web.v4).tcp(2000, 81), to(web, own4).tcp(2000, 81)},
             "RA", 0, 2));
  flood_from_outside(20'000);
  EXPECT_TRUE(web_may_send(2000, 82, 2000));
}

// There is room for more connections than the external address has ports.
class FewPorts : public Flooded {
 protected:
  FewPorts() : Flooded(1u << 17) {}
};

TEST_F(FewPorts, CT9_TR11_AFloodThatTakesAllPortsHurtsNoneWhoWasThereAndKeepsNobodyOut) {
  establish(1000);
  flood_from_inside(70'000);
  EXPECT_GT(sw.nat().ports->exhausted(), 0u);
  while (flooded_ < 200'000 && !HasFatalFailure()) {
    establish_within([&](uint32_t n) { flood_from_inside(n); }, 4000);
  }
  expect_all_go_on();
  EXPECT_LE(sw.nat().ports->size(), 64'512u) << "U-3: none has two";
}

TEST_F(FewPorts, U3_CT9_NoPortIsTakenFromWhoUsesIt) {
  establish(100);
  flood_from_inside(70'000);
  std::map<uint16_t, IpAddress> holders;
  uint32_t tcp = 0;
  const auto& table = sw.nat().connections;
  table->scan(0, table->max_connections(), sw.now(), [&](const ConnectionInfo& info) {
    if (info.reply.destination == own4) {
      ++tcp;
      EXPECT_TRUE(holders.emplace(info.reply.destination_port, info.original.source).second);
    }
    return ConnectionTable::Visit::keep;
  });
  EXPECT_EQ(tcp, 64'512u);
  expect_all_go_on();
}

}  // namespace
}  // namespace uswitch::test
