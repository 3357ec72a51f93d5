#include "control/relay_tcp.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <thread>
#include <vector>

#include "tests/unit/control/host_socket.h"

namespace uswitch {
namespace {

using namespace test;

// A published port and the server behind it.
struct Published {
  explicit Published(const RelayLimits& limits = {}, const IpAddress& server_address = loopback4,
                     const IpAddress& address = loopback4)
      : server(HostSocket::server(server_address)),
        host(limits),
        port(publish(host, 1, entry_to(server, server_address, address))) {}

  HostSocket client() const { return HostSocket::client(loopback4, port); }
  RelayCounts view() const { return host.list().at(0).counts; }

  HostSocket server;
  HostPublish host;
  uint16_t port;
};

// Every byte depends on its place.
std::string pattern(size_t size) {
  std::string text(size, '\0');
  uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

void echo(const HostSocket& server) {
  const HostSocket peer = server.accept();
  for (std::string text; (text = peer.hear()) != "<end>";) {
    if (!peer.say(text)) return;
  }
}

void carries_ten_megabytes_both_ways(const IpAddress& client_address,
                                     const IpAddress& server_address, const IpAddress& published) {
  const Published p({}, server_address, published);
  std::thread server([&] { echo(p.server); });
  const HostSocket client = HostSocket::client(client_address, p.port);
  const std::string sent = pattern(10'000'000);
  std::thread sender([&] {
    EXPECT_TRUE(client.say(sent));
    client.finish();
  });
  EXPECT_TRUE(client.hear_all() == sent);
  sender.join();
  server.join();
  EXPECT_EQ(p.view().bytes_in, sent.size());
  EXPECT_EQ(p.view().bytes_out, sent.size());
  EXPECT_TRUE(eventually([&] { return p.view().active == 0; }));
}

TEST(RelayTcp, carries_IPv4_to_IPv4) {
  carries_ten_megabytes_both_ways(loopback4, loopback4, loopback4);
}

TEST(RelayTcp, carries_IPv4_to_IPv6) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  carries_ten_megabytes_both_ways(loopback4, loopback6, loopback4);
}

TEST(RelayTcp, carries_IPv6_to_IPv4) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  carries_ten_megabytes_both_ways(loopback6, loopback4, loopback6);
}

TEST(RelayTcp, is_reached_by_all_IPv4_addresses) {
  carries_ten_megabytes_both_ways(*IpAddress::parse("127.0.0.2"), loopback4, any4);
}

TEST(RelayTcp, is_reached_by_all_IPv6_addresses) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  carries_ten_megabytes_both_ways(loopback6, loopback6, IpAddress{});
}

TEST(RelayTcp, passes_on_that_the_client_has_said_all) {
  const Published p;
  const HostSocket client = p.client();
  const HostSocket peer = p.server.accept();
  EXPECT_TRUE(client.say("question"));
  client.finish();
  EXPECT_EQ(peer.hear_all(), "question");
  EXPECT_TRUE(peer.say("answer"));
  EXPECT_EQ(client.hear(), "answer");
  EXPECT_EQ(p.view().active, 1u);
  peer.finish();
  EXPECT_EQ(client.hear(), "<end>");
}

TEST(RelayTcp, passes_on_that_the_endpoint_has_said_all) {
  const Published p;
  const HostSocket client = p.client();
  const HostSocket peer = p.server.accept();
  EXPECT_TRUE(peer.say("banner"));
  peer.finish();
  EXPECT_EQ(client.hear_all(), "banner");
  EXPECT_TRUE(client.say("still here"));
  EXPECT_EQ(peer.hear(), "still here");
  client.finish();
  EXPECT_EQ(peer.hear(), "<end>");
}

TEST(RelayTcp, passes_on_a_reset_of_the_client) {
  const Published p;
  HostSocket client = p.client();
  const HostSocket peer = p.server.accept();
  client.reset();
  EXPECT_EQ(peer.hear(), "<reset>");
}

TEST(RelayTcp, passes_on_a_reset_of_the_endpoint) {
  const Published p;
  const HostSocket client = p.client();
  HostSocket peer = p.server.accept();
  peer.reset();
  EXPECT_EQ(client.hear(), "<reset>");
}

TEST(RelayTcp, passes_on_an_urgent_byte_as_a_byte_of_the_stream) {
  const Published p;
  const HostSocket client = p.client();
  const HostSocket peer = p.server.accept();
  EXPECT_TRUE(client.say("a"));
  EXPECT_EQ(send(client.fd(), "b", 1, MSG_OOB), 1);
  EXPECT_TRUE(client.say("c"));
  client.finish();
  EXPECT_EQ(peer.hear_all(), "abc");
}

TEST(RelayTcp, resets_the_client_when_the_endpoint_refuses) {
  Published p;
  p.server.close();
  EXPECT_EQ(p.client().hear(), "<reset>");
  EXPECT_TRUE(eventually([&] { return p.view().active == 0; }));
  EXPECT_EQ(p.view().failed, 1u);
}

