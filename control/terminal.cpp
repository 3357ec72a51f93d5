#include "control/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

namespace uswitch {

namespace {

constexpr std::string_view enter_screen = "\033[?1049h\033[?25l";  // alternate screen, no cursor
constexpr std::string_view leave_screen = "\033[?25h\033[?1049l";

sigset_t caught() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}) {
    sigaddset(&set, signal);
  }
  return set;
}

// A terminal that takes no more is no reason to stay: the next read will tell.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

bool Terminal::is_there() {
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

Terminal::Terminal() {
  if (tcgetattr(STDIN_FILENO, &before_) < 0) fail("the terminal's settings");
  const sigset_t signals = caught();
  signals_ = UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) fail("signalfd");
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  enter();
}

Terminal::~Terminal() {
  leave();
  const sigset_t signals = caught();
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

// Keys come at once and are not shown; Ctrl-C and Ctrl-Z still make signals.
void Terminal::enter() {
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  write_all(enter_screen);
}

void Terminal::leave() {
  write_all(leave_screen);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

ScreenSize Terminal::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

// In one write, and without clearing first: it does not flicker.
void Terminal::draw(const std::vector<std::string>& lines) {
  std::string frame = "\033[H";
  for (size_t i = 0; i < lines.size(); ++i) {
    frame += (i > 0 ? "\n" : "") + lines[i] + "\033[0m\033[K";
  }
  write_all(frame + "\033[J");
}

Terminal::Event Terminal::wait(std::chrono::milliseconds time) {
  pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
  const int ready = poll(fds, 2, static_cast<int>(time.count()));
  if (ready <= 0) return Event::time;
  return fds[1].revents ? read_signal() : read_key();
}

Terminal::Event Terminal::read_key() {
  char key = 0;
  const ssize_t n = read(STDIN_FILENO, &key, 1);
  // Readable and nothing there: the terminal has gone.
  return n <= 0 || key == 'q' || key == 'Q' ? Event::quit : Event::draw;
}

Terminal::Event Terminal::read_signal() {
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof info) != sizeof info) return Event::draw;
  if (info.ssi_signo == SIGWINCH) return Event::draw;
  if (info.ssi_signo != SIGTSTP) return Event::quit;
  leave();
  raise(SIGSTOP);  // until the shell lets it go on
  enter();
  return Event::draw;
}

}  // namespace uswitch
