#include "router/nd_message.h"

#include "core/layout.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv6.h"
#include "wire/ndp.h"

namespace uswitch::nd_message {

namespace {

constexpr uint8_t source_link = 1, target_link = 2, prefix_information = 3, mtu_option = 5;
constexpr uint32_t flag_router = 0x80000000, flag_solicited = 0x40000000,
                   flag_override = 0x20000000;
constexpr uint32_t valid_lifetime = 2592000, preferred_lifetime = 604800;  // RFC 4861 6.2.1
constexpr uint8_t on_link = 0x80, autonomous = 0x40;

const IpAddress all_nodes_group = *IpAddress::parse("ff02::1");

// One message from its Ethernet header to its last option.
class Writer {
 public:
  Writer(const RouterInterface& own, const IpAddress& source, const To& to, Packet& out)
      : out_(out) {
    to.mac.store(out.data);
    own.mac.store(out.data + 6);
    store_be16(out.data + 12, ether_type::ipv6);
    uint8_t* ip = out.data + Layout::l3;
    store_be32(ip, 0x60000000);
    ip[Ipv6View::Offset::next_header] = ip_protocol::icmp6;
    ip[Ipv6View::Offset::hop_limit] = 255;
    std::memcpy(ip + Ipv6View::Offset::source, source.bytes.data(), 16);
    std::memcpy(ip + Ipv6View::Offset::destination, to.address.bytes.data(), 16);
    out.length = message;
  }

  Writer& type(uint8_t type, uint32_t rest) {
    put8(type);
    put8(0);
    put16(0);
    put32(rest);
    return *this;
  }
  void put8(uint8_t v) { out_.data[out_.length++] = v; }
  void put16(uint16_t v) {
    store_be16(out_.data + out_.length, v);
    out_.length += 2;
  }
  void put32(uint32_t v) {
    store_be32(out_.data + out_.length, v);
    out_.length += 4;
  }
  Writer& put(const IpAddress& a) {
    std::memcpy(out_.data + out_.length, a.bytes.data(), 16);
    out_.length += 16;
    return *this;
  }
  Writer& link_option(uint8_t type, const MacAddress& mac) {
    put8(type);
    put8(1);
    mac.store(out_.data + out_.length);
    out_.length += 6;
    return *this;
  }
  Writer& prefix_option(const IpPrefix& prefix) {
    put8(prefix_information);
    put8(4);
    put8(prefix.length);
    // Interface identifiers have 64 bits (RFC 4862 5.5.3 d).
    put8(prefix.length == 64 ? on_link | autonomous : on_link);
    put32(valid_lifetime);
    put32(preferred_lifetime);
    put32(0);
    return put(prefix.network());
  }
  Writer& mtu(uint16_t mtu) {
    put8(mtu_option);
    put8(1);
    put16(0);
    put32(mtu);
    return *this;
  }

  void finish() {
    const auto size = static_cast<uint16_t>(out_.length - message);
    uint8_t* ip = out_.data + Layout::l3;
    store_be16(ip + Ipv6View::Offset::payload_length, size);
    const uint16_t pseudo =
        checksum::pseudo6(ip + Ipv6View::Offset::source, ip_protocol::icmp6, size);
    const uint16_t sum = checksum::add(pseudo, checksum::sum({out_.data + message, size}));
    store_be16(out_.data + message + IcmpView::Offset::checksum, checksum::finish(sum));
    [[maybe_unused]] const Reason sound = parse_layout(out_);
  }

 private:
  static constexpr uint32_t message = Layout::l3 + Ipv6View::size;
  Packet& out_;
};

}  // namespace

To To::all_nodes() {
  return {all_nodes_group, group_mac(all_nodes_group)};
}

IpAddress solicited_node(const IpAddress& address) {
  IpAddress group = *IpAddress::parse("ff02::1:ff00:0");
  std::copy(address.bytes.begin() + 13, address.bytes.end(), group.bytes.begin() + 13);
  return group;
}

MacAddress group_mac(const IpAddress& group) {
  MacAddress mac{{0x33, 0x33}};
  std::copy(group.bytes.begin() + 12, group.bytes.end(), mac.bytes.begin() + 2);
  return mac;
}

void write_solicitation(const RouterInterface& own, const IpAddress& target,
                        const std::optional<MacAddress>& to, Packet& out) {
  const IpAddress group = solicited_node(target);
  const To receiver = to ? To{target, *to} : To{group, group_mac(group)};
  Writer(own, own.link_local, receiver, out)
      .type(icmp6_type::neighbor_solicitation, 0)
      .put(target)
      .link_option(source_link, own.mac)
      .finish();
}

void write_duplicate_probe(const RouterInterface& own, const IpAddress& address, Packet& out) {
  const IpAddress group = solicited_node(address);
  Writer w(own, IpAddress{}, {group, group_mac(group)}, out);
  w.type(icmp6_type::neighbor_solicitation, 0).put(address);
  w.put8(nonce_option);
  w.put8(1);
  for (const uint8_t byte : nonce) w.put8(byte);
  w.finish();
}

void write_advertisement(const RouterInterface& own, const Claim& claim, const To& to,
                         Packet& out) {
  uint32_t flags = flag_router;
  if (claim.solicited) flags |= flag_solicited;
  if (claim.override_) flags |= flag_override;
  // From the address that is claimed if it is its own, so that the receiver may answer it.
  const IpAddress source = own.owns(claim.target) ? claim.target : own.link_local;
  Writer(own, source, to, out)
      .type(icmp6_type::neighbor_advertisement, flags)
      .put(claim.target)
      .link_option(target_link, own.mac)
      .finish();
}

void write_router_advertisement(const RouterInterface& own, uint16_t lifetime, const To& to,
                                Packet& out) {
  constexpr uint32_t hop_limit = 64u << 24;
  Writer w(own, own.link_local, to, out);
  w.type(icmp6_type::router_advertisement, hop_limit | lifetime);
  w.put32(0);  // reachable time and retransmission timer: unspecified
  w.put32(0);
  w.link_option(source_link, own.mac).mtu(own.mtu);
  for (const IpPrefix& prefix : own.addresses) {
    if (!prefix.address.is_v4() && prefix.length < 128) w.prefix_option(prefix);
  }
  w.finish();
}

}  // namespace uswitch::nd_message
