#include "switch/pcap_port.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/support/frame_builder.h"
#include "tests/support/temporary_directory.h"

namespace uswitch::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr uint32_t microseconds_magic = 0xa1b2c3d4, nanoseconds_magic = 0xa1b23c4d;
constexpr uint32_t ethernet = 1, raw_ip = 101;

FrameBuilder hello(uint8_t n) {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(Bytes{n});
}

// Capture files byte by byte, so that they can be wrong.
class CaptureBytes {
 public:
  explicit CaptureBytes(bool big_endian = false) : big_endian_(big_endian) {}

  CaptureBytes& u16(uint16_t v) { return number(v, 2); }
  CaptureBytes& u32(uint32_t v) { return number(v, 4); }
  CaptureBytes& raw(const Bytes& b) {
    bytes_.insert(bytes_.end(), b.begin(), b.end());
    return *this;
  }

  // The classic format.
  CaptureBytes& header(uint32_t magic, uint32_t link = ethernet) {
    return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link);
  }
  CaptureBytes& record(uint32_t seconds, uint32_t fraction, const Bytes& b) {
    const auto size = static_cast<uint32_t>(b.size());
    return u32(seconds).u32(fraction).u32(size).u32(size).raw(b);
  }

  // pcapng: timestamps in microseconds.
  CaptureBytes& section() {
    return u32(0x0a0d0d0a).u32(28).u32(0x1a2b3c4d).u16(1).u16(0).u32(~0u).u32(~0u).u32(28);
  }
  CaptureBytes& interface() { return u32(1).u32(20).u16(ethernet).u16(0).u32(65535).u32(20); }
  CaptureBytes& block(uint64_t micros, const Bytes& b) {
    const auto size = static_cast<uint32_t>(b.size());
    const uint32_t padded = (size + 3) & ~3u, whole = 32 + padded;
    u32(6).u32(whole).u32(0).u32(static_cast<uint32_t>(micros >> 32));
    u32(static_cast<uint32_t>(micros)).u32(size).u32(size).raw(b);
    return raw(Bytes(padded - size)).u32(whole);
  }

  CaptureBytes& cut(size_t bytes) {
    bytes_.resize(bytes_.size() - bytes);
    return *this;
  }
  void write(const std::string& file) const {
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes_.data()), static_cast<long>(bytes_.size()));
  }

 private:
  CaptureBytes& number(uint32_t v, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      bytes_.push_back(static_cast<uint8_t>(v >> 8 * (big_endian_ ? size - 1 - i : i)));
    }
    return *this;
  }

  bool big_endian_;
  Bytes bytes_;
};

class PcapPortTest : public testing::Test {
 protected:
  TemporaryDirectory dir;
  std::string file = dir.file("capture");
  PacketPool pool{128};
  std::unique_ptr<Io> io = make_io(IoKind::plain);

  // All that is due, as a worker takes it.
  std::vector<Bytes> take(PcapPort& port) {
    std::vector<Bytes> frames;
    for (bool more = true; more;) {
      Batch batch(pool);
      more = port.rx(0, batch, *io);
      for (Packet* p : batch.packets()) frames.emplace_back(p->data, p->data + p->length);
    }
    return frames;
  }

  // Takes frames whenever the port says so, until it is silent for 200 ms; notes when each came.
  std::vector<Bytes> play(PcapPort& port) {
    const auto start = Clock::now();
    std::vector<Bytes> frames;
    for (pollfd query{port.poll_fd(0), POLLIN, 0};;) {
      for (Bytes& b : take(port)) {
        frames.push_back(std::move(b));
        times.push_back(Clock::now() - start);
      }
      if (poll(&query, 1, 200) <= 0) return frames;
    }
  }

  void send(PcapPort& port, const std::vector<FrameBuilder>& frames) {
    Batch batch(pool);
    std::vector<Outgoing> out;
    for (const FrameBuilder& f : frames) {
      Packet* p = batch.append();
      f.store(*p);
      out.push_back({p, Reason::none});
    }
    port.tx(0, out, *io);
    for (const Outgoing& o : out) EXPECT_EQ(o.failed, Reason::none);
  }

  std::vector<nanoseconds> times;
};

