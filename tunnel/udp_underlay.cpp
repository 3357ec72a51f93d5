#include "tunnel/udp_underlay.h"

#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/socket_address.h"

namespace uswitch {

namespace {

constexpr size_t chunk = 32;  // messages a system call
// A message of the largest size, and some cache lines more: buffers at a distance of a power of two
// would share few sets of the cache.
constexpr size_t buffer_bytes = 65536 + 9 * 64;

template <class T>
void put(msghdr& message, size_t& used, int level, int type, T value) {
  auto* c = reinterpret_cast<cmsghdr*>(static_cast<char*>(message.msg_control) + used);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
  used += CMSG_SPACE(sizeof value);
}

template <class T>
T get(const cmsghdr* c) {
  T value;
  std::memcpy(&value, CMSG_DATA(c), sizeof value);
  return value;
}

// One sendmmsg() under construction.
struct Sending {
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))];
  };
  std::array<mmsghdr, chunk> messages;
  std::array<Control, chunk> controls;
  std::array<SocketAddress, chunk> addresses;

  void add(size_t i, const OutgoingDatagrams& d) {
    addresses[i] = SocketAddress::of(d.to->address, d.to->port);
    msghdr& m = messages[i].msg_hdr;
    m = {};
    m.msg_name = &addresses[i];
    m.msg_namelen = addresses[i].size();
    m.msg_iov = const_cast<iovec*>(d.parts.data());  // sendmsg only reads it
    m.msg_iovlen = d.parts.size();
    m.msg_control = controls[i].bytes;
    const bool v4 = d.to->address.is_v4();
    size_t used = 0;
    put(m, used, v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, v4 ? IP_TOS : IPV6_TCLASS,
        int{d.traffic_class});
    if (d.segment != 0 && d.segment < d.bytes) put(m, used, IPPROTO_UDP, UDP_SEGMENT, d.segment);
    m.msg_controllen = used;
  }
};

}  // namespace

// The socket of one worker, and where it reads to. Kind "mine".
struct UdpUnderlay::Receiver {
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(int))];
  };

  Receiver(const UdpOptions& options, bool first)
      : fd(open_receiving(options, first)),
        memory(std::make_unique_for_overwrite<uint8_t[]>(chunk * buffer_bytes)) {
    for (size_t i = 0; i < chunk; ++i) buffers[i] = {memory.get() + i * buffer_bytes, 65535};
  }

  size_t read() {
    for (size_t i = 0; i < chunk; ++i) {
      messages[i].msg_hdr = {
          &addresses[i], sizeof(SocketAddress), &buffers[i], 1, &controls[i], sizeof(Control), 0};
    }
    const int got = recvmmsg(fd.get(), messages.data(), chunk, MSG_DONTWAIT, nullptr);
    return got > 0 ? static_cast<size_t>(got) : 0;
  }

  void take(size_t i) {
    IncomingDatagrams& d = datagrams[i];
    d = {};
    d.from = addresses[i].address();
    d.payload = {static_cast<uint8_t*>(buffers[i].iov_base), messages[i].msg_len};
    msghdr& m = messages[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
      if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
        d.traffic_class = get<uint8_t>(c);
      else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)
        d.traffic_class = static_cast<uint8_t>(get<int>(c));
      else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
        d.segment = static_cast<uint16_t>(get<int>(c));
    }
  }

  UniqueFd fd;
  std::unique_ptr<uint8_t[]> memory;
  std::array<iovec, chunk> buffers;
  std::array<mmsghdr, chunk> messages{};
  std::array<Control, chunk> controls;
  std::array<SocketAddress, chunk> addresses;
  std::array<IncomingDatagrams, chunk> datagrams;
};

UdpUnderlay::UdpUnderlay(const UdpOptions& options, int attention)
    : Underlay(options.queues),
      options_(options),
      sources_(options),
      attention_(attention),
      segments_(options.checksum) {
  for (unsigned i = 0; i < options.queues; ++i)
    receivers_.push_back(std::make_unique<Receiver>(options, i == 0));
}

UdpUnderlay::~UdpUnderlay() = default;

int UdpUnderlay::poll_fd(unsigned queue) const {
  return receivers_[queue]->fd.get();
}

std::span<const IncomingDatagrams> UdpUnderlay::receive(unsigned queue) {
  Receiver& r = *receivers_[queue];
  const size_t n = r.read();
  for (size_t i = 0; i < n; ++i) r.take(i);
  return {r.datagrams.data(), n};
}

// Those behind one another that leave by the same source port go in one system call.
void UdpUnderlay::send(unsigned, std::span<OutgoingDatagrams> datagrams) {
  for (size_t done = 0; done < datagrams.size();) {
    const int fd = sources_.at(datagrams[done].entropy);
    size_t end = done + 1;
    while (end < datagrams.size() && end - done < chunk &&
           sources_.at(datagrams[end].entropy) == fd)
      ++end;
    send_by(fd, datagrams.subspan(done, end - done));
    done = end;
  }
}

// sendmmsg stops at the first message that fails: note its reason, go on behind it.
void UdpUnderlay::send_by(int fd, std::span<OutgoingDatagrams> datagrams) {
  Sending sending;
  for (size_t i = 0; i < datagrams.size(); ++i) sending.add(i, datagrams[i]);
  for (size_t done = 0; done < datagrams.size();) {
    const int sent = sendmmsg(fd, sending.messages.data() + done,
                              static_cast<unsigned>(datagrams.size() - done), MSG_DONTWAIT);
    if (sent > 0) {
      done += static_cast<size_t>(sent);
    } else {
      datagrams[done].failed = reason_of(errno, datagrams[done]);
      ++done;
    }
  }
}

Reason UdpUnderlay::reason_of(int error, const OutgoingDatagrams& refused) {
  switch (error) {
    case EINVAL:  // some kernels' word for segments that are too long
      if (refused.segment == 0) return Reason::egress_refused;
      [[fallthrough]];
    case EMSGSIZE:
      if (!too_long_.exchange(true, std::memory_order_relaxed)) eventfd_write(attention_, 1);
      return Reason::exceeds_mtu;
    case EIO:  // a path that cannot cut: IPsec, or a device that cannot sum
      segments_.store(false, std::memory_order_relaxed);
      return Reason::egress_refused;
    case EAGAIN:
    case ENOBUFS:
      return Reason::egress_full;
    case ENETDOWN:
    case ENODEV:
      return Reason::egress_down;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ECONNREFUSED:
      return Reason::tunnel_unreachable;
    default:
      return Reason::egress_refused;
  }
}

uint64_t UdpUnderlay::kernel_drops() const {
  uint64_t drops = 0;
  for (const auto& r : receivers_) {
    uint32_t figures[SK_MEMINFO_VARS]{};
    socklen_t size = sizeof figures;
    if (getsockopt(r->fd.get(), SOL_SOCKET, SO_MEMINFO, figures, &size) == 0)
      drops += figures[SK_MEMINFO_DROPS];
  }
  return drops;
}

}  // namespace uswitch
