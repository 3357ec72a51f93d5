#include "switch/tun.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>

#include "gmock/gmock.h"
#include "sandbox.h"
#include "switch/device_error.h"
#include "switch/endpoint.h"
#include "switch/link.h"
#include "switch/named_netns.h"

namespace uswitch {
namespace {

using testing::HasSubstr;

class TapTest : public NetnsTest, public testing::WithParamInterface<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Queues, TapTest, testing::Values(1u, 4u));

TEST_P(TapTest, VH6_IsMovedNamedAndKeepsItsFlags) {
  NamedNetNs web("web");
  MacAddress mac = MacAddress::from_u64(0x020000000001);
  Tap tap = create_tap(web.open(), {.name = "eth0", .queues = GetParam(), .mac = mac, .mtu = 1400});
  ASSERT_EQ(tap.queues.size(), GetParam());
  NetNs netns = web.open();
  NetlinkSocket netlink(netns);
  Link link = get_link(netlink, "eth0");
  EXPECT_EQ(link.kind, "tun");
  EXPECT_EQ(link.mac, mac);
  EXPECT_EQ(link.mtu, 1400u);
  EXPECT_EQ(link.txqueuelen, 1000u);
  EXPECT_FALSE(link.up);
  for (const UniqueFd& queue : tap.queues) {
    EXPECT_TRUE(::fcntl(queue.get(), F_GETFL) & O_NONBLOCK);
    ifreq request{};
    ASSERT_EQ(::ioctl(queue.get(), TUNGETIFF, &request), 0);
    EXPECT_STREQ(request.ifr_name, "eth0");
    EXPECT_TRUE(request.ifr_flags & IFF_VNET_HDR);
    EXPECT_EQ(bool(request.ifr_flags & IFF_MULTI_QUEUE), GetParam() > 1);
    int header = 0;
    ASSERT_EQ(::ioctl(queue.get(), TUNGETVNETHDRSZ, &header), 0);
    EXPECT_EQ(header, 10);
  }
}

TEST_P(TapTest, DisappearsWithItsLastQueue) {
  NamedNetNs web("web");
  Tap tap = create_tap(web.open(), {.name = "eth0", .queues = GetParam()});
  NetNs netns = web.open();
  NetlinkSocket netlink(netns);
  EXPECT_TRUE(find_link(netlink, "eth0"));
  tap.queues.clear();
  EXPECT_TRUE(eventually([&] { return !find_link(netlink, "eth0"); }));
}

TEST_P(TapTest, SaysWhenItsNamespaceDies) {
  auto web = std::make_unique<NamedNetNs>("web");
  Tap tap = create_tap(web->open(), {.name = "eth0", .queues = GetParam()});
  configure_endpoint(web->open(), {.device = "eth0"});
  web.reset();
  for (const UniqueFd& queue : tap.queues) {
    pollfd waiting{queue.get(), POLLIN, 0};
    EXPECT_TRUE(eventually([&] {
      ::poll(&waiting, 1, 0);
      return waiting.revents & POLLERR;
    }));
    // POLLERR comes first; a moment later the descriptor is cut off from the device.
    char frame[64]{};
    EXPECT_TRUE(eventually(
        [&] { return ::read(queue.get(), frame, sizeof frame) == -1 && errno == EBADFD; }));
    EXPECT_EQ(::write(queue.get(), frame, sizeof frame), -1);
    EXPECT_EQ(errno, EBADFD);
  }
}

TEST_P(TapTest, SecondOpenerIsToldAndTheFirstIsUntouched) {
  NamedNetNs web("web");
  Tap first = create_tap(web.open(), {.name = "eth0", .queues = GetParam()});
  NetNs netns = web.open();
  NetlinkSocket netlink(netns);
  Link before = get_link(netlink, "eth0");
  size_t devices = list_links(netlink).size();
  EXPECT_EQ(complaint<DeviceError>(
                [&] { create_tap(web.open(), {.name = "eth0", .queues = GetParam()}); }),
            "device eth0 in namespace web is in use by another process, which holds this TAP open; "
            "stop it or choose another `device:`");
  Link after = get_link(netlink, "eth0");
  EXPECT_EQ(after.index, before.index);
  EXPECT_EQ(after.mac, before.mac);
  EXPECT_EQ(list_links(netlink).size(), devices);  // nothing left of the second
}

TEST_F(NetnsTest, NameOfAnotherKindOfDeviceIsTold) {
  NamedNetNs web("web");
  EXPECT_EQ(complaint<DeviceError>([&] { create_tap(web.open(), {.name = "lo"}); }),
            "device lo in namespace web exists already; remove it or choose another `device:`");
}

TEST_F(NetnsTest, ProcessesRacingForOneNameGetOneDevice) {
  NamedNetNs web("web");
  size_t devices = [&] {
    NetlinkSocket netlink(web.open());
    return list_links(netlink).size();
  }();
  constexpr int racers = 8;
  int start[2], held[2];
  ASSERT_EQ(::pipe(start), 0);
  ASSERT_EQ(::pipe(held), 0);
  for (int i = 0; i < racers; ++i) {
    pid_t child = ::fork();
    if (child == 0) {
      char go;
      ::close(start[1]);
      if (::read(start[0], &go, 1) != 0) ::_exit(9);  // until the parent closes it
      std::string text = complaint<DeviceError>([&] {
        Tap tap = create_tap(web.open(), {.name = "eth0"});
        ::close(held[1]);
        if (::read(held[0], &go, 1) != 0) ::_exit(9);  // hold it until all have tried
        ::_exit(0);
      });
      ::_exit(text.find("in use by another process") != std::string::npos ? 1 : 8);
    }
    ASSERT_GT(child, 0);
  }
  ::close(start[0]);
  ::close(held[0]);
  ::close(start[1]);
  int status = 0;
  // The losers end by themselves; the winner waits for us.
  for (int i = 0; i < racers - 1; ++i) {
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(WEXITSTATUS(status), 1) << "1 is a loser that was told why";
  }
  NetNs netns = web.open();
  NetlinkSocket netlink(netns);
  EXPECT_TRUE(eventually([&] { return list_links(netlink).size() == devices + 1; }));
  EXPECT_TRUE(find_link(netlink, "eth0"));
  ::close(held[1]);
  ASSERT_GT(::wait(&status), 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(NetnsTest, TapInTheOwnNamespace) {
  Tap tap = create_tap(NetNs::own(), {.name = "usw-test"});
  NetlinkSocket here(NetNs::own());
  EXPECT_TRUE(find_link(here, "usw-test"));
}

TEST_F(NetnsTest, ImpossibleTapsAreRefused) {
  for (auto bad : {"", "a/b", "name-of-sixteen-", "eth%d", "."})
    EXPECT_THAT(complaint<DeviceError>([&] { create_tap(NetNs::own(), {.name = bad}); }),
                HasSubstr("cannot be the name of a device"));
  EXPECT_THAT(complaint<DeviceError>([&] { create_tap(NetNs::own(), {.name = "t", .mtu = 10}); }),
              HasSubstr("set MTU 10"));
  EXPECT_THROW(create_tap(NetNs::own(), {.name = "t", .queues = 0}), DeviceError);
}

TEST_F(NetnsTest, ProbeLeavesNothing) {
  EXPECT_EQ(probe_tap().uso, create_tap(NetNs::own(), {.name = "t"}).uso);
}

// What an ordinary user who starts uswitch reads.
TEST_F(NetnsTest, WithoutPrivilegesTheRemedyIsTold) {
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2]{};
    if (::syscall(SYS_capset, &header, none) != 0) ::_exit(9);
    std::string tap = complaint<DeviceError>([] { probe_tap(); });
    std::string name = complaint<DeviceError>([] { NamedNetNs web("web"); });
    bool told = tap.find("needs root, or CAP_NET_ADMIN") != std::string::npos &&
                name.find("CAP_SYS_ADMIN") != std::string::npos;
    if (!told) std::fprintf(stderr, "%s\n%s\n", tap.c_str(), name.c_str());
    ::_exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace uswitch