// What the kernel may hold of one direction on the way through two sockets and their peers.
size_t kernel_buffers() {
  size_t most = 0;
  for (const char* name : {"/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem"}) {
    std::ifstream file(name);
    size_t low = 0, usual = 0, high = 0;
    file >> low >> usual >> high;
    most += 2 * high;
  }
  return most;
}

// Sends until nobody takes any more, or `most`.
size_t send_until_full(const HostSocket& peer, size_t most) {
  const std::string block = pattern(65536);
  size_t sent = 0;
  pollfd writable{peer.fd(), POLLOUT, 0};
  while (sent < most && poll(&writable, 1, 300) == 1) {
    const ssize_t n = send(peer.fd(), block.data() + sent % 65536, 65536 - sent % 65536,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<size_t>(n);
  }
  return sent;
}

TEST(RelayTcp, does_not_read_what_the_other_side_does_not_take) {
  const Published p;
  const HostSocket client = HostSocket::client(loopback4, p.port, SOCK_STREAM, 16384);
  const HostSocket peer = p.server.accept();
  const size_t bound = kernel_buffers() + size_t{2} * 65536;
  const size_t sent = send_until_full(peer, 2 * bound);
  EXPECT_LE(sent, bound);
  peer.finish();
  const std::string heard = client.hear_all();
  EXPECT_EQ(heard.size(), sent);
  EXPECT_TRUE(heard.compare(0, 65536, pattern(65536), 0, 65536) == 0);
}

TEST(RelayTcp, passes_on_a_reset_while_nothing_is_taken) {
  const Published p;
  HostSocket client = HostSocket::client(loopback4, p.port, SOCK_STREAM, 16384);
  const HostSocket peer = p.server.accept();
  send_until_full(peer, 2 * kernel_buffers());
  client.reset();
  EXPECT_EQ(peer.hear(), "<reset>");
}

TEST(RelayTcp, refuses_clients_that_are_not_allowed) {
  const HostSocket server = HostSocket::server(loopback4);
  HostPublish host;
  RelayEntry entry = entry_to(server, loopback4, any4);
  entry.allow = {*IpPrefix::parse("127.0.0.2/32")};
  const uint16_t port = publish(host, 1, entry);

  EXPECT_EQ(HostSocket::client(loopback4, port).hear(), "<reset>");
  EXPECT_EQ(host.list().at(0).counts.refused, 1u);

  const HostSocket allowed(Family::v4, SOCK_STREAM);
  const SocketAddress from = SocketAddress::of(*IpAddress::parse("127.0.0.2"), 0);
  const SocketAddress to = SocketAddress::of(loopback4, port);
  ASSERT_EQ(bind(allowed.fd(), &from.generic, from.size()), 0);
  ASSERT_EQ(connect(allowed.fd(), &to.generic, to.size()), 0);
  EXPECT_TRUE(allowed.say("let me in"));
  EXPECT_EQ(server.accept().hear(), "let me in");
}

TEST(RelayTcp, refuses_what_exceeds_the_limit_of_flows_until_one_has_ended) {
  RelayLimits limits;
  limits.flows = 2;
  const Published p(limits);
  const HostSocket first = p.client();
  HostSocket second = p.client();
  const HostSocket first_peer = p.server.accept(), second_peer = p.server.accept();
  EXPECT_EQ(p.client().hear(), "<reset>");
  EXPECT_EQ(p.view().refused, 1u);
  second.reset();
  ASSERT_TRUE(eventually([&] { return p.view().active == 1; }));
  const HostSocket third = p.client();
  const HostSocket third_peer = p.server.accept();
  EXPECT_TRUE(third_peer.say("welcome"));
  EXPECT_EQ(third.hear(), "welcome");
}

// What most systems give a process that does not ask for more. Returns what it may ask for.
rlim_t begin_with_1024_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 1024);
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

TEST(RelayTcp, carries_2000_connections_at_once) {
  // Four descriptors each: the client's, two of the relay, the server's.
  if (begin_with_1024_files() < 4 * 2000 + 1024) {
    GTEST_SKIP() << "the hard limit of open files is too low";
  }
  const Published p;
  std::vector<HostSocket> clients, peers;
  for (int i = 0; i < 2000; ++i) {
    clients.push_back(p.client());
    ASSERT_TRUE(clients.back().say("client " + std::to_string(i)));
    peers.push_back(p.server.accept());
  }
  EXPECT_EQ(p.view().active, 2000u);
  for (const HostSocket& peer : peers) ASSERT_TRUE(peer.say("hello, " + peer.hear()));
  for (size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i].hear(), "hello, client " + std::to_string(i));
  }
  clients.clear();
  for (const HostSocket& peer : peers) EXPECT_EQ(peer.hear(), "<end>");
  peers.clear();
  EXPECT_TRUE(eventually([&] { return p.view().active == 0; }));
}

}  // namespace
}  // namespace uswitch
