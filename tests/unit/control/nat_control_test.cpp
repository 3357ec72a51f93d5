// What ends which flows, and who gets which external port, while the configuration and what is
// published change. Workers are played by hand: they make connections by the Translation.
#include "control/nat_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "tests/unit/control/config_accepted.h"
#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

constexpr Time now{std::chrono::hours(100)};
constexpr NetworkId outside = 2;
constexpr uint8_t tcp = ip_protocol::tcp;

const std::string masquerade = "masquerade: [{from: 10.0.0.0/24, out: outside}]";
const std::string two_published =
    "publish: [{on: outside, port: 8080, to: '10.0.0.11:80'}, "
    "{on: outside, port: 8081, to: '10.0.0.12:80'}]";

Config config_of(const std::string& nat, const std::string& own) {
  return accepted(
      "networks:\n"
      "  office: {router: 10.0.0.1/24}\n"
      "  lab: {router: 10.1.0.1/24}\n"
      "  outside: {outside: on, router: " +
      own + "}\nnat: {max_connections: 1024" + (nat.empty() ? "" : ", ") + nat + "}\n");
}

PublishConfig entry(uint16_t port, const char* to) {
  return {.on = "outside",
          .first_port = port,
          .last_port = port,
          .tcp = true,
          .to = address(to),
          .to_port = 80};
}

