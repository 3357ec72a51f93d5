// What of NAT's control side reaches the ports that are published on the host.
#include "control/nat_control.h"

#include <gtest/gtest.h>

#include "tests/unit/control/host_socket.h"

namespace uswitch {
namespace {

using namespace test;

Time now() {
  return std::chrono::steady_clock::now();
}

// A port of the loopback address that the system chooses, behind which the server answers.
Config config_with(const HostSocket& server, bool udp) {
  Config config;
  config.nat.present = true;
  config.nat.publish = {{.on = "",
                         .address = loopback4,
                         .first_port = 0,
                         .last_port = 0,
                         .tcp = !udp,
                         .udp = udp,
                         .to = loopback4,
                         .to_port = server.port()}};
  return config;
}

RelayCounts relayed(const NatControl& nat) {
  return nat.list_published().at(0).relayed.value();
}

HostSocket client_of(const NatControl& nat, int type = SOCK_STREAM) {
  return HostSocket::client(loopback4, nat.on_host()->list().at(0).entry.port, type);
}

TEST(NatControlRelay, an_endpoint_that_is_gone_takes_the_flows_that_the_host_relays_to_it) {
  const HostSocket server = HostSocket::server(loopback4);
  const Config config = config_with(server, false);
  NatControl nat(config);
  nat.published(now());
  const HostSocket client = client_of(nat);
  const HostSocket peer = server.accept();
  nat.forget({*IpAddress::parse("127.0.0.2")}, now());
  EXPECT_TRUE(client.say("still here"));
  EXPECT_EQ(peer.hear(), "still here");
  nat.forget({*IpAddress::parse("127.0.0.1")}, now());
  EXPECT_EQ(client.hear(), "<reset>");
  EXPECT_EQ(peer.hear(), "<reset>");
}

TEST(NatControlRelay, U5_relayed_UDP_is_idle_for_the_configured_time_also_after_a_reload) {
  const HostSocket server = HostSocket::server(loopback4, SOCK_DGRAM);
  Config brief = config_with(server, true), longer = brief;
  brief.nat.timeouts.udp = std::chrono::milliseconds(30);
  NatControl nat(brief);
  nat.published(now());
  const HostSocket client = client_of(nat, SOCK_DGRAM);
  ASSERT_TRUE(client.say("one"));
  ASSERT_EQ(server.hear(), "one");
  EXPECT_TRUE(eventually([&] { return relayed(nat).opened == 1 && relayed(nat).active == 0; }));

  nat.update(longer);
  nat.published(now());
  ASSERT_TRUE(client.say("two"));
  ASSERT_EQ(server.hear(), "two");
  EXPECT_EQ(relayed(nat).active, 1u);

  nat.update(brief);
  nat.published(now());
  EXPECT_TRUE(eventually([&] { return relayed(nat).active == 0; }));
}

TEST(NatControlRelay, lists_what_is_published_with_what_the_host_relays) {
  const HostSocket server = HostSocket::server(loopback4);
  const Config config = config_with(server, false);
  NatControl nat(config);
  nat.published(now());
  const HostSocket client = client_of(nat);
  ASSERT_TRUE(client.say("hello"));
  ASSERT_EQ(server.accept().hear(), "hello");
  ASSERT_EQ(nat.list_published().size(), 1u);
  EXPECT_EQ(nat.list_published()[0].config, config.nat.publish[0]);
  EXPECT_EQ(relayed(nat).opened, 1u);
  EXPECT_EQ(relayed(nat).bytes_in, 5u);
}

}  // namespace
}  // namespace uswitch
