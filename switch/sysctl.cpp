#include "switch/sysctl.h"

#include <fcntl.h>

#include <cerrno>

#include "switch/device_error.h"

namespace uswitch {
namespace {

UniqueFd open_key(const NetNs& netns, const std::string& key, int flags) {
  UniqueFd fd(::open(("/proc/sys/" + key).c_str(), flags | O_CLOEXEC));
  if (!fd && errno != ENOENT) throw device_error(errno, "open the setting " + key, netns.label());
  return fd;
}

std::optional<std::string> read_here(const NetNs& netns, const std::string& key) {
  UniqueFd fd = open_key(netns, key, O_RDONLY);
  if (!fd) return std::nullopt;
  char text[256];
  ssize_t size = ::read(fd.get(), text, sizeof text);
  if (size < 0) throw device_error(errno, "read the setting " + key, netns.label());
  std::string_view value(text, static_cast<size_t>(size));
  if (value.ends_with('\n')) value.remove_suffix(1);
  return std::string(value);
}

}  // namespace

std::optional<std::string> read_sysctl(const NetNs& netns, const std::string& key) {
  return in_namespace(netns, [&] { return read_here(netns, key); });
}

bool write_sysctl(const NetNs& netns, const std::string& key, std::string_view value) {
  return in_namespace(netns, [&] {
    auto old = read_here(netns, key);
    if (!old || *old == value) return old.has_value();
    UniqueFd fd = open_key(netns, key, O_WRONLY);
    if (::write(fd.get(), value.data(), value.size()) < 0)
      throw device_error(errno, "set " + key + " to " + std::string(value), netns.label());
    return true;
  });
}

}  // namespace uswitch
