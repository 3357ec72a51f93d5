// A translation as a value, for tests that apply the same one to many packets.
#pragma once
#include "nat/rewrite.h"

namespace uswitch {

struct Rewrite {
  Tuple from, to;
};

inline Rewrite make_rewrite(uint8_t protocol, Tuple from, Tuple to) {
  from.protocol = to.protocol = protocol;
  return {from, to};
}
inline void apply(const Rewrite& r, Packet& packet) {
  rewrite(packet, r.from, r.to);
}

}  // namespace uswitch
