// Writes the fuzzers' first inputs into the folder named on the command line: frame/ holds frames,
// gso/ the same behind a virtio-net header, nat/ these and ICMP errors, pipeline/ the same from
// each port, router_makers/ the same one and several at a time, tunnel/ these from a local station
// and from another node, api/ requests. The examples of the documentation are those of config/.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/layout.h"
#include "core/offload.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"

using namespace uswitch;
using test::frame;
using test::FrameBuilder;
using test::mac;

namespace {

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}
FrameBuilder tagged() {
  return frame().eth(mac(1), mac(2)).vlan(10, 5);
}

const uint8_t options[] = {2, 4, 5, 0xb4, 1, 1, 1, 0};

const FrameBuilder seeds[] = {
    v4().tcp(1, 2).tcp_options(options).flags("FPAC").pattern(300).gso(100),
    v4().ip_options(options).tcp(1, 2).pattern(300).gso(100),
    v4().udp(1, 2).pattern(300).gso(100),
    v6().tcp(1, 2).pattern(300).gso(100),
    v6().extension(0).extension(60).udp(1, 2).pattern(300).gso(100),
    v4().udp(1, 2).partial_checksum().pad(60),
    v6().tcp(1, 2).pattern(3).partial_checksum(),
    v4().echo_request(1, 1).zeros(8),
    v4().fragment(0, true).udp(1, 2).udp_length(3000).zeros(16),
    v4().fragment(1480, false).protocol(17).zeros(16),
    v6().fragment_header(0, true).udp(1, 2).zeros(16),
    v6().extension(51, options).tcp(1, 2),
    v6().router_solicitation(mac(1)),
    v6().router_advertisement(mac(1)),
    v6().neighbor_solicitation("fd00::3", mac(1)),
    v6().neighbor_advertisement("fd00::3", mac(1)),
    v6().redirect("fd00::3", "fd00::4"),
    frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.1", "10.0.0.2"),
    tagged().arp_reply(mac(1), "10.0.0.1", mac(2), "10.0.0.2"),
    tagged().vlan(11).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2),
    frame().eth(mac(1), mac(2)).ether_type(38).zeros(46),
};

// To the routers of pipeline_fuzz.cpp, from the stations of the networks one, two and three.
FrameBuilder routed(unsigned station, uint16_t network, const char* from, const char* to) {
  FrameBuilder link = frame().eth(mac(station), mac(0xff00u + network));
  const test::Ip source(from), destination(to);
  return source.is_v4() ? link.ipv4(source, destination) : link.ipv6(source, destination);
}

const FrameBuilder routed_seeds[] = {
    routed(1, 0, "10.0.0.1", "10.1.0.2").udp(1, 2).zeros(20),
    routed(1, 0, "10.0.0.1", "10.1.0.7").udp(1, 2).zeros(20),
    routed(1, 0, "10.0.0.1", "10.2.0.7").tcp(1, 2).flags("S").tcp_options(options),
    routed(1, 0, "10.0.0.1", "10.3.0.7").udp(1, 2),
    routed(1, 0, "10.0.0.1", "203.0.113.5").udp(4000, 53).zeros(20),
    routed(1, 0, "10.0.0.1", "203.0.113.5").tcp(4000, 80).flags("S"),
    routed(1, 0, "10.0.0.1", "203.0.113.5").fragment(0, true).udp(1, 2).udp_length(32).zeros(16),
    routed(1, 0, "10.0.0.1", "203.0.113.5").fragment(24, false).protocol(17).zeros(8),
    routed(1, 0, "10.0.0.1", "203.0.113.5").tcp(4000, 80).pattern(3000).gso(1000),
    routed(1, 0, "10.0.0.1", "203.0.113.5").echo_request(1, 1).zeros(8),
    routed(1, 0, "10.0.0.1", "203.0.113.5").ttl(1).udp(1, 2),
    routed(1, 0, "10.0.0.1", "10.0.0.254").echo_request(1, 1).zeros(8),
    routed(1, 0, "10.0.0.1", "198.51.100.1").tcp(4000, 80).flags("S"),
    routed(1, 0, "fd00::1", "fd01::2").udp(1, 2).zeros(1300),
    routed(1, 0, "fd00::1", "fd02::2").udp(1, 2),
    routed(1, 0, "fd00::1", "2001:db8:1::1").tcp(4000, 80).flags("S"),
    routed(1, 0, "fd00::1", "2001:db8:1::1").udp(4000, 53),
    routed(3, 1, "10.1.0.2", "10.0.0.1").udp(1, 2).zeros(1400),
    routed(3, 1, "10.1.0.2", "10.0.0.9").udp(1, 2),
    routed(9, 2, "198.51.100.9", "198.51.100.1").tcp(4000, 80).flags("S"),
    routed(9, 2, "198.51.100.9", "198.51.100.1").udp(53, 4000),
    frame().eth(mac(7), mac(0xff01)).arp_reply(mac(7), "10.1.0.7", mac(0xff01), "10.1.0.1"),
    frame().eth(mac(7), mac(0xff00)).arp_request(mac(7), "10.0.0.7", "10.0.0.254"),
};

