#include "switch/packet_port.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "core/offload.h"

namespace uswitch {

namespace {

constexpr int buffer_bytes = 16 << 20;
constexpr size_t chunk = 32;  // messages a system call

[[noreturn]] void fail(const std::string& device, const char* what) {
  throw std::system_error(errno, std::generic_category(), device + ": " + what);
}

template <typename T>
void set(int fd, int level, int option, const T& value, const std::string& device,
         const char* what) {
  if (setsockopt(fd, level, option, &value, sizeof value) < 0) fail(device, what);
}

// As much room as the kernel grants: in a user namespace, even root may not go beyond
// net.core.rmem_max and wmem_max.
void set_buffers(int fd, const std::string& device) {
  constexpr int wanted = buffer_bytes;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) < 0)
    set(fd, SOL_SOCKET, SO_RCVBUF, wanted, device, "SO_RCVBUF");
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) < 0)
    set(fd, SOL_SOCKET, SO_SNDBUF, wanted, device, "SO_SNDBUF");
}

// Kernels before 6.2 do not know UDP super-segments in a virtio-net header.
bool kernel_knows_uso() {
  utsname name;
  int major = 0, minor = 0;
  if (uname(&name) < 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 2);
}

int open_socket(const std::string& device, int index) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail(device, "AF_PACKET socket (needs CAP_NET_RAW)");
  set(fd, SOL_PACKET, PACKET_VNET_HDR, 1, device, "PACKET_VNET_HDR");
  set(fd, SOL_PACKET, PACKET_AUXDATA, 1, device, "PACKET_AUXDATA");
  set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, device, "PACKET_IGNORE_OUTGOING");
  set_buffers(fd, device);
  packet_mreq promiscuous{};
  promiscuous.mr_ifindex = index;
  promiscuous.mr_type = PACKET_MR_PROMISC;
  set(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous, device, "promiscuous mode");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) fail(device, "bind");
  return fd;
}

// Flows are spread over the workers by a symmetric hash, so both directions meet the same one.
void join_fanout(const std::vector<int>& sockets, const std::string& device) {
  uint32_t argument = PACKET_FANOUT_HASH << 16 | PACKET_FANOUT_FLAG_UNIQUEID << 16;
  set(sockets[0], SOL_PACKET, PACKET_FANOUT, argument, device, "PACKET_FANOUT");
  socklen_t size = sizeof argument;
  if (getsockopt(sockets[0], SOL_PACKET, PACKET_FANOUT, &argument, &size) < 0) {
    fail(device, "PACKET_FANOUT");
  }
  const uint32_t group = (argument & 0xffff) | PACKET_FANOUT_HASH << 16;
  for (size_t i = 1; i < sockets.size(); ++i) {
    set(sockets[i], SOL_PACKET, PACKET_FANOUT, group, device, "PACKET_FANOUT");
  }
}

// The tag that the kernel took out of the frame comes beside it (AP-2).
void take_tag(msghdr& message, Packet& p) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata aux;
    std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
    if (!(aux.tp_status & TP_STATUS_VLAN_VALID)) continue;
    p.tci = aux.tp_vlan_tci;
    p.has_stripped_tag = true;
  }
}

Reason reason_of(int error) {
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
      return Reason::egress_full;
    case ENETDOWN:
    case ENODEV:
    case ENXIO:
      return Reason::egress_down;
    case EMSGSIZE:
      return Reason::exceeds_mtu;
    default:
      return Reason::egress_refused;
  }
}

}  // namespace

PacketPort::PacketPort(const std::string& device, int index, unsigned queues)
    : uso_(kernel_knows_uso()) {
  try {
    for (unsigned i = 0; i < queues; ++i) sockets_.push_back(open_socket(device, index));
    if (queues > 1) join_fanout(sockets_, device);
  } catch (...) {
    for (int fd : sockets_) close(fd);
    throw;
  }
}

PacketPort::~PacketPort() {
  for (int fd : sockets_) close(fd);
}

bool PacketPort::rx(unsigned queue, Batch& batch, Io&) {
  std::array<mmsghdr, chunk> messages;
  std::array<iovec, chunk> parts;
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(tpacket_auxdata))];
  };
  std::array<Control, chunk> controls;

  const size_t first = batch.size();
  unsigned asked = 0;
  for (; asked < chunk; ++asked) {
    Packet* p = batch.append();
    if (!p) break;
    parts[asked] = {p->data - virtio_header_size, virtio_header_size + max_frame};
    messages[asked].msg_hdr = {nullptr,         0, &parts[asked], 1, controls[asked].bytes,
                               sizeof(Control), 0};
  }
  const int got = recvmmsg(sockets_[queue], messages.data(), asked, MSG_DONTWAIT, nullptr);
  if (got < 0 && (errno == ENODEV || errno == ENXIO)) set_dead();
  const size_t received = got > 0 ? static_cast<size_t>(got) : 0;
  batch.shrink(first + received);
  for (size_t i = 0; i < received; ++i) {
    Packet& p = batch[first + i];
    p.length =
        messages[i].msg_len < virtio_header_size ? 0 : messages[i].msg_len - virtio_header_size;
    p.offload = decode_offload(p.data - virtio_header_size);
    take_tag(messages[i].msg_hdr, p);
  }
  return received == asked;
}

void PacketPort::tx(unsigned queue, std::span<Outgoing> frames, Io&) {
  std::array<mmsghdr, Io::limit> messages;
  std::array<iovec, Io::limit> parts;
  for (size_t i = 0; i < frames.size(); ++i) {
    Packet& p = *frames[i].packet;
    encode_offload(p, p.data - virtio_header_size);
    parts[i] = {p.data - virtio_header_size, virtio_header_size + p.length};
    messages[i].msg_hdr = {nullptr, 0, &parts[i], 1, nullptr, 0, 0};
  }
  // sendmmsg stops at the first message that fails: note its reason, go on behind it.
  for (size_t done = 0; done < frames.size();) {
    const int sent = sendmmsg(sockets_[queue], messages.data() + done,
                              static_cast<unsigned>(frames.size() - done), MSG_DONTWAIT);
    if (sent > 0) {
      done += static_cast<size_t>(sent);
    } else {
      frames[done++].failed = reason_of(errno);
    }
  }
}

uint64_t PacketPort::take_kernel_drops() {
  uint64_t drops = 0;
  for (int fd : sockets_) {
    tpacket_stats stats{};
    socklen_t size = sizeof stats;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) drops += stats.tp_drops;
  }
  return drops;
}

}  // namespace uswitch
