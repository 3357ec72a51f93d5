#include "control/replay.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "control/cli.h"
#include "control/replay_files.h"
#include "control/replay_report.h"
#include "control/replay_switch.h"
#include "control/suggest.h"
#include "core/entropy.h"

namespace uswitch {

namespace fs = std::filesystem;

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  uswitch replay --config office.yaml --in web=web.pcap --out replayed\n"
    "  uswitch replay --config nat.yaml --in alice=a.pcapng --in wan=wan.pcapng --out replayed\n"
    "\n"
    "A file should hold what came in by its port, as `tcpdump -Q in` on the host's side or\n"
    "`tcpdump -Q out` in the namespace writes it.";

// Where the clock of a replay begins: with room behind it for what looks back.
constexpr Time epoch{std::chrono::hours(1)};
// After the last frame, until all that waits has an end: fragments wait longest.
constexpr Duration afterwards = Reassembly::timeout6 + std::chrono::seconds(5);

// What the user can mend by another command line.
struct BadLine : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Input {
  PortId port;
  CaptureReader reader;
};

PortId port_of(const Config& config, const std::string& name) {
  const auto it = std::ranges::find(config.ports, name, &PortConfig::name);
  if (it != config.ports.end()) return static_cast<PortId>(it - config.ports.begin());
  std::vector<std::string_view> names;
  for (const PortConfig& p : config.ports) names.push_back(p.name);
  throw BadLine("no port is called '" + name + "'; " + did_you_mean(name, names, "ports"));
}

std::vector<Input> open_inputs(const ReplayOptions& options, const Config& config) {
  std::vector<Input> inputs;
  for (const std::string& in : options.in) {
    const size_t equals = in.find('=');
    if (equals == std::string::npos || equals + 1 == in.size()) {
      throw BadLine("--in takes PORT=FILE, not '" + in + "'");
    }
    const PortId port = port_of(config, in.substr(0, equals));
    inputs.push_back({port, CaptureReader(in.substr(equals + 1))});
  }
  return inputs;
}

// The one with the earliest frame, of equal ones the first; null at the end.
Input* earliest(std::vector<Input>& inputs) {
  Input* first = nullptr;
  for (Input& input : inputs) {
    const auto& frame = input.reader.frame();
    if (frame && (!first || frame.at < first->reader.frame().at)) first = &input;
  }
  return first;
}

// Who is behind each port, by its first frame.
ReplaySwitch::Macs first_macs(const std::vector<Input>& inputs, const Config& config) {
  ReplaySwitch::Macs macs;
  for (const Input& input : inputs) {
    const auto& frame = input.reader.frame();
    if (!frame || frame.length < 14) continue;
    const MacAddress mac = MacAddress::load(frame.bytes + 6);
    if (mac.is_group() || mac.is_zero()) continue;
    macs.try_emplace(config.ports[input.port].name, mac);
  }
  return macs;
}

// A tunnel's ports are called by their remotes, "overlay/192.0.2.1".
std::string file_name(std::string port) {
  std::ranges::replace(port, '/', '_');
  return port + ".pcap";
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

class Replay {
 public:
  Replay(const ReplayOptions& options, Config config)
      : options_(options),
        directory_(options.out),
        inputs_(open_inputs(options, config)),
        first_(begin()) {
    fs::create_directories(directory_);
    for (const PortConfig& p : config.ports) {
      writers_.emplace_back((directory_ / file_name(p.name)).string());
    }
    const ReplaySwitch::Macs macs = first_macs(inputs_, config);
    switch_.emplace(std::move(config), macs, epoch,
                    [this](PortId port, std::span<const uint8_t> frame) {
                      writers_[port].write(capture_time(), frame);
                    });
  }

  void run() {
    while (Input* input = earliest(inputs_)) {
      play(input->port, input->reader.frame());
      input->reader.next();
    }
    switch_->advance(switch_->now() + afterwards);
  }

  // Returns the text.
  std::string report() {
    ReplayReport::Summary summary{options_.seed, switch_->answers(), switch_->held(), {}};
    for (const Input& input : inputs_) {
      if (input.reader.damage().empty()) continue;
      summary.damaged.push_back(input.reader.file() + " is damaged after " +
                                std::to_string(input.reader.frames()) +
                                " frames: " + input.reader.damage());
    }
    for (CaptureWriter& writer : writers_) {
      if (!writer.finish()) throw std::runtime_error("cannot write all of " + options_.out);
    }
    const Tables& tables = switch_->tables();
    const std::string text = report_.text(tables, summary);
    write_file(directory_ / "report.txt", text);
    write_file(directory_ / "report.json",
               boost::json::serialize(report_.json(tables, summary)) + "\n");
    return text;
  }

 private:
  CaptureTime begin() {
    const Input* first = earliest(inputs_);
    return first ? first->reader.frame().at : CaptureTime{};
  }
  // Of the switch's clock.
  CaptureTime capture_time() const { return first_ + (now() - epoch); }
  // Also while the switch is made, which may say something already.
  Time now() const { return switch_ ? switch_->now() : epoch; }

  void play(PortId port, const CaptureReader::Frame& frame) {
    switch_->advance(epoch + (frame.at - first_));
    const std::span bytes(frame.bytes, frame.length);
    const Tables& tables = switch_->tables();
    report_.before(tables, port);
    switch_->run(port, bytes);
    report_.after(tables, port, bytes, frame.length >= frame.original, capture_time(),
                  switch_->now());
    switch_->settle();
  }

  const ReplayOptions& options_;
  const fs::path directory_;
  std::vector<Input> inputs_;
  const CaptureTime first_;
  std::vector<CaptureWriter> writers_;  // indexed by PortId
  ReplayReport report_;
  std::optional<ReplaySwitch> switch_;
};

}  // namespace

CLI::App* add_replay(CLI::App& app, ReplayOptions& options) {
  CLI::App* replay = app.add_subcommand(
      "replay", "Run capture files through the switch offline, with the captures' clock");
  replay->add_option("--config", options.config, "The configuration of the switch")
      ->required()
      ->type_name("FILE");
  replay
      ->add_option("--in", options.in,
                   "What comes in by a port: a pcap or pcapng file; repeat it for each port")
      ->required()
      ->type_name("PORT=FILE");
  replay->add_option("--out", options.out, "Where the ports' captures and the report go")
      ->required()
      ->type_name("DIR");
  replay->add_option("--seed", options.seed, "Of all that is random in a switch that runs")
      ->type_name("N")
      ->capture_default_str();
  replay->footer(examples);
  return replay;
}

int replay(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  ConfigResult loaded = load_config(options.config);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& e : *errors) err << e.to_string() << "\n";
    return exit_usage;
  }
  spdlog::set_level(spdlog::level::warn);
  const RepeatableRandomness seeded(options.seed);
  try {
    Replay run(options, ReplaySwitch::offline(std::get<Config>(std::move(loaded))));
    run.run();
    out << run.report();
    out.flush();
    return out ? exit_ok : exit_failure;
  } catch (const BadLine& e) {
    err << "uswitch: " << e.what() << "\n";
    return exit_usage;
  } catch (const std::exception& e) {
    err << "uswitch: " << e.what() << "\n";
    return exit_failure;
  }
}

}  // namespace uswitch