TEST_F(PcapPortTest, PlaysAtThePaceOfTheCapture) {
  CaptureBytes()
      .header(microseconds_magic)
      .record(1000, 990000, hello(1).bytes())
      .record(1001, 10000, hello(2).bytes())
      .record(1001, 10000, hello(3).bytes())
      .record(1001, 90000, hello(4).bytes())
      .write(file);
  PcapPort port(file, "");
  EXPECT_EQ(play(port), (std::vector<Bytes>{hello(1).bytes(), hello(2).bytes(), hello(3).bytes(),
                                            hello(4).bytes()}));
  const milliseconds due[] = {milliseconds(0), milliseconds(20), milliseconds(20),
                              milliseconds(100)};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_GE(times[i], due[i]) << i;
    EXPECT_LT(times[i], due[i] + milliseconds(500)) << i;
  }
}

TEST_F(PcapPortTest, TimeBeginsWithTheFirstLook) {
  CaptureBytes()
      .header(microseconds_magic)
      .record(1, 0, hello(1).bytes())
      .record(3600, 0, hello(2).bytes())
      .write(file);
  PcapPort port(file, "");
  std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(take(port), std::vector<Bytes>{hello(1).bytes()});
  EXPECT_EQ(take(port), std::vector<Bytes>{});
}

TEST_F(PcapPortTest, NanosecondFile) {
  CaptureBytes()
      .header(nanoseconds_magic)
      .record(5, 0, hello(1).bytes())
      .record(5, 40'000'000, hello(2).bytes())
      .write(file);
  PcapPort port(file, "");
  EXPECT_EQ(play(port).size(), 2u);
  EXPECT_GE(times.back(), milliseconds(40));
  EXPECT_LT(times.back(), milliseconds(540));
}

TEST_F(PcapPortTest, BigEndianFile) {
  CaptureBytes(true).header(microseconds_magic).record(5, 0, hello(1).bytes()).write(file);
  PcapPort port(file, "");
  EXPECT_EQ(take(port), std::vector<Bytes>{hello(1).bytes()});
}

TEST_F(PcapPortTest, PcapngFile) {
  CaptureBytes()
      .section()
      .interface()
      .block(1'000'000, hello(1).bytes())
      .block(1'030'000, hello(2).bytes())
      .write(file);
  PcapPort port(file, "");
  EXPECT_EQ(play(port), (std::vector<Bytes>{hello(1).bytes(), hello(2).bytes()}));
  EXPECT_GE(times.back(), milliseconds(30));
}

TEST_F(PcapPortTest, TimesThatStepBackAreDueAtOnce) {
  CaptureBytes()
      .header(microseconds_magic)
      .record(1000, 0, hello(1).bytes())
      .record(3, 0, hello(2).bytes())
      .write(file);
  PcapPort port(file, "");
  EXPECT_EQ(take(port).size(), 2u);
}

// A time that does not fit in 64 bits of nanoseconds.
TEST_F(PcapPortTest, TimesBeyondAllReasonAreNeverDue) {
  CaptureBytes()
      .section()
      .interface()
      .block(0, hello(1).bytes())
      .block(~uint64_t{0} / 2, hello(2).bytes())
      .block(~uint64_t{0}, hello(3).bytes())
      .write(file);
  PcapPort port(file, "");
  EXPECT_EQ(take(port), std::vector<Bytes>{hello(1).bytes()});
}

TEST_F(PcapPortTest, MoreFramesThanABatch) {
  CaptureBytes bytes;
  bytes.header(microseconds_magic);
  for (int i = 0; i < 150; ++i) bytes.record(1, 0, hello(static_cast<uint8_t>(i)).bytes());
  bytes.write(file);
  PcapPort port(file, "");
  const std::vector<Bytes> frames = take(port);
  ASSERT_EQ(frames.size(), 150u);
  EXPECT_EQ(frames.back(), hello(149).bytes());
}

TEST_F(PcapPortTest, WhatCameBeforeTheDamageIsPlayed) {
  for (size_t missing : {1u, 40u, 50u}) {
    CaptureBytes()
        .header(microseconds_magic)
        .record(1, 0, hello(1).bytes())
        .record(1, 0, hello(2).bytes())
        .cut(missing)
        .write(file);
    PcapPort port(file, "");
    EXPECT_EQ(take(port), std::vector<Bytes>{hello(1).bytes()}) << missing;
    EXPECT_EQ(take(port), std::vector<Bytes>{});
  }
}

TEST_F(PcapPortTest, RecordWithAnAbsurdLengthEndsTheFile) {
  CaptureBytes()
      .header(microseconds_magic)
      .record(1, 0, hello(1).bytes())
      .u32(1)
      .u32(0)
      .u32(0x7fffffff)
      .u32(0x7fffffff)
      .raw(Bytes(1000))
      .write(file);
  PcapPort port(file, "");
  EXPECT_EQ(take(port), std::vector<Bytes>{hello(1).bytes()});
}

