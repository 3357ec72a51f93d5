#include "control/relay_udp.h"

#include <gtest/gtest.h>

#include "tests/unit/control/host_socket.h"

namespace uswitch {
namespace {

using namespace test;

// A published port and the server behind it.
struct Published {
  explicit Published(const RelayLimits& limits = {}, const IpAddress& server_address = loopback4,
                     const IpAddress& address = loopback4)
      : server(HostSocket::server(server_address, SOCK_DGRAM)),
        host(limits),
        port(publish(host, 1, entry_to(server, server_address, address, true))) {}

  HostSocket client() const { return HostSocket::client(loopback4, port, SOCK_DGRAM); }
  RelayCounts view() const { return host.list().at(0).counts; }

  HostSocket server;
  HostPublish host;
  uint16_t port;
};

struct Heard {
  SocketAddress from{};
  std::string text;
};

Heard hear_from(const HostSocket& socket) {
  Heard heard;
  heard.text.resize(65536);
  socklen_t size = sizeof heard.from;
  const ssize_t n =
      recvfrom(socket.fd(), heard.text.data(), heard.text.size(), 0, &heard.from.generic, &size);
  heard.text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return heard;
}

bool say_to(const HostSocket& socket, const SocketAddress& to, std::string_view text) {
  return sendto(socket.fd(), text.data(), text.size(), 0, &to.generic, to.size()) ==
         static_cast<ssize_t>(text.size());
}

// What the server hears of "text" from the client; it has answered "text, indeed".
Heard exchange(const HostSocket& client, const HostSocket& server, const std::string& text) {
  EXPECT_TRUE(client.say(text));
  const Heard heard = hear_from(server);
  EXPECT_EQ(heard.text, text);
  EXPECT_TRUE(say_to(server, heard.from, text + ", indeed"));
  EXPECT_EQ(client.hear(), text + ", indeed");
  return heard;
}

TEST(RelayUdp, carries_answers_to_the_client_that_asked) {
  const Published p;
  const HostSocket one = p.client(), two = p.client();
  ASSERT_TRUE(one.say("one"));
  const Heard from_one = hear_from(p.server);
  ASSERT_TRUE(two.say("two"));
  const Heard from_two = hear_from(p.server);
  EXPECT_NE(from_one.from.port(), from_two.from.port());
  EXPECT_TRUE(say_to(p.server, from_two.from, "to two"));
  EXPECT_TRUE(say_to(p.server, from_one.from, "to one"));
  EXPECT_EQ(one.hear(), "to one");
  EXPECT_EQ(two.hear(), "to two");
  EXPECT_EQ(p.view().active, 2u);
  EXPECT_EQ(p.view().bytes_in, 6u);
}

TEST(RelayUdp, a_client_has_one_socket_to_the_endpoint) {
  const Published p;
  const HostSocket client = p.client();
  const Heard first = exchange(client, p.server, "first");
  const Heard second = exchange(client, p.server, "second");
  EXPECT_EQ(first.from.port(), second.from.port());
  EXPECT_EQ(p.view().opened, 1u);
}

TEST(RelayUdp, carries_the_largest_and_the_smallest_datagram) {
  const Published p;
  const HostSocket client = p.client();
  const std::string largest(65507, 'x');
  ASSERT_TRUE(client.say(largest));
  const Heard heard = hear_from(p.server);
  EXPECT_TRUE(heard.text == largest);
  EXPECT_TRUE(say_to(p.server, heard.from, largest));
  EXPECT_TRUE(client.hear() == largest);
  ASSERT_EQ(send(client.fd(), "", 0, 0), 0);
  EXPECT_EQ(hear_from(p.server).from.port(), heard.from.port());
}

void answers_from_where_it_was_asked(const IpAddress& asked, const IpAddress& published) {
  const Published p({}, loopback4, published);
  const HostSocket client(asked.family(), SOCK_DGRAM);  // not connected: takes it from anywhere
  ASSERT_TRUE(say_to(client, SocketAddress::of(asked, p.port), "where?"));
  ASSERT_TRUE(say_to(p.server, hear_from(p.server).from, "here"));
  const Heard answer = hear_from(client);
  EXPECT_EQ(answer.text, "here");
  EXPECT_EQ(answer.from.address().to_string(), asked.to_string());
  EXPECT_EQ(answer.from.port(), p.port);
}

TEST(RelayUdp, answers_from_the_address_that_was_asked) {
  const IpAddress other = *IpAddress::parse("127.0.0.2");
  answers_from_where_it_was_asked(other, any4);
  answers_from_where_it_was_asked(loopback4, loopback4);
}

TEST(RelayUdp, answers_from_the_IPv6_address_that_was_asked) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  answers_from_where_it_was_asked(loopback6, IpAddress{});
}

TEST(RelayUdp, carries_IPv4_to_IPv6) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const Published p({}, loopback6);
  exchange(p.client(), p.server, "across");
}

