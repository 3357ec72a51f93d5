#include "switch/tap_port.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/offload.h"

namespace uswitch {

namespace {

constexpr size_t least_appetite = 1;  // one read costs less by itself than in a ring

// The namespace died or the device was deleted: the tun driver says EBADFD from then on.
bool device_is_gone(int32_t result) {
  return result == -EBADFD || result == -ENODEV;
}

Reason reason_of(int32_t result) {
  switch (result) {
    case -EAGAIN:
      return Reason::egress_full;
    case -EIO:
      return Reason::egress_down;  // the endpoint set its device down
    default:
      return device_is_gone(result) ? Reason::egress_down : Reason::egress_refused;
  }
}

}  // namespace

TapPort::TapPort(std::vector<int> queues, bool uso) : queues_(queues.size()), uso_(uso) {
  for (size_t i = 0; i < queues.size(); ++i) queues_[i].fd = queues[i];
}

TapPort::~TapPort() {
  for (Queue& q : queues_) close(q.fd);
}

Capabilities TapPort::capabilities() const {
  return {.checksum = true, .tso4 = true, .tso6 = true, .uso = uso_};
}

void TapPort::check_alive() {
  pollfd query{queues_[0].fd, POLLIN, 0};
  if (poll(&query, 1, 0) > 0 && (query.revents & POLLERR)) set_dead();
}

bool TapPort::rx(unsigned queue, Batch& batch, Io& io) {
  Queue& q = queues_[queue];
  const size_t first = batch.size();
  std::array<IoOp, Io::limit> ops;
  size_t asked = 0;
  for (; asked < q.appetite; ++asked) {
    Packet* p = batch.append();
    if (!p) break;
    ops[asked] = {q.fd, p->data - virtio_header_size,
                  virtio_header_size + static_cast<uint32_t>(max_frame), 0};
  }
  io.read({ops.data(), asked});

  size_t got = 0;
  for (size_t i = 0; i < asked; ++i) {
    const int32_t result = ops[i].result;
    Packet& p = batch[first + i];
    if (result < static_cast<int32_t>(virtio_header_size)) {
      if (device_is_gone(result)) set_dead();
      continue;
    }
    p.length = static_cast<uint32_t>(result) - virtio_header_size;
    p.offload = decode_offload(p.data - virtio_header_size);
    batch.swap(first + got++, first + i);
  }
  batch.shrink(first + got);
  q.appetite = got == asked ? std::min(q.appetite * 2, Io::limit) : std::max(got, least_appetite);
  return got == asked;
}

void TapPort::tx(unsigned queue, std::span<Outgoing> frames, Io& io) {
  const int fd = queues_[queue].fd;
  std::array<IoOp, Io::limit> ops;
  for (size_t i = 0; i < frames.size(); ++i) {
    Packet& p = *frames[i].packet;
    encode_offload(p, p.data - virtio_header_size);
    ops[i] = {fd, p.data - virtio_header_size, virtio_header_size + p.length, 0};
  }
  io.write({ops.data(), frames.size()});
  for (size_t i = 0; i < frames.size(); ++i) {
    if (ops[i].result < 0) frames[i].failed = reason_of(ops[i].result);
    if (device_is_gone(ops[i].result)) set_dead();
  }
}

}  // namespace uswitch
