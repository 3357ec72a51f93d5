#include "tunnel/wrapping.h"

#include <cstring>

#include "core/segment_headers.h"
#include "wire/checksum.h"

namespace uswitch {

void Wrapping::add(size_t index, const Outer& outer) {
  make_room(0);
  append(index, header_, std::as_const(*frames_[index].packet).frame(), outer);
}

void Wrapping::add_super_segment(size_t index, const Outer& outer) {
  SegmentHeaders segments(*frames_[index].packet);
  const size_t size = header_.size() + segments.size();
  while (!segments.done()) {
    make_room(size);
    uint8_t* headers = scratch_.data() + scratch_used_;
    scratch_used_ += size;
    const Bytes payload = segments.payload();
    std::memcpy(headers, header_.data(), header_.size());
    segments.write(headers + header_.size(), checksum::sum(payload));
    append(index, {headers, size}, payload, outer);
  }
}

// For one more datagram, with so many bytes of headers of its own.
void Wrapping::make_room(size_t headers) {
  const bool enough = count_ < max_datagrams && parts_used_ + 2 <= max_parts &&
                      scratch_used_ + headers <= scratch_size;
  if (!enough) flush();
}

void Wrapping::append(size_t index, Bytes header, Bytes rest, const Outer& outer) {
  const auto bytes = static_cast<uint32_t>(header.size() + rest.size());
  if (joins(bytes, outer)) {
    OutgoingDatagrams& d = datagrams_[count_ - 1];
    d.segment = static_cast<uint16_t>(each_);
    d.bytes += bytes;
    carried_[count_ - 1].last = index;
    ended_ = bytes < each_;
    ++joined_;
  } else {
    begin(index, bytes, outer);
  }
  add_part(header);
  if (!rest.empty()) add_part(rest);
}

bool Wrapping::joins(uint32_t bytes, const Outer& outer) const {
  if (!join_ || count_ == 0 || ended_ || joined_ == Underlay::max_segments) return false;
  const OutgoingDatagrams& d = datagrams_[count_ - 1];
  return bytes <= each_ && d.bytes + bytes <= Underlay::max_bytes &&
         d.traffic_class == outer.traffic_class && d.entropy == outer.entropy;
}

void Wrapping::begin(size_t index, uint32_t bytes, const Outer& outer) {
  datagrams_[count_] = {};
  OutgoingDatagrams& d = datagrams_[count_];
  d.to = &remote_;
  d.parts = {parts_.data() + parts_used_, 0};
  d.bytes = bytes;
  d.traffic_class = outer.traffic_class;
  d.entropy = outer.entropy;
  carried_[count_++] = {index, index};
  each_ = bytes;
  joined_ = 1;
  ended_ = false;
}

// The parts of one datagram, or of those that go together, follow each other.
void Wrapping::add_part(Bytes bytes) {
  // The kernel does not write to what it is told to send.
  parts_[parts_used_++] = {const_cast<uint8_t*>(bytes.data()), bytes.size()};
  OutgoingDatagrams& d = datagrams_[count_ - 1];
  d.parts = {d.parts.data(), d.parts.size() + 1};
}

// A frame has left when all that carry parts of it have.
void Wrapping::flush() {
  if (count_ == 0) return;
  underlay_.send(queue_, {datagrams_.data(), count_});
  for (size_t i = 0; i < count_; ++i) {
    if (datagrams_[i].failed == Reason::none) continue;
    for (size_t f = carried_[i].first; f <= carried_[i].last; ++f) {
      frames_[f].failed = datagrams_[i].failed;
    }
  }
  count_ = parts_used_ = scratch_used_ = 0;
}

}  // namespace uswitch
