#include "switch/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "switch/device_error.h"

namespace uswitch {
namespace {

// The kernel's dumps fill what the reader offers, at most this much.
constexpr size_t receive_size = 32768;

// The text attribute behind an error message (NLMSGERR_ATTR_MSG); the failed request itself stands
// between unless NETLINK_CAP_ACK left it out.
std::string explanation_of(const nlmsghdr& message) {
  std::string text;
  if (!(message.nlmsg_flags & NLM_F_ACK_TLVS)) return text;
  auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(&message));
  size_t skip = sizeof(nlmsgerr);
  if (!(message.nlmsg_flags & NLM_F_CAPPED)) skip += mnl_nlmsg_get_payload_len(&error->msg);
  if (skip > mnl_nlmsg_get_payload_len(&message)) return text;
  for_each_attribute(message, skip, [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == NLMSGERR_ATTR_MSG &&
        mnl_attr_validate(&attribute, MNL_TYPE_NUL_STRING) == 0)
      text = mnl_attr_get_str(&attribute);
  });
  return text;
}

// What one received message means for the request in flight.
struct Progress {
  bool finished = false;
  int error = 0;
};

Progress judge(const nlmsghdr& message) {
  if (message.nlmsg_type == NLMSG_ERROR) {
    if (mnl_nlmsg_get_payload_len(&message) < sizeof(nlmsgerr)) return {true, EBADMSG};
    return {true, -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(&message))->error};
  }
  if (message.nlmsg_type != NLMSG_DONE) return {};
  // A dump that failed half-way says so in its last message.
  int error = 0;
  if (mnl_nlmsg_get_payload_len(&message) >= sizeof error)
    std::memcpy(&error, mnl_nlmsg_get_payload(&message), sizeof error);
  return {true, -error};
}

}  // namespace

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags)
    : message_(mnl_nlmsg_put_header(buffer_.data())) {
  message_->nlmsg_type = type;
  message_->nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK);
}

void NetlinkRequest::reserve(size_t payload) const {
  if (message_->nlmsg_len + MNL_ATTR_HDRLEN + MNL_ALIGN(payload) > buffer_.size())
    throw std::length_error("netlink request too long");
}

void NetlinkRequest::put(uint16_t attribute, const void* data, size_t size) {
  reserve(size);
  mnl_attr_put(message_, attribute, size, data);
}

nlattr* NetlinkRequest::begin_nest(uint16_t attribute) {
  reserve(0);
  return mnl_attr_nest_start(message_, attribute);
}

MnlSocket open_route_socket(const NetNs& netns, int flags) {
  return in_namespace(netns, [&] {
    MnlSocket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags));
    if (!socket) throw device_error(errno, "open a netlink socket", netns.label());
    return socket;
  });
}

NetlinkSocket::NetlinkSocket(const NetNs& netns)
    : socket_(open_route_socket(netns)), label_(netns.label()) {
  int on = 1;
  // Comforts of newer kernels (4.12, 4.3): without them only the explanations are missing.
  mnl_socket_setsockopt(socket_.get(), NETLINK_EXT_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket_.get(), NETLINK_CAP_ACK, &on, sizeof on);
  if (mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    throw device_error(errno, "bind a netlink socket", label_);
}

int NetlinkSocket::try_request(NetlinkRequest& request, const OnMessage& on_message) {
  nlmsghdr* out = request.message();
  out->nlmsg_seq = ++sequence_;
  explanation_.clear();
  if (mnl_socket_sendto(socket_.get(), out, out->nlmsg_len) < 0) return errno;
  std::vector<char> buffer(receive_size);
  for (;;) {
    ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    int left = static_cast<int>(size);
    auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence_) continue;  // the rest of a request given up
      Progress progress = judge(*message);
      if (progress.error) explanation_ = explanation_of(*message);
      if (progress.finished) return progress.error;
      if (on_message) on_message(*message);
    }
  }
}

void NetlinkSocket::request(NetlinkRequest& request, const std::string& action,
                            const OnMessage& on_message) {
  if (int error = try_request(request, on_message))
    throw device_error(error, action, label_, explanation_);
}

NetlinkEvents::NetlinkEvents(const NetNs& netns, unsigned groups, const std::string& action)
    : socket_(open_route_socket(netns, SOCK_NONBLOCK)) {
  if (mnl_socket_bind(socket_.get(), groups, MNL_SOCKET_AUTOPID) < 0)
    throw device_error(errno, action, netns.label());
}

bool NetlinkEvents::read(const NetlinkSocket::OnMessage& on_message) {
  alignas(nlmsghdr) char buffer[16384];
  bool complete = true;
  for (;;) {
    ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    // ENOBUFS: the socket's buffer overflowed; ENOSPC: one message larger than ours was cut.
    if (size < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
      complete = false;
      continue;
    }
    if (size <= 0) return complete;
    int left = static_cast<int>(size);
    auto* message = reinterpret_cast<const nlmsghdr*>(buffer);
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
      on_message(*message);
  }
}

}  // namespace uswitch
