// Puts datagrams together from their fragments (RFC 791, RFC 815, RFC 8200 4.5; STANDARDS FR-3 to
// FR-7). Kind "mine": one per worker, so all fragments of a datagram must meet on one worker.
// Nothing is allocated after construction: about 5 MiB, most of it resident only when used.
//
// Bounds: memory for 4 MiB of fragments, in blocks (core/block_store), 2048 datagrams, 256
// fragments of one (enough for 65535 bytes at an MTU of 296). When there is no room, the oldest
// datagram goes. No source takes more than a quarter: beyond that its own oldest goes. Sources that
// meet in one of 1024 places of a keyed hash share that quarter.
//
// Every fragment is accounted for: it is dropped by add(), or held until it becomes part of a whole
// (then it is in Result::merged, or is the one that completed it), or is given up (then expire()
// tells). So: fragments added = drops + wholes + merged + abandoned + held().
#pragma once
#include <array>
#include <vector>

#include "core/block_store.h"
#include "core/fragment_header.h"
#include "core/keyed_hash.h"
#include "core/packet.h"
#include "core/time.h"
#include "wire/address.h"

namespace uswitch {

class Reassembly {
 public:
  static constexpr Duration timeout4 = std::chrono::seconds(30);
  static constexpr Duration timeout6 = std::chrono::seconds(60);
  static constexpr size_t max_memory = size_t{4} << 20;
  static constexpr uint32_t max_datagrams = 2048;
  static constexpr uint32_t max_fragments = 256;

  explicit Reassembly(const KeyedHash& hash = KeyedHash());

  struct Result {
    enum class Kind : uint8_t { kept, complete, dropped };
    Kind kind = Kind::kept;
    Reason reason = Reason::none;  // of a drop
    // Complete: where the other fragments came in by, one entry each. Valid until the next add().
    std::span<const PortId> merged;
    // Dropped, not zero: an ICMPv6 parameter problem (code 0) is to point here (FR-5).
    uint32_t problem_at = 0;
  };

  // A packet with layout.fragment that parse_layout took and that asks nothing of a device (see
  // complete_checksum); of IPv4, with a right header checksum. It stays the caller's.
  //
  // Complete: `whole`, a packet fresh from the pool, holds the datagram as if it had come in one
  // piece: Ethernet and IP header of its first fragment with lengths and checksum mended, without
  // the IPv6 fragment header, congestion marks of all fragments kept (RFC 3168 5.3), layout
  // included. It came in where this fragment did. An IPv6 fragment that is a whole datagram is
  // complete at once (FR-7). Otherwise `whole` may have been written to but is not in use.
  // Kept is also the last fragment of what together is no sound packet: expire() tells.
  Result add(const Packet& fragment, Time now, Packet& whole);

  // Fragments that were held and never will be part of a whole. Valid during the call only.
  struct Abandoned {
    Reason reason;
    // The first fragment as it came, to be quoted in an ICMP error (IC-6), cut after 1280 bytes.
    // Null if it had not come, and for all that was given up for another reason than the time.
    const Packet* first = nullptr;
    std::span<const PortId> ingress;  // one entry for each fragment
  };

  // Gives up what is overdue and calls report(const Abandoned&) for that and for all that was given
  // up since the last time. Report must not call back. To be called about once a turn unless
  // next_deadline() lies ahead; an overdue datagram may still complete until then.
  template <class Report>
  void expire(Time now, Report report) {
    Abandoned abandoned;
    while (next_abandoned(now, abandoned)) report(abandoned);
  }
  // When expire() has something to do: Time::max() when nothing is held, Time::min() at once.
  Time next_deadline() const;

  uint32_t held() const { return held_; }  // fragments
  uint32_t datagrams() const {
    return datagrams_in_use_;
  }  // also those refused until their time is up

 private:
  static constexpr uint32_t none = BlockStore::none;
  static constexpr size_t source_places = 1024, hash_places = 4096;

