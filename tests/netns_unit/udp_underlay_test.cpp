// The sockets of a tunnel's underlay, over the loopback interface of the sandbox.
#include "tunnel/udp_underlay.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <numeric>
#include <set>

#include "core/socket_address.h"
#include "gmock/gmock.h"
#include "sandbox.h"
#include "switch/link.h"
#include "tunnel/path_mtu.h"

namespace uswitch {
namespace {

using testing::HasSubstr;

const IpAddress here4 = IpAddress::from_v4(0x7f000001), there4 = IpAddress::from_v4(0x7f000002);
const IpAddress here6 = *IpAddress::parse("::1");

class UdpUnderlayTest : public NetnsTest {
 protected:
  void SetUp() override {
    NetnsTest::SetUp();
    if (IsSkipped()) return;
    set_mtu(65536);
    attention_ = UniqueFd(eventfd(0, EFD_NONBLOCK));
  }
  void TearDown() override {
    attention_ = {};
    NetnsTest::TearDown();
  }
  static void set_mtu(uint32_t mtu) {
    NetlinkSocket netlink(NetNs::own());
    change_link(netlink, get_link(netlink, "lo"), {.mtu = mtu, .up = true});
  }

  UniqueFd attention_;
};

UdpOptions options(const IpAddress& local, uint16_t port = 4789) {
  UdpOptions o;
  o.local = local;
  o.port = port;
  o.source_ports = 4;
  return o;
}

struct Heard {
  IpAddress from;
  uint8_t traffic_class;
  std::vector<uint8_t> bytes;
};

// `count` datagrams, however they come together.
std::vector<Heard> hear(UdpUnderlay& underlay, size_t count) {
  std::vector<Heard> heard;
  pollfd waiting{underlay.poll_fd(0), POLLIN, 0};
  while (heard.size() < count && poll(&waiting, 1, 5000) == 1) {
    for (const IncomingDatagrams& d : underlay.receive(0)) {
      const size_t each = d.segment ? d.segment : d.payload.size();
      for (size_t at = 0; at < d.payload.size(); at += each) {
        const auto one = d.payload.subspan(at, std::min(each, d.payload.size() - at));
        heard.push_back({d.from, d.traffic_class, {one.begin(), one.end()}});
      }
    }
  }
  return heard;
}

Reason say(UdpUnderlay& underlay, const Remote& to, std::vector<uint8_t> bytes,
           uint16_t segment = 0, uint8_t traffic_class = 0, uint16_t entropy = 0) {
  const size_t half = bytes.size() / 2;  // as header and frame, in two places
  const iovec parts[] = {{bytes.data(), half}, {bytes.data() + half, bytes.size() - half}};
  OutgoingDatagrams d{&to,     parts, static_cast<uint32_t>(bytes.size()), segment, traffic_class,
                      entropy, {}};
  underlay.send(0, {&d, 1});
  return d.failed;
}

std::vector<uint8_t> pattern(size_t size) {
  std::vector<uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), uint8_t{1});
  return bytes;
}

void carries(const IpAddress& from, const IpAddress& to, bool checksum) {
  UdpOptions a = options(from, 4789), b = options(to, 4790);
  a.checksum = b.checksum = checksum;
  UdpUnderlay sender(a, -1), receiver(b, -1);
  EXPECT_EQ(sender.segments(), checksum);
  EXPECT_EQ(say(sender, {to, 4790}, pattern(100), 0, 0xb9), Reason::none);
  const auto heard = hear(receiver, 1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, pattern(100));
  EXPECT_EQ(heard[0].from, from);
  EXPECT_EQ(heard[0].traffic_class, 0xb9);
}

TEST_F(UdpUnderlayTest, VX12_a_datagram_comes_with_its_sender_and_class) {
  carries(here4, there4, true);
  carries(here6, here6, true);
}

TEST_F(UdpUnderlayTest, VX3_VX4_checksums_may_be_zero) {
  carries(here4, there4, false);
  carries(here6, here6, false);
}

TEST_F(UdpUnderlayTest, TR6_many_datagrams_of_one_call_come_as_they_were) {
  UdpUnderlay sender(options(here4), -1), receiver(options(there4), -1);
  const auto all = pattern(10 * 1400 + 300);
  EXPECT_EQ(say(sender, {there4, 4789}, all, 1400), Reason::none);
  const auto heard = hear(receiver, 11);
  ASSERT_EQ(heard.size(), 11u);
  std::vector<uint8_t> joined;
  for (const Heard& h : heard) {
    EXPECT_LE(h.bytes.size(), 1400u);
    joined.insert(joined.end(), h.bytes.begin(), h.bytes.end());
  }
  EXPECT_EQ(joined, all);
}

