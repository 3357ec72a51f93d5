// One request and its answer, as plain values: what the control socket's server, its client and
// the functions behind it exchange.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace uswitch {

struct Request {
  std::string method;  // "GET"
  std::string target;  // path and query as sent, percent-encoded: "/v1/fdb?network=office"
  std::string body;
};

// A body that comes bit by bit: see control/http_stream.h. Control thread.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // What there is to be sent by now, a bounded amount; empty: nothing.
  virtual std::string next() = 0;
  // Nothing comes any more, now that next() has returned nothing.
  virtual bool ended() const = 0;
  // The client wants no more, and may be gone: what there is already may still be asked for.
  virtual void stop() = 0;
};

struct Reply {
  unsigned status = 200;  // RFC 9110 section 15
  std::string body;
  std::string_view content_type = "application/json";
  std::string allow;                   // the methods the path takes; only with status 405
  std::shared_ptr<BodyStream> stream;  // in place of `body`; null: there is none
};

}  // namespace uswitch
