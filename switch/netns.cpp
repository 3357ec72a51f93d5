#include "switch/netns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <exception>
#include <string_view>
#include <thread>

#include "switch/device_error.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace uswitch {
namespace {

constexpr const char* current_path = "/proc/thread-self/ns/net";

// O_NONBLOCK: a path from a configuration may be a FIFO.
UniqueFd open_path(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

bool is_netns_fd(int fd) {
  return ::ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

pid_t parse_pid(const std::string& spec) {
  std::string_view digits = std::string_view(spec).substr(4);
  pid_t pid = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (error != std::errc{} || end != digits.data() + digits.size() || pid <= 0)
    throw DeviceError(EINVAL, "'" + spec + "' names no process; write it as pid:1234");
  return pid;
}

}  // namespace

NetNs::NetNs(const std::string& path, std::string label)
    : fd_(open_path(path)), label_(std::move(label)) {
  if (!fd_) throw device_error(errno, "open " + label_ + " (" + path + ")", {});
  if (!is_netns_fd(fd_.get()))
    throw DeviceError(EINVAL, "cannot open " + label_ + ": " + path +
                                  " is not a network namespace (a file left by a crash?)");
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) throw device_error(errno, "stat " + path, {});
  inode_ = status.st_ino;
}

NetNs NetNs::own() {
  return {current_path, "the namespace uswitch runs in"};
}

NetNs NetNs::of_name(const std::string& name) {
  return {std::string(netns_directory) + "/" + name, "namespace " + name};
}

NetNs NetNs::of_path(const std::string& path) {
  return {path, "namespace " + path};
}

NetNs NetNs::of_pid(pid_t pid) {
  std::string number = std::to_string(pid);
  return {"/proc/" + number + "/ns/net", "the namespace of process " + number};
}

NetNs NetNs::open(const std::string& spec) {
  if (spec.empty()) return own();
  if (spec[0] == '/') return of_path(spec);
  if (spec.starts_with("pid:")) return of_pid(parse_pid(spec));
  return of_name(spec);
}

bool NetNs::is_current() const {
  struct stat status {};
  return ::stat(current_path, &status) == 0 && status.st_ino == inode_;
}

bool is_netns(const std::string& path) {
  UniqueFd fd = open_path(path);
  return fd && is_netns_fd(fd.get());
}

uint64_t netns_cookie(const NetNs& netns) {
  return in_namespace(netns, [] {
    UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) cookie = 0;
    return cookie;
  });
}

void detail::run_on_thread(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

void detail::run_in_namespace(const NetNs& netns, const std::function<void()>& work) {
  if (netns.is_current()) return work();
  run_on_thread([&] {
    if (::setns(netns.fd(), CLONE_NEWNET) != 0)
      throw device_error(errno, "enter " + netns.label(), {});
    work();
  });
}

}  // namespace uswitch
