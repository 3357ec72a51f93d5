// Carries an ICMP or ICMPv6 error through a translation: to whom it is about, the packet it quotes
// must look as it was sent (I-4, I-5, I-12). The worker that owns the packet calls it.
#pragma once
#include "core/packet.h"
#include "nat/flow_tuple.h"

namespace uswitch {

// `quote` is what parse_quote found in `packet`, `sent` what the quoted packet carried when its
// sender sent it. The same call serves errors from outside (I-4), from inside (I-5) and hairpinned
// ones (I-7).
//
// The quoted addresses, ports or query id are changed, the quoted IPv4 header checksum, and the
// quoted transport checksum where the quote reaches as far. The error goes to the quoted source as
// it now is (I-7a). It comes from whom it came from, unless the quoted packet was sent to
// another address than the quote has, as those from behind a published or a masqueraded address
// have: then from there, whatever host inside sent the error (I-5; Linux does the same).
//
// Type, code and what follows the quote stay as they are. All checksums are changed by the
// difference.
void translate_error(const Quote& quote, const Tuple& sent, Packet& packet);

}  // namespace uswitch