// The warnings, while it lives.
class Warnings {
 public:
  Warnings() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text_);
    auto logger = std::make_shared<spdlog::logger>("test", sink);
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::warn);
    spdlog::set_default_logger(logger);
  }
  ~Warnings() { spdlog::set_default_logger(before_); }
  std::vector<std::string> take() {
    std::vector<std::string> lines;
    std::istringstream text(text_.str());
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    text_.str("");
    return lines;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

class NatControlTest : public testing::Test {
 protected:
  void start(const std::string& nat, const std::string& own = "198.51.100.1/24") {
    config_ = std::make_unique<Config>(config_of(nat, own));
    control_ = std::make_unique<NatControl>(*config_);
    control_->published(now);
  }
  void reload(const std::string& nat, const std::string& own = "198.51.100.1/24") {
    auto wanted = std::make_unique<Config>(config_of(nat, own));
    control_->update(*wanted);
    config_ = std::move(wanted);
    control_->published(now);
  }
  void publish(const PublishConfig& wanted) {
    EXPECT_EQ(control_->publish(wanted), std::nullopt);
    control_->published(now);
  }
  void unpublish(const PublishConfig& meant) {
    PublishConfig removed;
    EXPECT_EQ(control_->unpublish(meant, removed), std::nullopt);
    EXPECT_EQ(removed, meant);
    control_->published(now);
  }

  Translation nat() const { return control_->translation(); }
  uint16_t tag_of(uint16_t port, const char* at = "198.51.100.1") const {
    const Translation all = nat();
    const Publish* p = all.policy.published(address(at), tcp, port);
    return p ? p->tag : uint16_t{0};
  }

  // Each makes a connection and returns the tuple of its first packet.
  Tuple insert(const Tuple& original, const NewConnection& made) {
    const Translation all = nat();
    const auto inserted =
        all.connections->insert(all.connections->key(original), made, 100, now, all.timeouts);
    EXPECT_EQ(inserted.outcome, ConnectionTable::Insert::inserted);
    return original;
  }
  // From a client to a published port.
  Tuple open_published(const char* client, uint16_t port, const char* at = "198.51.100.1") {
    const Translation all = nat();
    const Tuple t{address(client), address(at), 5000, port, tcp};
    NewConnection made;
    if (const Publish* p = all.policy.published(t.destination, tcp, port)) {
      made.reply = {p->to, t.source, p->to_port, t.source_port, tcp};
      made.tag = p->tag;
    }
    EXPECT_NE(made.tag, 0);
    return insert(t, made);
  }
  // From an inner end to the world.
  Tuple open_masqueraded(const char* inner, uint16_t port) {
    const Tuple t{address(inner), address("203.0.113.7"), port, 443, tcp};
    const PortMap::Lease lease = take_port(t);
    NewConnection made;
    made.reply = {t.destination, lease.external.address, 443, lease.external.port, tcp};
    made.mapping = lease.mapping;
    return insert(t, made);
  }
  // From the world to such a mapping.
  Tuple open_inwards(const Tuple& outwards) {
    const Translation all = nat();
    const TransportAddress external = external_of(outwards);
    NewConnection made;
    made.mapping = all.ports->acquire_external(external).mapping;
    const Tuple t{address("203.0.113.8"), external.address, 6000, external.port, tcp};
    made.reply = {outwards.source, t.source, outwards.source_port, t.source_port, tcp};
    return insert(t, made);
  }
  // Of a connection that is not translated.
  Tuple open_plain() {
    const Tuple t{address("10.1.0.31"), address("203.0.113.7"), 5000, 443, tcp};
    NewConnection made;
    made.reply = t.reversed();
    return insert(t, made);
  }
  PortMap::Lease take_port(const Tuple& t) {
    const Translation all = nat();
    const Masquerade* m = all.policy.masquerade(t.source, outside);
    if (!m) return {};
    return all.ports->acquire({t.source, t.source_port, tcp}, m->realm, m->pool);
  }

  std::optional<Found> find(const Tuple& t) const {
    const Translation all = nat();
    return all.connections->lookup(all.connections->key(t), now);
  }
  bool lives(const Tuple& t) const { return find(t).has_value(); }
  TransportAddress external_of(const Tuple& t) const {
    const auto found = find(t);
    if (!found) return {};
    const Tuple reply = found->other();
    return {reply.destination, reply.destination_port, tcp};
  }
  // The external port that this inner port would get.
  uint16_t port_for(const char* inner, uint16_t port) {
    const Tuple t = open_masqueraded(inner, port);
    const uint16_t got = external_of(t).port;
    nat().connections->remove(find(t)->ref);
    return got;
  }

  std::unique_ptr<Config> config_;
  std::unique_ptr<NatControl> control_;
};

TEST_F(NatControlTest, UnpublishingEndsTheFlowsOfThatEntryAlone) {
  start(masquerade + ", " + two_published);
  const Tuple one = open_published("192.0.2.1", 8080), two = open_published("192.0.2.1", 8081);
  const Tuple out = open_masqueraded("10.0.0.11", 4000);
  PublishConfig removed;
  EXPECT_EQ(control_->unpublish(entry(8080, "10.0.0.11"), removed), std::nullopt);
  EXPECT_TRUE(lives(one)) << "the workers do not know yet";
  control_->published(now);
  EXPECT_FALSE(lives(one));
  EXPECT_TRUE(lives(two) && lives(out));
  EXPECT_EQ(tag_of(8080), 0);
}

TEST_F(NatControlTest, PublishingEndsNothingElse) {
  start(masquerade + ", " + two_published);
  const Tuple one = open_published("192.0.2.1", 8080);
  const Tuple out = open_masqueraded("10.0.0.11", 4000);
  publish(entry(9000, "10.0.0.11"));
  const Tuple added = open_published("192.0.2.2", 9000);
  EXPECT_TRUE(lives(one) && lives(out));
  unpublish(entry(9000, "10.0.0.11"));
  EXPECT_FALSE(lives(added));
  EXPECT_TRUE(lives(one) && lives(out));
}

TEST_F(NatControlTest, WhatCannotBePublishedIsRefused) {
  start(two_published);
  EXPECT_THAT(control_->publish(entry(8080, "10.0.0.13")),
              Optional(HasSubstr("published already")));
  PublishConfig removed;
  EXPECT_THAT(control_->unpublish(entry(8080, "10.0.0.13"), removed),
              Optional(HasSubstr("not published")));
  EXPECT_NE(tag_of(8080), 0);
}

TEST_F(NatControlTest, P1_APublishedPortIsNotGivenOut) {
  start(masquerade + ", publish: [{on: outside, port: 8000-8999, to: '10.0.0.11'}]");
  const uint16_t got = port_for("10.0.0.12", 8080);
  EXPECT_TRUE(got < 8000 || got > 8999) << got;
  EXPECT_EQ(port_for("10.0.0.12", 9000), 9000);
  publish(entry(9000, "10.0.0.11"));
  EXPECT_NE(port_for("10.0.0.12", 9000), 9000);
  unpublish(entry(9000, "10.0.0.11"));
  EXPECT_EQ(port_for("10.0.0.12", 9000), 9000);
}

TEST_F(NatControlTest, P1_WhoHasThePortThatIsPublishedLosesIt) {
  start(masquerade + ", filtering: endpoint-independent");
  const Tuple out = open_masqueraded("10.0.0.12", 8080), in = open_inwards(out);
  const Tuple other = open_masqueraded("10.0.0.12", 8081), other_in = open_inwards(other);
  ASSERT_EQ(external_of(out).port, 8080);
  publish(entry(8080, "10.0.0.11"));
  EXPECT_FALSE(lives(out));
  EXPECT_FALSE(lives(in));
  EXPECT_TRUE(lives(other) && lives(other_in));
  EXPECT_EQ(nat().ports->size(), 1u) << "the mapping is still there";
  EXPECT_NE(port_for("10.0.0.12", 8080), 8080);
}

// The port map gives the number of an address that has gone to the next one.
TEST_F(NatControlTest, P1_AlsoOnAnAddressThatTookAnotherOnesPlace) {
  const std::string to_first = "{from: 10.0.0.0/24, out: outside, to: 198.51.100.8}";
  const std::string to_second = "{from: 10.0.0.0/24, out: outside, to: 198.51.100.9}";
  const std::string on_first =
      "{on: outside, address: 198.51.100.8, port: 8080, to: '10.0.0.11:80'}";
  const std::string on_second =
      "{on: outside, address: 198.51.100.9, port: 8080, to: '10.0.0.11:80'}";
  start("masquerade: [" + to_first + "], publish: [" + on_first + "]");
  reload("publish: [" + on_first + "]");
  reload("masquerade: [" + to_second + "], publish: [" + on_first + ", " + on_second + "]");
  EXPECT_NE(port_for("10.0.0.12", 8080), 8080);
}

TEST_F(NatControlTest, U7_AnotherExternalAddressEndsWhatHadTheOldOne) {
  start(masquerade + ", " + two_published);
  const Tuple out = open_masqueraded("10.0.0.11", 4000), in = open_published("192.0.2.1", 8080);
  const Tuple plain = open_plain();
  reload(masquerade + ", " + two_published, "198.51.100.7/24");
  EXPECT_FALSE(lives(out));
  EXPECT_FALSE(lives(in));
  EXPECT_TRUE(lives(plain));
  EXPECT_EQ(external_of(open_masqueraded("10.0.0.11", 4000)).address, address("198.51.100.7"));
  EXPECT_TRUE(lives(open_published("192.0.2.1", 8080, "198.51.100.7")));
}

TEST_F(NatControlTest, AReloadOfTheSameEndsNothing) {
  start(masquerade + ", " + two_published);
  const Tuple out = open_masqueraded("10.0.0.11", 4000), in = open_published("192.0.2.1", 8080);
  const uint16_t tag = tag_of(8080);
  reload(masquerade + ", " + two_published);
  EXPECT_TRUE(lives(out) && lives(in));
  EXPECT_EQ(tag_of(8080), tag);
}

TEST_F(NatControlTest, ARefusedReloadEndsNothing) {
  start(two_published);
  const Tuple in = open_published("192.0.2.1", 8080);
  const Config wanted = config_of("", "198.51.100.1/24");
  control_->update(wanted);
  control_->update(*config_);
  control_->published(now);
  EXPECT_TRUE(lives(in));
}

TEST_F(NatControlTest, AMasqueradeThatGoesTakesItsFlowsAndMayComeBack) {
  const std::string narrow =
      "masquerade: [{from: 10.0.0.11/32, out: outside, to: 198.51.100.8}, "
      "{from: 10.0.0.0/24, out: outside}]";
  start(narrow);
  const Tuple own = open_masqueraded("10.0.0.11", 4000),
              other = open_masqueraded("10.0.0.12", 4000);
  ASSERT_EQ(external_of(own).address, address("198.51.100.8"));
  reload(masquerade);
  EXPECT_FALSE(lives(own));
  EXPECT_TRUE(lives(other));
  EXPECT_EQ(external_of(open_masqueraded("10.0.0.11", 4000)).address, address("198.51.100.1"));
  reload(narrow);
  EXPECT_TRUE(lives(other));
  EXPECT_EQ(external_of(open_masqueraded("10.0.0.11", 4001)).address, address("198.51.100.8"));
}

// More, one after the other, than there is room for at once.
TEST_F(NatControlTest, AddressesThatGoMakeRoomForOthers) {
  start("");
  for (size_t i = 0; i < PortMap::max_externals + 10; ++i) {
    const std::string to = "203.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    reload("masquerade: [{from: 10.0.0.0/24, out: outside, to: " + to + "}]");
    ASSERT_EQ(external_of(open_masqueraded("10.0.0.11", 4000)).address, address(to.c_str()));
  }
}

TEST_F(NatControlTest, WithoutASectionNothingIsLeft) {
  start(two_published);
  auto wanted = std::make_unique<Config>(accepted("networks: {office: {router: 10.0.0.1/24}}"));
  control_->update(*wanted);
  config_ = std::move(wanted);
  control_->published(now);
  EXPECT_EQ(nat().connections, nullptr);
  EXPECT_THAT(control_->publish(entry(8080, "10.0.0.11")), Optional(HasSubstr("no section nat")));
}

TEST_F(NatControlTest, TR19_EndpointsThatGoTakeTheirFlows) {
  start(masquerade + ", " + two_published);
  const Tuple out = open_masqueraded("10.0.0.11", 4000), in = open_published("192.0.2.1", 8080);
  const Tuple other_out = open_masqueraded("10.0.0.12", 4000),
              other_in = open_published("192.0.2.1", 8081);
  control_->forget({}, now);
  EXPECT_TRUE(lives(out) && lives(in));
  control_->forget({address("10.0.0.11"), address("10.0.0.99")}, now);
  EXPECT_FALSE(lives(out));
  EXPECT_FALSE(lives(in));
  EXPECT_TRUE(lives(other_out) && lives(other_in));
  EXPECT_EQ(tag_of(8080), 1) << "it stays published";
}

// The number of an entry's flows is no other's while it is there, however many come and go.
TEST_F(NatControlTest, TagsInUseAreNotGivenToOthers) {
  const Warnings quiet;
  start(two_published);
  const uint16_t first = tag_of(8080), second = tag_of(8081);
  for (int i = 0; i < 0x8000; ++i) {
    publish(entry(9000, "10.0.0.13"));
    const uint16_t tag = tag_of(9000);
    ASSERT_TRUE(tag != 0 && tag != first && tag != second && tag < 0x8000) << i;
    unpublish(entry(9000, "10.0.0.13"));
  }
}

class NatControlWarning : public NatControlTest {
 protected:
  NatControlWarning() { start(""); }
  // The warnings once there are so many connections, of 1024.
  std::vector<std::string> with(uint32_t wanted) {
    const Translation all = nat();
    uint32_t too_many = all.connections->size() > wanted ? all.connections->size() - wanted : 0;
    all.connections->scan(0, 1024, now, [&](const ConnectionInfo&) {
      if (too_many == 0) return ConnectionTable::Visit::keep;
      --too_many;
      return ConnectionTable::Visit::remove;
    });
    while (all.connections->size() < wanted) {
      const Tuple t{address("10.0.0.11"), address("203.0.113.7"), next_port_++, 53, tcp};
      NewConnection made;
      made.reply = t.reversed();
      insert(t, made);
    }
    control_->tick(now);
    return warnings_.take();
  }

  Warnings warnings_;
  uint16_t next_port_ = 1;
};

TEST_F(NatControlWarning, ComesOnceAtFourFifths) {
  EXPECT_THAT(with(819), IsEmpty());
  EXPECT_THAT(with(820), ElementsAre(HasSubstr("820 of 1024 connections are in use")));
  EXPECT_THAT(with(1000), IsEmpty());
}

TEST_F(NatControlWarning, NotAgainWhileTheNumberWavers) {
  EXPECT_THAT(with(830), ElementsAre(HasSubstr("830 of 1024")));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(with(720), IsEmpty());
    EXPECT_THAT(with(840), IsEmpty());
  }
  EXPECT_THAT(with(716), IsEmpty());
  EXPECT_THAT(with(850), ElementsAre(HasSubstr("850 of 1024")));
}

}  // namespace
}  // namespace uswitch