// libpcap allows more than a packet holds.
TEST_F(PcapPortTest, LongerThanAnyFrameIsCut) {
  CaptureBytes()
      .u32(microseconds_magic)
      .u16(2)
      .u16(4)
      .u32(0)
      .u32(0)
      .u32(262144)
      .u32(ethernet)
      .record(1, 0, Bytes(200000, 7))
      .write(file);
  PcapPort port(file, "");
  const std::vector<Bytes> frames = take(port);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].size(), max_frame);
}

TEST_F(PcapPortTest, EmptyCaptureIsSilent) {
  CaptureBytes().header(microseconds_magic).write(file);
  PcapPort port(file, "");
  EXPECT_EQ(take(port), std::vector<Bytes>{});
}

std::string refusal(const std::string& read, const std::string& write) {
  try {
    PcapPort port(read, write);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST_F(PcapPortTest, FilesThatCannotFeedAPortAreRefusedByName) {
  EXPECT_NE(refusal(file, "").find(file), std::string::npos) << "missing";
  CaptureBytes().write(file);
  EXPECT_NE(refusal(file, "").find(file), std::string::npos) << "empty";
  CaptureBytes().raw(Bytes(100, 'x')).write(file);
  EXPECT_NE(refusal(file, "").find(file), std::string::npos) << "no capture";
  CaptureBytes().header(microseconds_magic).cut(1).write(file);
  EXPECT_NE(refusal(file, "").find(file), std::string::npos) << "half a header";
  CaptureBytes().header(microseconds_magic, raw_ip).write(file);
  EXPECT_NE(refusal(file, "").find(file + ": holds no Ethernet"), std::string::npos);
}

TEST_F(PcapPortTest, FileThatCannotBeWrittenIsRefusedByName) {
  const std::string nowhere = dir.file("missing/out.pcap");
  EXPECT_NE(refusal("", nowhere).find(nowhere), std::string::npos);
}

TEST_F(PcapPortTest, WhatWasWrittenIsReadBack) {
  const FrameBuilder large = frame().eth(mac(1), mac(2)).ether_type(0x88b5).pattern(65000);
  PcapPort writer("", file);
  send(writer, {hello(1), hello(2)});
  send(writer, {large});
  PcapPort reader(file, "");  // while the writer is still open
  EXPECT_EQ(play(reader), (std::vector<Bytes>{hello(1).bytes(), hello(2).bytes(), large.bytes()}));
  EXPECT_TRUE(take(writer).empty()) << "a port without a file to read";
}

TEST_F(PcapPortTest, PortThatOnlyReadsSwallowsWhatIsSent) {
  CaptureBytes().header(microseconds_magic).record(1, 0, hello(1).bytes()).write(file);
  PcapPort port(file, "");
  send(port, {hello(2)});
  EXPECT_EQ(take(port), std::vector<Bytes>{hello(1).bytes()});
}

TEST_F(PcapPortTest, OnlyTheFirstQueuePlays) {
  CaptureBytes().header(microseconds_magic).record(1, 0, hello(1).bytes()).write(file);
  PcapPort port(file, "");
  Batch batch(pool);
  EXPECT_FALSE(port.rx(1, batch, *io));
  EXPECT_TRUE(batch.empty());
  EXPECT_NE(port.poll_fd(0), port.poll_fd(1));
}

TEST_F(PcapPortTest, WorkersWriteWholeRecords) {
  PcapPort port("", file);
  auto write = [&](uint8_t n) {
    PacketPool mine(1);
    Packet* p = mine.take();
    hello(n).store(*p);
    const auto plain = make_io(IoKind::plain);
    for (int i = 0; i < 200; ++i) {
      Outgoing out{p, Reason::none};
      port.tx(n, {&out, 1}, *plain);
    }
    mine.give_back(p);
  };
  std::thread one(write, uint8_t{1}), two(write, uint8_t{2});
  one.join();
  two.join();
  PcapPort reader(file, "");
  std::vector<Bytes> frames = play(reader);
  EXPECT_EQ(frames.size(), 400u);
  EXPECT_EQ(std::erase(frames, hello(1).bytes()), 200u);
  EXPECT_EQ(std::erase(frames, hello(2).bytes()), 200u);
}

}  // namespace
}  // namespace uswitch::test
