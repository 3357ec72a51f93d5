#include "tunnel/tunnel_port.h"

#include "core/flow_hash.h"
#include "tunnel/ecn.h"
#include "tunnel/udp_header.h"
#include "tunnel/vxlan_header.h"
#include "tunnel/wrapping.h"

namespace uswitch {

namespace {

// Not the router's seed for its choice between equal paths: flows that went the same way there are
// spread here.
constexpr uint32_t entropy_seed = 0x70a7e1;

uint16_t entropy_of(const Packet& packet) {
  return static_cast<uint16_t>(flow_hash(packet, entropy_seed));
}

}  // namespace

TunnelPort::TunnelPort(std::shared_ptr<Underlay> underlay, const Remote& remote,
                       const TunnelOptions& options)
    : underlay_(std::move(underlay)), remote_(remote), options_(options) {
  if (options.type == TunnelType::vxlan)
    vxlan_header::write(header_.data(), options.network_id);
  else
    udp_header::write(header_.data(), options.network_id);
}

void TunnelPort::tx(unsigned queue, std::span<Outgoing> frames, Io&) {
  const std::span header(header_.data(), tunnel_header_size(options_.type));
  Wrapping wrapping(*underlay_, queue, remote_, header, frames);
  for (size_t i = 0; i < frames.size(); ++i) {
    const Packet& packet = *frames[i].packet;
    const Wrapping::Outer outer{outer_traffic_class(packet.frame(), options_.dscp),
                                entropy_of(packet)};
    if (packet.offload.gso == Offload::Gso::none)
      wrapping.add(i, outer);
    else
      wrapping.add_super_segment(i, outer);
  }
  wrapping.flush();
}

}  // namespace uswitch
