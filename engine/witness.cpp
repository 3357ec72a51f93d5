#include "engine/witness.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "engine/explain.h"
#include "switch/bridge.h"
#include "switch/vlan.h"

namespace uswitch {

namespace {

constexpr uint16_t vid_mask = 0x0fff;

// While somebody looks at frames as they were received, a tag that the kernel took off is in them.
class TagsPutBack {
 public:
  explicit TagsPutBack(std::span<Packet* const> packets) : packets_(packets) {
    for (Packet* p : packets_) {
      if (!is_concerned(*p)) [[likely]]
        continue;
      push_tag(*p, p->tci & vid_mask);
      any_ = true;
    }
  }
  ~TagsPutBack() {
    if (!any_) return;
    for (Packet* p : packets_) {
      if (is_concerned(*p)) pop_tag(*p);
    }
  }
  TagsPutBack(const TagsPutBack&) = delete;
  TagsPutBack& operator=(const TagsPutBack&) = delete;

 private:
  static bool is_concerned(const Packet& p) { return p.has_stripped_tag && p.length >= Layout::l3; }
  std::span<Packet* const> packets_;
  bool any_ = false;
};

}  // namespace

void Witness::begin(const Tables& tables, Time now) {
  tables_ = &tables;
  now_ = now;
  captures_ = tables.captures.get();
  if (captures_ == nullptr) [[likely]]
    return;
  slots_ = 0;
  any_marked_ = true;  // packets that have waited may be
  for (const auto& capture : captures_->places) {
    if (!capture) continue;
    uint64_t& first = capture->of_worker(worker_).first_id;
    if (first == ~uint64_t{0}) first = (uint64_t{worker_} << mark::number_bits) + packets_ + 1;
  }
}

void Witness::end() {
  if (captures_ == nullptr) [[likely]]
    return;
  for (const auto& capture : captures_->places) {
    if (capture) capture->of_worker(worker_).ring.publish();
  }
}

uint64_t Witness::new_id() {
  return (uint64_t{worker_} << mark::number_bits) + ++packets_;
}

void Witness::put_mark(Packet& packet, size_t place) {
  const uint64_t first = captures_->places[place]->of_worker(worker_).first_id;
  if (mark::id(packet.mark) < first) packet.mark = new_id();
  packet.mark |= mark::bit(place);
  any_marked_ = true;
}

// One that has waited since before this capture took the place is not its.
bool Witness::is_marked(const Packet& packet, size_t place) const {
  return (packet.mark & mark::bit(place)) != 0 &&
         mark::id(packet.mark) >= captures_->places[place]->of_worker(worker_).first_id;
}

void Witness::arrived(std::span<Packet* const> packets, PortId ingress) {
  first_id_ = (uint64_t{worker_} << mark::number_bits) + packets_ + 1;
  slot_of_.fill(no_slot);
  any_marked_ = false;
  any_explained_ = false;
  {
    const TagsPutBack as_received(packets);
    for (size_t place = 0; place < CaptureSet::limit; ++place) {
      if (captures_->places[place]) arrived_for(place, packets, ingress);
    }
  }
  if (any_explained_) explain_arrivals(packets, ingress);
}

void Witness::arrived_for(size_t place, std::span<Packet* const> packets, PortId ingress) {
  const CaptureRequest& request = captures_->places[place]->request();
  if (request.drops && request.filter.takes_all()) return;  // not of interest before it is dropped
  for (uint64_t taken = request.filter.match(packets); taken != 0; taken &= taken - 1) {
    const auto i = static_cast<size_t>(__builtin_ctzll(taken));
    if (request.explain && !may_explain(place, ingress)) continue;
    put_mark(*packets[i], place);
    if (slot_of_[i] == no_slot) {
      slot_of_[i] = static_cast<uint8_t>(slots_);
      arrivals_[slots_++].fill(nullptr);
    }
    if (!request.drops) note_arrival(place, i, *packets[i], ingress);
  }
}

void Witness::note_arrival(size_t place, size_t i, const Packet& packet, PortId ingress) {
  Capture& capture = *captures_->places[place];
  if (!capture.wants(ingress)) return;
  arrivals_[slot_of_[i]][place] = record(capture, CaptureRecord::Kind::in, ingress, packet);
}

bool Witness::may_explain(size_t place, PortId ingress) {
  Capture& capture = *captures_->places[place];
  if (!capture.wants(ingress)) return false;
  Capture::OfWorker& own = capture.of_worker(worker_);
  if (own.explained > now_ + Capture::explain_burst * Capture::explain_interval) {
    own.lost.add(1);
    return false;
  }
  own.explained = std::max(own.explained, now_) + Capture::explain_interval;
  any_explained_ = true;
  return true;
}

// While the packets are as their port has read them.
void Witness::explain_arrivals(std::span<Packet* const> packets, PortId ingress) {
  for (size_t i = 0; i < packets.size(); ++i) {
    if (slot_of_[i] == no_slot) continue;
    for (size_t place = 0; place < CaptureSet::limit; ++place) {
      if (!captures_->places[place] || arrivals_[slot_of_[i]][place] == nullptr) continue;
      Capture& capture = *captures_->places[place];
      if (!capture.request().explain) continue;
      std::string text;
      for (const auto& step : explain(*tables_, ingress, *packets[i], now_).steps) {
        text += step.stage + '\t' + step.text + '\n';
      }
      record(capture, CaptureRecord::Kind::text, ingress, *packets[i],
             {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    }
  }
}

CaptureRecord* Witness::arrival_of(size_t place, const Packet& packet) const {
  const uint64_t slot = mark::id(packet.mark) - first_id_;
  return slot < slots_ ? arrivals_[slot][place] : nullptr;
}

void Witness::concluded(size_t i, const Packet& packet, Verdict verdict) {
  if (slot_of_[i] == no_slot) return;
  Outcome outcome = Outcome::consumed;
  PortId port = no_port;
  if (verdict.kind() == Verdict::Kind::to_port) {
    outcome = Outcome::to_port;
    port = verdict.port();
  } else if (verdict.kind() == Verdict::Kind::flood) {
    outcome = Outcome::flooded;
  } else if (verdict.kind() == Verdict::Kind::forward) {
    if (packet.ingress != no_port)
      port = bridge::look_up_destination(tables_->networks[packet.network], packet);
    outcome = packet.ingress == no_port ? Outcome::answered
              : port == no_port         ? Outcome::flooded
                                        : Outcome::to_port;
  }
  for (CaptureRecord* r : arrivals_[slot_of_[i]]) {
    if (r == nullptr || r->outcome != Outcome::none) continue;
    r->outcome = outcome;
    r->other = port;
  }
}

void Witness::flooded(const Packet& packet) {
  const uint64_t slot = mark::id(packet.mark) - first_id_;
  if (slot >= slots_) return;
  for (CaptureRecord* r : arrivals_[slot]) {
    if (r) r->outcome = Outcome::flooded;
  }
}

void Witness::readdressed(std::span<Packet* const> packets, std::span<const Verdict> verdicts) {
  std::array<Packet*, Batch::limit> forwarded;
  size_t count = 0;
  for (size_t i = 0; i < packets.size(); ++i) {
    if (verdicts[i].kind() == Verdict::Kind::forward) forwarded[count++] = packets[i];
  }
  ask_again(std::span(forwarded).first(count));
}

void Witness::ask_again(std::span<Packet* const> packets) {
  for (size_t place = 0; place < CaptureSet::limit; ++place) {
    if (!captures_->places[place]) continue;
    const PacketFilter& filter = captures_->places[place]->request().filter;
    if (filter.takes_all()) continue;  // it has them, or does not want them before they are dropped
    for (uint64_t taken = filter.match(packets); taken != 0; taken &= taken - 1) {
      Packet& packet = *packets[static_cast<size_t>(__builtin_ctzll(taken))];
      if (!is_marked(packet, place)) put_mark(packet, place);
    }
  }
  for (Packet* packet : packets) packet->mark |= mark::asked;
}

void Witness::forwarded(Packet& packet) {
  if (packet.ingress == no_port) return originated(packet);
  if ((packet.mark & mark::asked) != 0) return;
  Packet* const one = &packet;
  ask_again({&one, 1});
}

// By the router, whose port is no_port.
void Witness::originated(Packet& packet) {
  for (size_t place = 0; place < CaptureSet::limit; ++place) {
    if (!captures_->places[place]) continue;
    Capture& capture = *captures_->places[place];
    const CaptureRequest& request = capture.request();
    if (request.drops && request.filter.takes_all()) continue;
    if (!request.filter.matches(packet.frame())) continue;
    put_mark(packet, place);
    if (!request.drops && capture.wants(no_port))
      record(capture, CaptureRecord::Kind::in, no_port, packet);
  }
}

void Witness::left(PortId egress, std::span<const Outgoing> frames) {
  if (!any_marked_) return;
  for (size_t place = 0; place < CaptureSet::limit; ++place) {
    if (!captures_->places[place]) continue;
    Capture& capture = *captures_->places[place];
    if (capture.request().drops || !capture.wants(egress)) continue;
    for (const Outgoing& o : frames) {
      if (o.failed != Reason::none || !is_marked(*o.packet, place)) continue;
      CaptureRecord* r = record(capture, CaptureRecord::Kind::out, egress, *o.packet);
      if (r == nullptr) continue;
      r->outcome = Outcome::from_port;
      r->other = o.packet->ingress;
    }
  }
}

void Witness::dropped(const Packet& packet, Reason reason) {
  tables_->counters(packet.ingress, worker_).drop(reason);
  if (last_) last_->note(reason, now_, packet.ingress, packet.frame());
  if (captures_) [[unlikely]]
    captured_drop(packet, reason);
}

bool Witness::wants_drop(size_t place, const Packet& packet) const {
  const CaptureRequest& request = captures_->places[place]->request();
  if (is_marked(packet, place) || (request.drops && request.filter.takes_all())) return true;
  // The router's own that did not come as far as to be sent.
  return packet.ingress == no_port && request.filter.matches(packet.frame());
}

// Where the packet came in is where it is said that it was dropped. A flooded one may be dropped
// at one port and leave by others.
void Witness::captured_drop(const Packet& packet, Reason reason) {
  for (size_t place = 0; place < CaptureSet::limit; ++place) {
    if (!captures_->places[place] || !wants_drop(place, packet)) continue;
    Capture& capture = *captures_->places[place];
    CaptureRecord* r = arrival_of(place, packet);
    if (r == nullptr || r->outcome == Outcome::flooded) {
      if (!capture.wants(packet.ingress)) continue;
      r = record(capture, CaptureRecord::Kind::in, packet.ingress, packet);
      if (r == nullptr) continue;
    }
    r->outcome = Outcome::dropped;
    r->reason = reason;
  }
}

CaptureRecord* Witness::record(Capture& capture, CaptureRecord::Kind kind, PortId port,
                               const Packet& packet) {
  const size_t captured = std::min(packet.length, capture.request().snaplen);
  return record(capture, kind, port, packet, packet.frame().first(captured));
}

CaptureRecord* Witness::record(Capture& capture, CaptureRecord::Kind kind, PortId port,
                               const Packet& packet, std::span<const uint8_t> bytes) {
  Capture::OfWorker& own = capture.of_worker(worker_);
  uint8_t* room = own.ring.reserve(sizeof(CaptureRecord) + bytes.size());
  if (room == nullptr) {
    own.lost.add(1);
    return nullptr;
  }
  const uint64_t lost = own.lost.get();
  auto* r = new (room)
      CaptureRecord{.id = mark::id(packet.mark) != 0 ? mark::id(packet.mark) : new_id(),
                    .time = now_,
                    .captured = static_cast<uint32_t>(bytes.size()),
                    .length = packet.length,
                    .lost = static_cast<uint32_t>(lost - std::exchange(own.lost_told, lost)),
                    .port = port,
                    .kind = kind,
                    .needs_checksum = packet.offload.needs_checksum,
                    .segments = packet.offload.gso != Offload::Gso::none};
  std::memcpy(room + sizeof(CaptureRecord), bytes.data(), bytes.size());
  return r;
}

}  // namespace uswitch
