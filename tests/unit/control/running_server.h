// An HttpServer on a thread and a socket of its own, until destruction.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "control/http_server.h"
#include "tests/support/temporary_directory.h"

namespace uswitch::test {

class RunningServer {
 public:
  explicit RunningServer(HttpServer::Handler handler, HttpServer::Limits limits = {}) {
    server_.emplace(io_, path(), std::move(handler), limits);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() {
    stop();
    work_.reset();
    thread_.join();
  }

  std::string path() const { return directory_.file("s"); }

  // Destroys the server, on its thread, with whatever connections it has.
  void stop() {
    std::promise<void> stopped;
    boost::asio::post(io_, [&] {
      server_.reset();
      stopped.set_value();
    });
    stopped.get_future().wait();
  }

 private:
  TemporaryDirectory directory_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::optional<HttpServer> server_;
  std::thread thread_;
};

}  // namespace uswitch::test
