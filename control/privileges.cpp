#include "control/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "switch/claim.h"

namespace uswitch {

namespace {

using Capabilities = uint64_t;  // a bit each

constexpr Capabilities bit(int capability) {
  return Capabilities{1} << capability;
}

[[noreturn]] void fail(const std::string& user, const std::string& why) {
  throw std::runtime_error("user '" + user + "': " + why);
}

[[noreturn]] void fail_errno(const std::string& user, const char* call) {
  fail(user, std::string(call) + ": " + std::strerror(errno));
}

struct Sets {
  Capabilities permitted = 0, effective = 0;
};

Sets read_sets() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  syscall(SYS_capget, &header, data);
  return {data[0].permitted | Capabilities{data[1].permitted} << 32,
          data[0].effective | Capabilities{data[1].effective} << 32};
}

bool write_sets(const Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const auto half = [&](int shift) {
    return __user_cap_data_struct{static_cast<uint32_t>(sets.effective >> shift),
                                  static_cast<uint32_t>(sets.permitted >> shift), 0};
  };
  const __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {half(0), half(32)};
  return syscall(SYS_capset, &header, data) == 0;
}

bool is_published_on_host(const Config& config) {
  return std::ranges::any_of(config.nat.publish,
                             [](const PublishConfig& p) { return p.on.empty(); });
}

bool names_a_process(const Config& config) {
  return std::ranges::any_of(config.ports, [](const PortConfig& p) {
    return p.netns && p.netns->kind == NetnsConfig::Kind::pid;
  });
}

Capabilities needed(const Config& config) {
  Capabilities all = bit(CAP_NET_ADMIN) | bit(CAP_NET_RAW) | bit(CAP_SYS_ADMIN);
  if (is_published_on_host(config)) all |= bit(CAP_NET_BIND_SERVICE);
  if (names_a_process(config)) all |= bit(CAP_SYS_PTRACE);
  return all;
}

// So that what was made before can be removed again at the end.
void hand_over(const std::string& control_socket, const passwd& user) {
  const std::filesystem::path claims(claims_directory);
  for (const std::string& path : {control_socket, claims.string(), claims.parent_path().string()}) {
    if (chown(path.c_str(), user.pw_uid, user.pw_gid) != 0 && errno != ENOENT) {
      fail_errno(user.pw_name, ("chown of " + path).c_str());
    }
  }
}

}  // namespace

void become(const std::string& name, const std::string& control_socket) {
  errno = 0;
  const passwd* user = getpwnam(name.c_str());
  if (!user) fail(name, "there is no such user; create one with `adduser --system " + name + "`");
  if (user->pw_uid == geteuid()) return;
  if (geteuid() != 0) fail(name, "only root can go on as another user");
  hand_over(control_socket, *user);
  const Sets before = read_sets();
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) fail_errno(name, "prctl");
  if (initgroups(name.c_str(), user->pw_gid) != 0) fail_errno(name, "initgroups");
  if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0) fail_errno(name, "setresgid");
  if (setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) fail_errno(name, "setresuid");
  if (!write_sets({before.permitted, before.permitted})) fail_errno(name, "capset");
}

void keep_needed_capabilities(const Config& config) {
  const Capabilities kept = needed(config) & read_sets().permitted;
  for (int c = 0; c <= CAP_LAST_CAP; ++c) {
    if (!(kept & bit(c))) prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (!write_sets({kept, kept})) spdlog::warn("capset: {}", std::strerror(errno));
}

}  // namespace uswitch
