// Which connections a request of the control socket is about, and what it calls their parts.
// Control thread; values only.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "control/target.h"
#include "nat/connection.h"

namespace uswitch {

// "tcp", "udp", "icmp", "icmp6", else the number.
std::string protocol_name(uint8_t protocol);

// Of TCP the state that it is followed in; of what has none, whether both ends have spoken.
std::string_view state_name(const ConnectionInfo& info);

class Parameters;

struct ConnectionFilter {
  std::optional<uint16_t> port;  // of either end of TCP or UDP, before or after translation
  std::optional<uint8_t> protocol;
  std::optional<IpAddress> address;  // of either end, likewise
  std::optional<size_t> state;       // index into the words

  // Takes port, proto, address and state. Throws BadQuery.
  static ConnectionFilter of(Parameters& parameters);

  bool limits() const { return port || protocol || address || state; }
  bool fits(const ConnectionInfo& info) const;
  // Whether a leave to send (nat/leave) goes with the connections that fit: when nothing is asked
  // that it cannot tell. One too many gone does not matter, the next packet to that address renews
  // it.
  bool fits_leave(const ConnectionInfo& info) const;
};

}  // namespace uswitch
