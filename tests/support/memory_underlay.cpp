#include "tests/support/memory_underlay.h"

#include <gtest/gtest.h>

namespace uswitch::test {

void MemoryUnderlay::refuse(Reason reason, std::optional<unsigned> nth) {
  refuse_ = reason;
  refuse_nth_ = nth;
}

void MemoryUnderlay::send(unsigned, std::span<OutgoingDatagrams> datagrams) {
  ++calls_;
  for (OutgoingDatagrams& out : datagrams) {
    ++messages_;
    const bool this_one = !refuse_nth_ || (*refuse_nth_)-- == 0;
    if (refuse_ != Reason::none && this_one) {
      out.failed = refuse_;
      if (refuse_nth_) refuse_ = Reason::none;
    } else {
      keep(out);
    }
  }
}

// As the kernel cuts what goes with UDP_SEGMENT.
void MemoryUnderlay::keep(const OutgoingDatagrams& out) {
  Bytes all;
  for (const iovec& part : out.parts) {
    const auto* bytes = static_cast<const uint8_t*>(part.iov_base);
    all.insert(all.end(), bytes, bytes + part.iov_len);
  }
  EXPECT_EQ(all.size(), out.bytes);
  EXPECT_LE(out.parts.size(), 1024u) << "UIO_MAXIOV";
  const size_t each = out.segment == 0 ? all.size() : out.segment;
  if (out.segment != 0) {
    EXPECT_TRUE(segments_);
    EXPECT_GT(all.size(), each);
    EXPECT_LE(all.size(), max_bytes);
    EXPECT_LE((all.size() + each - 1) / each, max_segments);
  }
  for (size_t at = 0; at < all.size(); at += each) {
    const size_t size = std::min(each, all.size() - at);
    sent_.push_back({out.to->address, out.to->port, out.traffic_class, out.entropy,
                     Bytes(all.data() + at, all.data() + at + size)});
  }
}

// As UDP_GRO puts datagrams together: of one sender, of one size, the last may be shorter.
void MemoryUnderlay::inject(Datagram d) {
  if (!arriving_.empty()) {
    Arrived& last = arriving_.back();
    const size_t each = last.what.segment == 0 ? last.bytes.size() : last.what.segment;
    const bool alike = last.what.from == d.peer && last.what.traffic_class == d.traffic_class;
    const bool fits = d.payload.size() <= each && last.bytes.size() + d.payload.size() <= 65507 &&
                      last.bytes.size() / std::max<size_t>(each, 1) < 64;
    if (segments_ && alike && fits && !last.ended && !d.payload.empty()) {
      last.ended = d.payload.size() < each;
      last.what.segment = static_cast<uint16_t>(each);
      last.bytes.insert(last.bytes.end(), d.payload.begin(), d.payload.end());
      return;
    }
  }
  arriving_.push_back({{d.peer, d.traffic_class, 0, {}}, std::move(d.payload), false});
}

std::span<const IncomingDatagrams> MemoryUnderlay::receive(unsigned) {
  received_ = std::exchange(arriving_, {});
  spans_.clear();
  for (Arrived& a : received_) {
    a.what.payload = a.bytes;
    spans_.push_back(a.what);
  }
  return spans_;
}

}  // namespace uswitch::test
