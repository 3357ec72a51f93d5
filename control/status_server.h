// The status page, the metrics and the JSON that the page draws from, over TCP: what the section
// `metrics` of the configuration opens. It only reads: nothing that changes anything is reached
// from here, nor is the configuration.
//
// Owner: the control thread, like HttpServer, whose bounds hold here too. Everybody who can connect
// may read. On a loopback address the field Host must be an address or `localhost`: otherwise a web
// site could have its name resolve to that address and read through a visitor's browser (DNS
// rebinding).
#pragma once
#include <optional>

#include "control/config.h"
#include "control/http_server.h"

namespace uswitch {

class StatusServer {
 public:
  // `answer` is asked for what of the API is served here.
  StatusServer(boost::asio::io_context& io, HttpServer::Handler answer);

  // Serves there from now on and nowhere else; on no address, nowhere. Throws std::runtime_error
  // with one sentence when that cannot be: then nothing has changed.
  void listen(const MetricsConfig& where);

 private:
  boost::asio::io_context& io_;
  HttpServer::Handler answer_;
  MetricsConfig where_;
  std::optional<HttpServer> server_;
};

// What a request gets there. `local`: served on a loopback address.
Reply answer_read_only(const Request& request, const HttpServer::Handler& answer, bool local);

}  // namespace uswitch
