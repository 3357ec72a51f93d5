// A port on capture files: plays one file into the switch at the pace it was captured, and writes
// what the switch sends to another. Either may be missing.
//
// Owner and threads: see switch/port.h. Reading belongs to worker 0; writing is done by whichever
// worker sends, under a mutex, straight to the (buffered) file: a port for debugging, not for
// speed.
#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "switch/port.h"

struct pcap;
struct pcap_dumper;

namespace uswitch {

class PcapPort : public Port {
 public:
  // Empty: not used. Throws std::runtime_error naming the file when it cannot be opened, is no
  // capture, or does not hold Ethernet frames.
  PcapPort(const std::string& read_file, const std::string& write_file);
  ~PcapPort() override;

  int poll_fd(unsigned queue) const override { return queue == 0 ? timer_ : idle_; }
  bool rx(unsigned queue, Batch& batch, Io& io) override;
  void tx(unsigned queue, std::span<Outgoing> frames, Io& io) override;
  // A capture shows frames as they stand on a wire.
  Capabilities capabilities() const override { return {}; }

 private:
  struct CloseReader {
    void operator()(pcap* p) const;
  };
  struct CloseWriter {
    void operator()(pcap_dumper* d) const;
  };
  struct Next {  // the frame that is due next
    const uint8_t* bytes = nullptr;
    uint32_t length = 0;
    std::chrono::nanoseconds at{};  // capture time
  };

  void open_reader(const std::string& file);
  void open_writer(const std::string& file);
  void read_next();
  std::chrono::nanoseconds until_due() const;
  void arm_timer(std::chrono::nanoseconds wait);

  std::unique_ptr<pcap, CloseReader> reader_;
  int timer_ = -1;  // readable when the next frame is due
  int idle_ = -1;   // never readable: the queues of the other workers
  Next next_;
  std::chrono::nanoseconds offset_{};  // monotonic time minus capture time, from the first rx on
  bool started_ = false;

  std::mutex write_mutex_;
  std::unique_ptr<pcap, CloseReader> format_;  // libpcap wants one beside a dumper
  std::unique_ptr<pcap_dumper, CloseWriter> writer_;
};

}  // namespace uswitch
