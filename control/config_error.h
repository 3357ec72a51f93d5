// What is wrong with a configuration file, where, and what would be right.
#pragma once
#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uswitch {

// A place in the file, both counted from 1, columns in bytes. Line 0: the file as a whole.
struct Position {
  int line = 0;
  int column = 0;

  auto operator<=>(const Position&) const = default;
};

struct ConfigError {
  std::string file;
  int line = 0, column = 0;
  std::string what;
  std::string remedy;

  // "FILE:LINE:COLUMN: what is wrong; what would be right"
  std::string to_string() const;
};

// Collects errors while a file is read, so that one run names them all. Used by one thread.
class ErrorList {
 public:
  // Beyond this many nobody reads on, and a hostile file must not cost more time.
  static constexpr size_t limit = 100;
  struct TooMany {};

  explicit ErrorList(std::string file) : file_(std::move(file)) {}

  // Throws TooMany once the limit is reached.
  void add(Position at, std::string what, std::string remedy);
  bool empty() const { return errors_.empty(); }
  // All of them, in file order.
  std::vector<ConfigError> take();

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
};

// The text in quotes, shortened when it is long: for words of the file in messages.
std::string quoted(std::string_view text);

}  // namespace uswitch
