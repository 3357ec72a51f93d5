// HTTP/1.1 over a Unix stream socket, the control socket, or over any that listens already.
//
// Owner: the control thread makes and destroys it; it runs on that thread's io_context, whose run()
// must be called by one thread only, and calls the handler there. A client can cost it a bounded
// amount of memory and time and nothing else: see Limits. Keep-alive (RFC 9112 9.3); requests of
// one connection are answered one after another.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "control/http.h"
#include "switch/fd.h"

namespace boost::asio {
class io_context;
}

namespace uswitch {

class HttpServer {
 public:
  using Handler = std::function<Reply(const Request&)>;

  struct Limits {
    size_t header = 16 * 1024;  // bytes; beyond it: 431
    size_t body = 1024 * 1024;  // bytes; beyond it: 413
    // At once. One more takes the place of the one that has kept silent for longest, if that was
    // longer than `silence`; else it is answered 503.
    size_t connections = 64;
    std::chrono::milliseconds silence{1'000};
    // For a request to arrive whole, and again for its answer to be taken; then the connection is
    // closed. It is as well how long a connection may stay open unused.
    std::chrono::milliseconds patience{10'000};
  };

  // Listens from now on. What the handler throws is answered 500. Throws as SocketFile does.
  HttpServer(boost::asio::io_context& io, const std::string& path, Handler handler, Limits limits);
  HttpServer(boost::asio::io_context& io, const std::string& path, Handler handler)
      : HttpServer(io, path, std::move(handler), Limits()) {}
  // On a listening, non-blocking stream socket of that address family.
  HttpServer(boost::asio::io_context& io, UniqueFd listening, int family, Handler handler,
             Limits limits);
  // Closes every connection and removes the socket's file. The handler is not called any more.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  class Listener;
  std::shared_ptr<Listener> listener_;
};

}  // namespace uswitch
