// Tells systemd how the service does: sd_notify(3)'s datagram to the socket that $NOTIFY_SOCKET
// names. Does nothing when there is none. Control thread.
#pragma once
#include <string_view>

namespace uswitch {

// Something else will be in force when READY=1 comes again.
void notify_reloading();
void notify_systemd(std::string_view state);  // "READY=1", "WATCHDOG=1", "STOPPING=1"

}  // namespace uswitch
