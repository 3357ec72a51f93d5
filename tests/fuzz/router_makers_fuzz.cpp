// Any virtio-net header before any frame: what parse_layout lets through goes to everything in
// core/ and router/ that makes packets of packets. All of it must stay within bounds, and what
// comes out must be sound by tests/support/frame_check, which shares no code with it. The input may
// hold several frames, so that fragments meet.
#include "core/fragment.h"
#include "core/gso.h"
#include "core/layout.h"
#include "core/offload.h"
#include "core/pool.h"
#include "core/reassembly.h"
#include "router/echo.h"
#include "router/icmp_error.h"
#include "router/mss_clamp.h"
#include "router/own_packet.h"
#include "router/tcp_reset.h"
#include "tests/fuzz/fuzz_packet.h"
#include "tests/support/frame_check.h"
#include "wire/ethernet.h"
#include "wire/ip_protocol.h"

using namespace uswitch;
using fuzz::FuzzPacket;
using fuzz::require;

namespace {

constexpr KeyedHash key(KeyedHash::Seed{
    {3, 0x9e3779b97f4a7c15, 5, 0xbf58476d1ce4e5b9, 7, 11, 13, 17}});

// Two bytes of length before each frame's virtio-net header; the last frame may be shorter.
std::span<const uint8_t> next_frame(std::span<const uint8_t>& input) {
  const size_t size = std::min<size_t>(load_be16(input.data()), input.size() - 2);
  const auto frame = input.subspan(2, size);
  input = input.subspan(2 + size);
  return frame;
}

bool sound(const Packet& p) {
  return test::frame_fault(p.frame()).empty();
}

class Makers {
 public:
  void take(FuzzPacket& input) {
    Packet& p = *input;
    if (p.layout.l3_end == 0) return check_refused(p);
    answer(p);
    clamp(p);
    echo(p);
    if (p.offload.any() || p.layout.fault == Reason::malformed_l3) return;
    fragment(p);
    reassemble(p);
  }

  ~Makers() {
    reassembly_.expire(now_ + Reassembly::timeout6, [&](const Reassembly::Abandoned& a) {
      told_ += a.ingress.size();
      if (a.first != nullptr) answer(*a.first);
    });
    require(reassembly_.held() == 0 && reassembly_.datagrams() == 0);
    require(added_ == told_);
  }

 private:
  // Four take turns, so that what was made last is still there.
  static Packet& fresh() {
    static PacketPool pool(4);
    static Packet* const packets[4] = {pool.take(), pool.take(), pool.take(), pool.take()};
    static unsigned turn = 0;
    Packet& packet = *packets[++turn % 4];
    packet.reset();
    return packet;
  }

  static void copy_rest(const Packet& from, Packet& to) {
    to.offload = from.offload;
    to.layout = from.layout;
  }

  void check_refused(Packet& p) {
    require(!may_answer(p, icmp_error::ttl_exceeded(Family::v4)));
    require(!write_tcp_reset(p, fresh()));
    clamp_mss(p, 576);
  }

  void check_own(const Packet& out, size_t limit) {
    require(sound(out) && !out.offload.any());
    require(out.layout.fault == Reason::none && out.layout.l3_end == out.length);
    require(out.length - Layout::l3 <= limit);
  }

  void answer(const Packet& p) {
    const Family family = family_of(p);
    const IpAddress own = family == Family::v4 ? IpAddress::from_v4(0x0a0000fe) : IpAddress{};
    for (const IcmpError& error :
         {icmp_error::ttl_exceeded(family), icmp_error::too_big(family, 9)}) {
      if (!may_answer(p, error)) continue;
      Packet& out = fresh();
      write_icmp_error(p, error, own, out);
      check_own(out, family == Family::v4 ? 576 : 1280);
      require(!may_answer(out, error));  // TR-18
    }
    Packet& out = fresh();
    if (!write_tcp_reset(p, out)) return;
    check_own(out, 60);
    require(!write_tcp_reset(out, fresh()));
  }

