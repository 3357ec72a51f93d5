// ARP for IPv4 over Ethernet (RFC 826).
#pragma once
#include "wire/view.h"

namespace uswitch {

template <class Byte>
class BasicArpView : public HeaderView<Byte> {
 public:
  static constexpr size_t size = 28;
  static constexpr uint16_t request = 1, reply = 2;
  struct Offset {
    static constexpr size_t hardware_type = 0, protocol_type = 2, hardware_length = 4,
                            protocol_length = 5, operation = 6, sender_mac = 8, sender_ip = 14,
                            target_mac = 18, target_ip = 24;
  };

  // Refuses everything but requests and replies for IPv4 over Ethernet (ARP-1).
  static std::optional<BasicArpView> parse(std::span<Byte> bytes) {
    if (bytes.size() < size) return std::nullopt;
    BasicArpView arp(bytes.first(size));
    constexpr uint64_t ethernet_ipv4 = 0x0001'0800'0604;  // types and lengths in one comparison
    if (load_be64(bytes.data()) >> 16 != ethernet_ipv4) return std::nullopt;
    if (arp.operation() != request && arp.operation() != reply) return std::nullopt;
    return arp;
  }

  uint16_t operation() const { return this->get16(Offset::operation); }
  MacAddress sender_mac() const { return MacAddress::load(this->at(Offset::sender_mac)); }
  IpAddress sender_ip() const { return IpAddress::load4(this->at(Offset::sender_ip)); }
  MacAddress target_mac() const { return MacAddress::load(this->at(Offset::target_mac)); }
  IpAddress target_ip() const { return IpAddress::load4(this->at(Offset::target_ip)); }

 private:
  using HeaderView<Byte>::HeaderView;
};

using ArpView = BasicArpView<const uint8_t>;

}  // namespace uswitch
