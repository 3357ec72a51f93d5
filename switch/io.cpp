#include "switch/io.h"

#include <liburing.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace uswitch {

namespace {

int32_t result_of(ssize_t n) {
  return n >= 0 ? static_cast<int32_t>(n) : -errno;
}

// One system call an operation.
class PlainIo : public Io {
 public:
  void read(std::span<IoOp> ops) override {
    int empty = -1;
    for (IoOp& op : ops) {
      // A queue that was just found empty is not asked again for each buffer that was offered.
      op.result =
          op.fd == empty && empty >= 0 ? -EAGAIN : result_of(::read(op.fd, op.data, op.length));
      if (op.result == -EAGAIN) empty = op.fd;
    }
  }
  void write(std::span<IoOp> ops) override {
    for (IoOp& op : ops) op.result = result_of(::write(op.fd, op.data, op.length));
  }
  std::string_view name() const override { return "read/write"; }
};

// One system call for all. Reads carry RWF_NOWAIT: with O_NONBLOCK alone io_uring arms a poll for
// an empty descriptor and the batch would hang until a packet came.
class UringIo : public Io {
 public:
  UringIo() {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    int error = io_uring_queue_init_params(limit, &ring_, &params);
    if (error < 0) throw std::system_error(-error, std::generic_category(), "io_uring");
  }
  ~UringIo() override { io_uring_queue_exit(&ring_); }

  void read(std::span<IoOp> ops) override {
    if (ops.size() == 1) return plain_.read(ops);
    for (size_t i = 0; i < ops.size(); ++i) {
      io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
      io_uring_prep_read(sqe, ops[i].fd, ops[i].data, ops[i].length, 0);
      sqe->rw_flags = RWF_NOWAIT;
      sqe->user_data = i;
    }
    complete(ops);
  }

  void write(std::span<IoOp> ops) override {
    if (ops.size() == 1) return plain_.write(ops);
    for (size_t i = 0; i < ops.size(); ++i) {
      io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
      io_uring_prep_write(sqe, ops[i].fd, ops[i].data, ops[i].length, 0);
      sqe->rw_flags = RWF_NOWAIT;
      sqe->user_data = i;
    }
    complete(ops);
  }

  std::string_view name() const override { return "io_uring"; }

 private:
  void complete(std::span<IoOp> ops) {
    for (IoOp& op : ops) op.result = -EAGAIN;
    size_t outstanding = ops.size();
    while (outstanding > 0) {
      int error = io_uring_submit_and_wait(&ring_, static_cast<unsigned>(outstanding));
      if (error < 0 && error != -EINTR) {
        throw std::system_error(-error, std::generic_category(), "io_uring_enter");
      }
      outstanding -= reap(ops);
    }
  }

  unsigned reap(std::span<IoOp> ops) {
    unsigned head, seen = 0;
    io_uring_cqe* cqe;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ops[cqe->user_data].result = cqe->res;
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
    return seen;
  }

  io_uring ring_;
  PlainIo plain_;
};

}  // namespace

std::unique_ptr<Io> make_io(IoKind kind) {
  if (kind == IoKind::plain) return std::make_unique<PlainIo>();
  if (kind == IoKind::uring) return std::make_unique<UringIo>();
  try {
    return std::make_unique<UringIo>();
  } catch (const std::system_error&) {
    return std::make_unique<PlainIo>();
  }
}

}  // namespace uswitch
