// Blasts 60-byte UDP frames out of a device, as fast as it takes them or at a given rate.
//
// Frames go through AF_PACKET in sendmmsg batches with the queueing discipline bypassed, so that
// the generator costs far less than what it measures. When the device's queue is full
// (ENOBUFS: nobody has taken the frames out of the TAP yet) it either pauses, so that the CPU time
// of a run is that of delivered frames, or with --insist tries again at once, as a flood would.
// The source port walks over `flows` values: a switch with several queues can spread the load.
//
// Usage: blast DEVICE SRC_MAC DST_MAC SRC_IP DST_IP SECONDS [--rate PPS] [--flows N] [--insist]
// Prints one JSON object: frames accepted by the device, refused by it, seconds.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kFrameBytes = 60;  // 64 on a wire, where the device adds the check sequence
constexpr size_t kBatch = 64;
constexpr auto kPauseWhenFull = std::chrono::microseconds(50);

using Frame = std::array<uint8_t, kFrameBytes>;

struct Options {
  std::string device, source_mac, destination_mac, source_ip, destination_ip;
  double seconds = 0;
  double rate = 0;  // frames a second; 0: as fast as the device takes them
  unsigned flows = 64;
  bool insist = false;
};

struct Totals {
  uint64_t accepted = 0;
  uint64_t refused = 0;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Options parse(std::span<char*> arguments) {
  if (arguments.size() < 7)
    throw std::invalid_argument("usage: blast DEVICE SRC_MAC DST_MAC SRC_IP DST_IP SECONDS ...");
  Options options{arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]};
  options.seconds = std::stod(arguments[6]);
  for (size_t i = 7; i < arguments.size(); ++i) {
    const std::string name = arguments[i];
    if (name == "--insist")
      options.insist = true;
    else if (name == "--rate" && i + 1 < arguments.size())
      options.rate = std::stod(arguments[++i]);
    else if (name == "--flows" && i + 1 < arguments.size())
      options.flows = static_cast<unsigned>(std::stoul(arguments[++i]));
    else
      throw std::invalid_argument("unknown argument " + name);
  }
  return options;
}

ether_addr mac_of(const std::string& text) {
  ether_addr address{};
  if (!ether_aton_r(text.c_str(), &address)) throw std::invalid_argument("not a MAC: " + text);
  return address;
}

in_addr_t ip_of(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1)
    throw std::invalid_argument("not an IPv4 address: " + text);
  return address.s_addr;
}

uint16_t header_checksum(const iphdr& header) {
  std::array<uint16_t, sizeof(iphdr) / 2> words{};
  std::memcpy(words.data(), &header, sizeof header);
  uint32_t sum = 0;
  for (uint16_t word : words) sum += word;
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~(sum + (sum >> 16)));
}

Frame make_frame(const Options& options, uint16_t source_port) {
  constexpr size_t udp_at = sizeof(ether_header) + sizeof(iphdr);
  ether_header ethernet{};
  const ether_addr source = mac_of(options.source_mac);
  const ether_addr destination = mac_of(options.destination_mac);
  std::memcpy(ethernet.ether_shost, &source, ETH_ALEN);
  std::memcpy(ethernet.ether_dhost, &destination, ETH_ALEN);
  ethernet.ether_type = htons(ETHERTYPE_IP);

  iphdr ip{};
  ip.version = 4;
  ip.ihl = sizeof(iphdr) / 4;
  ip.tot_len = htons(kFrameBytes - sizeof(ether_header));
  ip.ttl = 64;
  ip.protocol = IPPROTO_UDP;
  ip.saddr = ip_of(options.source_ip);
  ip.daddr = ip_of(options.destination_ip);
  ip.check = header_checksum(ip);

  udphdr udp{};  // without a checksum, which UDP over IPv4 allows
  udp.source = htons(source_port);
  udp.dest = htons(9);
  udp.len = htons(kFrameBytes - udp_at);

  Frame frame{};
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::memcpy(frame.data() + sizeof ethernet, &ip, sizeof ip);
  std::memcpy(frame.data() + udp_at, &udp, sizeof udp);
  return frame;
}

int open_socket(const std::string& device) {
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);  // protocol 0: sends only, receives nothing
  if (fd < 0) fail("AF_PACKET socket");
  const int on = 1;
  if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0) fail("qdisc bypass");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  if (address.sll_ifindex == 0) fail(device);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) fail("bind");
  return fd;
}

// The frames of all flows, and the message headers that point at them, made once.
class Stream {
 public:
  explicit Stream(const Options& options) : fd_(open_socket(options.device)) {
    const size_t flows = options.flows ? options.flows : 1;
    frames_.reserve(flows);
    for (size_t i = 0; i < flows; ++i)
      frames_.push_back(make_frame(options, static_cast<uint16_t>(1024 + i)));
    vectors_.resize(kBatch);
    messages_.resize(kBatch);
  }
  ~Stream() { close(fd_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Sends up to `count` frames; false: the device refused one.
  bool send(size_t count, Totals& totals) {
    for (size_t i = 0; i < count; ++i) {
      vectors_[i] = {frames_[next_].data(), kFrameBytes};
      next_ = (next_ + 1) % frames_.size();
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
    for (size_t done = 0; done < count;) {
      const int sent =
          sendmmsg(fd_, messages_.data() + done, static_cast<unsigned>(count - done), 0);
      if (sent < 0 && errno != ENOBUFS && errno != EAGAIN) fail("sendmmsg");
      if (sent <= 0) {
        totals.refused++;
        return false;
      }
      done += static_cast<size_t>(sent);
      totals.accepted += static_cast<uint64_t>(sent);
    }
    return true;
  }

 private:
  int fd_;
  size_t next_ = 0;
  std::vector<Frame> frames_;
  std::vector<iovec> vectors_;
  std::vector<mmsghdr> messages_;
};

Totals blast(const Options& options, Stream& stream, Clock::time_point end) {
  Totals totals;
  while (Clock::now() < end)
    if (!stream.send(kBatch, totals) && !options.insist)
      std::this_thread::sleep_for(kPauseWhenFull);
  return totals;
}

// Batches at even distances. A late wake-up is made good by the next batches, not skipped.
Totals paced(const Options& options, Stream& stream, Clock::time_point end) {
  constexpr size_t batch = kBatch / 2;
  const auto period = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(batch / options.rate));
  Totals totals;
  for (auto at = Clock::now(); at < end; at += period) {
    std::this_thread::sleep_until(at);
    stream.send(batch, totals);
  }
  return totals;
}

}  // namespace

int main(int count, char** values) try {
  const Options options = parse({values, static_cast<size_t>(count)});
  Stream stream(options);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  const Totals totals =
      options.rate > 0 ? paced(options, stream, end) : blast(options, stream, end);
  const std::chrono::duration<double> took = Clock::now() - start;
  std::printf("{\"accepted\": %llu, \"refused\": %llu, \"seconds\": %.6f}\n",
              static_cast<unsigned long long>(totals.accepted),
              static_cast<unsigned long long>(totals.refused), took.count());
} catch (const std::exception& error) {
  std::fprintf(stderr, "blast: %s\n", error.what());
  return 1;
}
