#include "core/reassembly.h"

#include <algorithm>
#include <cassert>

#include "core/defragment.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

using Kind = Reassembly::Result::Kind;

constexpr uint32_t saved_size = Layout::l3 + 1280;           // more than any ICMP error quotes
constexpr uint8_t not_capable = 1 << 0, congested = 1 << 3;  // of a mask of ECN codes

Duration timeout(Family family) {
  return family == Family::v4 ? Reassembly::timeout4 : Reassembly::timeout6;
}

Reassembly::Result dropped(Reason reason, uint32_t problem_at = 0) {
  return {.kind = Kind::dropped, .reason = reason, .merged = {}, .problem_at = problem_at};
}

// FR-7: never matched with what is held.
Reassembly::Result alone(const Packet& fragment, const FragmentHeader& header, Packet& whole) {
  if (!unwrap_fragment(fragment, header, whole)) return dropped(Reason::fragment_invalid);
  return {.kind = Kind::complete, .reason = Reason::none, .merged = {}};
}

}  // namespace

Reassembly::Reassembly(const KeyedHash& hash)
    : hash_(hash),
      fragments_(store_.size()),
      datagrams_(max_datagrams),
      in_hash_(hash_places, none),
      sources_(source_places),
      saved_bytes_(packet_headroom + saved_size) {
  for (uint32_t i = 0; i < max_datagrams; ++i)
    datagrams_[i].behind_in_hash = i + 1 < max_datagrams ? i + 1 : none;
  lost_ports_.reserve(size_t{2} * store_.size());
  lost_reasons_.reserve(size_t{2} * store_.size());
  saved_.buffer = saved_bytes_.data();
  saved_.capacity = static_cast<uint32_t>(saved_bytes_.size());
}

Reassembly::Result Reassembly::add(const Packet& fragment, Time now, Packet& whole) {
  assert(fragment.layout.fragment && !fragment.offload.any());
  if (fragment.layout.fault == Reason::malformed_l3) return dropped(Reason::fragment_invalid);
  const FragmentHeader header = read_fragment_header(fragment);
  if (const FragmentFault fault = judge_fragment(fragment, header); fault.reason != Reason::none)
    return dropped(fault.reason, fault.problem_at);
  if (header.offset == 0 && !header.more) return alone(fragment, header, whole);
  const uint32_t index = find_or_make(key_of(fragment, header), now);
  return place(index, fragment, header, whole);
}

Reassembly::Key Reassembly::key_of(const Packet& fragment, const FragmentHeader& header) {
  const uint8_t* ip = fragment.data + Layout::l3;
  Key key;
  key.family = fragment_family(fragment);
  key.id = header.id;
  key.network = fragment.network;
  if (key.family == Family::v4) {
    key.source = IpAddress::load4(ip + Ipv4View::Offset::source);
    key.destination = IpAddress::load4(ip + Ipv4View::Offset::destination);
    key.protocol = ip[Ipv4View::Offset::protocol];
  } else {
    key.source = IpAddress::load6(ip + Ipv6View::Offset::source);
    key.destination = IpAddress::load6(ip + Ipv6View::Offset::destination);
  }
  return key;
}

uint32_t Reassembly::find_or_make(const Key& key, Time now) {
  const uint64_t rest = uint64_t{key.id} << 32 | uint64_t{key.network} << 16 |
                        uint64_t{key.protocol} << 8 | static_cast<uint64_t>(key.family);
  const uint64_t hash = hash_(first_half(key.source), second_half(key.source),
                              first_half(key.destination), second_half(key.destination), rest);
  for (uint32_t i = in_hash_[hash % hash_places]; i != none; i = datagrams_[i].behind_in_hash)
    if (datagrams_[i].key == key) return i;
  return make(key, hash, now);
}

uint32_t Reassembly::make(const Key& key, uint64_t hash, Time now) {
  if (free_datagram_ == none) give_up(oldest(), Reason::reassembly_full);
  const uint32_t index = free_datagram_;
  Datagram& d = datagrams_[index];
  free_datagram_ = d.behind_in_hash;
  ++datagrams_in_use_;
  d = {};
  d.key = key;
  d.created = now;
  d.hash_place = static_cast<uint32_t>(hash % hash_places);
  d.behind_in_hash = in_hash_[d.hash_place];
  in_hash_[d.hash_place] = index;
  d.source_place = static_cast<uint32_t>(
      hash_(first_half(key.source), second_half(key.source), key.network) % source_places);
  append(ages(key.family), &Datagram::by_age, index);
  append(sources_[d.source_place].datagrams, &Datagram::by_source, index);
  return index;
}

