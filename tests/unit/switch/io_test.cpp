// Both kinds of Io must be indistinguishable: every test runs with each.
#include "switch/io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <vector>

#include "switch/fd.h"

namespace uswitch {
namespace {

// Two ends of a local socket, non-blocking as every descriptor of a port is.
struct Pair {
  explicit Pair(int type) {
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) {
      throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    near = UniqueFd(ends[0]);
    far = UniqueFd(ends[1]);
  }
  void put(const std::string& text) const {
    ASSERT_EQ(::write(far.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string get() const {
    std::array<char, 256> bytes;
    const ssize_t n = ::read(far.get(), bytes.data(), bytes.size());
    return n < 0 ? "nothing" : std::string(bytes.data(), static_cast<size_t>(n));
  }

  UniqueFd near, far;
};

// The buffers and operations of one call.
class Ops {
 public:
  explicit Ops(size_t size = 16) : size_(size) {}

  void read(int fd) { ops_.push_back({fd, slot(), size_, 0}); }
  void write(int fd, const std::string& text) {
    uint8_t* p = slot();
    std::memcpy(p, text.data(), text.size());
    ops_.push_back({fd, p, static_cast<uint32_t>(text.size()), 0});
  }
  std::span<IoOp> all() { return ops_; }
  std::vector<int> results() const {
    std::vector<int> r;
    for (const IoOp& op : ops_) r.push_back(op.result);
    return r;
  }
  // What the successful reads brought, in the order of the operations.
  std::vector<std::string> texts() const {
    std::vector<std::string> t;
    for (const IoOp& op : ops_) {
      if (op.result >= 0) t.emplace_back(op.data, op.data + op.result);
    }
    return t;
  }

 private:
  uint8_t* slot() { return memory_.at(ops_.size()).data(); }

  uint32_t size_;
  std::vector<std::array<uint8_t, 4096>> memory_{Io::limit};
  std::vector<IoOp> ops_;
};

class IoTest : public testing::TestWithParam<IoKind> {
 protected:
  void SetUp() override {
    try {
      io = make_io(GetParam());
    } catch (const std::system_error& e) {
      GTEST_SKIP() << "this kernel refuses io_uring: " << e.what();
    }
  }
  std::unique_ptr<Io> io;
};

std::string kind_name(const testing::TestParamInfo<IoKind>& info) {
  return info.param == IoKind::plain ? "ReadWrite" : "IoUring";
}

INSTANTIATE_TEST_SUITE_P(Both, IoTest, testing::Values(IoKind::plain, IoKind::uring), kind_name);

std::string number(size_t i) {
  return "packet " + std::to_string(i);
}

TEST_P(IoTest, ReadsPacketsInOrderUpToTheLimit) {
  const Pair pair(SOCK_SEQPACKET);
  std::vector<std::string> sent;
  for (size_t i = 0; i < Io::limit; ++i) pair.put(sent.emplace_back(number(i)));
  Ops ops;
  for (size_t i = 0; i < Io::limit; ++i) ops.read(pair.near.get());
  io->read(ops.all());
  EXPECT_EQ(ops.texts(), sent);
}

TEST_P(IoTest, MoreReadsThanPackets) {
  const Pair pair(SOCK_SEQPACKET);
  for (size_t i = 0; i < 3; ++i) pair.put(number(i));
  Ops ops;
  for (size_t i = 0; i < 8; ++i) ops.read(pair.near.get());
  io->read(ops.all());
  EXPECT_EQ(ops.texts(), (std::vector<std::string>{number(0), number(1), number(2)}));
  for (int result : ops.results()) EXPECT_TRUE(result == 8 || result == -EAGAIN) << result;
}

TEST_P(IoTest, EmptyDescriptorsDoNotBlock) {
  const Pair pair(SOCK_SEQPACKET);
  for (size_t count : {1u, 2u, 64u}) {
    Ops ops;
    for (size_t i = 0; i < count; ++i) ops.read(pair.near.get());
    io->read(ops.all());
    EXPECT_EQ(ops.results(), std::vector<int>(count, -EAGAIN));
  }
}

TEST_P(IoTest, AnEmptyDescriptorDoesNotHideTheNext) {
  const Pair empty(SOCK_SEQPACKET), full(SOCK_SEQPACKET);
  full.put("here");
  Ops ops;
  ops.read(empty.near.get());
  ops.read(full.near.get());
  ops.read(empty.near.get());
  io->read(ops.all());
  EXPECT_EQ(ops.results(), (std::vector<int>{-EAGAIN, 4, -EAGAIN}));
}

TEST_P(IoTest, WritesInOrderUpToTheLimit) {
  const Pair pair(SOCK_SEQPACKET);
  Ops ops;
  for (size_t i = 0; i < Io::limit; ++i) ops.write(pair.near.get(), number(i));
  io->write(ops.all());
  for (size_t i = 0; i < Io::limit; ++i) EXPECT_EQ(pair.get(), number(i));
  EXPECT_EQ(pair.get(), "nothing");
}

TEST_P(IoTest, OneOperationIsNoSpecialCase) {
  const Pair pair(SOCK_SEQPACKET);
  Ops out, in;
  out.write(pair.near.get(), "alone");
  io->write(out.all());
  EXPECT_EQ(pair.get(), "alone");
  pair.put("back");
  in.read(pair.near.get());
  io->read(in.all());
  EXPECT_EQ(in.texts(), std::vector<std::string>{"back"});
}

TEST_P(IoTest, NoOperations) {
  Ops ops;
  io->read(ops.all());
  io->write(ops.all());
}

TEST_P(IoTest, FullQueueRefusesTheRest) {
  const Pair pair(SOCK_SEQPACKET);
  const int small = 1;
  setsockopt(pair.near.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  Ops ops;
  for (size_t i = 0; i < Io::limit; ++i) ops.write(pair.near.get(), number(i));
  io->write(ops.all());
  size_t taken = 0;
  for (int result : ops.results()) {
    if (result > 0) ++taken;
    EXPECT_TRUE(result > 0 || result == -EAGAIN) << result;
  }
  EXPECT_GT(taken, 0u);
  EXPECT_LT(taken, Io::limit);
  for (size_t i = 0; i < taken; ++i) EXPECT_NE(pair.get(), "nothing");
  EXPECT_EQ(pair.get(), "nothing");
}

TEST_P(IoTest, ShortBufferCutsThePacket) {
  const Pair pair(SOCK_SEQPACKET);
  pair.put("0123456789");
  pair.put("next");
  Ops ops(4);
  ops.read(pair.near.get());
  ops.read(pair.near.get());
  io->read(ops.all());
  EXPECT_EQ(ops.texts(), (std::vector<std::string>{"0123", "next"}));
}

TEST_P(IoTest, PartialWriteSaysHowMuch) {
  const Pair pair(SOCK_STREAM);
  const int small = 1;
  setsockopt(pair.near.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  Ops ops;
  for (int i = 0; i < 8; ++i) ops.write(pair.near.get(), std::string(4096, 'x'));
  io->write(ops.all());
  int64_t said = 0;
  for (int result : ops.results()) {
    if (result > 0) said += result;
    EXPECT_TRUE(result > 0 || result == -EAGAIN) << result;
  }
  EXPECT_LT(said, 8 * 4096);
  int64_t there = 0;
  for (std::string text; (text = pair.get()) != "nothing";) there += static_cast<int>(text.size());
  EXPECT_EQ(there, said);
}

TEST_P(IoTest, AClosedDescriptorStopsNoOther) {
  const Pair a(SOCK_SEQPACKET), b(SOCK_SEQPACKET);
  a.put("a");
  b.put("b");
  Ops in, out;
  in.read(a.near.get());
  in.read(-1);
  in.read(b.near.get());
  io->read(in.all());
  EXPECT_EQ(in.results(), (std::vector<int>{1, -EBADF, 1}));
  out.write(a.near.get(), "1");
  out.write(-1, "2");
  out.write(b.near.get(), "3");
  io->write(out.all());
  EXPECT_EQ(out.results(), (std::vector<int>{1, -EBADF, 1}));
  EXPECT_EQ(a.get(), "1");
  EXPECT_EQ(b.get(), "3");
}

TEST_P(IoTest, PeerThatIsGone) {
  std::signal(SIGPIPE, SIG_IGN);
  Pair pair(SOCK_SEQPACKET);
  pair.far = UniqueFd();
  Ops in, out;
  for (int i = 0; i < 2; ++i) in.read(pair.near.get());
  for (int i = 0; i < 2; ++i) out.write(pair.near.get(), "x");
  io->read(in.all());
  io->write(out.all());
  EXPECT_EQ(in.results(), (std::vector<int>{0, 0}));
  EXPECT_EQ(out.results(), (std::vector<int>{-EPIPE, -EPIPE}));
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_P(IoTest, Eventfds) {
  const UniqueFd counter(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), idle(eventfd(0, EFD_NONBLOCK));
  const uint64_t five = 5;
  ASSERT_EQ(write(counter.get(), &five, sizeof five), 8);
  Ops ops(8);
  ops.read(counter.get());
  ops.read(idle.get());
  io->read(ops.all());
  EXPECT_EQ(ops.results(), (std::vector<int>{8, -EAGAIN}));
  uint64_t value;
  std::memcpy(&value, ops.all()[0].data, sizeof value);
  EXPECT_EQ(value, 5u);
}

TEST(Io, AutomaticIsOneOfTheTwo) {
  const auto io = make_io(IoKind::automatic);
  EXPECT_TRUE(io->name() == "io_uring" || io->name() == "read/write") << io->name();
}

}  // namespace
}  // namespace uswitch
