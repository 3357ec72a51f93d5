// What would become of a packet, and why: the same stages in the same order as engine/pipeline, by
// the same questions to the same tables, but none of them changes. For people, so it is told in
// words that need no source beside them.
//
// Any thread that may read Tables: a worker within its turn, or the control thread. It allocates
// and takes microseconds: not for every packet.
//
// What it cannot know it says (`certain`): fragments that wait with one worker, a port that is
// drawn at random, a table that is full. What the router answers or asks of itself is told as a
// step, but not followed.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/packet.h"
#include "core/time.h"
#include "engine/tables.h"

namespace uswitch {

struct Explanation {
  struct Step {
    std::string stage;  // "vlan", "guard", "route", ...
    std::string text;   // what was looked up, found and rewritten
  };
  std::vector<Step> steps;

  std::vector<PortId> egress;  // where it leaves, in the order of sending; a port once
  std::vector<Reason> drops;   // one for each copy that is lost: of a flooded frame maybe several
  std::string end;             // the same as a sentence
  bool certain = true;         // nothing that is not known here could make it another one
  bool in_pieces = false;      // leaves in segments or fragments, of which `frame` is the whole
  std::vector<uint8_t> frame;  // as it leaves by the first of `egress`, or as it was at its end

  // One line a step, and the end.
  std::string to_text() const;
};

// `packet` is as its port has read it: not yet admitted.
Explanation explain(const Tables& tables, PortId ingress, const Packet& packet, Time now);

}  // namespace uswitch
