#include "switch/named_netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

#include "switch/device_error.h"
#include "switch/link.h"
#include "switch/netlink.h"

namespace uswitch {
namespace {

std::string path_of(const std::string& name) {
  return std::string(netns_directory) + "/" + name;
}

const std::string& checked(const std::string& name) {
  if (name.empty() || name.size() > 200 || name == "." || name == ".." ||
      name.find('/') != std::string::npos)
    throw DeviceError(EINVAL, "'" + name + "' cannot be the name of a namespace");
  return name;
}

// A shared bind mount of the directory onto itself, so that names made here are seen in every
// mount namespace. The lock is the one `ip netns` takes, or two would stack their mounts.
void prepare_directory() {
  if (::mkdir(netns_directory, 0755) != 0 && errno != EEXIST)
    throw device_error(errno, std::string("create ") + netns_directory, {});
  UniqueFd lock(::open(netns_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0)
    throw device_error(errno, std::string("lock ") + netns_directory, {});
  auto share = [] {
    return ::mount("", netns_directory, "none", MS_SHARED | MS_REC, nullptr) == 0;
  };
  if (share()) return;
  bool mounted = errno == EINVAL &&
                 ::mount(netns_directory, netns_directory, "none", MS_BIND | MS_REC, nullptr) == 0;
  if (!mounted || !share()) throw device_error(errno, std::string("mount ") + netns_directory, {});
}

// The cookie alone would do but for a /run that survives a reboot. Empty: cannot be known.
std::string identity(const NetNs& netns) {
  uint64_t cookie = netns_cookie(netns);
  if (cookie == 0) return {};
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  return "boot " + boot + " cookie " + std::to_string(cookie);
}

bool names_identity(const std::string& name, const std::string& wanted) {
  return !wanted.empty() && is_netns(path_of(name)) && identity(NetNs::of_name(name)) == wanted;
}

constexpr std::chrono::milliseconds pause{5};

// Whoever makes a namespace makes the file first and mounts on it a moment later.
bool exists_or_is_being_made(const std::string& path) {
  for (int i = 0; i < 40; ++i) {
    if (is_netns(path)) return true;
    if (::access(path.c_str(), F_OK) != 0) return false;
    std::this_thread::sleep_for(pause);
  }
  return false;
}

// nullopt: a running uswitch made the namespace; it stays that one's to remove. Waits while that
// one is at it.
std::optional<Claim> claim_unless_made(const std::string& name) {
  for (int i = 0; i < 400; ++i) {
    if (auto claim = Claim::take("netns-" + name)) return claim;
    if (is_netns(path_of(name))) return std::nullopt;
    std::this_thread::sleep_for(pause);
  }
  throw DeviceError(EBUSY, "namespace " + name + " belongs to a running uswitch and is gone; " +
                               "stop that one, or create it with `ip netns add " + name + "`");
}

// Only an empty plain file can be what a crash left.
void remove_stale(const std::string& name) {
  std::string path = path_of(name);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISREG(status.st_mode) || status.st_size != 0)
    throw DeviceError(EEXIST, "cannot create namespace " + name + ": " + path +
                                  " exists and is not a namespace; remove it");
  if (::unlink(path.c_str()) != 0) throw device_error(errno, "remove the stale file " + path, {});
}

// Runs on a thread of its own, which ends inside the new namespace.
void make_on_this_thread(const std::string& name, Claim& claim) {
  std::string path = path_of(name);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
  if (!file) throw device_error(errno, "create " + path, {});
  try {
    if (::unshare(CLONE_NEWNET) != 0) throw device_error(errno, "create namespace " + name, {});
    NetNs made = NetNs::own();
    claim.write(identity(made));
    NetlinkSocket netlink(made);
    change_link(netlink, get_link(netlink, "lo"), {.up = true});
    if (::mount("/proc/thread-self/ns/net", path.c_str(), "none", MS_BIND, nullptr) != 0)
      throw device_error(errno, "mount namespace " + name + " on " + path, {});
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

}  // namespace

NamedNetNs::NamedNetNs(const std::string& name)
    : name_(checked(name)), claim_(claim_unless_made(name)) {
  if (!claim_) return;
  if (exists_or_is_being_made(path_of(name_))) {
    if (!names_identity(name_, claim_->text())) claim_.reset();
    return;
  }
  prepare_directory();
  remove_stale(name_);
  detail::run_on_thread([&] { make_on_this_thread(name_, *claim_); });
}

NamedNetNs::~NamedNetNs() {
  try {
    if (!claim_ || !names_identity(name_, claim_->text())) return;
    ::umount2(path_of(name_).c_str(), MNT_DETACH);
    ::unlink(path_of(name_).c_str());
  } catch (const std::exception&) {  // cannot tell whose it is now: leave it
  }
}

std::shared_ptr<const NamedNetNs> NamedNamespaces::ensure(const std::string& name) {
  std::erase_if(in_use_, [](const auto& entry) { return entry.second.expired(); });
  auto netns = in_use_[name].lock();
  if (!netns) in_use_[name] = netns = std::make_shared<const NamedNetNs>(name);
  return netns;
}

}  // namespace uswitch
