// The sockets of published host ports: open one, name its ends, end it.
//
// Any thread; no state. Every descriptor is non-blocking and closed on exec.
#pragma once
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>

#include "core/socket_address.h"
#include "switch/fd.h"
#include "wire/address.h"

namespace uswitch {

// Waits by Asio; what is read and written, system calls do.
using RelayDescriptor = boost::asio::posix::stream_descriptor;

// A bound socket: TCP's listens, UDP's says to which address a datagram came. Throws DeviceError,
// with a sentence that names the port and says what to do.
UniqueFd open_published(const IpAddress& address, uint16_t port, bool udp);

// The port that the system chose or was asked for.
uint16_t bound_port(int fd);

// Gives it to a descriptor that has none. False when it is none, or cannot be waited for; it is
// closed then.
bool hand_over(UniqueFd fd, RelayDescriptor& to);

// A socket on its way to `to`: SOCK_STREAM's is connected once it can be written to. Or none.
UniqueFd connect_to(const SocketAddress& to, int type);

// The error that the connection met, once; 0 for none.
int pending_error(int fd);

// Whether a call that failed with this is to be made again once the socket is ready.
bool is_transient(int error);

// What suits a relayed connection: nothing is held back to be sent with more (TCP_NODELAY), an
// urgent byte is a byte like others (RFC 6093 6), and a peer that is gone is noticed.
void set_up_stream(int fd);

// The next close tells the peer of a reset.
void reset_on_close(int fd);

}  // namespace uswitch
