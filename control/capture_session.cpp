#include "control/capture_session.h"

#include "wire/pcapng.h"

namespace uswitch {

namespace {

constexpr size_t chunk = 256 * 1024;  // about: the last packet may be longer
constexpr const char* application = "uswitch";

// rx and tx of all workers.
uint64_t handled(const std::shared_ptr<const PortStats>& stats) {
  uint64_t sum = 0;
  if (!stats) return sum;
  for (const PortCounters& worker : stats->of_worker) {
    sum += worker.rx_packets.get() + worker.tx_packets.get();
  }
  return sum;
}

std::string description_of(PortId port) {
  return port == no_port ? "the router of uswitch; inbound is what it makes"
                         : "a port of uswitch; inbound is into the switch";
}

}  // namespace

std::string CaptureSession::next() {
  std::string out;
  if (!begun_) pcapng::write_section(out, application);
  begun_ = true;
  if (ended_) return out;
  const WallClock clock;
  while (left_ > 0 && out.size() < chunk) {
    const auto item = records_.front();
    if (!item) break;
    write(*item, clock, out);
    records_.drop_front();
    --left_;
  }
  if (left_ == 0) records_.stop();
  const bool read_all = left_ == 0 || !records_.front();
  if (records_.stopped() && read_all) {
    write_statistics(clock, out);
    ended_ = true;
  }
  return out;
}

// A loss is booked on the interface whose packet is the next of that worker's.
void CaptureSession::write(const CaptureRecords::Item& item, const WallClock& clock,
                           std::string& out) {
  const CaptureRecord& r = item.record;
  const uint32_t number = interface_of(r.port, out);
  interfaces_[number].recorded += 1;
  interfaces_[number].lost += r.lost;
  const std::string comment = records_.outcome_of(r);
  const bool in = r.kind == CaptureRecord::Kind::in;
  pcapng::write_packet(out,
                       {.interface = number,
                        .time = clock.of(r.time),
                        .length = r.length,
                        .bytes = item.bytes,
                        .direction = in ? pcapng::Direction::inbound : pcapng::Direction::outbound,
                        .checksum_not_ready = r.needs_checksum,
                        .segmentation_offload = r.segments,
                        .id = r.id,
                        .queue = item.worker,
                        .dropped = r.lost,
                        .comment = comment});
}

// Written before its first packet (PC-3). An id that has another port by now is another interface.
uint32_t CaptureSession::interface_of(PortId port, std::string& out) {
  constexpr uint32_t none = ~uint32_t{0};
  if (port >= of_port_.size()) of_port_.resize(size_t{port} + 1, none);
  std::string name = records_.name_of(port);
  uint32_t& number = of_port_[port];
  if (number != none && interfaces_[number].name == name) return number;
  number = static_cast<uint32_t>(interfaces_.size());
  pcapng::write_interface(out, {.name = name,
                                .description = description_of(port),
                                .filter = filter_,
                                .snaplen = records_.capture().request().snaplen});
  auto stats = records_.stats_of(port);
  const uint64_t before = handled(stats);
  interfaces_.push_back({std::move(name), port, std::move(stats), before});
  return number;
}

void CaptureSession::write_statistics(const WallClock& clock, std::string& out) const {
  uint64_t untold = records_.capture().lost();
  for (const Interface& interface : interfaces_) untold -= interface.lost;
  const uint64_t now = clock.of(std::chrono::steady_clock::now());
  for (uint32_t i = 0; i < interfaces_.size(); ++i) {
    const Interface& interface = interfaces_[i];
    const uint64_t lost = interface.lost + (i + 1 == interfaces_.size() ? untold : 0);
    pcapng::write_statistics(out, {.interface = i,
                                   .time = now,
                                   .received = handled(interface.stats) - interface.handled_before,
                                   .dropped = lost,
                                   .accepted = interface.recorded + lost});
  }
}

}  // namespace uswitch