const FrameBuilder datagrams[] = {
    v4().fragment(16, false).protocol(1).zeros(9),
    v4().fragment(0, true).icmp(8, 0).zeros(8),
    v6().fragment_header(0, true).icmp(128, 0).zeros(8),
    v6().fragment_header(16, true).protocol(58).zeros(1400),
    v6().fragment_header(1416, false).protocol(58).zeros(9),
};

const std::string_view requests[] = {
    "GET /v1/ports",
    "GET /v1/fdb?network=office&port=web&mac=02:00:00:00:00:01&limit=10",
    "GET /v1/fdb?network=%6f%66fice&limit=0",
    "GET /v1/drops?all=1",
    "GET /v1/workers",
    "GET /v1/config",
    "PUT /v1/ports",
};

void write(const std::filesystem::path& file, std::span<const uint8_t> bytes) {
  std::ofstream out(file, std::ios::binary);
  for (uint8_t b : bytes) out.put(static_cast<char>(b));
}

// One record a port, then all of them again: by then the stations are known. See pipeline_fuzz.cpp.
void write_sequence(const std::filesystem::path& file, std::span<const uint8_t> frame) {
  constexpr uint8_t ports = 8, mend = 16;
  const size_t size = frame.size() - virtio_header_size;
  std::vector<uint8_t> sequence;
  for (uint8_t i = 0; i < 2 * ports; ++i) {
    const uint8_t flags = i % ports | mend;
    sequence.insert(sequence.end(),
                    {flags, 0, 0, static_cast<uint8_t>(size), static_cast<uint8_t>(size >> 8)});
    sequence.insert(sequence.end(), frame.begin(), frame.end());
  }
  write(file, sequence);
}

// Each frame behind its length; see router_makers_fuzz.cpp.
void append_counted(std::vector<uint8_t>& to, std::span<const uint8_t> frame) {
  to.push_back(static_cast<uint8_t>(frame.size() >> 8));
  to.push_back(static_cast<uint8_t>(frame.size()));
  to.insert(to.end(), frame.begin(), frame.end());
}

void write_datagrams(const std::filesystem::path& file) {
  std::vector<uint8_t> all;
  for (const FrameBuilder& builder : datagrams) {
    std::vector<uint8_t> frame(virtio_header_size);
    const auto bytes = builder.bytes();
    frame.insert(frame.end(), bytes.begin(), bytes.end());
    append_counted(all, frame);
  }
  write(file, all);
}

// A record of tunnel_fuzz: datagrams of `segment` bytes, or one.
void append_tunnel_record(std::vector<uint8_t>& to, uint8_t flags, size_t segment,
                          std::span<const uint8_t> bytes) {
  to.insert(to.end(),
            {flags, 2, static_cast<uint8_t>(segment), static_cast<uint8_t>(segment >> 8),
             static_cast<uint8_t>(bytes.size()), static_cast<uint8_t>(bytes.size() >> 8)});
  to.insert(to.end(), bytes.begin(), bytes.end());
}

// The frame from another node, then to it, where its destination is known now.
void write_tunnel(const std::filesystem::path& file, std::span<const uint8_t> with_header) {
  constexpr uint8_t from_peer = 1, wrap = 8, mend = 128;
  std::vector<uint8_t> sequence;
  append_tunnel_record(sequence, from_peer | wrap, 0, with_header.subspan(virtio_header_size));
  append_tunnel_record(sequence, mend, 0, with_header);
  write(file, sequence);
}

