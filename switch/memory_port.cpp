#include "switch/memory_port.h"

#include <algorithm>

namespace uswitch {

bool MemoryPort::rx(unsigned, Batch& batch, Io&) {
  while (next_ < incoming_.size()) {
    Packet* p = batch.append();
    if (!p) return true;
    const Frame& f = incoming_[next_++];
    p->length = static_cast<uint32_t>(std::min(f.bytes.size(), max_frame));
    std::copy_n(f.bytes.data(), p->length, p->data);
    p->offload = f.offload;
    p->has_stripped_tag = f.has_stripped_tag;
    p->tci = f.tci;
    p->refused = f.refused;
  }
  incoming_.clear();
  next_ = 0;
  return false;
}

void MemoryPort::tx(unsigned, std::span<Outgoing> frames, Io&) {
  for (Outgoing& out : frames) {
    out.failed = refuse_;
    if (refuse_ != Reason::none) continue;
    const Packet& p = *out.packet;
    sent_.push_back({{p.data, p.data + p.length}, p.offload, false, 0});
  }
}

}  // namespace uswitch
