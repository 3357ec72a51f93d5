// The capture files of a replay: pcap or pcapng in, pcap with nanoseconds out. Main thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct pcap;
struct pcap_dumper;

namespace uswitch {

// When a frame was captured, since 1970.
using CaptureTime = std::chrono::nanoseconds;

struct ClosePcap {
  void operator()(pcap* p) const;
  void operator()(pcap_dumper* d) const;
};

class CaptureReader {
 public:
  // Throws std::runtime_error that names the file when it cannot be opened, is no capture, or does
  // not hold Ethernet frames.
  explicit CaptureReader(std::string file);

  // The next frame, until next() is called; its bytes are null after the last one.
  struct Frame {
    const uint8_t* bytes = nullptr;
    uint32_t length = 0;    // that were captured, at most max_frame
    uint32_t original = 0;  // that the frame had
    CaptureTime at{};
    explicit operator bool() const { return bytes != nullptr; }
  };
  const Frame& frame() const { return frame_; }
  void next();

  const std::string& file() const { return file_; }
  uint64_t frames() const { return frames_; }  // read so far
  // Why the file ended before its end; empty: it did not.
  const std::string& damage() const { return damage_; }

 private:
  std::string file_;
  std::unique_ptr<pcap, ClosePcap> pcap_;
  Frame frame_;
  uint64_t frames_ = 0;
  std::string damage_;
};

class CaptureWriter {
 public:
  // Throws std::runtime_error that names the file when it cannot be written.
  explicit CaptureWriter(const std::string& file);

  void write(CaptureTime at, std::span<const uint8_t> frame);
  // To the disk; false when not all of it could be written.
  bool finish();

 private:
  std::unique_ptr<pcap, ClosePcap> format_;  // libpcap wants one beside a dumper
  std::unique_ptr<pcap_dumper, ClosePcap> writer_;
};

}  // namespace uswitch
