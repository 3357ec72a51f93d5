#include "control/api.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "control/json_reply.h"
#include "control/metrics.h"
#include "control/target.h"
#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

struct Route {
  std::string_view method, path;
  Reply (*answer)(const ApiContext&, const Query&, const std::string& body);
  // In place of `answer`, what begins an answer without end.
  std::shared_ptr<BodyStream> (*stream)(const ApiContext&, const Query&) = nullptr;
  std::string_view content_type = "";
};

// What takes no body: one that is sent is not looked at.
template <auto view>
Reply plain(const ApiContext& context, const Query& query, const std::string&) {
  return json_reply(200, view(context, query));
}

template <auto act>
Reply with_body(const ApiContext& context, const Query& query, const std::string& body) {
  return json_reply(200, act(context, query, body));
}

Reply metrics_text(const ApiContext& context, const Query& query, const std::string&) {
  Parameters(query).done();
  Reply reply;
  reply.content_type = MetricsText::content_type;
  reply.body = metrics(context);
  return reply;
}

constexpr Route routes[] = {
    {"GET", "/v1/status", plain<view_status>},
    {"GET", "/v1/ports", plain<view_ports>},
    {"POST", "/v1/ports", with_body<add_port>},
    {"GET", "/v1/networks", plain<view_networks>},
    {"GET", "/v1/fdb", plain<view_fdb>},
    {"GET", "/v1/neighbours", plain<view_neighbours>},
    {"GET", "/v1/routes", plain<view_routes>},
    {"GET", "/v1/connections", plain<view_connections>},
    {"DELETE", "/v1/connections", plain<delete_connections>},
    {"GET", "/v1/publish", plain<view_publish>},
    {"POST", "/v1/publish", with_body<publish>},
    {"DELETE", "/v1/publish", with_body<unpublish>},
    {"GET", "/v1/tunnels", plain<view_tunnels>},
    {"POST", "/v1/explain", with_body<explain_packet>},
    {"GET", "/v1/drops", plain<view_drops>},
    {"GET", "/v1/workers", plain<view_workers>},
    {"GET", "/v1/config", plain<view_config>},
    {"PUT", "/v1/config", with_body<configure>},
    {"POST", "/v1/reload", with_body<reload>},
    {"DELETE", "/v1/ports/NAME", plain<remove_port>},
    {"GET", "/v1/capture", nullptr, open_capture, "application/x-pcapng"},
    {"GET", "/v1/trace", nullptr, open_trace, "text/plain; charset=utf-8"},
    {"GET", "/metrics", metrics_text},
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

// A path that ends in a name, as one that has it for a parameter.
void take_name(Target& target) {
  constexpr std::string_view before = "/v1/ports/";
  if (!target.path.starts_with(before) || target.path.size() == before.size()) return;
  target.query.emplace_back("name", target.path.substr(before.size()));
  target.path = std::string(before) + "NAME";
}

Reply refuse_config(const BadConfig& bad) {
  json::array errors;
  for (const ConfigError& e : bad.errors) {
    errors.push_back({{"file", e.file},
                      {"line", e.line},
                      {"column", e.column},
                      {"what", e.what},
                      {"remedy", e.remedy}});
  }
  return json_reply(400, {{"error", bad.what()}, {"errors", std::move(errors)}});
}

}  // namespace

Reply handle(const Request& request, const ApiContext& context) {
  auto target = Target::parse(request.target);
  if (!target) {
    return error_reply(400, "the target is not a path, or a '%' in it lacks its two hex digits");
  }
  take_name(*target);
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
    return route->answer(context, target->query, request.body);
  } catch (const BadQuery& e) {
    return error_reply(400, e.what());
  } catch (const Conflict& e) {
    return error_reply(409, e.what());
  } catch (const NotThere& e) {
    return error_reply(404, e.what());
  } catch (const BadConfig& e) {
    return refuse_config(e);
  }
}

}  // namespace uswitch
