// The client of the control socket: one request, one answer, blocking. Any thread.
#pragma once
#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

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

// Runs what asks a daemon: its exit code, or what it throws as a line on `err` and the code for
// that.
int reporting(std::ostream& err, const std::function<int()>& ask);

// The sentence of a refusal, or the whole body when it is not one of ours.
std::string sentence_of(const Reply& reply);
// An answer that comes bit by bit: see control/http_stream.h.
class AnswerStream {
 public:
  // Throws as exchange() does.
  AnswerStream(const std::string& path, const Request& request);
  ~AnswerStream();
  AnswerStream(const AnswerStream&) = delete;
  AnswerStream& operator=(const AnswerStream&) = delete;

  // Not 200: a refusal, whose body is read().
  unsigned status() const;
  // What comes next; waits for it without end. Empty: that was all. Valid until the next call.
  // Throws std::runtime_error when uswitch ends before that.
  std::string_view read();
  // shutdown(descriptor(), SHUT_WR) says that no more is wanted; also from a signal handler. What
  // there is already still comes.
  int descriptor();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace uswitch
