#include "control/api.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "control/json_reply.h"
#include "control/target.h"
#include "control/views.h"

namespace uswitch {

namespace {

struct Route {
  std::string_view method, path;
  boost::json::object (*answer)(const ApiContext&, const Query&, const std::string& body);
  // In place of `answer`, what begins an answer without end.
  std::shared_ptr<BodyStream> (*stream)(const ApiContext&, const Query&) = nullptr;
  std::string_view content_type = "";
};

// What takes no body: one that is sent is not looked at.
template <auto view>
boost::json::object plain(const ApiContext& context, const Query& query, const std::string&) {
  return view(context, query);
}

constexpr Route routes[] = {
    {"GET", "/v1/ports", plain<view_ports>},
    {"GET", "/v1/fdb", plain<view_fdb>},
    {"GET", "/v1/neighbours", plain<view_neighbours>},
    {"GET", "/v1/routes", plain<view_routes>},
    {"GET", "/v1/connections", plain<view_connections>},
    {"DELETE", "/v1/connections", plain<delete_connections>},
    {"POST", "/v1/publish", publish},
    {"DELETE", "/v1/publish", unpublish},
    {"GET", "/v1/tunnels", plain<view_tunnels>},
    {"POST", "/v1/explain", explain_packet},
    {"GET", "/v1/drops", plain<view_drops>},
    {"GET", "/v1/workers", plain<view_workers>},
    {"GET", "/v1/config", plain<view_config>},
    {"GET", "/v1/capture", nullptr, open_capture, "application/x-pcapng"},
    {"GET", "/v1/trace", nullptr, open_trace, "text/plain; charset=utf-8"},
};

// Each once: the methods of a path stand side by side.
std::string joined(std::string_view Route::*member, std::string_view only_path = {}) {
  std::string out;
  std::string_view last;
  for (const Route& route : routes) {
    if (!only_path.empty() && route.path != only_path) continue;
    if (route.*member == last) continue;
    if (!out.empty()) out += ", ";
    out += last = route.*member;
  }
  return out;
}

Reply refuse_method(const Request& request, const std::string& path) {
  const std::string allowed = joined(&Route::method, path);
  Reply reply = error_reply(405, path + " does not take " + request.method + " but " + allowed);
  reply.allow = allowed;
  return reply;
}

}  // namespace

Reply handle(const Request& request, const ApiContext& context) {
  const auto target = Target::parse(request.target);
  if (!target) {
    return error_reply(400, "the target is not a path, or a '%' in it lacks its two hex digits");
  }
  const auto has_path = [&](const Route& route) { return route.path == target->path; };
  const auto fits = [&](const Route& r) { return has_path(r) && r.method == request.method; };
  if (std::ranges::none_of(routes, has_path)) {
    return error_reply(404, "no such path; there are " + joined(&Route::path));
  }
  const Route* route = std::ranges::find_if(routes, fits);
  if (route == std::end(routes)) return refuse_method(request, target->path);
  try {
    if (route->stream) {
      Reply reply;
      reply.content_type = route->content_type;
      reply.stream = route->stream(context, target->query);
      return reply;
    }
    return json_reply(200, route->answer(context, target->query, request.body));
  } catch (const BadQuery& e) {
    return error_reply(400, e.what());
  } catch (const Conflict& e) {
    return error_reply(409, e.what());
  }
}

}  // namespace uswitch
