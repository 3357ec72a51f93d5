#include "control/capture_records.h"

#include <cstring>

#include "control/views.h"

namespace uswitch {

std::optional<CaptureRecords::Item> CaptureRecords::front() {
  std::optional<Item> oldest;
  for (unsigned i = 0; i < capture_->workers(); ++i) {
    const std::span<const uint8_t> bytes = ring(i).front();
    if (bytes.empty()) continue;
    CaptureRecord record;
    std::memcpy(&record, bytes.data(), sizeof record);
    if (oldest && oldest->record.time <= record.time) continue;
    oldest = {record, i, bytes.subspan(sizeof record)};
    oldest_ = i;
  }
  return oldest;
}

void CaptureRecords::drop_front() {
  ring(oldest_).pop();
}

void CaptureRecords::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (const auto control = control_.lock()) control->stop(*capture_);
}

std::string CaptureRecords::name_of(PortId port) const {
  if (port == no_port) return router_row;
  const auto control = control_.lock();
  const bool known = control && port < control->tables().ports.size();
  const std::string name = known ? control->tables().ports[port].name : "";
  return name.empty() ? "port " + std::to_string(port) : name;
}

std::shared_ptr<const PortStats> CaptureRecords::stats_of(PortId port) const {
  const auto control = control_.lock();
  if (!control) return nullptr;
  const Tables& tables = control->tables();
  if (port == no_port) return tables.router_stats;
  return port < tables.ports.size() ? tables.ports[port].stats : nullptr;
}

std::string CaptureRecords::outcome_of(const CaptureRecord& r) const {
  switch (r.outcome) {
    case Outcome::none:
      return "";
    case Outcome::to_port:
      return "to port " + name_of(r.other);
    case Outcome::flooded:
      return "flooded";
    case Outcome::dropped:
      return "drop: " + std::string(info(r.reason).name) + ": " +
             std::string(info(r.reason).sentence);
    case Outcome::consumed:
      return "taken by the router";
    case Outcome::answered:
      return "answered by the router";
    case Outcome::from_port:
      return r.other == no_port ? "from the router" : "from port " + name_of(r.other);
  }
  __builtin_unreachable();
}

}  // namespace uswitch
