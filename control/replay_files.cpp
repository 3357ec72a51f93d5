#include "control/replay_files.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "core/packet.h"

namespace uswitch {

namespace {

// A damaged file may name any time: what lies outside these counts as one of them. 2100 at the
// latest leaves room above for timers.
constexpr std::chrono::seconds earliest{0}, latest{4'102'444'800};

CaptureTime time_of(const pcap_pkthdr& header) {
  // The files are opened with nanosecond precision: tv_usec holds nanoseconds.
  const std::chrono::seconds whole(header.ts.tv_sec);
  const auto fraction = std::clamp<int64_t>(header.ts.tv_usec, 0, 999'999'999);
  return std::clamp(whole, earliest, latest) + std::chrono::nanoseconds(fraction);
}

}  // namespace

void ClosePcap::operator()(pcap* p) const {
  pcap_close(p);
}
void ClosePcap::operator()(pcap_dumper* d) const {
  pcap_dump_close(d);
}

CaptureReader::CaptureReader(std::string file) : file_(std::move(file)) {
  // Opened here: libpcap names the file in some of its errors only.
  FILE* stream = std::fopen(file_.c_str(), "rbe");
  if (!stream) throw std::runtime_error("cannot read " + file_ + ": " + std::strerror(errno));
  char error[PCAP_ERRBUF_SIZE];
  pcap_.reset(pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error));
  if (!pcap_) {
    std::fclose(stream);
    throw std::runtime_error("cannot read " + file_ + ": " + error);
  }
  if (pcap_datalink(pcap_.get()) != DLT_EN10MB) {
    throw std::runtime_error(file_ + ": holds no Ethernet frames, so it cannot feed a port");
  }
  next();
}

void CaptureReader::next() {
  pcap_pkthdr* header;
  const uint8_t* bytes;
  frame_ = {};
  const int result = pcap_next_ex(pcap_.get(), &header, &bytes);
  if (result == PCAP_ERROR) damage_ = pcap_geterr(pcap_.get());
  if (result != 1) return;
  ++frames_;
  frame_.bytes = bytes;
  frame_.length = std::min<uint32_t>(header->caplen, max_frame);
  frame_.original = header->len;
  frame_.at = time_of(*header);
}

CaptureWriter::CaptureWriter(const std::string& file)
    : format_(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, static_cast<int>(max_frame),
                                                   PCAP_TSTAMP_PRECISION_NANO)),
      writer_(pcap_dump_open(format_.get(), file.c_str())) {
  if (!writer_) {
    throw std::runtime_error("cannot write " + std::string(pcap_geterr(format_.get())));
  }
}

void CaptureWriter::write(CaptureTime at, std::span<const uint8_t> frame) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
  pcap_pkthdr header{};
  header.ts = {seconds.count(), (at - seconds).count()};
  header.caplen = header.len = static_cast<uint32_t>(frame.size());
  pcap_dump(reinterpret_cast<u_char*>(writer_.get()), &header, frame.data());
}

bool CaptureWriter::finish() {
  return pcap_dump_flush(writer_.get()) == 0 && std::ferror(pcap_dump_file(writer_.get())) == 0;
}

}  // namespace uswitch