Reassembly::Result Reassembly::place(uint32_t index, const Packet& fragment,
                                     const FragmentHeader& header, Packet& whole) {
  Datagram& d = datagrams_[index];
  if (d.refused != Reason::none) return dropped(d.refused);
  const uint32_t end = header.offset + header.length;
  const bool beyond = d.total != 0 && (header.more ? end >= d.total : end != d.total);
  const bool too_short = !header.more && d.last != none && fragments_[d.last].end() > end;
  if (beyond || too_short) return refuse(index, Reason::fragment_overlap);

  const uint32_t before = neighbour_before(d, header.offset);
  const uint32_t behind = before == none ? d.first : fragments_[before].behind;
  if (behind != none && fragments_[behind].offset < end) {
    if (is_duplicate(behind, fragment, header)) return dropped(Reason::fragment_duplicate);
    return refuse(index, Reason::fragment_overlap);
  }
  const uint32_t bytes = header.length + (header.offset == 0 ? header.payload : 0);
  if (d.fragments == max_fragments || !make_room(index, BlockStore::blocks_for(bytes)))
    return refuse(index, Reason::reassembly_full);
  insert(d, before, fragment, header);
  if (d.received != d.total) return {};
  return complete(index, fragment, header.offset, whole);
}

// The last fragment that ends at or before this offset. Mostly they come in order.
uint32_t Reassembly::neighbour_before(const Datagram& d, uint32_t offset) const {
  if (d.last != none && fragments_[d.last].end() <= offset) return d.last;
  uint32_t before = none;
  for (uint32_t i = d.first; i != none && fragments_[i].end() <= offset; i = fragments_[i].behind)
    before = i;
  return before;
}

bool Reassembly::is_duplicate(uint32_t other, const Packet& fragment,
                              const FragmentHeader& header) const {
  const Fragment& f = fragments_[other];
  return f.offset == header.offset && f.length == header.length &&
         store_.equal(other, f.payload, {fragment.data + header.payload, header.length});
}

// Gives up older datagrams until there is room for more blocks of this one; false when it would
// have to go itself.
bool Reassembly::make_room(uint32_t index, uint32_t blocks) {
  if (held_ + lost_ports_.size() >= lost_ports_.capacity()) return false;
  Source& source = sources_[datagrams_[index].source_place];
  while (source.blocks + blocks > store_.size() / 4) {
    if (source.datagrams.head == index) return false;
    give_up(source.datagrams.head, Reason::reassembly_full);
  }
  while (store_.available() < blocks) {
    if (oldest() == index) return false;
    give_up(oldest(), Reason::reassembly_full);
  }
  return true;
}

void Reassembly::insert(Datagram& d, uint32_t before, const Packet& fragment,
                        const FragmentHeader& header) {
  const bool first = header.offset == 0;
  const uint32_t from = first ? 0 : header.payload;
  const uint32_t id = store_.put({fragment.data + from, fragment.data + fragment.layout.l3_end});
  Fragment& f = fragments_[id];
  f = {.behind = before == none ? d.first : fragments_[before].behind,
       .offset = header.offset,
       .length = header.length,
       .payload = first ? header.payload : 0,
       .ingress = fragment.ingress};
  (before == none ? d.first : fragments_[before].behind) = id;
  if (f.behind == none) d.last = id;
  if (first) {
    d.layout = fragment.layout;
    d.announced_at = header.announced_at;
  }
  if (!header.more) d.total = f.end();
  d.received += f.length;
  d.congestion |= static_cast<uint8_t>(1 << congestion_code(fragment));
  const uint32_t blocks = BlockStore::blocks_for(f.bytes());
  d.blocks += blocks;
  sources_[d.source_place].blocks += blocks;
  ++d.fragments;
  ++held_;
}

Reassembly::Result Reassembly::complete(uint32_t index, const Packet& fragment, uint32_t offset,
                                        Packet& whole) {
  const Datagram& d = datagrams_[index];
  if (!build(d, whole) || !finish_whole(fragment, whole)) {
    give_up(index, Reason::fragment_invalid);
    return {};
  }
  const Result result{
      .kind = Kind::complete, .reason = Reason::none, .merged = ports_but(d, offset)};
  remove(index);
  return result;
}

// All of it is there: no two fragments overlap, and together they are as long as the datagram.
bool Reassembly::build(const Datagram& d, Packet& whole) const {
  const uint32_t payload = fragments_[d.first].payload;
  const uint32_t header = payload - (d.key.family == Family::v6 ? fragment_header_size : 0);
  if (header - Layout::l3 + d.total > max_reassembled) return false;
  const bool mark = (d.congestion & congested) != 0;
  if (mark && (d.congestion & not_capable) != 0) return false;
  store_.copy(d.first, 0, payload, whole.data);
  const uint8_t next_header = whole.data[header];  // of IPv6
  whole.length = header;
  for (uint32_t i = d.first; i != none; i = fragments_[i].behind) {
    const Fragment& f = fragments_[i];
    store_.copy(i, f.payload, f.length, whole.data + whole.length);
    whole.length += f.length;
  }
  if (d.key.family == Family::v4)
    mend_whole4(whole, mark);
  else
    mend_whole6(whole, mark, d.announced_at, next_header);
  return true;
}

