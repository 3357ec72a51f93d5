// The status server on a real port.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <thread>

#include "control/status_server.h"

namespace uswitch {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// One that nobody listens on; some other program could take it meanwhile, but has no reason to.
uint16_t free_port() {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

bool connects(const UniqueFd& fd, uint16_t port) {
  const sockaddr_in address = loopback(port);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

MetricsConfig at(uint16_t port) {
  return {IpAddress::parse("127.0.0.1"), port};
}

class StatusListen : public testing::Test {
 protected:
  // Serves until the client has heard everything.
  std::string hear(uint16_t port, const std::string& request) {
    std::string heard;
    std::thread client([&] {
      const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
      const timeval patience{5, 0};
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      if (connects(fd, port)) {
        send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
        char buffer[4096];
        for (ssize_t n; (n = recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
          heard.append(buffer, static_cast<size_t>(n));
        }
      }
      io_.stop();
    });
    io_.restart();
    io_.run_for(std::chrono::seconds(10));
    client.join();
    return heard;
  }

  boost::asio::io_context io_{1};
  StatusServer server_{io_, [](const Request& request) {
                         Reply reply;
                         reply.body = request.target;
                         return reply;
                       }};
};

TEST_F(StatusListen, Answers) {
  const uint16_t port = free_port();
  server_.listen(at(port));
  const std::string heard =
      hear(port, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(heard, EndsWith("\r\n\r\n/metrics"));
}

TEST_F(StatusListen, HeadHasTheLengthAndNoBody) {
  const uint16_t port = free_port();
  server_.listen(at(port));
  const std::string heard =
      hear(port, "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(heard, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(heard, EndsWith("\r\n\r\n"));
}

TEST_F(StatusListen, MovesAndEnds) {
  const uint16_t first = free_port();
  server_.listen(at(first));
  const uint16_t second = free_port();
  server_.listen(at(second));
  EXPECT_FALSE(connects(UniqueFd(socket(AF_INET, SOCK_STREAM, 0)), first));
  EXPECT_TRUE(connects(UniqueFd(socket(AF_INET, SOCK_STREAM, 0)), second));
  server_.listen({});
  EXPECT_FALSE(connects(UniqueFd(socket(AF_INET, SOCK_STREAM, 0)), second));
}

TEST_F(StatusListen, WhatCannotBeLeavesWhatIs) {
  const uint16_t port = free_port();
  server_.listen(at(port));
  try {
    server_.listen({IpAddress::parse("192.0.2.1"), 9433});
    FAIL() << "listens on an address that the host does not have";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(),
                 "metrics: cannot listen on 192.0.2.1:9433: Cannot assign requested address; the "
                 "host has no such address");
  }
  EXPECT_TRUE(connects(UniqueFd(socket(AF_INET, SOCK_STREAM, 0)), port));
}

}  // namespace
}  // namespace uswitch
