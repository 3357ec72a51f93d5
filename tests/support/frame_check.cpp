#include "tests/support/frame_check.h"

#include "tests/support/naive_checksum.h"

namespace uswitch::test {

namespace {

using Bytes = std::span<const uint8_t>;

unsigned get16(Bytes b, size_t at) {
  return b[at] * 256u + b[at + 1];
}

std::string udp_fault(Bytes segment, uint16_t pseudo) {
  if (segment.size() < 8) return "UDP header cut off";
  if (get16(segment, 4) != segment.size()) return "UDP length is not that of the IP payload";
  if (get16(segment, 6) == 0) return "";
  return naive_sum(segment, pseudo) == 0xffff ? "" : "UDP checksum wrong";
}

std::string tcp_fault(Bytes segment, uint16_t pseudo) {
  if (segment.size() < 20) return "TCP header cut off";
  size_t header = (segment[12] >> 4) * 4u;
  if (header < 20 || header > segment.size()) return "TCP data offset wrong";
  return naive_sum(segment, pseudo) == 0xffff ? "" : "TCP checksum wrong";
}

std::string l4_fault(Bytes addresses, uint8_t protocol, Bytes segment) {
  uint16_t pseudo = naive_pseudo_sum(addresses, protocol, segment.size());
  switch (protocol) {
    case 17:
      return udp_fault(segment, pseudo);
    case 6:
      return tcp_fault(segment, pseudo);
    case 1:
      return naive_sum(segment) == 0xffff ? "" : "ICMP checksum wrong";
    case 58:
      return naive_sum(segment, pseudo) == 0xffff ? "" : "ICMPv6 checksum wrong";
    default:
      return "";
  }
}

std::string ipv4_fault(Bytes ip) {
  if (ip.size() < 20 || ip[0] >> 4 != 4) return "not an IPv4 header";
  size_t header = (ip[0] & 15u) * 4, total = get16(ip, 2);
  if (header < 20 || total < header || total > ip.size()) return "IPv4 lengths disagree";
  if (ip.size() > total && ip.size() > 46) return "more than padding behind the IPv4 packet";
  if (naive_sum(ip.first(header)) != 0xffff) return "IPv4 header checksum wrong";
  if ((get16(ip, 6) & 0x3fff) != 0) return "";
  return l4_fault(ip.subspan(12, 8), ip[9], ip.subspan(header, total - header));
}

std::string ipv6_fault(Bytes ip) {
  if (ip.size() < 40 || ip[0] >> 4 != 6) return "not an IPv6 header";
  size_t total = 40 + get16(ip, 4), at = 40;
  if (total > ip.size()) return "IPv6 payload length is beyond the frame";
  if (ip.size() > total && ip.size() > 46) return "more than padding behind the IPv6 packet";
  uint8_t next = ip[6];
  while (next == 0 || next == 43 || next == 60) {
    if (at + 8 > total) return "IPv6 extension header cut off";
    next = ip[at];
    at += (ip[at + 1] + 1u) * 8;
  }
  if (at > total) return "IPv6 extension header cut off";
  if (next == 44) return "";
  return l4_fault(ip.subspan(8, 32), next, ip.subspan(at, total - at));
}

}  // namespace

std::string frame_fault(Bytes frame) {
  if (frame.size() < 14) return "no Ethernet header";
  size_t at = 12;
  while (at + 6 <= frame.size() && (get16(frame, at) == 0x8100 || get16(frame, at) == 0x88a8))
    at += 4;
  unsigned type = get16(frame, at);
  if (type == 0x0800) return ipv4_fault(frame.subspan(at + 2));
  if (type == 0x86dd) return ipv6_fault(frame.subspan(at + 2));
  return "";
}

void clear_free_id(std::span<uint8_t> frame) {
  if (frame.size() < 34 || get16(frame, 12) != 0x0800 || (frame[20] & 0x40) != 0) return;
  const size_t size = (frame[14] & 15u) * 4;
  if (size < 20 || 14 + size > frame.size()) return;
  const std::span<uint8_t> header = frame.subspan(14, size);
  const bool right = naive_sum(header) == 0xffff;
  header[4] = header[5] = 0;
  if (!right) return;
  header[10] = header[11] = 0;
  const auto sum = static_cast<uint16_t>(~naive_sum(header));
  header[10] = static_cast<uint8_t>(sum >> 8);
  header[11] = static_cast<uint8_t>(sum);
}

}  // namespace uswitch::test
