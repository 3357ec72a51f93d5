// One client's trace, from the workers' records to lines of text: for each packet what came in,
// what each stage looked up, found and did, and what became of it. Control thread.
#pragma once
#include <vector>

#include "control/capture_records.h"
#include "control/http.h"

namespace uswitch {

class TraceSession : public BodyStream {
 public:
  // Of a frame's bytes, for its summary.
  static constexpr uint32_t snaplen = 256;

  // `count`: ends by itself after so many packets.
  TraceSession(CaptureRecords records, uint64_t count)
      : records_(std::move(records)), left_(count), last_(records_.capture().workers()) {}
  ~TraceSession() override { records_.stop(); }

  std::string next() override;
  bool ended() const override { return ended_; }
  void stop() override { records_.stop(); }

 private:
  // What a worker recorded of one packet in one go.
  struct Story {
    uint64_t id;
    std::string arrival, steps, end, departures;
  };

  Story& story_of(std::vector<Story>& stories, uint64_t id);
  void tell(Story& story, const CaptureRecords::Item& item, const WallClock& clock);
  bool is_told(const CaptureRecord& record);
  void tell_arrival(Story& story, const CaptureRecords::Item& item, const WallClock& clock);

  CaptureRecords records_;
  uint64_t left_;
  bool ended_ = false;
  std::vector<uint64_t> last_;  // by worker: the packet that was told of last; ids rise
};

}  // namespace uswitch
