#include <boost/json/object.hpp>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

json::object view_config(const ApiContext& context, const Query& query) {
  Parameters(query).done();
  return {{"path", context.config_path}, {"text", context.config_text}};
}

}  // namespace uswitch
