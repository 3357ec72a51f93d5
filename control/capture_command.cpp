#include "control/capture_command.h"

#include <sys/socket.h>
#include <iostream>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <stdexcept>
#include <vector>

#include "control/capture_files.h"
#include "control/client.h"
#include "control/clock_text.h"
#include "control/frame_summary.h"
#include "wire/pcapng.h"

namespace uswitch {

namespace {

// The one stream of the process, for its signal handler.
volatile sig_atomic_t stream_descriptor = -1;

// Says that no more is wanted; what there is already still comes. The second time it ends the
// process.
void end_stream(int) {
  shutdown(stream_descriptor, SHUT_WR);
}

void end_on_signals(int descriptor) {
  stream_descriptor = descriptor;
  struct sigaction action {};
  action.sa_handler = end_stream;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // who reads standard output may go: writing fails then
}

// A line a packet.
class Lines {
 public:
  void add_interface(std::span<const uint8_t> block) {
    const auto interface = pcapng::read_interface(block);
    names_.push_back(interface ? interface->name : "?");
  }

  void print(const pcapng::EnhancedPacket& p) const {
    const std::string name = p.interface < names_.size() ? names_[p.interface] : "?";
    const bool out = p.direction == pcapng::Direction::outbound;
    std::printf("%s #%llx %s %s %s", clock_text(p.time).c_str(),
                static_cast<unsigned long long>(p.id), name.c_str(), out ? "out" : "in",
                summary_of(p.bytes, p.length).c_str());
    if (!p.comment.empty()) {
      std::printf(" (%.*s)", static_cast<int>(p.comment.size()), p.comment.data());
    }
    if (p.dropped != 0) {
      std::printf(" [%llu lost before]", static_cast<unsigned long long>(p.dropped));
    }
    std::putchar('\n');
  }

 private:
  std::vector<std::string> names_;
};

// Blocks of pcapng as they come, to where they go.
class Output {
 public:
  explicit Output(const CommandLine& line) {
    if (!line.write.empty()) files_.emplace(line.write, line.rotate_size, line.rotate_count);
  }

  void take(std::string_view bytes) {
    pending_.append(bytes);
    std::span<const uint8_t> left(reinterpret_cast<const uint8_t*>(pending_.data()),
                                  pending_.size());
    for (;;) {
      const auto block = pcapng::next_block(left);
      if (!block) throw std::runtime_error("what uswitch sent is no pcapng");
      if (block->empty()) break;
      take_block(*block);
      left = left.subspan(block->size());
    }
    pending_.erase(0, pending_.size() - left.size());
    if (files_)
      files_->flush();
    else if (std::fflush(stdout) != 0)
      throw std::runtime_error("cannot write to standard output");
  }

  void print_totals() const {
    std::fprintf(stderr, "%llu packets captured, %llu lost\n",
                 static_cast<unsigned long long>(packets_), static_cast<unsigned long long>(lost_));
  }

 private:
  void take_block(std::span<const uint8_t> block) {
    const uint32_t type = pcapng::type_of(block);
    if (type == pcapng::enhanced_packet) ++packets_;
    if (const auto statistics = pcapng::read_statistics(block)) lost_ += statistics->dropped;
    if (files_) return write_block(type, block);
    if (type == pcapng::interface_description) lines_.add_interface(block);
    if (const auto packet = pcapng::read_packet(block)) lines_.print(*packet);
  }

  void write_block(uint32_t type, std::span<const uint8_t> block) {
    const bool heads = type == pcapng::section || type == pcapng::interface_description;
    heads ? files_->add_heading(block) : files_->add(block);
  }

  std::optional<CaptureFiles> files_;
  Lines lines_;
  std::string pending_;  // the beginning of a block
  uint64_t packets_ = 0;
  uint64_t lost_ = 0;
};

int refused(AnswerStream& stream) {
  Reply reply;
  reply.status = stream.status();
  for (std::string_view bytes; !(bytes = stream.read()).empty();) reply.body += bytes;
  std::fprintf(stderr, "uswitch: %s\n", sentence_of(reply).c_str());
  return reply.status == 400 ? exit_usage : exit_failure;
}

int take_capture(AnswerStream& stream, const CommandLine& line) {
  Output output(line);
  try {
    for (std::string_view bytes; !(bytes = stream.read()).empty();) output.take(bytes);
  } catch (...) {
    output.print_totals();
    throw;
  }
  output.print_totals();
  return exit_ok;
}

int take_trace(AnswerStream& stream) {
  for (std::string_view bytes; !(bytes = stream.read()).empty();) {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to standard output");
  }
  return exit_ok;
}

int run(const CommandLine& line) {
  const bool traces = line.command == CommandLine::Command::trace;
  const Target target{traces ? "/v1/trace" : "/v1/capture", line.query};
  AnswerStream stream(line.control_path(), {"GET", target.to_string(), ""});
  if (stream.status() != 200) return refused(stream);
  end_on_signals(stream.descriptor());
  return traces ? take_trace(stream) : take_capture(stream, line);
}

}  // namespace

int capture(const CommandLine& line) {
  return reporting(std::cerr, [&] { return run(line); });
}

}  // namespace uswitch
