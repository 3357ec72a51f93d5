// What becomes of the flows that a published server opens itself when what they were translated by
// changes.
#include "control/nat_control.h"

#include <gtest/gtest.h>

#include "tests/unit/control/config_accepted.h"
#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

using namespace test;

constexpr Time now{std::chrono::hours(1)};
constexpr NetworkId outside = 1;

Config configured(const std::string& own, const std::string& publish = "") {
  return accepted("networks:\n  office: {router: [10.0.0.1/24]}\n  outside: {router: [" + own +
                  "]}\nnat: {masquerade: [{from: 10.0.0.0/24, out: outside}], publish: [" +
                  publish + "]}");
}

class ServersOwnFlows : public testing::Test {
 protected:
  void take(Config next) {
    const auto old = std::move(config_);
    config_ = std::make_unique<Config>(std::move(next));
    if (control_)
      control_->update(*config_);
    else
      control_.emplace(*config_);
    control_->published(now);
  }

  // The masqueraded flow of an inner host from that port.
  void open(uint16_t port) {
    const Translation nat = control_->translation();
    const TransportAddress inner{address("10.0.0.2"), port, ip_protocol::udp};
    const Masquerade& m = *nat.policy.masquerade(inner.address, outside);
    NewConnection made;
    TransportAddress external;
    if (const auto published = nat.policy.published_end(inner, m, *nat.ports)) {
      external = published->external;
      made.tag = published->tag;
    } else {
      const PortMap::Lease lease = nat.ports->acquire(inner, m.realm, m.pool);
      external = lease.external;
      made.mapping = lease.mapping;
    }
    const Tuple tuple{inner.address, address("198.51.100.9"), port, 53, inner.protocol};
    made.reply = {tuple.destination, external.address, 53, external.port, inner.protocol};
    (void)nat.connections->insert(nat.connections->key(tuple), made, 100, now, nat.timeouts);
  }
  size_t connections() const { return control_->translation().connections->size(); }
  size_t mappings() const { return control_->translation().ports->size(); }

  std::unique_ptr<Config> config_;
  std::optional<NatControl> control_;
};

TEST_F(ServersOwnFlows, U7_FlowsOfAnExternalAddressThatHasGoneEnd) {
  take(configured("198.51.100.1/24"));
  open(4000);
  take(configured("198.51.100.1/24, 198.51.100.3/24"));
  EXPECT_EQ(connections(), 1u) << "it is still there";
  take(configured("198.51.100.2/24"));
  EXPECT_EQ(connections(), 0u);
  EXPECT_EQ(mappings(), 0u);
  open(4000);
  EXPECT_EQ(connections(), 1u) << "a new one begins under the new address";
  EXPECT_EQ(mappings(), 1u);
}

TEST_F(ServersOwnFlows, U1_WhatAServerOpensFromItsPublishedPortLivesAsLongAsThat) {
  const std::string entry = R"({on: outside, port: 5353, proto: udp, to: "10.0.0.2:53"})";
  const std::string other = R"({on: outside, port: 8080, proto: tcp, to: "10.0.0.3:80"})";
  take(configured("198.51.100.1/24", entry));
  open(53);
  EXPECT_EQ(mappings(), 0u) << "it needs none";
  take(configured("198.51.100.1/24", entry + ", " + other));
  EXPECT_EQ(connections(), 1u);
  take(configured("198.51.100.1/24", other));
  EXPECT_EQ(connections(), 0u);
}

}  // namespace
}  // namespace uswitch
