#include "control/top.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <iostream>
#include <limits>
#include <thread>

#include "control/client.h"
#include "control/terminal.h"
#include "control/top_sample.h"
#include "control/top_screen.h"

namespace uswitch {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

TopSample take(const std::string& path) {
  std::vector<boost::json::value> answers;
  for (const std::string_view target : top_targets) {
    const Reply reply = exchange(path, {"GET", std::string(target), ""});
    if (reply.status != 200) {
      throw std::runtime_error(std::string(target) + ": status " + std::to_string(reply.status) +
                               ": " + reply.body);
    }
    answers.push_back(boost::json::parse(reply.body));
  }
  return read_top_sample(answers);
}

int print_once(const CommandLine& line, std::ostream& out, bool colour) {
  const TopSample before = take(line.control_path());
  std::this_thread::sleep_for(line.interval);
  constexpr size_t all = std::numeric_limits<size_t>::max() / 2;
  for (const std::string& text : draw_top(take(line.control_path()), before, {all, all}, colour)) {
    out << text << "\n";
  }
  out.flush();
  return out ? exit_ok : exit_failure;
}

milliseconds until(Clock::time_point time) {
  const auto left = std::chrono::ceil<milliseconds>(time - Clock::now());
  return std::max(left, milliseconds(0));
}

int run_live(const CommandLine& line, bool colour) {
  const std::string path = line.control_path();
  TopSample before = take(path), now = before;  // before the screen: an error is seen
  Terminal terminal;
  Clock::time_point next = Clock::now() + line.interval;
  for (;;) {
    terminal.draw(draw_top(now, before, terminal.size(), colour));
    const Terminal::Event event = terminal.wait(until(next));
    if (event == Terminal::Event::quit) return exit_ok;
    if (Clock::now() < next) continue;
    before = std::exchange(now, take(path));
    next = Clock::now() + line.interval;
  }
}

}  // namespace

int top(const CommandLine& line, std::ostream& out, std::ostream& err, bool colour) {
  return reporting(err, [&]() -> int {
    if (line.once || !Terminal::is_there()) return print_once(line, out, colour);
    return run_live(line, colour);
  });
}

}  // namespace uswitch
