#include "control/http_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <optional>
#include <vector>

#include "control/http_stream.h"
#include "control/json_reply.h"
#include "control/socket_file.h"

namespace uswitch {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;

namespace {

std::string busy_answer() {
  const std::string body = error_reply(503, "too many connections: try again in a while").body;
  return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
         "Connection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// What to say to a request that cannot be read; nothing when nobody is there to be told.
std::optional<Reply> refusal(beast::error_code error, const HttpServer::Limits& limits) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return {};
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return error_reply(431,
                       "the header is longer than " + std::to_string(limits.header) + " bytes");
  }
  if (error == http::error::body_limit) {
    return error_reply(413, "the body is longer than " + std::to_string(limits.body) + " bytes");
  }
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    return error_reply(400, "this is not HTTP/1.1: " + error.message());
  }
  return {};
}

}  // namespace

// Its connections keep it alive after the server is gone, until their last callbacks have run.
class HttpServer::Listener : public std::enable_shared_from_this<HttpServer::Listener> {
 public:
  Listener(asio::io_context& io, const std::string& path, Handler handler, Limits limits)
      : limits_(limits), handler_(std::move(handler)), file_(path), acceptor_(io), pause_(io) {
    acceptor_.assign(Local(), file_->release());
  }

  void accept();
  void stop();
  const Limits& limits() const { return limits_; }
  bool stopped() const { return !handler_; }
  Reply answer(const Request& request) const;

 private:
  class Connection;
  void serve(Local::socket socket);

  const Limits limits_;
  Handler handler_;
  std::optional<SocketFile> file_;
  Local::acceptor acceptor_;
  asio::steady_timer pause_;
  std::vector<Connection*> connections_;
};

class HttpServer::Listener::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Local::socket socket, std::shared_ptr<Listener> listener)
      : stream_(std::move(socket)), listener_(std::move(listener)) {
    listener_->connections_.push_back(this);
  }
  ~Connection() { std::erase(listener_->connections_, this); }

  void read();
  void close() { stream_.close(); }

 private:
  void on_read(beast::error_code error, size_t);
  void write(Reply reply, bool keep_alive);
  void on_write(beast::error_code error, size_t);

  HttpSocket stream_;
  std::shared_ptr<Listener> listener_;
  beast::flat_buffer buffer_{64 * 1024};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

void HttpServer::Listener::accept() {
  acceptor_.async_accept(
      [self = shared_from_this()](beast::error_code error, Local::socket socket) {
        if (self->stopped()) return;
        if (!error) {
          self->serve(std::move(socket));
          return self->accept();
        }
        // Out of descriptors: the client stays in the backlog, and asking again at once would spin.
        self->pause_.expires_after(std::chrono::milliseconds(100));
        self->pause_.async_wait([self](beast::error_code) {
          if (!self->stopped()) self->accept();
        });
      });
}

void HttpServer::Listener::serve(Local::socket socket) {
  if (connections_.size() >= limits_.connections) {
    // Its send buffer is empty, so this fits or nobody is there.
    const std::string answer = busy_answer();
    send(socket.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return;
  }
  std::make_shared<Connection>(std::move(socket), shared_from_this())->read();
}

void HttpServer::Listener::stop() {
  handler_ = nullptr;
  beast::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (Connection* connection : connections_) connection->close();
  file_.reset();
}

Reply HttpServer::Listener::answer(const Request& request) const {
  try {
    return handler_(request);
  } catch (const std::exception& e) {
    return error_reply(500, e.what());
  }
}

void HttpServer::Listener::Connection::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(listener_->limits().header));
  parser_->body_limit(listener_->limits().body);
  stream_.expires_after(listener_->limits().patience);
  http::async_read(stream_, buffer_, *parser_,
                   beast::bind_front_handler(&Connection::on_read, shared_from_this()));
}

void HttpServer::Listener::Connection::on_read(beast::error_code error, size_t) {
  if (listener_->stopped()) return;
  if (error) {
    if (auto reply = refusal(error, listener_->limits())) write(std::move(*reply), false);
    return;
  }
  auto& message = parser_->get();
  const bool keep_alive = message.keep_alive();
  const Request request{std::string(message.method_string()), std::string(message.target()),
                        std::move(message.body())};
  write(listener_->answer(request), keep_alive);
}

void HttpServer::Listener::Connection::write(Reply reply, bool keep_alive) {
  if (reply.stream) return send_stream(stream_, shared_from_this(), std::move(reply));
  response_ = {};
  response_.version(11);
  response_.result(reply.status);
  response_.set(http::field::content_type, reply.content_type);
  response_.set(http::field::cache_control, "no-store");
  if (!reply.allow.empty()) response_.set(http::field::allow, reply.allow);
  response_.body() = std::move(reply.body);
  response_.keep_alive(keep_alive);
  response_.prepare_payload();
  stream_.expires_after(listener_->limits().patience);
  http::async_write(stream_, response_,
                    beast::bind_front_handler(&Connection::on_write, shared_from_this()));
}

void HttpServer::Listener::Connection::on_write(beast::error_code error, size_t) {
  if (error || !response_.keep_alive() || listener_->stopped()) return;
  response_ = {};  // a long answer's memory is not kept over an idle connection
  read();
}

HttpServer::HttpServer(asio::io_context& io, const std::string& path, Handler handler,
                       Limits limits)
    : listener_(std::make_shared<Listener>(io, path, std::move(handler), limits)) {
  listener_->accept();
}

HttpServer::~HttpServer() {
  listener_->stop();
}

}  // namespace uswitch