TEST(RelayUdp, one_client_at_two_addresses_is_two_flows) {
  const Published p({}, loopback4, any4);
  const HostSocket client(Family::v4, SOCK_DGRAM);
  const IpAddress other = *IpAddress::parse("127.0.0.2");
  for (const IpAddress& to : {loopback4, other}) {
    ASSERT_TRUE(say_to(client, SocketAddress::of(to, p.port), "hello"));
    ASSERT_TRUE(say_to(p.server, hear_from(p.server).from, "hello"));
    EXPECT_EQ(hear_from(client).from.address(), to);
  }
  EXPECT_EQ(p.view().active, 2u);
}

TEST(RelayUdp, U5_forgets_a_client_that_is_idle) {
  RelayLimits limits;
  limits.udp_idle = std::chrono::milliseconds(30);
  const Published p(limits);
  const HostSocket client = p.client();
  ASSERT_TRUE(client.say("hello"));
  ASSERT_EQ(hear_from(p.server).text, "hello");
  EXPECT_TRUE(eventually([&] { return p.view().opened == 1 && p.view().active == 0; }));
  ASSERT_TRUE(client.say("again"));
  ASSERT_EQ(hear_from(p.server).text, "again");
  EXPECT_TRUE(eventually([&] { return p.view().opened == 2 && p.view().active == 0; }));
}

TEST(RelayUdp, U5_another_idle_time_counts_for_the_clients_that_are_there) {
  Published p;
  const HostSocket client = p.client();
  exchange(client, p.server, "hello");
  p.host.set_udp_idle(std::chrono::milliseconds(30));
  EXPECT_TRUE(eventually([&] { return p.view().active == 0; }));
  p.host.set_udp_idle(std::chrono::seconds(300));
  exchange(client, p.server, "again");
  EXPECT_EQ(p.view().active, 1u);
}

TEST(RelayUdp, forged_sources_do_not_take_the_place_of_a_client_that_was_answered) {
  RelayLimits limits;
  limits.udp_flows = 4;
  const Published p(limits);
  const HostSocket client = p.client();
  const uint16_t port = exchange(client, p.server, "mine").from.port();
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(p.client().say("forged"));
    ASSERT_EQ(hear_from(p.server).text, "forged");
  }
  EXPECT_EQ(p.view().opened, 13u);
  EXPECT_EQ(p.view().active, 4u);
  EXPECT_EQ(exchange(client, p.server, "still mine").from.port(), port);
}

TEST(RelayUdp, forgets_the_client_longest_unused_for_a_new_one) {
  RelayLimits limits;
  limits.udp_flows = 2;
  const Published p(limits);
  const HostSocket one = p.client(), two = p.client(), three = p.client();
  const uint16_t port_of_one = exchange(one, p.server, "one").from.port();
  const Heard from_two = exchange(two, p.server, "two");
  EXPECT_EQ(exchange(one, p.server, "one again").from.port(), port_of_one);
  exchange(three, p.server, "three");
  EXPECT_EQ(p.view().active, 2u);
  EXPECT_EQ(exchange(one, p.server, "one still").from.port(), port_of_one);
  EXPECT_EQ(p.view().opened, 3u);
  exchange(two, p.server, "two anew");
  EXPECT_EQ(p.view().opened, 4u);
  EXPECT_EQ(p.view().active, 2u);
}

TEST(RelayUdp, refuses_a_client_when_other_entries_have_all_flows) {
  RelayLimits limits;
  limits.flows = 1;
  Published p(limits);
  const HostSocket client = p.client();
  exchange(client, p.server, "mine");
  const uint16_t port = publish(p.host, 2, entry_to(p.server, loopback4, loopback4, true));
  ASSERT_TRUE(HostSocket::client(loopback4, port, SOCK_DGRAM).say("no room"));
  EXPECT_TRUE(eventually([&] { return p.host.list().at(1).counts.refused == 1; }));
  exchange(client, p.server, "still mine");
}

TEST(RelayUdp, refuses_clients_that_are_not_allowed) {
  const HostSocket server = HostSocket::server(loopback4, SOCK_DGRAM);
  HostPublish host;
  RelayEntry entry = entry_to(server, loopback4, loopback4, true);
  entry.allow = {*IpPrefix::parse("10.0.0.0/8")};
  const uint16_t port = publish(host, 1, entry);
  ASSERT_TRUE(HostSocket::client(loopback4, port, SOCK_DGRAM).say("let me in"));
  EXPECT_TRUE(eventually([&] { return host.list().at(0).counts.refused == 1; }));
  EXPECT_EQ(host.list().at(0).counts.opened, 0u);
}

TEST(RelayUdp, goes_on_when_an_endpoint_that_was_away_is_back) {
  Published p;
  const HostSocket client = p.client();
  const SocketAddress there = SocketAddress::of(loopback4, p.server.port());
  exchange(client, p.server, "before");
  p.server.close();
  ASSERT_TRUE(client.say("into the void"));
  ASSERT_TRUE(eventually([&] { return p.view().bytes_in == 19; }));
  const HostSocket back(Family::v4, SOCK_DGRAM);
  ASSERT_EQ(bind(back.fd(), &there.generic, there.size()), 0);
  exchange(client, back, "after");
  EXPECT_EQ(p.view().opened, 1u);
}

}  // namespace
}  // namespace uswitch
