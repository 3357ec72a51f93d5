// What the process may do, and as whom: enough for devices and namespaces, and no more.
//
// Control thread. become() before any other thread is started: to whom a process belongs is one
// thing for all of its threads. Threads that only forward give up all (core/capabilities.h).
#pragma once
#include <string>

#include "control/config.h"

namespace uswitch {

// Goes on as this user, with the capabilities that the process has. The control socket and what
// uswitch keeps under /run/uswitch become that user's. Throws std::runtime_error with one sentence.
void become(const std::string& user, const std::string& control_socket);

// Gives up every capability but those that a reload may need: CAP_NET_ADMIN, CAP_NET_RAW and
// CAP_SYS_ADMIN (to enter and make namespaces); CAP_NET_BIND_SERVICE when ports are published on
// the host, CAP_SYS_PTRACE when a namespace is that of a process. For ever, and for programs that
// are run as well. What the process never had is no error.
void keep_needed_capabilities(const Config& config);

}  // namespace uswitch
