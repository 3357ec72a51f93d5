// What a stage decided about a packet. A stage cannot lose a packet silently: it must return one of
// these, and only the pipeline acts on it.
#pragma once
#include "core/ids.h"
#include "core/reason.h"

namespace uswitch {

class [[nodiscard]] Verdict {
 public:
  constexpr Verdict() : Verdict(next()) {}

  enum class Kind : uint8_t {
    drop,       // counted under reason()
    to_port,    // leaves by port()
    flood,      // leaves by every port of its network but the ingress one
    to_router,  // goes up to the router of its network
    consumed,   // a stage answered or keeps it; nothing more to do
    forward,    // the router readdressed it: it leaves into its network by its destination MAC
    next,       // no objection: the next stage decides
  };

  static constexpr Verdict drop(Reason r) { return {Kind::drop, r, no_port}; }
  static constexpr Verdict to_port(PortId p) { return {Kind::to_port, Reason::none, p}; }
  static constexpr Verdict flood() { return {Kind::flood, Reason::none, no_port}; }
  static constexpr Verdict to_router() { return {Kind::to_router, Reason::none, no_port}; }
  static constexpr Verdict consumed() { return {Kind::consumed, Reason::none, no_port}; }
  static constexpr Verdict forward() { return {Kind::forward, Reason::none, no_port}; }
  static constexpr Verdict next() { return {Kind::next, Reason::none, no_port}; }

  Kind kind() const { return static_cast<Kind>(word_ & 0xff); }
  Reason reason() const { return static_cast<Reason>(word_ >> 8 & 0xff); }
  PortId port() const { return static_cast<PortId>(word_ >> 16); }
  bool operator==(const Verdict&) const = default;

 private:
  constexpr Verdict(Kind k, Reason r, PortId p)
      : word_(static_cast<uint32_t>(k) | static_cast<uint32_t>(r) << 8 | uint32_t{p} << 16) {}

  // In one word: compilers store three fields one by one, and who reads them at once then waits.
  uint32_t word_;
};

}  // namespace uswitch
