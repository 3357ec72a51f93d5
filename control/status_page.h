// The status page: one HTML file with everything in it, a live picture of the switch that it draws
// from the read-only JSON beside it. Built into the program from control/assets.
#pragma once
#include <string_view>

#include "control/http.h"

namespace uswitch {

// The page as built, with marks where a nonce belongs. Made by packaging/embed.cmake.
extern const std::string_view status_page_html;

// The page with a nonce of its own: only the script and the style in it may run (CSP level 3), and
// nothing is loaded from anywhere else.
Reply status_page();

}  // namespace uswitch
