// What a capture of a TestSwitch has recorded.
#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/support/test_switch.h"

namespace uswitch::test {

struct Seen : CaptureRecord {
  Bytes bytes;
};

// All since the last time.
inline std::vector<Seen> take_seen(Capture& capture) {
  std::vector<Seen> all;
  CaptureRing& ring = capture.of_worker(0).ring;
  for (std::span<const uint8_t> bytes; !(bytes = ring.front()).empty(); ring.pop()) {
    Seen seen;
    std::memcpy(static_cast<CaptureRecord*>(&seen), bytes.data(), sizeof(CaptureRecord));
    bytes = bytes.subspan(sizeof(CaptureRecord));
    EXPECT_GE(bytes.size(), seen.captured);
    seen.bytes.assign(bytes.begin(), bytes.begin() + seen.captured);
    all.push_back(std::move(seen));
  }
  return all;
}

// "in p0 -> p1", "out p1 <- p0", "in p0 drop guard_mac": the records in words, "(router)" for the
// router.
inline std::string words(const Seen& s) {
  const auto name = [](PortId port) {
    return port == no_port ? std::string("(router)") : "p" + std::to_string(port);
  };
  std::string text = (s.kind == CaptureRecord::Kind::in ? "in " : "out ") + name(s.port);
  switch (s.outcome) {
    case Outcome::none:
      return text;
    case Outcome::to_port:
      return text + " -> " + name(s.other);
    case Outcome::flooded:
      return text + " flooded";
    case Outcome::dropped:
      return text + " drop " + std::string(info(s.reason).name);
    case Outcome::consumed:
      return text + " consumed";
    case Outcome::answered:
      return text + " answered";
    case Outcome::from_port:
      return text + " <- " + name(s.other);
  }
  return text;
}

inline std::vector<std::string> words(const std::vector<Seen>& all) {
  std::vector<std::string> list;
  for (const Seen& s : all) list.push_back(words(s));
  return list;
}

}  // namespace uswitch::test