// Segments that a tunnel merges.
void write_tunnel_stream(const std::filesystem::path& file, bool v6_header) {
  constexpr uint8_t from_peer = 1, wrap = 8;
  std::vector<uint8_t> run, sequence;
  size_t each = 0;
  for (unsigned n = 0; n < 5; ++n) {
    FrameBuilder ip = v6_header ? v6() : v4().ip_id(static_cast<uint16_t>(n));
    const auto segment = ip.tcp(1, 2).seq(n * 50).pattern(50).bytes();
    each = segment.size();
    run.insert(run.end(), segment.begin(), segment.end());
  }
  append_tunnel_record(sequence, from_peer | wrap, each, run);
  write(file, sequence);
}

void write_seed(const std::filesystem::path& folder, const std::string& name,
                const FrameBuilder& seed) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  seed.store(p);
  write(folder / "frame" / name, p.frame());
  (void)parse_layout(p);
  encode_offload(p, p.data - virtio_header_size);
  p.data[-static_cast<int>(virtio_header_size)] |= 0x80;  // gso_fuzz mends the lengths
  p.push(virtio_header_size);
  write(folder / "gso" / name, p.frame());
  write(folder / "nat" / name, p.frame());
  write_tunnel(folder / "tunnel" / name, p.frame());
  write_sequence(folder / "pipeline" / name, p.frame());
  std::vector<uint8_t> counted;
  append_counted(counted, p.frame());
  write(folder / "router_makers" / name, counted);
}

// These seeds one after the other, each from the port where its network is untagged, and time
// passes between some.
void write_routed(const std::filesystem::path& file) {
  constexpr uint8_t later = 32;
  constexpr uint8_t port_of_network[] = {0, 4, 7};
  std::vector<uint8_t> sequence;
  size_t number = 0;
  for (const FrameBuilder& seed : routed_seeds) {
    PacketPool pool(1);
    Packet& p = *pool.take();
    seed.store(p);
    (void)parse_layout(p);
    const uint8_t port = port_of_network[p.data[5] % 3];
    const uint8_t flags = number++ % 4 == 3 ? port | later : port;
    encode_offload(p, p.data - virtio_header_size);
    sequence.insert(sequence.end(), {flags, 1, 0, static_cast<uint8_t>(p.length),
                                     static_cast<uint8_t>(p.length >> 8)});
    p.push(virtio_header_size);
    sequence.insert(sequence.end(), p.frame().begin(), p.frame().end());
  }
  write(file, sequence);
}

// An ICMP error about each seed that is one of IP, made right by nat_fuzz.
void write_error(const std::filesystem::path& folder, const std::string& name,
                 const FrameBuilder& seed) {
  const std::vector<uint8_t> frame = seed.bytes();
  const std::vector<uint8_t> quote(frame.begin() + 14, frame.end());
  const uint16_t type = load_be16(&frame[12]);
  if (type != 0x0800 && type != 0x86dd) return;
  auto error = type == 0x0800
                   ? test::frame().eth(mac(3), mac(1)).ipv4("10.0.0.2", "10.0.0.1").icmp(3, 4, 1400)
                   : test::frame().eth(mac(3), mac(1)).ipv6("fd00::2", "fd00::1").icmp(2, 0, 1400);
  std::vector<uint8_t> bytes(virtio_header_size);
  bytes[0] = 0xc0;
  const std::vector<uint8_t> after = error.payload(quote).bytes();
  bytes.insert(bytes.end(), after.begin(), after.end());
  write(folder / "nat" / (name + "-error"), bytes);
}

void write_request(const std::filesystem::path& folder, int number, std::string_view request) {
  write(folder / "api" / std::to_string(number),
        {reinterpret_cast<const uint8_t*>(request.data()), request.size()});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_seeds FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  for (const char* kind : {"frame", "gso", "nat", "pipeline", "router_makers", "tunnel", "api"})
    std::filesystem::create_directories(folder / kind);
  int number = 0;
  for (const FrameBuilder& seed : seeds) {
    write_error(folder, std::to_string(number), seed);
    write_seed(folder, std::to_string(number++), seed);
  }
  for (const FrameBuilder& seed : routed_seeds) write_seed(folder, std::to_string(number++), seed);
  write_routed(folder / "pipeline" / "routed");
  write_tunnel_stream(folder / "tunnel" / "stream4", false);
  write_tunnel_stream(folder / "tunnel" / "stream6", true);
  write_datagrams(folder / "router_makers" / "datagrams");
  for (const std::string_view request : requests) write_request(folder, number++, request);
}
