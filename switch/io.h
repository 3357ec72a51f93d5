// How a worker reads and writes descriptors: many operations in one system call through io_uring
// where the kernel allows it, one system call each otherwise. Chosen once at start (make_io).
//
// Owner: one worker, kind "mine"; never shared between threads. Every operation is non-blocking and
// complete when the call returns.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace uswitch {

// One read or write of one packet.
struct IoOp {
  int fd = -1;
  uint8_t* data = nullptr;
  uint32_t length = 0;
  int32_t result = 0;  // bytes, or -errno; -EAGAIN when it would have blocked
};

class Io {
 public:
  virtual ~Io() = default;

  // Does the reads in order and stops asking a descriptor that has nothing more: the operations
  // after a -EAGAIN on the same descriptor get -EAGAIN too. At most 64 operations.
  virtual void read(std::span<IoOp> ops) = 0;
  // Does the writes in order; one that fails does not stop the others. At most 64 operations.
  virtual void write(std::span<IoOp> ops) = 0;

  virtual std::string_view name() const = 0;  // "io_uring" or "read/write"
};

enum class IoKind { automatic, uring, plain };

// automatic falls back to plain where io_uring_setup is refused or lacks what is needed; uring
// throws std::system_error then.
std::unique_ptr<Io> make_io(IoKind kind = IoKind::automatic);

}  // namespace uswitch
