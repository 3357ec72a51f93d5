// Ethernet II / IEEE 802.3 header and the IEEE 802.1Q tag (STANDARDS BR-10, VL-1).
#pragma once
#include "wire/view.h"

namespace uswitch {

// Values of the EtherType field.
namespace ether_type {
inline constexpr uint16_t ipv4 = 0x0800;
inline constexpr uint16_t arp = 0x0806;
inline constexpr uint16_t vlan = 0x8100;          // C-tag
inline constexpr uint16_t service_vlan = 0x88a8;  // S-tag
inline constexpr uint16_t ipv6 = 0x86dd;
inline constexpr uint16_t smallest = 0x0600;  // below: an 802.3 length
}  // namespace ether_type

template <class Byte>
class BasicEthernetView : public HeaderView<Byte> {
 public:
  static constexpr size_t size = 14;
  struct Offset {
    static constexpr size_t destination = 0, source = 6, type = 12;
  };

  static std::optional<BasicEthernetView> parse(std::span<Byte> frame) {
    if (frame.size() < size) return std::nullopt;
    return BasicEthernetView(frame);
  }

  MacAddress destination() const { return MacAddress::load(this->at(Offset::destination)); }
  MacAddress source() const { return MacAddress::load(this->at(Offset::source)); }
  // The EtherType, or an 802.3 length when below ether_type::smallest.
  uint16_t type() const { return this->get16(Offset::type); }
  std::span<Byte> payload() const { return this->from(size); }

  void set_destination(const MacAddress& mac) const { mac.store(this->at(Offset::destination)); }
  void set_source(const MacAddress& mac) const { mac.store(this->at(Offset::source)); }

 private:
  using HeaderView<Byte>::HeaderView;
};

using EthernetView = BasicEthernetView<const uint8_t>;
using MutableEthernetView = BasicEthernetView<uint8_t>;

// The four bytes between the MAC addresses and the inner EtherType.
class VlanView : public HeaderView<const uint8_t> {
 public:
  static constexpr size_t size = 4;
  struct Offset {
    static constexpr size_t tpid = 0, tci = 2;
  };

  // `bytes` start at the TPID; only 802.1Q and 802.1ad TPIDs make a tag, and the inner EtherType
  // must be there as well.
  static std::optional<VlanView> parse(std::span<const uint8_t> bytes) {
    if (bytes.size() < size + 2) return std::nullopt;
    VlanView tag(bytes);
    if (tag.tpid() != ether_type::vlan && tag.tpid() != ether_type::service_vlan)
      return std::nullopt;
    return tag;
  }

  uint16_t tpid() const { return get16(Offset::tpid); }
  uint16_t tci() const { return get16(Offset::tci); }
  uint16_t vid() const { return tci() & 0x0fff; }
  bool dei() const { return (tci() & 0x1000) != 0; }
  uint8_t pcp() const { return static_cast<uint8_t>(tci() >> 13); }
  uint16_t inner_type() const { return get16(size); }
  std::span<const uint8_t> payload() const { return from(size + 2); }

 private:
  using HeaderView::HeaderView;
};

}  // namespace uswitch
