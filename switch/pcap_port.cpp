#include "switch/pcap_port.h"

#include <pcap/pcap.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace uswitch {

namespace {

using std::chrono::nanoseconds;

nanoseconds monotonic_now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

// A damaged pcapng file may name any time: what comes after the year 2100 is that year's.
constexpr std::chrono::seconds latest{4'102'444'800};

nanoseconds time_of(const pcap_pkthdr& header) {
  // The files are opened with nanosecond precision: tv_usec holds nanoseconds.
  const std::chrono::seconds whole(header.ts.tv_sec);
  return std::clamp(whole, std::chrono::seconds(0), latest) + nanoseconds(header.ts.tv_usec);
}

}  // namespace

void PcapPort::CloseReader::operator()(pcap* p) const {
  pcap_close(p);
}
void PcapPort::CloseWriter::operator()(pcap_dumper* d) const {
  pcap_dump_close(d);
}

PcapPort::PcapPort(const std::string& read_file, const std::string& write_file) {
  if (!read_file.empty()) open_reader(read_file);
  if (!write_file.empty()) open_writer(write_file);
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  idle_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (timer_ < 0 || idle_ < 0) throw std::system_error(errno, std::generic_category(), "timerfd");
}

PcapPort::~PcapPort() {
  close(timer_);
  close(idle_);
}

void PcapPort::open_reader(const std::string& file) {
  // Opened here: libpcap names the file in some of its errors only.
  FILE* stream = std::fopen(file.c_str(), "rbe");
  if (!stream) {
    throw std::runtime_error("cannot read capture " + file + ": " + std::strerror(errno));
  }
  char error[PCAP_ERRBUF_SIZE];
  reader_.reset(
      pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error));
  if (!reader_) {
    std::fclose(stream);
    throw std::runtime_error("cannot read capture " + file + ": " + error);
  }
  if (pcap_datalink(reader_.get()) != DLT_EN10MB) {
    throw std::runtime_error(file + ": holds no Ethernet frames, so it cannot feed a port");
  }
  read_next();
}

void PcapPort::open_writer(const std::string& file) {
  format_.reset(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, static_cast<int>(max_frame),
                                                     PCAP_TSTAMP_PRECISION_NANO));
  writer_.reset(pcap_dump_open(format_.get(), file.c_str()));
  if (!writer_) {
    throw std::runtime_error("cannot write capture " + std::string(pcap_geterr(format_.get())));
  }
}

void PcapPort::read_next() {
  pcap_pkthdr* header;
  next_ = {};
  if (pcap_next_ex(reader_.get(), &header, &next_.bytes) == 1) {
    next_.length = std::min<uint32_t>(header->caplen, max_frame);
    next_.at = time_of(*header);
  } else {
    next_.bytes = nullptr;  // the end, or damage: what came before was played
  }
}

nanoseconds PcapPort::until_due() const {
  return next_.at + offset_ - monotonic_now();
}

void PcapPort::arm_timer(nanoseconds wait) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  itimerspec spec{};
  spec.it_value = {seconds.count(), (wait - seconds).count()};
  timerfd_settime(timer_, 0, &spec, nullptr);
}

bool PcapPort::rx(unsigned queue, Batch& batch, Io&) {
  if (queue != 0 || !reader_) return false;
  uint64_t expirations;
  [[maybe_unused]] ssize_t n = read(timer_, &expirations, sizeof expirations);
  if (!started_) {
    offset_ = monotonic_now() - next_.at;
    started_ = true;
  }
  while (next_.bytes) {
    if (const nanoseconds wait = until_due(); wait > nanoseconds::zero()) {
      arm_timer(wait);
      return false;
    }
    Packet* p = batch.append();
    if (!p) return true;
    p->length = next_.length;
    std::copy_n(next_.bytes, next_.length, p->data);
    read_next();
  }
  return false;
}

void PcapPort::tx(unsigned, std::span<Outgoing> frames, Io&) {
  if (!writer_) return;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const std::lock_guard lock(write_mutex_);
  for (const Outgoing& out : frames) {
    pcap_pkthdr header{};
    header.ts = {now.tv_sec, now.tv_nsec};
    header.caplen = header.len = out.packet->length;
    pcap_dump(reinterpret_cast<u_char*>(writer_.get()), &header, out.packet->data);
  }
  // A person may be looking at the file while it grows.
  pcap_dump_flush(writer_.get());
}

}  // namespace uswitch
