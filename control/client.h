// The client of the control socket: one request, one answer, blocking. Any thread.
#pragma once
#include <chrono>
#include <stdexcept>
#include <string>

#include "control/http.h"

namespace uswitch {

// Nobody listens on the path.
class NoDaemon : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws NoDaemon, or std::runtime_error when the socket is not ours to use or no whole answer came
// within `patience`.
Reply exchange(const std::string& path, const Request& request,
               std::chrono::milliseconds patience = std::chrono::seconds(10));

// The sentence of a refusal, or the whole body when it is not one of ours.
std::string sentence_of(const Reply& reply);

}  // namespace uswitch
