#include "control/capture_files.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace uswitch {

void CaptureFiles::Close::operator()(FILE* file) const {
  if (file != stdout) std::fclose(file);
}

CaptureFiles::CaptureFiles(std::string path, uint64_t rotate_size, unsigned rotate_count)
    : path_(std::move(path)), rotate_size_(rotate_size), rotate_count_(rotate_count) {
  open();
}

void CaptureFiles::open() {
  file_.reset(path_ == "-" ? stdout : std::fopen(path_.c_str(), "wbe"));
  if (!file_) fail("cannot write");
  written_ = 0;
}

void CaptureFiles::add_heading(std::span<const uint8_t> block) {
  heading_.append(reinterpret_cast<const char*>(block.data()), block.size());
  write(block);
}

void CaptureFiles::add(std::span<const uint8_t> block) {
  const bool has_some = written_ > heading_.size();
  if (rotate_size_ != 0 && has_some && written_ + block.size() > rotate_size_) rotate();
  write(block);
}

void CaptureFiles::rotate() {
  flush();
  file_.reset();
  for (unsigned n = rotate_count_ - 1; n >= 1; --n) {
    const std::string from = n == 1 ? path_ : path_ + "." + std::to_string(n - 1);
    const std::string to = path_ + "." + std::to_string(n);
    if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
      fail("cannot rename " + from);
  }
  open();
  write({reinterpret_cast<const uint8_t*>(heading_.data()), heading_.size()});
}

void CaptureFiles::write(std::span<const uint8_t> bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail("cannot write");
  written_ += bytes.size();
}

void CaptureFiles::flush() {
  if (std::fflush(file_.get()) != 0) fail("cannot write");
}

void CaptureFiles::fail(const std::string& what) const {
  throw std::runtime_error(what + (path_ == "-" ? " to standard output" : " " + path_) + ": " +
                           std::strerror(errno));
}

}  // namespace uswitch
