#include "control/host_publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "switch/device_error.h"
#include "tests/unit/control/host_socket.h"

namespace uswitch {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

std::string why_not(HostPublish& host, const RelayEntry& entry) {
  try {
    host.add(99, entry);
    return "";
  } catch (const DeviceError& e) {
    return e.what();
  }
}

TEST(HostPublish, says_who_has_a_TCP_port_that_is_taken) {
  const HostSocket other = HostSocket::server(loopback4);
  const std::string port = std::to_string(other.port());
  HostPublish host;
  EXPECT_EQ(why_not(host, {loopback4, other.port(), false, loopback4, 80, {}}),
            "cannot publish TCP port " + port +
                " of 127.0.0.1 on the host: Address already in use; another program has it: `ss "
                "-ltnp 'sport = :" +
                port + "'` says which, stop that one or publish another port");
  EXPECT_TRUE(host.list().empty());
}

TEST(HostPublish, says_who_has_a_UDP_port_that_is_taken) {
  const HostSocket other = HostSocket::server(loopback4, SOCK_DGRAM);
  HostPublish host;
  EXPECT_THAT(why_not(host, {loopback4, other.port(), true, loopback4, 53, {}}),
              AllOf(HasSubstr("UDP port " + std::to_string(other.port()) + " of 127.0.0.1"),
                    HasSubstr("ss -lunp")));
}

TEST(HostPublish, a_port_of_one_address_clashes_with_all_addresses) {
  const HostSocket other = HostSocket::server(loopback4);
  HostPublish host;
  EXPECT_THAT(why_not(host, {any4, other.port(), false, loopback4, 80, {}}),
              HasSubstr("of all IPv4 addresses on the host"));
}

TEST(HostPublish, TCP_and_UDP_have_their_ports_apart) {
  const HostSocket other = HostSocket::server(loopback4);
  HostPublish host;
  EXPECT_EQ(why_not(host, {loopback4, other.port(), true, loopback4, 80, {}}), "");
}

TEST(HostPublish, all_of_IPv4_and_all_of_IPv6_may_have_their_own_entries) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const HostSocket server = HostSocket::server(loopback4);
  HostPublish host;
  RelayEntry entry = entry_to(server, loopback4, any4);
  entry.port = publish(host, 1, entry);
  entry.address = IpAddress{};
  EXPECT_EQ(publish(host, 2, entry), entry.port);
}

TEST(HostPublish, says_that_the_host_lacks_an_address) {
  HostPublish host;
  EXPECT_THAT(why_not(host, {*IpAddress::parse("192.0.2.1"), 0, false, loopback4, 80, {}}),
              HasSubstr("the host has no such address"));
}

TEST(HostPublish, refuses_an_id_twice) {
  HostPublish host;
  const HostSocket server = HostSocket::server(loopback4);
  host.add(1, entry_to(server, loopback4, loopback4));
  EXPECT_THROW(host.add(1, entry_to(server, loopback4, loopback4)), std::logic_error);
  EXPECT_EQ(host.list().size(), 1u);
}

TEST(HostPublish, remove_resets_connections_and_frees_the_port) {
  const HostSocket server = HostSocket::server(loopback4);
  HostPublish host;
  RelayEntry entry = entry_to(server, loopback4, loopback4);
  entry.port = publish(host, 1, entry);
  const HostSocket client = HostSocket::client(loopback4, entry.port);
  const HostSocket peer = server.accept();
  host.remove(1);
  EXPECT_EQ(client.hear(), "<reset>");
  EXPECT_EQ(peer.hear(), "<reset>");
  EXPECT_THROW(HostSocket::client(loopback4, entry.port), std::runtime_error);
  EXPECT_TRUE(host.list().empty());

  host.add(1, entry);
  EXPECT_TRUE(HostSocket::client(loopback4, entry.port).say("again"));
  EXPECT_EQ(server.accept().hear(), "again");
}

