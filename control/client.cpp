#include "control/client.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <ostream>

#include "control/cli.h"

namespace uswitch {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;

namespace {

constexpr size_t max_body = 256 * 1024 * 1024;

beast::error_code connect(Local::socket& socket, const std::string& path) {
  beast::error_code error;
  try {
    socket.connect(Local::endpoint(path), error);
  } catch (const boost::system::system_error& e) {  // a path too long for a socket address
    error = e.code();
  }
  return error;
}

[[noreturn]] void fail_connect(const std::string& path, beast::error_code error) {
  if (error == beast::errc::no_such_file_or_directory || error == beast::errc::connection_refused) {
    throw NoDaemon("no uswitch answers on " + path +
                   ": start one with `uswitch --config FILE`, or say where with --control PATH");
  }
  throw std::runtime_error(path + ": " + error.message() +
                           (error == beast::errc::permission_denied
                                ? " (the socket is for the user who started uswitch)"
                                : ""));
}

http::request<http::string_body> message_of(const Request& request) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target);
  message.set(http::field::host, "uswitch");
  message.body() = request.body;
  message.keep_alive(false);
  message.prepare_payload();
  return message;
}

}  // namespace

Reply exchange(const std::string& path, const Request& request,
               std::chrono::milliseconds patience) {
  asio::io_context io(1);
  beast::basic_stream<Local> stream(io);
  if (const auto error = connect(stream.socket(), path)) fail_connect(path, error);

  stream.expires_after(patience);
  const auto message = message_of(request);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(max_body);
  beast::error_code result;
  http::async_write(stream, message, [&](beast::error_code, size_t) {
    // Even if the request was not taken whole, there may be an answer that says why.
    http::async_read(stream, buffer, parser,
                     [&](beast::error_code error, size_t) { result = error; });
  });
  io.run();
  if (result) {
    throw std::runtime_error("uswitch on " + path + " gave no whole answer: " + result.message());
  }
  Reply reply;
  reply.status = parser.get().result_int();
  reply.body = std::move(parser.get().body());
  return reply;
}

int reporting(std::ostream& err, const std::function<int()>& ask) {
  try {
    return ask();
  } catch (const NoDaemon& e) {
    err << "uswitch: " << e.what() << "\n";
    return exit_no_daemon;
  } catch (const std::exception& e) {
    err << "uswitch: " << e.what() << "\n";
    return exit_failure;
  }
}

std::string sentence_of(const Reply& reply) {
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(reply.body, error);
  const boost::json::value* sentence = error ? nullptr : body.find_pointer("/error", error);
  if (sentence && sentence->is_string()) return std::string(sentence->as_string());
  return "status " + std::to_string(reply.status) + ": " + reply.body;
}

struct AnswerStream::Impl {
  asio::io_context io{1};
  Local::socket socket{io};
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  std::array<char, 64 * 1024> bytes;
};

AnswerStream::AnswerStream(const std::string& path, const Request& request)
    : impl_(std::make_unique<Impl>()) {
  if (const auto error = connect(impl_->socket, path)) fail_connect(path, error);
  impl_->parser.body_limit(boost::none);
  try {
    http::write(impl_->socket, message_of(request));
    http::read_header(impl_->socket, impl_->buffer, impl_->parser);
  } catch (const beast::system_error& e) {
    throw std::runtime_error("uswitch on " + path + " gave no answer: " + e.code().message());
  }
}

AnswerStream::~AnswerStream() = default;

unsigned AnswerStream::status() const {
  return impl_->parser.get().result_int();
}

std::string_view AnswerStream::read() {
  Impl& i = *impl_;
  while (!i.parser.is_done()) {
    auto& body = i.parser.get().body();
    body.data = i.bytes.data();
    body.size = i.bytes.size();
    beast::error_code error;
    http::read_some(i.socket, i.buffer, i.parser, error);
    if (error && error != http::error::need_buffer) {
      throw std::runtime_error("uswitch ended: " + error.message());
    }
    if (const size_t size = i.bytes.size() - body.size; size != 0) return {i.bytes.data(), size};
  }
  return {};
}

int AnswerStream::descriptor() {
  return impl_->socket.native_handle();
}

}  // namespace uswitch
