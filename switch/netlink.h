// Talking rtnetlink (RFC 3549) with the kernel: a request, built attribute by attribute, the socket
// that sends it and waits for the answer, and the socket that hears what the kernel announces. What
// the requests are about is in switch/link.h and switch/ip_config.h.
//
// Owner: whoever configures, mostly the control thread; one thread at a time. A socket keeps its
// namespace alive: let it go once the work is done.
#pragma once
#include <libmnl/libmnl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "switch/netns.h"

namespace uswitch {

// One message under construction. Throws std::length_error when it does not fit in 1 KiB.
class NetlinkRequest {
 public:
  // NLM_F_REQUEST and NLM_F_ACK are added to the flags.
  NetlinkRequest(uint16_t type, uint16_t flags);
  NetlinkRequest(const NetlinkRequest&) = delete;
  NetlinkRequest& operator=(const NetlinkRequest&) = delete;

  // Appends a fixed structure, zeroed: ifinfomsg, ifaddrmsg, rtmsg.
  template <class Header>
  Header& extra_header() {
    reserve(sizeof(Header));
    return *static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header)));
  }
  void put_u32(uint16_t attribute, uint32_t value) { put(attribute, &value, sizeof value); }
  void put_string(uint16_t attribute, const std::string& text) {
    put(attribute, text.c_str(), text.size() + 1);
  }
  void put(uint16_t attribute, const void* data, size_t size);
  nlattr* begin_nest(uint16_t attribute);
  void end_nest(nlattr* nest) { mnl_attr_nest_end(message_, nest); }

  nlmsghdr* message() { return message_; }

 private:
  void reserve(size_t payload) const;

  alignas(nlmsghdr) std::array<char, 1024> buffer_{};
  nlmsghdr* message_;
};

struct MnlClose {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using MnlSocket = std::unique_ptr<mnl_socket, MnlClose>;

// An unbound rtnetlink socket inside the namespace; `flags` as socket(2) takes them.
MnlSocket open_route_socket(const NetNs& netns, int flags = 0);

class NetlinkSocket {
 public:
  using OnMessage = std::function<void(const nlmsghdr&)>;

  explicit NetlinkSocket(const NetNs& netns);

  // Sends and waits for the kernel's answer; each message that comes before its end goes to
  // on_message. `action` completes "cannot ..." in the DeviceError, which carries the kernel's own
  // explanation (NETLINK_EXT_ACK) where there is one.
  void request(NetlinkRequest& request, const std::string& action,
               const OnMessage& on_message = {});
  // The same, but an error of the kernel is returned: 0 or an errno.
  int try_request(NetlinkRequest& request, const OnMessage& on_message = {});

  const std::string& label() const { return label_; }  // of its namespace, for messages

 private:
  MnlSocket socket_;
  std::string label_;
  std::string explanation_;  // the kernel's, of the last request that failed
  uint32_t sequence_ = 0;
};

// What the kernel announces of a namespace, for an event loop that watches fd().
class NetlinkEvents {
 public:
  // `groups` are RTMGRP_ bits. `action` completes "cannot ..." in the DeviceError.
  NetlinkEvents(const NetNs& netns, unsigned groups, const std::string& action);

  int fd() const { return mnl_socket_get_fd(socket_.get()); }
  // Hands over all that is waiting, in order; never blocks. False: some were lost, before or among
  // these; what they told of must be read again.
  [[nodiscard]] bool read(const NetlinkSocket::OnMessage& on_message);

 private:
  MnlSocket socket_;
};

// Calls fn(const nlattr&) for each attribute after a fixed header of `header_size` bytes.
template <class Fn>
void for_each_attribute(const nlmsghdr& message, size_t header_size, Fn&& fn) {
  auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message));
  auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, header_size));
  while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    fn(*attribute);
    attribute = mnl_attr_next(attribute);
  }
}

// The same for the attributes inside a nested one.
template <class Fn>
void for_each_nested(const nlattr& nest, Fn&& fn) {
  auto* attribute = static_cast<const nlattr*>(mnl_attr_get_payload(&nest));
  auto* end = reinterpret_cast<const char*>(attribute) + mnl_attr_get_payload_len(&nest);
  while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    fn(*attribute);
    attribute = mnl_attr_next(attribute);
  }
}

}  // namespace uswitch
