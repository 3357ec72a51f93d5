#include "control/status_server.h"

#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "control/json_reply.h"
#include "control/status_page.h"
#include "control/target.h"

namespace uswitch {

namespace {

constexpr std::string_view served[] = {"/metrics",  "/v1/status", "/v1/networks",
                                       "/v1/ports", "/v1/drops",  "/v1/workers"};

std::string to_string(const MetricsConfig& where) {
  const std::string address = where.address->to_string();
  return (where.address->is_v4() ? address : "[" + address + "]") + ":" +
         std::to_string(where.port);
}

[[noreturn]] void fail(const MetricsConfig& where, const char* remedy) {
  throw std::runtime_error("metrics: cannot listen on " + to_string(where) + ": " +
                           std::strerror(errno) + remedy);
}

socklen_t fill(sockaddr_storage& storage, const MetricsConfig& where) {
  if (where.address->is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(where.port);
    std::memcpy(&v4.sin_addr, where.address->wire(), 4);
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(where.port);
  std::memcpy(&v6.sin6_addr, where.address->wire(), 16);
  return sizeof v6;
}

UniqueFd open_socket(const MetricsConfig& where, int family) {
  UniqueFd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!fd) fail(where, "");
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage address{};
  const socklen_t size = fill(address, where);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) < 0 ||
      ::listen(fd.get(), SOMAXCONN) < 0) {
    fail(where, errno == EADDRINUSE      ? "; choose another port in `metrics: listen`"
                : errno == EADDRNOTAVAIL ? "; the host has no such address"
                                         : "");
  }
  return fd;
}

HttpServer::Limits limits() {
  HttpServer::Limits limits;
  limits.body = 4096;  // no request has one
  return limits;
}

// "10.0.0.1:80", "[fd00::1]", "localhost": without the port and the brackets. Nothing when it is no
// such thing.
std::string_view name_in(std::string_view host) {
  if (!host.starts_with('[')) return host.substr(0, host.rfind(':'));
  const size_t end = host.find(']');
  if (end == std::string_view::npos) return {};
  const std::string_view rest = host.substr(end + 1);
  return rest.empty() || rest.starts_with(':') ? host.substr(1, end - 1) : std::string_view();
}

bool is_local_name(std::string_view host) {
  const std::string_view name = name_in(host);
  return name == "localhost" || IpAddress::parse(name).has_value();
}

Reply refuse_method(const std::string& method) {
  Reply reply = error_reply(405, "nothing here takes " + method + " but GET, HEAD");
  reply.allow = "GET, HEAD";
  return reply;
}

}  // namespace

Reply answer_read_only(const Request& request, const HttpServer::Handler& answer, bool local) {
  if (request.method != "GET" && request.method != "HEAD") return refuse_method(request.method);
  if (local && !is_local_name(request.host)) {
    return error_reply(421, "this is served to localhost; ask for it by its address");
  }
  const auto target = Target::parse(request.target);
  if (target && target->path == "/") return status_page();
  if (!target || std::ranges::find(served, target->path) == std::end(served)) {
    return error_reply(404, "there is nothing here but /, /metrics and what the page at / needs");
  }
  return answer({"GET", request.target, "", request.host});
}

StatusServer::StatusServer(boost::asio::io_context& io, HttpServer::Handler answer)
    : io_(io), answer_(std::move(answer)) {}

void StatusServer::listen(const MetricsConfig& where) {
  if (where == where_) return;
  if (!where.address) {
    server_.reset();
  } else {
    const int family = where.address->is_v4() ? AF_INET : AF_INET6;
    UniqueFd fd = open_socket(where, family);
    const bool local = where.address->is_loopback();
    server_.emplace(
        io_, std::move(fd), family,
        [this, local](const Request& r) { return answer_read_only(r, answer_, local); }, limits());
    spdlog::info("status page and metrics: http://{}/{}", to_string(where),
                 local ? "" : ", for everybody who can connect");
  }
  where_ = where;
}

}  // namespace uswitch
