#include "nat/tcp_segment.h"

#include <algorithm>

#include "wire/bytes.h"

namespace uswitch {
namespace {

constexpr uint8_t end_of_options = 0, no_operation = 1, window_scale = 3, selective_ack = 5;
constexpr size_t sack_block = 8;

void read_option(TcpSegment& segment, std::span<const uint8_t> option) {
  if (option[0] == window_scale && option.size() == 3) {
    segment.scale = static_cast<int8_t>(std::min<uint8_t>(option[2], 14));
  }
  if (option[0] == selective_ack && segment.has(TcpView::Flag::ack)) {
    for (size_t at = 2; at + sack_block <= option.size(); at += sack_block) {
      segment.sack_end = later_of(segment.sack_end, load_be32(option.data() + at + 4));
    }
  }
}

}  // namespace

TcpSegment tcp_segment(const TcpView& tcp) {
  TcpSegment segment;
  segment.flags = tcp.flags();
  segment.sequence = tcp.sequence();
  segment.acknowledgment = segment.sack_end = tcp.acknowledgment();
  segment.length = static_cast<uint32_t>(tcp.payload().size());
  segment.window = tcp.window();

  std::span<const uint8_t> options = tcp.options();
  while (!options.empty() && options[0] != end_of_options) {
    size_t size = 1;
    if (options[0] != no_operation) {
      if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) break;
      size = options[1];
      read_option(segment, options.first(size));
    }
    options = options.subspan(size);
  }
  return segment;
}

}  // namespace uswitch
