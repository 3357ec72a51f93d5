#include <algorithm>

#include "control/capture_session.h"
#include "control/trace_session.h"
#include "control/views.h"

namespace uswitch {

namespace {

constexpr uint64_t shortest_snaplen = 14;  // an Ethernet header

PacketFilter filter_of(const std::string& expression) {
  try {
    return PacketFilter(expression);
  } catch (const std::invalid_argument& e) {
    throw BadQuery("filter '" + expression + "': " + e.what());
  }
}

std::vector<PortId> ports_of(Parameters& parameters, const Tables& tables) {
  std::vector<PortId> ports;
  for (const std::string& name : parameters.texts("port")) {
    if (name == router_row && tables.router_stats) {
      ports.push_back(no_port);
    } else {
      ports.push_back(
          static_cast<PortId>(Parameters({{"port", name}}).named("port", tables.ports).value()));
    }
  }
  return ports;
}

}  // namespace

std::shared_ptr<BodyStream> open_capture(const ApiContext& context, const Query& query) {
  Parameters parameters(query);
  CaptureRequest request;
  request.ports = ports_of(parameters, context.engine.tables());
  const std::string filter = parameters.text("filter").value_or("");
  request.filter = filter_of(filter);
  request.drops = parameters.flag("drops");
  const uint64_t count = parameters.number("count", 1, ~uint64_t{0}).value_or(~uint64_t{0});
  request.snaplen = static_cast<uint32_t>(
      parameters.number("snaplen", shortest_snaplen, max_frame).value_or(max_frame));
  parameters.done();
  return std::make_shared<CaptureSession>(start_capture(context, std::move(request)), filter,
                                          count);
}

std::shared_ptr<BodyStream> open_trace(const ApiContext& context, const Query& query) {
  Parameters parameters(query);
  CaptureRequest request;
  request.ports = ports_of(parameters, context.engine.tables());
  request.filter = filter_of(parameters.text("filter").value_or(""));
  request.explain = true;
  request.snaplen = TraceSession::snaplen;
  const uint64_t count = parameters.number("count", 1, ~uint64_t{0}).value_or(~uint64_t{0});
  parameters.done();
  return std::make_shared<TraceSession>(start_capture(context, std::move(request)), count);
}

CaptureRecords start_capture(const ApiContext& context, CaptureRequest request) {
  if (!context.captures) throw Conflict("this uswitch takes no captures");
  auto capture = context.captures->start(std::move(request));
  if (!capture) {
    throw Conflict(
        std::to_string(CaptureSet::limit) +
        " captures run already, which is the most there may be at once: end one of them");
  }
  return {context.captures->weak_from_this(), std::move(capture)};
}

}  // namespace uswitch
