// What a port without `netns` is to the host: a TAP in the own namespace, with its descriptor, and
// the loopback device up.
#pragma once
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sandbox.h"
#include "switch/endpoint.h"
#include "switch/link.h"
#include "switch/tun.h"

namespace uswitch {

inline IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}
inline IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}

inline void remove_address(NetlinkSocket& netlink, const Link& link, const IpPrefix& address) {
  NetlinkRequest request(RTM_DELADDR, 0);
  auto& header = request.extra_header<ifaddrmsg>();
  header.ifa_family = address.address.is_v4() ? AF_INET : AF_INET6;
  header.ifa_prefixlen = address.length;
  header.ifa_index = static_cast<uint32_t>(link.index);
  request.put(IFA_LOCAL, address.address.wire(), address.address.wire_size());
  netlink.request(request, "remove address " + address.to_string());
}

// Routes of the main table, as `ip route` would write them: "10.1.0.0/24 via 10.0.0.1 proto 117".
inline std::vector<std::string> shown_routes(NetlinkSocket& netlink, const Link& link) {
  std::vector<std::string> shown;
  for_each_route(netlink, [&](const TableRoute& found) {
    if (found.link_index != link.index) return;
    std::string text = found.route.to.to_string();
    if (found.route.via) text += " via " + found.route.via->to_string();
    shown.push_back(text + " proto " + std::to_string(found.route.protocol));
  });
  return shown;
}

class HostPortTest : public NetnsTest {
 protected:
  void SetUp() override {
    NetnsTest::SetUp();
    if (IsSkipped()) return;
    here_.emplace(NetNs::own());
    lo_ = get_link(*here_, "lo");
    change_link(*here_, lo_, {.up = true});
    usw0_ = make_device("usw0", {prefix("10.0.0.254/24"), prefix("fd00:a::fe/64")});
  }
  void TearDown() override {
    if (here_) {
      for (const LinkAddress& a : list_reachable_addresses(*here_))
        if (a.link_index == lo_.index) remove_address(*here_, lo_, a.address);
      change_link(*here_, lo_, {.up = false});
    }
    here_.reset();
    taps_.clear();
    NetnsTest::TearDown();
  }

  Link make_device(const std::string& name, const std::vector<IpPrefix>& addresses) {
    taps_.push_back(create_tap(NetNs::own(), {.name = name}));
    configure_endpoint(NetNs::own(), {.device = name, .addresses = addresses});
    return get_link(*here_, name);
  }

  int tap_fd() const { return taps_[0].queues[0].get(); }  // usw0's
  void delete_devices() { taps_.clear(); }

  std::optional<NetlinkSocket> here_;
  Link lo_, usw0_;

 private:
  std::vector<Tap> taps_;
};

}  // namespace uswitch
