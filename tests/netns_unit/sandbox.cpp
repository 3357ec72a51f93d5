#include "sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "switch/link.h"

namespace uswitch {
namespace {

bool write_file(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

std::string enter() {
  auto failed = [](const char* what) { return std::string(what) + ": " + std::strerror(errno); };
  std::string uid = std::to_string(getuid()), gid = std::to_string(getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return failed("unshare");
  if (!write_file("/proc/self/setgroups", "deny") ||
      !write_file("/proc/self/uid_map", "0 " + uid + " 1") ||
      !write_file("/proc/self/gid_map", "0 " + gid + " 1"))
    return failed("map the user");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("unshare /");
  if (::mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") != 0) return failed("mount /run");
  UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  return tun ? "" : failed("open /dev/net/tun");
}

// Before main(): unshare(CLONE_NEWUSER) needs a process of one thread.
const std::string enter_result = enter();

}  // namespace

const std::string& sandbox_error() {
  return enter_result;
}

void run_and_kill(const std::function<void()>& fn) {
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      fn();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "child: %s\n", error.what());
      ::_exit(1);
    }
    ::_exit(2);  // fn must not return
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
}

NetnsTest::Count NetnsTest::count() {
  NetlinkSocket here(NetNs::own());
  size_t devices = list_links(here).size();
  return {entries_in("/proc/self/fd"), entries_in(netns_directory), entries_in(claims_directory),
          devices};
}

void NetnsTest::SetUp() {
  if (!sandbox_error().empty()) GTEST_SKIP() << "no private namespaces here: " << sandbox_error();
  before_ = count();
}

void NetnsTest::TearDown() {
  if (!sandbox_error().empty()) return;
  // A TAP or veth that went with its namespace goes a moment later.
  eventually([&] { return count() == before_; });
  Count after = count();
  EXPECT_EQ(after.files, before_.files) << "open files";
  EXPECT_EQ(after.names, before_.names) << "names under /run/netns";
  EXPECT_EQ(after.claims, before_.claims) << "claims";
  EXPECT_EQ(after.devices, before_.devices) << "devices";
}

}  // namespace uswitch
