#include "control/relay_datagram.h"

#include <array>
#include <cstring>

namespace uswitch {
namespace {

// Room for one control message of either family.
struct Control {
  alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> bytes{};
};
static_assert(sizeof(in_pktinfo) <= sizeof(in6_pktinfo));

template <class Info>
Info info_of(const cmsghdr& header) {
  Info info;
  std::memcpy(&info, CMSG_DATA(&header), sizeof info);
  return info;
}

void read_control(msghdr& message, Datagram& datagram) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      const auto info = info_of<in_pktinfo>(*c);
      datagram.local = IpAddress::from_v4(ntohl(info.ipi_addr.s_addr));
      datagram.interface = static_cast<unsigned>(info.ipi_ifindex);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      const auto info = info_of<in6_pktinfo>(*c);
      datagram.local = IpAddress::load6(info.ipi6_addr.s6_addr);
      datagram.interface = info.ipi6_ifindex;
    }
  }
}

template <class Info>
void put_control(msghdr& message, int level, int type, const Info& info) {
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(c), &info, sizeof info);
  message.msg_controllen = CMSG_SPACE(sizeof info);
}

void write_control(msghdr& message, const Datagram& datagram) {
  if (datagram.peer.generic.sa_family == AF_INET) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, datagram.local.wire(), 4);
    return put_control(message, IPPROTO_IP, IP_PKTINFO, info);
  }
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, datagram.local.bytes.data(), 16);
  // Other addresses are routed.
  if (datagram.local.is_link_local()) info.ipi6_ifindex = datagram.interface;
  put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

}  // namespace

std::optional<Datagram> receive_datagram(int fd, std::span<uint8_t> buffer) {
  Datagram datagram;
  Control control;
  iovec bytes{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &datagram.peer;
  message.msg_namelen = sizeof datagram.peer;
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);
  if (n < 0) return std::nullopt;
  datagram.size = static_cast<size_t>(n);
  read_control(message, datagram);
  return datagram;
}

bool answer_datagram(int fd, const Datagram& datagram, std::span<const uint8_t> bytes) {
  SocketAddress peer = datagram.peer;
  Control control;
  iovec out{const_cast<uint8_t*>(bytes.data()), bytes.size()};  // NOLINT: sendmsg only reads
  msghdr message{};
  message.msg_name = &peer;
  message.msg_namelen = peer.size();
  message.msg_iov = &out;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  write_control(message, datagram);
  return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace uswitch
