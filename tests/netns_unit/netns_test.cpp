#include "switch/netns.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>

#include "gmock/gmock.h"
#include "sandbox.h"
#include "switch/device_error.h"
#include "switch/link.h"
#include "switch/named_netns.h"
#include "switch/sysctl.h"

namespace uswitch {
namespace {

using testing::HasSubstr;

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

TEST_F(NetnsTest, MissingNameIsCreatedWithLoopbackUpAndRemoved) {
  {
    NamedNetNs web("web");
    EXPECT_TRUE(web.created());
    NetNs netns = web.open();
    EXPECT_FALSE(netns.is_current());
    EXPECT_EQ(netns.label(), "namespace web");
    NetlinkSocket netlink(netns);
    EXPECT_TRUE(get_link(netlink, "lo").up);
  }
  EXPECT_FALSE(exists("/run/netns/web"));
  EXPECT_THROW(NetNs::of_name("web"), DeviceError);
}

// A namespace that somebody else made, with all that `ip netns add` leaves behind.
class ForeignNetNs {
 public:
  explicit ForeignNetNs(const std::string& name) : path_("/run/netns/" + name) {
    std::filesystem::create_directories("/run/netns");
    UniqueFd file(::open(path_.c_str(), O_CREAT | O_EXCL | O_RDONLY, 0));
    detail::run_on_thread([&] {
      ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
      ASSERT_EQ(::mount("/proc/thread-self/ns/net", path_.c_str(), "", MS_BIND, nullptr), 0);
    });
  }
  ~ForeignNetNs() {
    ::umount2(path_.c_str(), MNT_DETACH);
    ::unlink(path_.c_str());
  }

