// The frame that an endpoint would send for a packet that somebody imagines: with its MAC, to the
// station or gateway that its kernel would choose.
//
// Control thread. Changes nothing; what had to be assumed stands in the notes.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.h"
#include "control/port_info.h"
#include "core/time.h"
#include "engine/tables.h"

namespace uswitch {

struct ImaginedFlow {
  enum class Kind : uint8_t { tcp, udp, icmp };  // a SYN, an empty datagram, an echo request
  Kind kind = Kind::tcp;
  IpAddress source, destination;  // of one family
  uint16_t source_port = 0, destination_port = 0;
};

// "10.0.0.1:4000,10.0.0.2:80", "[fd00::1]:4000,[fd00::2]:80"; of ICMP "10.0.0.1,10.0.0.2", brackets
// or not. Otherwise what is wrong with it, as a sentence.
std::optional<std::string> parse_flow(std::string_view text, ImaginedFlow& flow);

struct Endpoint {
  const Tables& tables;
  PortId port;
  std::span<const PortInfo> infos;  // by PortId; may be shorter than the tables' ports
  const PortConfig* config;         // null: not known
  Time now;
};

struct ImaginedFrame {
  std::vector<uint8_t> bytes;
  std::vector<std::string> notes;
};

ImaginedFrame imagine(const Endpoint& endpoint, const ImaginedFlow& flow);

}  // namespace uswitch
