// The state of the switch as JSON: one function a path of the API. The shapes are documented in
// docs/control.md. Control thread.
//
// A query parameter that is not understood throws BadQuery.
#pragma once
#include <boost/json/fwd.hpp>
#include <stdexcept>
#include <utility>

#include "control/api.h"
#include "control/target.h"

namespace uswitch {

struct BadQuery : std::runtime_error {
  using std::runtime_error::runtime_error;
};

boost::json::object view_ports(const ApiContext& context, const Query& query);
boost::json::object view_fdb(const ApiContext& context, const Query& query);
boost::json::object view_drops(const ApiContext& context, const Query& query);
boost::json::object view_workers(const ApiContext& context, const Query& query);
boost::json::object view_config(const ApiContext& context, const Query& query);

// Reads a query: each parameter is taken by name, and what is left at the end is refused.
class Parameters {
 public:
  explicit Parameters(Query query) : left_(std::move(query)) {}

  // Null when it was not sent; refuses one that was sent twice.
  std::optional<std::string> text(std::string_view name);
  std::optional<uint64_t> number(std::string_view name, uint64_t smallest, uint64_t largest);
  bool flag(std::string_view name);  // "1" or absent
  void done() const;

 private:
  Query left_;
  std::string known_;
};

}  // namespace uswitch