TEST(HostPublish, remove_forgets_UDP_clients_and_leaves_other_entries_alone) {
  const HostSocket server = HostSocket::server(loopback4, SOCK_DGRAM);
  HostPublish host;
  const uint16_t first = publish(host, 1, entry_to(server, loopback4, loopback4, true));
  const uint16_t second = publish(host, 2, entry_to(server, loopback4, loopback4, true));
  const HostSocket client = HostSocket::client(loopback4, first, SOCK_DGRAM);
  ASSERT_TRUE(client.say("first"));
  ASSERT_EQ(server.hear(), "first");
  host.remove(1);
  ASSERT_TRUE(client.say("nobody there"));
  ASSERT_TRUE(HostSocket::client(loopback4, second, SOCK_DGRAM).say("second"));
  EXPECT_EQ(server.hear(), "second");
  host.remove(7);
  EXPECT_EQ(host.list().size(), 1u);
}

TEST(HostPublish, an_endpoint_that_is_gone_takes_its_connections_and_no_others) {
  const HostSocket server = HostSocket::server(loopback4);
  const IpAddress other = *IpAddress::parse("127.0.0.2");
  const HostSocket other_server = HostSocket::server(other);
  HostPublish host;
  const uint16_t gone = publish(host, 1, entry_to(server, loopback4, loopback4));
  const uint16_t stays = publish(host, 2, entry_to(other_server, other, loopback4));
  const HostSocket client = HostSocket::client(loopback4, gone);
  const HostSocket peer = server.accept();
  const HostSocket other_client = HostSocket::client(loopback4, stays);
  const HostSocket other_peer = other_server.accept();
  host.forget({loopback4});
  EXPECT_EQ(client.hear(), "<reset>");
  EXPECT_EQ(peer.hear(), "<reset>");
  EXPECT_TRUE(other_client.say("still here"));
  EXPECT_EQ(other_peer.hear(), "still here");
  EXPECT_TRUE(HostSocket::client(loopback4, gone).say("it is back"));
  EXPECT_EQ(server.accept().hear(), "it is back");
}

TEST(HostPublish, an_endpoint_that_is_gone_takes_its_UDP_clients) {
  const HostSocket server = HostSocket::server(loopback4, SOCK_DGRAM);
  HostPublish host;
  const uint16_t port = publish(host, 1, entry_to(server, loopback4, loopback4, true));
  const HostSocket client = HostSocket::client(loopback4, port, SOCK_DGRAM);
  ASSERT_TRUE(client.say("hello"));
  ASSERT_EQ(server.hear(), "hello");
  host.forget({loopback4});
  EXPECT_TRUE(eventually([&] { return host.list().at(0).counts.active == 0; }));
  ASSERT_TRUE(client.say("again"));
  EXPECT_EQ(server.hear(), "again");
}

TEST(HostPublish, what_removed_ports_have_counted_stays_in_the_total) {
  const HostSocket server = HostSocket::server(loopback4);
  HostPublish host;
  const uint16_t port = publish(host, 1, entry_to(server, loopback4, loopback4));
  const HostSocket client = HostSocket::client(loopback4, port);
  ASSERT_TRUE(client.say("hello"));
  const HostSocket peer = server.accept();
  ASSERT_EQ(peer.hear(), "hello");
  host.remove(1);
  EXPECT_EQ(host.total(), (RelayCounts{.opened = 1, .bytes_in = 5}));
}

TEST(HostPublish, its_end_resets_all_connections) {
  const HostSocket server = HostSocket::server(loopback4);
  auto host = std::make_unique<HostPublish>();
  const uint16_t port = publish(*host, 1, entry_to(server, loopback4, loopback4));
  const HostSocket client = HostSocket::client(loopback4, port);
  const HostSocket peer = server.accept();
  host.reset();
  EXPECT_EQ(client.hear(), "<reset>");
  EXPECT_EQ(peer.hear(), "<reset>");
}

TEST(HostPublish, raises_the_limit_of_open_files_before_it_counts) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit low{std::min<rlim_t>(256, files.rlim_max), files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const HostPublish host;
  EXPECT_EQ(host.max_flows(), flows_within(files.rlim_max, RelayLimits()));
}

TEST(HostPublish, flows_stay_within_the_limit_of_open_files) {
  RelayLimits limits;
  EXPECT_EQ(flows_within(1'000'000, limits), limits.flows);
  EXPECT_EQ(flows_within(1024, limits), 256u);
  EXPECT_EQ(flows_within(100, limits), 16u);
  limits.flows = 2;
  EXPECT_EQ(flows_within(1024, limits), 2u);
}

}  // namespace
}  // namespace uswitch
