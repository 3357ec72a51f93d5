// One request and its answer, as plain values: what the control socket's server, its client and
// the functions behind it exchange.
#pragma once
#include <string>
#include <string_view>

namespace uswitch {

struct Request {
  std::string method;  // "GET"
  std::string target;  // path and query as sent, percent-encoded: "/v1/fdb?network=office"
  std::string body;
  std::string host = {};  // the field Host: whom the client believes to talk to
};

struct Reply {
  unsigned status = 200;  // RFC 9110 section 15
  std::string body;
  std::string_view content_type = "application/json";
  std::string allow;   // the methods the path takes; only with status 405
  std::string policy;  // Content-Security-Policy; only of a page
};

}  // namespace uswitch
