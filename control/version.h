// The version of this build, as CMakeLists.txt says it.
#pragma once

namespace uswitch {

extern const char* const build_version;  // "0.1.0"

}  // namespace uswitch
