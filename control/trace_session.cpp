#include "control/trace_session.h"

#include <algorithm>
#include <cstdio>

#include "control/clock_text.h"
#include "control/frame_summary.h"

namespace uswitch {

namespace {

constexpr size_t stories_at_once = 1000;

std::string step_line(std::string_view stage, std::string_view text) {
  std::string line = "  " + std::string(stage);
  line.resize(std::max<size_t>(line.size() + 1, 12), ' ');
  return line + std::string(text) + "\n";
}

// Lines of a stage, a tab and what it did.
std::string step_lines(std::span<const uint8_t> bytes) {
  std::string_view left(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::string lines;
  while (!left.empty()) {
    const std::string_view line = left.substr(0, left.find('\n'));
    const size_t tab = std::min(line.find('\t'), line.size());
    lines += step_line(line.substr(0, tab), line.substr(std::min(tab + 1, line.size())));
    left.remove_prefix(std::min(line.size() + 1, left.size()));
  }
  return lines;
}

std::string id_text(uint64_t id) {
  char text[32];
  std::snprintf(text, sizeof text, "#%llx", static_cast<unsigned long long>(id));
  return text;
}

}  // namespace

// All that was recorded in one turn of a worker is there at once, but what several packets left is
// mixed: it is put together again here.
std::string TraceSession::next() {
  std::string out;
  if (ended_) return out;
  const WallClock clock;
  std::vector<Story> stories;
  while (stories.size() < stories_at_once) {
    const auto item = records_.front();
    if (!item) break;
    tell(story_of(stories, item->record.id), *item, clock);
    records_.drop_front();
  }
  for (const Story& s : stories) out += s.arrival + s.steps + s.end + s.departures;
  if (left_ == 0) records_.stop();
  ended_ = records_.stopped() && !records_.front();
  return out;
}

TraceSession::Story& TraceSession::story_of(std::vector<Story>& stories, uint64_t id) {
  const auto found = std::ranges::find(stories.rbegin(), stories.rend(), id, &Story::id);
  if (found != stories.rend()) return *found;
  return stories.emplace_back(Story{id, "", "", "", ""});
}

void TraceSession::tell(Story& story, const CaptureRecords::Item& item, const WallClock& clock) {
  const CaptureRecord& r = item.record;
  if (!is_told(r)) return;
  if (r.kind == CaptureRecord::Kind::in) return tell_arrival(story, item, clock);
  if (r.kind == CaptureRecord::Kind::text) {
    story.steps += step_lines(item.bytes);
    return;
  }
  // One that waited leaves in a later turn.
  if (story.arrival.empty() && story.departures.empty()) {
    story.departures += clock_text(clock.of(r.time)) + " " + id_text(r.id) + " again\n";
  }
  story.departures +=
      step_line("left", "by " + records_.name_of(r.port) + ": " + summary_of(item.bytes, r.length));
}

// All of a packet is that has come before the count was full.
bool TraceSession::is_told(const CaptureRecord& r) {
  uint64_t& last = last_[r.id >> mark::number_bits];
  if (r.id <= last) return true;
  if (r.kind != CaptureRecord::Kind::in || left_ == 0) return false;
  last = r.id;
  --left_;
  return true;
}

void TraceSession::tell_arrival(Story& story, const CaptureRecords::Item& item,
                                const WallClock& clock) {
  const CaptureRecord& r = item.record;
  if (story.arrival.empty()) {
    story.arrival = clock_text(clock.of(r.time)) + " " + id_text(r.id) + " " +
                    records_.name_of(r.port) + ": " + summary_of(item.bytes, r.length) + "\n";
  }
  const std::string outcome = records_.outcome_of(r);
  if (!outcome.empty()) story.end += step_line("end", outcome);
}

}  // namespace uswitch
