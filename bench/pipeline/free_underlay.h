// An underlay that costs nothing, so that what is measured is the tunnel: it counts what is sent
// and has always the same datagrams to read.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "tunnel/underlay.h"

namespace uswitch::bench {

class FreeUnderlay : public Underlay {
 public:
  FreeUnderlay() : Underlay(1) {}

  int poll_fd(unsigned) const override { return -1; }
  bool segments() const override { return true; }
  void send(unsigned, std::span<OutgoingDatagrams> datagrams) override {
    for (const OutgoingDatagrams& d : datagrams) {
      bytes_ += d.bytes;
      datagrams_ += d.segment == 0 ? 1 : (d.bytes + d.segment - 1u) / d.segment;
    }
  }
  std::span<const IncomingDatagrams> receive(unsigned) override { return incoming_; }

  // `payload` in datagrams of `segment` bytes, together; 0: one.
  void add_incoming(const IpAddress& from, std::vector<uint8_t> payload, uint16_t segment) {
    payloads_.push_back(std::move(payload));
    incoming_.push_back({from, 0, segment, payloads_.back()});
  }

  uint64_t datagrams() const { return datagrams_; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t datagrams_ = 0, bytes_ = 0;
  std::vector<std::vector<uint8_t>> payloads_;  // moved as they are: the bytes stay where they are
  std::vector<IncomingDatagrams> incoming_;
};

}  // namespace uswitch::bench
