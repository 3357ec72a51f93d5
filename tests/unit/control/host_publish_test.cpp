#include "control/host_publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_THAT(why_not(host, {{}, other.port(), false, loopback4, 80, {}}),
              HasSubstr("of all addresses on the host"));
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
  RelayEntry entry = entry_to(server, loopback4, IpAddress::from_v4(0));
  entry.port = publish(host, 1, entry);
  entry.address = IpAddress{};
  EXPECT_EQ(publish(host, 2, entry), entry.port);
}

TEST(HostPublish, says_that_the_host_lacks_an_address) {
  HostPublish host;
  EXPECT_THAT(why_not(host, {IpAddress::parse("192.0.2.1"), 0, false, loopback4, 80, {}}),
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
