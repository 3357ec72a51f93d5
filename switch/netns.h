// A network namespace as a handle, and running code inside one.
//
// An open handle keeps its namespace alive even after its name is removed and its last process has
// ended, and so does every socket opened inside. The death of a container would then never be
// seen. So a handle is for the moment of configuring: open it, use it, let it go. What must last
// (who removes a namespace at exit) is NamedNetNs in switch/named_netns.h, which holds none open.
//
// Threads: any. setns() moves only the calling thread, so in_namespace() lends its work a
// short-lived thread and the caller never leaves its own namespace.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "switch/fd.h"

namespace uswitch {

inline constexpr const char* netns_directory = "/run/netns";

class NetNs {
 public:
  // Every one throws DeviceError when there is no such namespace or it may not be opened.
  static NetNs own();  // the calling thread's
  static NetNs of_name(const std::string& name);
  static NetNs of_path(const std::string& path);
  static NetNs of_pid(pid_t pid);
  // As the configuration writes it: "" is the own one, "pid:1234", "/a/path", else a name.
  static NetNs open(const std::string& spec);

  int fd() const { return fd_.get(); }
  // For messages, as it stands after "in": "namespace web", "the namespace of process 1234".
  const std::string& label() const { return label_; }
  // Unique among the namespaces that exist now; used again after its namespace is gone.
  uint64_t inode() const { return inode_; }
  bool is_current() const;  // is the calling thread in it?

 private:
  NetNs(const std::string& path, std::string label);

  UniqueFd fd_;
  std::string label_;
  uint64_t inode_ = 0;
};

// True when a network namespace is mounted or linked at this path.
bool is_netns(const std::string& path);

// Unique from boot to boot and never used again (SO_NETNS_COOKIE, Linux 5.14); 0 where the kernel
// has none.
uint64_t netns_cookie(const NetNs& netns);

namespace detail {
// Runs it on a thread of its own, which may change namespace, and rethrows what it threw.
void run_on_thread(const std::function<void()>& work);
void run_in_namespace(const NetNs& netns, const std::function<void()>& work);
}  // namespace detail

// Runs fn() inside the namespace and returns its result or throws what it threw. Costs a thread
// (some 50 us) unless the caller is there already. Sockets that fn opens stay in the namespace.
template <class Fn>
auto in_namespace(const NetNs& netns, Fn&& fn) {
  using Result = std::invoke_result_t<Fn&>;
  if constexpr (std::is_void_v<Result>) {
    detail::run_in_namespace(netns, [&] { fn(); });
  } else {
    std::optional<Result> result;
    detail::run_in_namespace(netns, [&] { result.emplace(fn()); });
    return std::move(*result);
  }
}

}  // namespace uswitch
