// Any bytes as the method and target of a request to the control socket: what comes back is always
// JSON, and a refusal always says why.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>

#include "control/api.h"

using namespace uswitch;
namespace json = boost::json;

namespace {

// No worker runs: nothing here needs one.
Engine& engine() {
  static Engine one(0, IoKind::plain);
  if (one.tables().networks.empty()) {
    auto tables = std::make_shared<Tables>();
    tables->networks.resize(1);
    tables->networks[0].name = "office";
    tables->networks[0].fdb = std::make_shared<Fdb>(64);
    tables->networks[0].fdb->learn(MacAddress::from_u64(2), 0, Time{});
    tables->ports.push_back({"web", nullptr, std::make_shared<PortStats>(1)});
    tables->settings.resize(1);
    one.publish(tables);
  }
  return one;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t blank = input.find(' ');
  Request request{"GET", std::string(input), ""};
  if (blank != std::string_view::npos) {
    request.method = input.substr(0, blank);
    request.target = input.substr(blank + 1);
  }
  const Reply reply = handle(request, {engine(), {}, "a.yaml", "", Time{}, Time{}});
  const json::object body = json::parse(reply.body).as_object();
  require(reply.status == 200 || !body.at("error").as_string().empty());
  require((reply.status == 405) == !reply.allow.empty());
  return 0;
}
