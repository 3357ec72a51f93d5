#include "control/http_stream.h"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

namespace uswitch {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// How often a body that had nothing is asked again.
constexpr std::chrono::milliseconds interval(10);

class Sending : public std::enable_shared_from_this<Sending> {
 public:
  Sending(HttpSocket& socket, std::shared_ptr<void> owner, Reply reply)
      : owner_(std::move(owner)),
        socket_(socket),
        timer_(socket.get_executor()),
        body_(std::move(reply.stream)) {
    header_.version(11);
    header_.result(reply.status);
    header_.set(http::field::content_type, reply.content_type);
    header_.set(http::field::cache_control, "no-store");
    header_.keep_alive(false);
    header_.chunked(true);
  }

  void start() {
    socket_.expires_never();
    watch();
    http::async_write_header(socket_, serializer_,
                             beast::bind_front_handler(&Sending::on_written, shared_from_this()));
  }

 private:
  // The client says that it has had enough by closing its side, or all of it.
  void watch() {
    socket_.async_read_some(asio::buffer(ignored_),
                            [self = shared_from_this()](beast::error_code error, size_t) {
                              if (!error) return self->watch();
                              self->body_->stop();
                            });
  }

  void on_written(beast::error_code error, size_t) {
    if (!error)
      send_next();
    else
      finish();
  }

  void send_next() {
    chunk_ = body_->next();
    if (!chunk_.empty()) {
      return asio::async_write(socket_, http::make_chunk(asio::buffer(chunk_)),
                               beast::bind_front_handler(&Sending::on_written, shared_from_this()));
    }
    if (body_->ended()) {
      return asio::async_write(
          socket_, http::make_chunk_last(),
          [self = shared_from_this()](beast::error_code, size_t) { self->finish(); });
    }
    timer_.expires_after(interval);
    timer_.async_wait([self = shared_from_this()](beast::error_code error) {
      if (!error && self->socket_.socket().is_open())
        self->send_next();
      else
        self->finish();
    });
  }

  void finish() {
    body_->stop();
    socket_.close();
  }

  std::shared_ptr<void> owner_;
  HttpSocket& socket_;
  asio::steady_timer timer_;
  std::shared_ptr<BodyStream> body_;
  http::response<http::empty_body> header_;
  http::response_serializer<http::empty_body> serializer_{header_};
  std::string chunk_;
  std::array<char, 512> ignored_;
};

}  // namespace

void send_stream(HttpSocket& socket, std::shared_ptr<void> owner, Reply reply) {
  std::make_shared<Sending>(socket, std::move(owner), std::move(reply))->start();
}

}  // namespace uswitch
