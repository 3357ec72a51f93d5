// One client's capture, from the workers' records to a stream of pcapng. Control thread.
//
// Bounded memory: the rings, which lose what a slow client does not take, and one chunk.
#pragma once
#include <vector>

#include "control/capture_records.h"
#include "control/http.h"

namespace uswitch {

class CaptureSession : public BodyStream {
 public:
  // `filter`: the expression, as it was asked for. `count`: ends by itself after so many packets.
  CaptureSession(CaptureRecords records, std::string filter, uint64_t count)
      : records_(std::move(records)), filter_(std::move(filter)), left_(count) {}
  ~CaptureSession() override { records_.stop(); }

  std::string next() override;
  bool ended() const override { return ended_; }
  void stop() override { records_.stop(); }

 private:
  struct Interface {
    std::string name;
    PortId port;
    std::shared_ptr<const PortStats> stats;
    uint64_t handled_before;  // packets in and out when it was begun
    uint64_t recorded = 0;
    uint64_t lost = 0;
  };

  void write(const CaptureRecords::Item& item, const WallClock& clock, std::string& out);
  uint32_t interface_of(PortId port, std::string& out);
  void write_statistics(const WallClock& clock, std::string& out) const;

  CaptureRecords records_;
  const std::string filter_;
  uint64_t left_;
  bool begun_ = false;
  bool ended_ = false;
  std::vector<Interface> interfaces_;
  std::vector<uint32_t> of_port_;  // by PortId: the latest interface of that id
};

}  // namespace uswitch
