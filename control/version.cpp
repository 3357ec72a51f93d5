#include "control/version.h"

namespace uswitch {

const char* const build_version = USWITCH_VERSION;

}  // namespace uswitch
