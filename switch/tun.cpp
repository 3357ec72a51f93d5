#include "switch/tun.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "switch/device_error.h"
#include "switch/link.h"

// Linux 6.2; older headers lack them.
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace uswitch {
namespace {

constexpr const char* tun_path = "/dev/net/tun";
constexpr const char* free_name = "usw%d";  // the kernel puts in the first number that is free

UniqueFd open_tun() {
  UniqueFd fd(::open(tun_path, O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (fd) return fd;
  int error = errno;
  std::string text = device_error(error, std::string("open ") + tun_path, {}).what();
  if (error == ENOENT || error == ENODEV || error == ENXIO)
    text += "; load the module tun, or give the container the device (--device /dev/net/tun)";
  else if (error == EACCES)
    text += "; needs root, or read and write permission on it";
  throw DeviceError(error, text);
}

ifreq tap_request(const std::string& name, unsigned queues) {
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (queues > 1 ? IFF_MULTI_QUEUE : 0);
  request.ifr_flags = static_cast<short>(flags);
  return request;
}

// Attaches to the device of that name, or makes one; returns its real name.
std::string attach(int fd, const std::string& name, unsigned queues) {
  ifreq request = tap_request(name, queues);
  if (::ioctl(fd, TUNSETIFF, &request) != 0)
    throw device_error(errno,
                       queues > 1 ? "create a multi-queue TAP device" : "create a TAP device",
                       "the namespace uswitch runs in");
  return request.ifr_name;
}

// VH-6: what we can take from read(). Per device, so one queue's descriptor says it for all.
// Returns whether UDP super-segments are among it.
bool set_offloads(int fd) {
  constexpr unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  constexpr unsigned udp = TUN_F_USO4 | TUN_F_USO6;
  int header = 10;
  if (::ioctl(fd, TUNSETVNETHDRSZ, &header) != 0)
    throw device_error(errno, "set the TAP's header size", {});
  if (::ioctl(fd, TUNSETOFFLOAD, tcp | udp) == 0) return true;
  if (::ioctl(fd, TUNSETOFFLOAD, tcp) != 0)
    throw device_error(errno, "switch the TAP's offloads on", {});
  return false;
}

struct UnnamedTap {
  Tap tap;
  std::string temporary_name;
};

UnnamedTap open_queues(unsigned queues) {
  UnnamedTap made;
  made.temporary_name = free_name;
  for (unsigned i = 0; i < queues; ++i) {
    UniqueFd fd = open_tun();
    made.temporary_name = attach(fd.get(), made.temporary_name, queues);
    made.tap.queues.push_back(std::move(fd));
  }
  made.tap.uso = set_offloads(made.tap.queues.front().get());
  return made;
}

void check_options(const TapOptions& options) {
  if (options.queues < 1 || options.queues > 256)
    throw DeviceError(EINVAL,
                      "a TAP device has 1 to 256 queues, not " + std::to_string(options.queues));
}

}  // namespace

std::vector<int> Tap::release_queues() {
  std::vector<int> fds;
  for (UniqueFd& queue : queues) fds.push_back(queue.release());
  queues.clear();
  return fds;
}

Tap create_tap(const NetNs& netns, const TapOptions& options) {
  check_options(options);
  NetlinkSocket there(netns);
  require_free_name(there, options.name);
  UnnamedTap made = open_queues(options.queues);
  NetlinkSocket here(NetNs::own());
  Link link = get_link(here, made.temporary_name);
  link.name = options.name;  // what an error should speak of
  change_link(here, link,
              {.mac = options.mac, .mtu = options.mtu, .txqueuelen = options.txqueuelen});
  try {
    change_link(here, link, {.name = options.name, .netns = netns.is_current() ? nullptr : &netns});
  } catch (const DeviceError& error) {
    // Somebody took the name since we looked: say whose it is.
    if (error.error() == EEXIST) require_free_name(there, options.name);
    throw;
  }
  return std::move(made.tap);
}

TapFeatures probe_tap() {
  return {.uso = open_queues(1).tap.uso};
}

}  // namespace uswitch