  struct Key {
    IpAddress source, destination;
    uint32_t id = 0;
    NetworkId network = no_network;
    Family family = Family::v4;
    uint8_t protocol = 0;  // zero for IPv6, whose fragments may differ in it
    bool operator==(const Key&) const = default;
  };
  struct Link {
    uint32_t before = none, behind = none;
  };
  struct List {
    uint32_t head = none, tail = none;
  };
  // Named by the first block of its bytes: of the first fragment the frame, of others the payload.
  struct Fragment {
    uint32_t behind = none;  // the next one of the datagram, by offset
    uint32_t offset = 0, length = 0;
    uint32_t payload = 0;  // position among the bytes
    PortId ingress = no_port;
    uint32_t end() const { return offset + length; }
    uint32_t bytes() const { return payload + length; }
  };
  struct Datagram {
    Key key;
    Time created;
    Reason refused = Reason::none;  // why no more fragments of it are taken
    uint8_t congestion = 0;         // bit n: a fragment had the ECN code n
    uint32_t first = none, last = none;
    uint32_t fragments = 0, blocks = 0;
    uint32_t received = 0, total = 0;  // payload bytes; total 0: not known yet
    uint32_t announced_at = 0;         // of the first fragment
    Layout layout;                     // of the first fragment
    Link by_age, by_source;
    uint32_t behind_in_hash = none;
    uint32_t hash_place = 0, source_place = 0;
  };
  struct Source {
    List datagrams;  // oldest first
    uint32_t blocks = 0;
  };

  static Key key_of(const Packet& fragment, const FragmentHeader& header);
  uint32_t find_or_make(const Key& key, Time now);
  uint32_t make(const Key& key, uint64_t hash, Time now);
  Result place(uint32_t index, const Packet& fragment, const FragmentHeader& header, Packet& whole);
  uint32_t neighbour_before(const Datagram& d, uint32_t offset) const;
  bool is_duplicate(uint32_t other, const Packet& fragment, const FragmentHeader& header) const;
  bool make_room(uint32_t index, uint32_t blocks);
  void insert(Datagram& d, uint32_t before, const Packet& fragment, const FragmentHeader& header);
  Result complete(uint32_t index, const Packet& fragment, uint32_t offset, Packet& whole);
  bool build(const Datagram& d, Packet& whole) const;
  std::span<const PortId> ports_but(const Datagram& d, uint32_t fragment_offset);

  Result refuse(uint32_t index, Reason reason);
  void give_up(uint32_t index, Reason reason);
  void note_lost(const Datagram& d, Reason reason);
  void forget_fragments(Datagram& d);
  void remove(uint32_t index);
  uint32_t oldest() const;

  bool next_abandoned(Time now, Abandoned& abandoned);
  bool next_lost(Abandoned& abandoned);
  const Packet* save_first(const Datagram& d);

  void append(List& list, Link Datagram::*link, uint32_t index);
  void unlink(List& list, Link Datagram::*link, uint32_t index);
  List& ages(Family family) { return by_age_[family == Family::v4 ? 0 : 1]; }

  KeyedHash hash_;
  BlockStore store_{max_memory};
  std::vector<Fragment> fragments_;  // by first block
  std::vector<Datagram> datagrams_;
  std::vector<uint32_t> in_hash_;  // first datagram of each place
  std::vector<Source> sources_;
  std::array<List, 2> by_age_;  // by family: within each, created is in order
  uint32_t free_datagram_ = 0;  // linked by behind_in_hash
  uint32_t datagrams_in_use_ = 0;
  uint32_t held_ = 0;

  // Given up and not yet told; told_ of them have been. With those held never more than the room.
  std::vector<PortId> lost_ports_;
  std::vector<Reason> lost_reasons_;
  size_t told_ = 0;

  std::array<PortId, max_fragments> ports_;  // of the datagram just completed or overdue
  std::vector<uint8_t> saved_bytes_;
  Packet saved_;
};

}  // namespace uswitch
