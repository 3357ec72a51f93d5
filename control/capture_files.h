// Where `uswitch capture` puts what it gets: one file, a row of files of bounded size, or standard
// output. Main thread of the command.
#pragma once
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

namespace uswitch {

class CaptureFiles {
 public:
  // "-": standard output. A file is begun anew; when it is longer than `rotate_size` it becomes
  // FILE.1, what was that FILE.2, and so on: `rotate_count` files in all. Throws
  // std::runtime_error when it cannot be written to, as all others here.
  CaptureFiles(std::string path, uint64_t rotate_size, unsigned rotate_count);

  // A block of pcapng that each file needs to begin with.
  void add_heading(std::span<const uint8_t> block);
  // One that may be the first behind the heading of a file.
  void add(std::span<const uint8_t> block);
  // So that a reader has all of it.
  void flush();

 private:
  struct Close {
    void operator()(FILE* file) const;
  };

  void open();
  void rotate();
  void write(std::span<const uint8_t> bytes);
  [[noreturn]] void fail(const std::string& what) const;

  const std::string path_;
  const uint64_t rotate_size_;
  const unsigned rotate_count_;
  std::string heading_;
  std::unique_ptr<FILE, Close> file_;
  uint64_t written_ = 0;  // to this file
};

}  // namespace uswitch
