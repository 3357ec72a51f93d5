// Holds engine/explain to what the pipeline does: asks before a frame is run, and compares after.
//
// What cannot agree, and is not compared:
// - what explain says it cannot know: fragments put together in one worker, ports drawn at random,
//   a full table of connections;
// - what leaves by a tunnel, which is no memory port;
// - what a port of the test refuses to send, and what is lost because the test took the buffers;
// - drops of other packets that this one displaces or whose time is over;
// - frames that the router sends of itself, and those that waited for what this frame tells it:
//   they leave beside those that are foretold.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "engine/explain.h"
#include "switch/memory_port.h"

namespace uswitch::test {

class ExplainCheck {
 public:
  using Ports = std::vector<std::shared_ptr<MemoryPort>>;

  // Expects that asking changes no table.
  ExplainCheck(const Tables& tables, const Ports& ports, PortId ingress, const Packet& packet,
               Time now);
  // `settles`: what waited for this frame is about to leave.
  void compare(bool settles) const;

 private:
  struct Books {
    std::array<uint64_t, reason_count> drops{};  // of the ingress
    std::vector<size_t> sent;                    // by port
    uint64_t originated = 0;                     // by the router
  };
  Books books() const;
  void compare_drops(const Books& now) const;
  void compare_egress(const Books& now, bool alone) const;

  const Tables& tables_;
  const Ports& ports_;
  PortId ingress_;
  Books before_;
  Explanation told_;
};

}  // namespace uswitch::test
