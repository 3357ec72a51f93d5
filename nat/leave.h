// Who outside may send to a mapping that somebody inside made, beyond those whom it talks to (U-8).
//
// Theory of operation. As long as somebody inside goes on talking from a mapping, there is a leave
// to send to it: for the other end's address, from any port (address-dependent filtering), or for
// all (endpoint-independent). That the mapping exists is not enough: strangers' own connections
// would then let others in for ever (N-8, TR-13). A leave is a connection of a kind that no packet
// has, so it is found, kept alive and forgotten as those are; when the table is full, it is worth
// as much as the flow that gave it (CT-9, U-11).
//
// Kind: none, functions over Translation's tables. Any worker.
#pragma once
#include "core/time.h"
#include "nat/policy.h"
#include "nat/tuple.h"

namespace uswitch {

// Whether the sender of a packet with this tuple may send to the mapping that it is for.
bool may_enter(const Translation& nat, const Tuple& tuple, Time now);

// Somebody inside has sent this, which goes on as that: gives leave, or keeps it alive. `giver`:
// the packet's flow; {}: a stranger's, which gives none of its own.
void note_sent(const Translation& nat, const ConnectionRef& giver, const Tuple& sent,
               const Tuple& translated, Time now);

// One end of a flow, whose packets go out like this, has reset it: its leave is worth no more than
// it is.
void note_reset(const Translation& nat, const ConnectionRef& giver, const Tuple& translated,
                Time now);

// Whether this is a leave's tuple rather than a flow's: no flow of this protocol has ports.
bool is_leave(const Tuple& original);

}  // namespace uswitch