std::span<const PortId> Reassembly::ports_but(const Datagram& d, uint32_t fragment_offset) {
  size_t count = 0;
  for (uint32_t i = d.first; i != none; i = fragments_[i].behind)
    if (fragments_[i].offset != fragment_offset) ports_[count++] = fragments_[i].ingress;
  return {ports_.data(), count};
}

// Drops the fragment at hand and all that is held of its datagram, and remembers that until the
// datagram's time is up.
Reassembly::Result Reassembly::refuse(uint32_t index, Reason reason) {
  Datagram& d = datagrams_[index];
  note_lost(d, reason);
  forget_fragments(d);
  unlink(sources_[d.source_place].datagrams, &Datagram::by_source, index);
  d.refused = reason;
  return dropped(reason);
}

void Reassembly::give_up(uint32_t index, Reason reason) {
  note_lost(datagrams_[index], reason);
  remove(index);
}

void Reassembly::note_lost(const Datagram& d, Reason reason) {
  for (uint32_t i = d.first; i != none; i = fragments_[i].behind) {
    lost_ports_.push_back(fragments_[i].ingress);
    lost_reasons_.push_back(reason);
  }
}

void Reassembly::forget_fragments(Datagram& d) {
  for (uint32_t i = d.first; i != none;) {
    const Fragment& f = fragments_[i];
    const uint32_t behind = f.behind;
    store_.drop(i, f.bytes());
    i = behind;
  }
  sources_[d.source_place].blocks -= d.blocks;
  held_ -= d.fragments;
  d.first = d.last = none;
  d.fragments = d.blocks = 0;
}

void Reassembly::remove(uint32_t index) {
  Datagram& d = datagrams_[index];
  forget_fragments(d);
  unlink(ages(d.key.family), &Datagram::by_age, index);
  if (d.refused == Reason::none)
    unlink(sources_[d.source_place].datagrams, &Datagram::by_source, index);
  uint32_t* from = &in_hash_[d.hash_place];
  while (*from != index) from = &datagrams_[*from].behind_in_hash;
  *from = d.behind_in_hash;
  d.behind_in_hash = free_datagram_;
  free_datagram_ = index;
  --datagrams_in_use_;
}

uint32_t Reassembly::oldest() const {
  const uint32_t a = by_age_[0].head, b = by_age_[1].head;
  if (a == none) return b;
  if (b == none) return a;
  return datagrams_[a].created <= datagrams_[b].created ? a : b;
}

Time Reassembly::next_deadline() const {
  if (!lost_ports_.empty()) return Time::min();
  Time deadline = Time::max();
  for (const List& list : by_age_) {
    if (list.head == none) continue;
    const Datagram& d = datagrams_[list.head];
    deadline = std::min(deadline, d.created + timeout(d.key.family));
  }
  return deadline;
}

bool Reassembly::next_abandoned(Time now, Abandoned& abandoned) {
  if (next_lost(abandoned)) return true;
  for (List& list : by_age_) {
    while (list.head != none) {
      const uint32_t index = list.head;
      const Datagram& d = datagrams_[index];
      if (d.created + timeout(d.key.family) > now) break;
      abandoned = {Reason::reassembly_timeout, save_first(d), ports_but(d, none)};
      remove(index);
      if (!abandoned.ingress.empty()) return true;  // else it was refused, and told of, before
    }
  }
  return false;
}

// The next run of one reason.
bool Reassembly::next_lost(Abandoned& abandoned) {
  if (told_ == lost_ports_.size()) {
    told_ = 0;
    lost_ports_.clear();
    lost_reasons_.clear();
    return false;
  }
  const size_t from = told_;
  const Reason reason = lost_reasons_[from];
  while (told_ < lost_reasons_.size() && lost_reasons_[told_] == reason) ++told_;
  abandoned = {reason, nullptr, std::span(lost_ports_).subspan(from, told_ - from)};
  return true;
}

const Packet* Reassembly::save_first(const Datagram& d) {
  if (d.first == none || fragments_[d.first].offset != 0) return nullptr;
  const Fragment& f = fragments_[d.first];
  saved_.reset();
  saved_.length = std::min(f.bytes(), saved_size);
  store_.copy(d.first, 0, saved_.length, saved_.data);
  saved_.ingress = f.ingress;
  saved_.network = d.key.network;
  saved_.layout = d.layout;
  saved_.layout.l3_end = saved_.length;
  return &saved_;
}

void Reassembly::append(List& list, Link Datagram::*link, uint32_t index) {
  Link& self = datagrams_[index].*link;
  self = {list.tail, none};
  (list.tail == none ? list.head : (datagrams_[list.tail].*link).behind) = index;
  list.tail = index;
}

void Reassembly::unlink(List& list, Link Datagram::*link, uint32_t index) {
  const Link self = datagrams_[index].*link;
  (self.before == none ? list.head : (datagrams_[self.before].*link).behind) = self.behind;
  (self.behind == none ? list.tail : (datagrams_[self.behind].*link).before) = self.before;
}

}  // namespace uswitch
