// Datagrams of a socket that has several addresses: to which of them one came, and an answer from
// that very address.
//
// Any thread; no state. The socket is open_published's.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "control/relay_socket.h"
#include "wire/address.h"

namespace uswitch {

struct Datagram {
  SocketAddress peer{};
  IpAddress local;         // the one that the peer sent to
  unsigned interface = 0;  // by which it came
  size_t size = 0;
};

// Nothing when none is there. 64 KiB of buffer hold every datagram.
std::optional<Datagram> receive_datagram(int fd, std::span<uint8_t> buffer);

// To the datagram's peer, from its local address. False when the system refused; it is lost then.
bool answer_datagram(int fd, const Datagram& datagram, std::span<const uint8_t> bytes);

}  // namespace uswitch
