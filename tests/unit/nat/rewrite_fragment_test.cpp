// Fragments through a translation: put together again, they are the datagram that would have been
// translated whole (NG-5, TR-5, U-14).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/layout.h"
#include "core/pool.h"
#include "nat/flow_tuple.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "tests/unit/nat/rewriting.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::Ip;
using test::mac;

constexpr size_t fragment_payload = 1480;

FrameBuilder ip(const Tuple& ends) {
  auto eth = frame().eth(mac(1), mac(2));
  return ends.source.is_v4() ? eth.ipv4(ends.source, ends.destination).ip_id(77)
                             : eth.ipv6(ends.source, ends.destination);
}

size_t header_bytes(const Tuple& ends) {
  return ends.source.is_v4() ? 34 : 54;
}

FrameBuilder datagram(uint8_t protocol, const Tuple& ends, size_t payload) {
  switch (protocol) {
    case 6:
      return ip(ends).tcp(ends.source_port, ends.destination_port).pattern(payload);
    case 17:
      return ip(ends).udp(ends.source_port, ends.destination_port).pattern(payload);
    default:
      return ip(ends).echo_request(ends.source_port, 1).pattern(payload);
  }
}

// The frames that carry the datagram's parts, by offset.
std::map<size_t, FrameBuilder> fragments(uint8_t protocol, const Tuple& ends, size_t payload) {
  const Bytes whole = datagram(protocol, ends, payload).bytes();
  const auto body = std::span<const uint8_t>(whole).subspan(header_bytes(ends));
  std::map<size_t, FrameBuilder> parts;
  for (size_t at = 0; at < body.size(); at += fragment_payload) {
    const auto part = body.subspan(at, std::min(fragment_payload, body.size() - at));
    const bool more = at + part.size() < body.size();
    auto builder = ip(ends);
    if (ends.source.is_v4())
      builder.fragment(static_cast<uint16_t>(at), more);
    else
      builder.fragment_header(static_cast<uint16_t>(at), more, 77);
    parts[at] = builder.protocol(protocol).payload(part);
  }
  return parts;
}

// Translates the parts in this order and puts the payload back together.
Bytes reassembled(std::map<size_t, FrameBuilder> parts, const Rewrite& rewrite, const Tuple& to,
                  bool backwards) {
  std::vector<size_t> order;
  for (const auto& [at, part] : parts) order.push_back(at);
  if (backwards) std::ranges::reverse(order);
  PacketPool pool(1);
  Packet& p = *pool.take();
  const size_t skip = header_bytes(to) + (to.source.is_v4() ? 0 : 8);
  Bytes body;
  for (size_t at : order) {
    parts[at].store(p);
    EXPECT_EQ(parse_layout(p), Reason::none);
    EXPECT_EQ(p.layout.fault, Reason::none);
    apply(rewrite, p);
    EXPECT_EQ(frame_fault(p.frame()), "");
    const FlowFields fields = flow_fields(p);
    EXPECT_EQ(fields.tuple.source, to.source);
    EXPECT_EQ(fields.tuple.destination, to.destination);
    const auto part = p.frame().subspan(skip);
    body.resize(std::max(body.size(), at + part.size()));
    std::ranges::copy(part, body.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return body;
}

void expect_whole(uint8_t protocol, const Tuple& from, const Tuple& to, size_t payload) {
  SCOPED_TRACE(int{protocol});
  const Rewrite rewrite = make_rewrite(protocol, from, to);
  const Bytes whole = datagram(protocol, to, payload).bytes();
  const Bytes body(whole.begin() + static_cast<std::ptrdiff_t>(header_bytes(to)), whole.end());
  const auto parts = fragments(protocol, from, payload);
  ASSERT_GT(parts.size(), 1u);
  EXPECT_EQ(reassembled(parts, rewrite, to, false), body);
  EXPECT_EQ(reassembled(parts, rewrite, to, true), body) << "the last one first";
}

TEST(RewriteFragments, NG5_TR5_AnyOrder4) {
  const Tuple from{Ip("10.0.0.11"), Ip("203.0.113.200"), 40001, 80};
  const Tuple to{Ip("192.0.2.1"), Ip("198.51.100.7"), 1025, 8080};
  expect_whole(17, from, to, 60000);
  expect_whole(6, from, to, 4001);
  Tuple asked = to;
  asked.destination_port = from.destination_port;
  expect_whole(1, from, asked, 8000);
}

TEST(RewriteFragments, NG5_TR5_AnyOrder6) {
  const Tuple from{Ip("fd00::11"), Ip("2001:db8::1"), 40001, 80};
  const Tuple to{Ip("2001:db8::2"), Ip("fd00::12"), 1025, 8080};
  expect_whole(17, from, to, 60000);
  expect_whole(6, from, to, 4001);
  Tuple asked = to;
  asked.destination_port = from.destination_port;
  expect_whole(58, from, asked, 8000);
}

TEST(RewriteFragments, NG2_FirstFragmentWithoutUdpChecksum) {
  const Tuple from{Ip("10.0.0.11"), Ip("10.0.0.12"), 1, 2},
      to{Ip("192.0.2.1"), Ip("10.0.0.12"), 3, 2};
  auto first = [](const Tuple& e) {
    return ip(e)
        .fragment(0, true)
        .udp(e.source_port, e.destination_port)
        .udp_length(3000)
        .zeros(16)
        .l4_checksum(0);
  };
  PacketPool pool(1);
  Packet& p = *pool.take();
  first(from).store(p);
  ASSERT_EQ(parse_layout(p), Reason::none);
  apply(make_rewrite(17, from, to), p);
  EXPECT_EQ(Bytes(p.frame().begin(), p.frame().end()), first(to).bytes());
}

}  // namespace
}  // namespace uswitch
