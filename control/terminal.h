// The terminal as a full screen: what was on it comes back when this is destroyed, on whichever way
// the program ends but SIGKILL.
//
// Owner: the main thread of a command. While it lives the signals that end or stop a program are
// taken from a descriptor, by wait(), instead of ending it.
#pragma once
#include <termios.h>

#include <chrono>
#include <string>
#include <vector>

#include "control/top_screen.h"
#include "switch/fd.h"

namespace uswitch {

class Terminal {
 public:
  // Both standard input and output must be terminals. Throws std::system_error.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static bool is_there();

  ScreenSize size() const;
  // Puts the lines in the place of all that is shown.
  void draw(const std::vector<std::string>& lines);

  enum class Event : uint8_t {
    time,  // it is time
    draw,  // the size has changed, or the program was stopped and goes on
    quit   // 'q', or a signal that ends programs
  };
  Event wait(std::chrono::milliseconds time);

 private:
  void enter();
  void leave();
  Event read_key();
  Event read_signal();

  termios before_{};
  UniqueFd signals_;
};

}  // namespace uswitch
