// The state of the switch as JSON: one function a path of the API. The shapes are documented in
// docs/control.md. Control thread.
//
// A query parameter that is not understood throws BadQuery. What is deleted or published is here
// too: a request like the others, with an answer like theirs.
#pragma once
#include <algorithm>
#include <boost/json/fwd.hpp>
#include <span>
#include <stdexcept>
#include <utility>

#include "control/api.h"
#include "control/target.h"

namespace uswitch {

class CaptureRecords;

struct BadQuery : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// A request that is right, and does not go with what is there.
struct Conflict : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A configuration that cannot be read.
struct BadConfig : std::runtime_error {
  explicit BadConfig(std::vector<ConfigError> all)
      : std::runtime_error("the configuration is wrong: " + all.front().to_string()),
        errors(std::move(all)) {}
  std::vector<ConfigError> errors;
};
// What a path names is not there.
struct NotThere : std::runtime_error {
  using std::runtime_error::runtime_error;
};

boost::json::object view_status(const ApiContext& context, const Query& query);
boost::json::object view_ports(const ApiContext& context, const Query& query);
boost::json::object view_networks(const ApiContext& context, const Query& query);
boost::json::object view_fdb(const ApiContext& context, const Query& query);
boost::json::object view_neighbours(const ApiContext& context, const Query& query);
boost::json::object view_routes(const ApiContext& context, const Query& query);
boost::json::object view_connections(const ApiContext& context, const Query& query);
boost::json::object delete_connections(const ApiContext& context, const Query& query);
boost::json::object view_publish(const ApiContext& context, const Query& query);
boost::json::object view_tunnels(const ApiContext& context, const Query& query);
boost::json::object view_drops(const ApiContext& context, const Query& query);
boost::json::object view_workers(const ApiContext& context, const Query& query);
boost::json::object view_config(const ApiContext& context, const Query& query);

// These throw Conflict too.
boost::json::object publish(const ApiContext& context, const Query& query, const std::string& body);
boost::json::object unpublish(const ApiContext& context, const Query& query,
                              const std::string& body);

// These throw BadConfig and Conflict too; the last one NotThere.
boost::json::object reload(const ApiContext& context, const Query& query, const std::string& body);
boost::json::object configure(const ApiContext& context, const Query& query,
                              const std::string& body);
boost::json::object add_port(const ApiContext& context, const Query& query,
                             const std::string& body);
boost::json::object remove_port(const ApiContext& context, const Query& query);
// What would become of an imagined packet: view_explain.cpp.
boost::json::object explain_packet(const ApiContext& context, const Query& query,
                                   const std::string& body);
// Begins a capture; throws Conflict when there is no room for another one.
CaptureRecords start_capture(const ApiContext& context, CaptureRequest request);
std::shared_ptr<BodyStream> open_capture(const ApiContext& context, const Query& query);
std::shared_ptr<BodyStream> open_trace(const ApiContext& context, const Query& query);

// The router among the ports: no port can be configured under this name.
inline constexpr const char* router_row = "(router)";
// And all ports that were configured once.
inline constexpr const char* removed_row = "(removed)";

// Reads a query: each parameter is taken by name, and what is left at the end is refused.
class Parameters {
 public:
  explicit Parameters(Query query) : left_(std::move(query)) {}

  // Null when it was not sent; refuses one that was sent twice.
  std::optional<std::string> text(std::string_view name);
  std::optional<uint64_t> number(std::string_view name, uint64_t smallest, uint64_t largest);
  // All values of one that may be sent more than once.
  std::vector<std::string> texts(std::string_view name);
  bool flag(std::string_view name);  // "1" or absent
  // One of these words, as its index.
  std::optional<size_t> choice(std::string_view name, std::span<const std::string_view> words);
  // The name of one of these, as its index.
  template <class Named>
  std::optional<size_t> named(std::string_view name, const std::vector<Named>& all);
  std::optional<IpAddress> address(std::string_view name);
  // How many entries an answer may have, which "limit" says.
  size_t limit(uint64_t otherwise = default_limit) {
    return number("limit", 1, max_limit).value_or(otherwise);
  }
  void done() const;

 private:
  static constexpr uint64_t default_limit = 10'000;
  static constexpr uint64_t max_limit = 100'000;

  [[noreturn]] static void refuse_name(std::string_view kind, const std::string& name,
                                       std::span<const std::string* const> there);

  Query left_;
  std::string known_;
};

template <class Named>
std::optional<size_t> Parameters::named(std::string_view name, const std::vector<Named>& all) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto it = std::ranges::find(all, *value, &Named::name);
  if (it != all.end() && !value->empty()) return static_cast<size_t>(it - all.begin());
  std::vector<const std::string*> there;
  for (const Named& one : all) {
    if (!one.name.empty()) there.push_back(&one.name);
  }
  refuse_name(name, *value, there);
}

}  // namespace uswitch
