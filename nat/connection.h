// A tracked flow, as others see it: values only. The record itself is the table's.
#pragma once
#include <cstdint>

#include "core/time.h"
#include "nat/port_map.h"
#include "nat/tcp_track.h"
#include "nat/tuple.h"

namespace uswitch {

// Names one connection for ever: a record may be reused, its version is not.
struct ConnectionRef {
  uint32_t record = no_record;
  uint32_t version = 0;

  bool operator==(const ConnectionRef&) const = default;
};

// What a look-up found: copied out, so that it holds together whatever happens to the connection.
struct Found {
  ConnectionRef ref;
  Direction direction;  // of the packet that was looked up
  uint8_t marks;        // the maker's bits
  uint16_t tag;         // which entry of the configuration made the connection: the maker's number
  TupleWords other_words;  // as they were read: few who look up want all of them

  // The tuple of the opposite direction's packets.
  Tuple other() const { return unpack(other_words); }
  // What the packet must become (NG-7): the reverse of what its answers look like.
  Tuple translated() const { return unpack_reversed(other_words); }
};

// What makes a connection.
struct NewConnection {
  Tuple reply;  // what answers look like when they arrive, translated back by whoever gets them
  uint16_t tag = 0;
  uint8_t marks = 0;
  MappingId mapping = no_mapping;  // one use, which passes to the table whatever becomes of it
  TcpTrack tcp;                    // of TCP: after its first segment
};

// Packets and bytes of one direction; 10^12 and 7 * 10^16 before they wrap.
struct Traffic {
  uint64_t packets = 0, bytes = 0;
};

// All of a connection, for control.
struct ConnectionInfo {
  ConnectionRef ref;
  Tuple original, reply;
  uint16_t tag;
  uint8_t marks;
  MappingId mapping;
  bool seen_reply;  // both directions have spoken
  bool assured;     // and the first one again after that: not evicted for a new connection (CT-9)
  TcpState tcp;     // none when it is not TCP
  Duration expires_in;
  Traffic traffic[2];  // by side(Direction)
};

}  // namespace uswitch