TEST_F(UdpUnderlayTest, VX2_many_flows_leave_by_many_ports_and_a_flow_by_one) {
  UdpOptions o = options(here4);
  o.source_ports = 1024;
  UdpUnderlay sender(o, -1);
  ASSERT_GE(sender.source_ports(), 1000u);
  const UniqueFd receiver(socket(AF_INET, SOCK_DGRAM, 0));
  SocketAddress at = SocketAddress::of(there4, 4800);
  ASSERT_EQ(bind(receiver.get(), &at.generic, at.size()), 0);
  const auto port_of = [&](uint16_t entropy) {
    EXPECT_EQ(say(sender, {there4, 4800}, pattern(8), 0, 0, entropy), Reason::none);
    char byte;
    socklen_t size = sizeof at;
    EXPECT_EQ(recvfrom(receiver.get(), &byte, 1, 0, &at.generic, &size), 1);
    return at.port();
  };
  std::set<uint16_t> ports;
  for (unsigned flow = 0; flow < 1000; ++flow) {
    const auto entropy = static_cast<uint16_t>(flow * 40503);  // spread over 16 bits
    const uint16_t port = port_of(entropy);
    EXPECT_EQ(port_of(entropy), port);
    EXPECT_GE(port, 49152);
    ports.insert(port);
  }
  EXPECT_GT(ports.size(), 500u);
}

TEST_F(UdpUnderlayTest, VX6_what_is_too_long_for_the_path_is_refused_and_told) {
  UdpUnderlay sender(options(here4), attention_.get());
  const PathMtu path(options(here4), {there4, 4789});
  set_mtu(1400);
  EXPECT_EQ(path.read(), 1400);
  EXPECT_FALSE(sender.take_too_long());
  EXPECT_EQ(say(sender, {there4, 4789}, pattern(1372)), Reason::none);
  EXPECT_EQ(say(sender, {there4, 4789}, pattern(1373)), Reason::exceeds_mtu);
  pollfd told{attention_.get(), POLLIN, 0};
  EXPECT_EQ(poll(&told, 1, 0), 1);
  EXPECT_TRUE(sender.take_too_long());
  EXPECT_FALSE(sender.take_too_long());
  EXPECT_EQ(say(sender, {there4, 4789}, pattern(2800), 1400), Reason::exceeds_mtu);
  EXPECT_TRUE(sender.take_too_long());
}

TEST_F(UdpUnderlayTest, a_remote_without_a_way_is_unreachable_and_the_others_do_not_notice) {
  UdpUnderlay sender(options(here4), -1), receiver(options(there4), -1);
  const Remote lost{IpAddress::from_v4(0xc0000202), 4789}, there{there4, 4789};
  EXPECT_EQ(PathMtu(options(here4), lost).read(), std::nullopt);
  auto bytes = pattern(64);
  const iovec part{bytes.data(), bytes.size()};
  std::vector<OutgoingDatagrams> all;
  for (const Remote* to : {&there, &lost, &there}) all.push_back({to, {&part, 1}, 64, 0, 0, 0, {}});
  sender.send(0, all);
  EXPECT_EQ(all[0].failed, Reason::none);
  EXPECT_EQ(all[1].failed, Reason::tunnel_unreachable);
  EXPECT_EQ(all[2].failed, Reason::none);
  EXPECT_EQ(hear(receiver, 2).size(), 2u);
}

TEST_F(UdpUnderlayTest, says_who_may_have_the_port) {
  const UdpUnderlay first(options(here4), -1);
  UdpOptions second = options(here4);
  for (unsigned queues : {1u, 2u}) {
    second.queues = queues;
    EXPECT_THAT(complaint<std::system_error>([&] { UdpUnderlay u(second, -1); }),
                HasSubstr("cannot open a tunnel at 127.0.0.1 port 4789; another program or a vxlan "
                          "device of the kernel has it"));
  }
  EXPECT_THAT(
      complaint<std::system_error>(
          [&] { UdpUnderlay u(options(IpAddress::from_v4(0xc0000201)), -1); }),
      HasSubstr("cannot open a tunnel at 192.0.2.1 port 4789; the host has no such address"));
}

}  // namespace
}  // namespace uswitch
