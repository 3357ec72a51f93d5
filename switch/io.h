// How a worker reads and writes descriptors: many operations in one system call through io_uring
// where the kernel allows it, one system call each otherwise. Chosen once at start (make_io).
//
// Owner: one worker, kind "mine"; made and used on that worker's thread (io_uring's SINGLE_ISSUER).
// The descriptors are non-blocking and every operation is complete when the call returns.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace uswitch {

// One read or write of one packet.
struct IoOp {
  int fd;
  uint8_t* data;
  uint32_t length;
  int32_t result;  // bytes, or -errno; -EAGAIN when it would have blocked
};

class Io {
 public:
  static constexpr size_t limit = 64;  // operations a call

  virtual ~Io() = default;

  // Each operation stands for itself: one that fails does not stop those behind it. Reads of one
  // descriptor return its packets in order; a -EAGAIN may stand between two of them.
  virtual void read(std::span<IoOp> ops) = 0;
  virtual void write(std::span<IoOp> ops) = 0;

  virtual std::string_view name() const = 0;  // "io_uring" or "read/write"
};

enum class IoKind { automatic, uring, plain };

// automatic falls back to plain where the kernel refuses io_uring; uring throws std::system_error.
std::unique_ptr<Io> make_io(IoKind kind);

}  // namespace uswitch