 private:
  std::string path_;
};

TEST_F(NetnsTest, FoundNamespaceIsLeftAsItWas) {
  ForeignNetNs foreign("db");
  uint64_t inode = NetNs::of_name("db").inode();
  {
    NamedNetNs db("db");
    EXPECT_FALSE(db.created());
    EXPECT_EQ(entries_in(claims_directory), 0u);
  }
  EXPECT_EQ(NetNs::of_name("db").inode(), inode);
}

TEST_F(NetnsTest, OpensByNamePathPidAndOwn) {
  NamedNetNs web("web");
  pid_t child = ::fork();
  if (child == 0) {
    ::unshare(CLONE_NEWNET);
    ::pause();
    ::_exit(0);
  }
  std::string pid = "pid:" + std::to_string(child);
  uint64_t own = NetNs::open("").inode();
  EXPECT_TRUE(eventually([&] { return NetNs::open(pid).inode() != own; }));
  EXPECT_EQ(NetNs::open("/run/netns/web").inode(), NetNs::open("web").inode());
  EXPECT_TRUE(NetNs::open("").is_current());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(complaint<DeviceError>([&] { NetNs::open(pid); }), HasSubstr("of process"));
}

TEST_F(NetnsTest, RefusesWhatIsNoNamespace) {
  EXPECT_THAT(complaint<DeviceError>([] { NetNs::open("/etc/passwd"); }),
              HasSubstr("/etc/passwd is not a network namespace"));
  EXPECT_THAT(complaint<DeviceError>([] { NetNs::open("/proc/self/ns/mnt"); }),
              HasSubstr("is not a network namespace"));
  EXPECT_THAT(complaint<DeviceError>([] { NetNs::open("pid:12x"); }), HasSubstr("pid:1234"));
  for (auto bad : {"", ".", "..", "a/b"}) EXPECT_THROW(NamedNetNs{bad}, DeviceError) << bad;
}

TEST_F(NetnsTest, InNamespaceReturnsResultsAndThrowsAndComesBack) {
  NamedNetNs web("web");
  NetNs netns = web.open();
  EXPECT_TRUE(in_namespace(netns, [&] { return netns.is_current(); }));
  EXPECT_FALSE(netns.is_current());
  EXPECT_EQ(complaint<std::runtime_error>(
                [&] { in_namespace(netns, [] { throw std::runtime_error("inside"); }); }),
            "inside");
}

TEST_F(NetnsTest, SysctlsAreThoseOfTheNamespace) {
  NamedNetNs web("web");
  NetNs netns = web.open();
  const char* key = "net/ipv6/conf/lo/disable_ipv6";
  EXPECT_TRUE(write_sysctl(netns, key, "1"));
  EXPECT_EQ(read_sysctl(netns, key), "1");
  EXPECT_EQ(read_sysctl(NetNs::own(), key), "0");
  EXPECT_FALSE(write_sysctl(netns, "net/ipv6/conf/none/disable_ipv6", "1"));
}

TEST_F(NetnsTest, StaleFileIsReplaced) {
  std::filesystem::create_directories("/run/netns");
  std::ofstream("/run/netns/web").close();
  NamedNetNs web("web");
  EXPECT_TRUE(web.created());
  EXPECT_TRUE(is_netns("/run/netns/web"));
}

TEST_F(NetnsTest, FileWithContentIsNotTouched) {
  std::filesystem::create_directories("/run/netns");
  std::ofstream("/run/netns/web") << "precious";
  EXPECT_THAT(complaint<DeviceError>([] { NamedNetNs web("web"); }), HasSubstr("remove it"));
  EXPECT_TRUE(exists("/run/netns/web"));
  ::unlink("/run/netns/web");
}

TEST_F(NetnsTest, NamespaceOfAKilledRunIsRemovedByTheNext) {
  run_and_kill([] {
    NamedNetNs web("web");
    ::kill(::getpid(), SIGKILL);
  });
  ASSERT_TRUE(is_netns("/run/netns/web"));
  {
    NamedNetNs web("web");
    EXPECT_TRUE(web.created());
  }
  EXPECT_FALSE(exists("/run/netns/web"));
}

TEST_F(NetnsTest, NamespaceMadeBySomebodyElseAfterAKilledRunIsLeft) {
  run_and_kill([] {
    NamedNetNs web("web");
    ::kill(::getpid(), SIGKILL);
  });
  ::umount2("/run/netns/web", MNT_DETACH);
  ::unlink("/run/netns/web");
  ForeignNetNs foreign("web");
  {
    NamedNetNs web("web");
    EXPECT_FALSE(web.created());
  }
  EXPECT_TRUE(is_netns("/run/netns/web"));
}

TEST_F(NetnsTest, NameTakenByAnotherWhileWeRunIsLeft) {
  auto ours = std::make_unique<NamedNetNs>("web");
  ::umount2("/run/netns/web", MNT_DETACH);
  ::unlink("/run/netns/web");
  ForeignNetNs foreign("web");
  ours.reset();
  EXPECT_TRUE(is_netns("/run/netns/web"));
}

TEST_F(NetnsTest, SecondRunningUswitchLeavesTheFirstOnesNamespace) {
  NamedNetNs first("web");
  {
    NamedNetNs second("web");
    EXPECT_FALSE(second.created());
  }
  EXPECT_TRUE(is_netns("/run/netns/web"));
}

TEST_F(NetnsTest, OfProcessesRacingToMakeANameOneOwnsIt) {
  constexpr int racers = 6;
  int results[2], hold[2];
  ASSERT_EQ(::pipe(results), 0);
  ASSERT_EQ(::pipe(hold), 0);
  for (int i = 0; i < racers; ++i) {
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child > 0) continue;
    ::close(hold[1]);
    std::string failed = complaint<DeviceError>([&] {
      NamedNetNs web("web");
      char result = web.created() ? 'c' : 'f';
      if (::write(results[1], &result, 1) != 1 || ::read(hold[0], &result, 1) != 0) ::_exit(9);
    });
    if (failed.empty()) ::_exit(0);
    std::fprintf(stderr, "%s\n", failed.c_str());
    ::_exit(::write(results[1], "x", 1) == 1 ? 1 : 9);
  }
  ::close(hold[0]);
  ::close(results[1]);
  std::string seen;
  char result;
  while (seen.size() < racers && ::read(results[0], &result, 1) == 1) seen += result;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'c'), 1) << seen;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'f'), racers - 1) << seen;
  ::close(hold[1]);
  ::close(results[0]);
  int status = 0;
  while (::wait(&status) > 0) EXPECT_EQ(status, 0);
  EXPECT_FALSE(exists("/run/netns/web"));
}

TEST_F(NetnsTest, PortsShareANameUntilTheLastLetsGo) {
  NamedNamespaces names;
  auto one = names.ensure("web");
  auto two = names.ensure("web");
  EXPECT_EQ(one, two);
  one.reset();
  EXPECT_TRUE(is_netns("/run/netns/web"));
  two.reset();
  EXPECT_FALSE(exists("/run/netns/web"));
  EXPECT_TRUE(names.ensure("web")->created());
}

}  // namespace
}  // namespace uswitch
