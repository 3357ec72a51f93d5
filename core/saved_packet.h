// TEMPORARY
#pragma once
#include <cstring>
#include <vector>
#include "core/packet.h"
namespace uswitch {
struct SavedPacket {
  std::vector<uint8_t> bytes; Packet meta;
  explicit SavedPacket(const Packet& p) : bytes(p.data, p.data + p.length), meta(p) {}
  PortId ingress() const { return meta.ingress; }
  void restore(Packet& p) const { std::memcpy(p.data, bytes.data(), bytes.size()); p.length = meta.length; p.offload = meta.offload; p.layout = meta.layout; p.ingress = meta.ingress; p.network = meta.network; p.tci = meta.tci; p.routed = meta.routed; }
};
}