  void clamp(const Packet& p) {
    FuzzPacket before(p.frame()), after(p.frame());
    copy_rest(p, *before);
    copy_rest(p, *after);
    clamp_mss(*after, 600);
    require((*after).length == p.length);
    if (p.offload.gso != Offload::Gso::none) return;
    complete_checksum(*before);
    complete_checksum(*after);
    require(!sound(*before) || sound(*after));
  }

  static bool is_echo_request(const Packet& p) {
    const Layout& l = p.layout;
    if (l.fault != Reason::none || l.l4 == 0 || l.fragment) return false;
    const bool v4 = family_of(p) == Family::v4;
    if (l.protocol != (v4 ? ip_protocol::icmp : ip_protocol::icmp6)) return false;
    return p.data[l.l4] == (v4 ? 8 : 128);
  }

  void echo(const Packet& p) {
    if (!is_echo_request(p)) return;
    FuzzPacket before(p.frame()), reply(p.frame());
    copy_rest(p, *before);
    copy_rest(p, *reply);
    complete_checksum(*before);
    turn_into_echo_reply(*reply, destination_of(*reply));
    // Behind an authentication header the judge does not look.
    const bool judged = family_of(p) == Family::v4 || p.layout.l4 == own_header_size(Family::v6);
    require(!judged || !sound(*before) || sound(*reply));
    require((*reply).layout.fault == Reason::none);
    if (family_of(*reply) != Family::v6) return;
    Fragmenter6 cutter(*reply, 1280, 1);
    size_t bytes = 0;
    for (Packet* out = &fresh(); cutter.next(*out); out = &fresh()) {
      require(sound(*out) && out->length <= Layout::l3 + 1280 && out->layout.l3_end == out->length);
      bytes += out->length - Layout::l3 - 48;
    }
    require(bytes == (*reply).layout.l3_end - Layout::l3 - 40);
  }

  void fragment(const Packet& p) {
    if (family_of(p) != Family::v4) return;
    const uint32_t header = (p.data[Layout::l3] & 15u) * 4;
    const uint32_t offset = (load_be16(p.data + 20) & 0x1fffu) * 8;
    for (const uint32_t mtu : {68u, 576u}) {
      Fragmenter cutter(p, mtu);
      uint32_t reached = offset;
      for (Packet* out = &fresh(); cutter.next(*out); out = &fresh()) {
        require(out->length <= Layout::l3 + mtu && out->length <= p.length);
        require(sound(*out) || (!out->layout.fragment && !sound(p)));
        require((load_be16(out->data + 20) & 0x1fffu) * 8 == reached);
        reached += out->length - Layout::l3 - (out->data[Layout::l3] & 15u) * 4;
      }
      const uint32_t end = offset + p.layout.l3_end - Layout::l3 - header;
      require(reached == std::min<uint32_t>(end, 65536));
    }
  }

  void reassemble(const Packet& p) {
    if (!p.layout.fragment) return;
    Packet& whole = fresh();
    now_ += std::chrono::seconds(1);
    const auto result = reassembly_.add(p, now_, whole);
    ++added_;
    told_ += result.kind != Reassembly::Result::Kind::kept;
    told_ += result.merged.size();
    require((result.kind == Reassembly::Result::Kind::dropped) == (result.reason != Reason::none));
    if (result.kind != Reassembly::Result::Kind::complete) return;
    require(whole.layout.l3_end == whole.length && !whole.layout.fragment);
    require(whole.length <= max_frame);
    FuzzPacket again(whole.frame());
    require(parse_layout(*again) == Reason::none);
    answer(*again);
    clamp(*again);
    echo(*again);
  }

  // One for all inputs, for its 5 MiB take long to make; empty again after each.
  static inline Reassembly reassembly_{key};
  Time now_{};
  uint64_t added_ = 0, told_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::span<const uint8_t> input(data, size);
  Makers makers;
  while (input.size() > 2) {
    const auto frame = next_frame(input);
    if (frame.size() < virtio_header_size || frame.size() > max_frame) continue;
    FuzzPacket packet(frame.subspan(virtio_header_size));
    (*packet).offload = decode_offload(frame.data());
    if (frame[0] & 0x80) fuzz::mend_lengths(*packet);
    if (parse_layout(*packet) == Reason::none) makers.take(packet);
  }
  return 0;
}
