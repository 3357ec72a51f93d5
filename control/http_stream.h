// An answer that comes bit by bit as long as its reader stays: HTTP/1.1 chunks (RFC 9112 7.1).
//
// Control thread. Costs one chunk of memory and whatever the body keeps; a reader that is slow is
// waited for without end, since it is the body that decides what it misses meanwhile.
#pragma once
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <memory>

#include "control/http.h"

namespace uswitch {

using HttpSocket = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

// Sends `reply`, whose body is reply.stream, over the socket, which belongs to `owner`: kept until
// the end. The socket is not to be used any more by others but to close it.
void send_stream(HttpSocket& socket, std::shared_ptr<void> owner, Reply reply);

}  // namespace uswitch
