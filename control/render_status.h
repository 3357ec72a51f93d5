// The tables of `uswitch show status` and `show networks`; see render_view() in control/show.h.
#pragma once
#include <boost/json/fwd.hpp>
#include <string>

namespace uswitch {

std::string render_status(const boost::json::object& view, bool colour);
std::string render_networks(const boost::json::object& view, bool colour);

}  // namespace uswitch
