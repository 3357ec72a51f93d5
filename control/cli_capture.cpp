#include "control/cli_capture.h"

#include <CLI/CLI.hpp>
#include <charconv>

namespace uswitch {

namespace {

constexpr const char* capture_examples =
    "Without -w a line a packet is printed: when, the packet's id, where, which way, what, and "
    "what\n"
    "became of it. All appearances of a packet have the same id.\n"
    "\n"
    "Examples:\n"
    "  uswitch capture --filter 'tcp port 80'\n"
    "  uswitch capture --drops\n"
    "  uswitch capture --port web --port db -w web.pcapng\n"
    "  uswitch capture -w - | wireshark -k -i -\n"
    "  uswitch capture -w ring.pcapng --rotate-size 10M --rotate-count 5";

constexpr const char* trace_examples =
    "For each packet: what came in, a line a stage with what was looked up, found and rewritten, "
    "what\n"
    "became of it, and what left. Each worker explains about 1000 packets a second and passes "
    "over\n"
    "others.\n"
    "\n"
    "Examples:\n"
    "  uswitch trace --filter 'icmp and host 10.0.0.2' --count 2\n"
    "  uswitch trace --port web";

// Goes to the daemon as it is.
void add_query(CLI::App& app, CommandLine& line, const std::string& option, const std::string& name,
               const char* type, const char* help) {
  app.add_option_function<std::vector<std::string>>(
         option,
         [&line, name](const std::vector<std::string>& values) {
           for (const std::string& v : values) line.query.emplace_back(name, v);
         },
         help)
      ->type_name(type)
      ->expected(1)
      ->take_all();
}

// "10M": powers of 1000. Empty when it is none.
std::optional<uint64_t> size_of(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number == 0 || number > 1'000'000'000) return std::nullopt;
  const std::string unit(stop, end);
  if (unit.empty()) return number;
  if (unit == "k") return number * 1000;
  if (unit == "M") return number * 1'000'000;
  if (unit == "G") return number * 1'000'000'000;
  return std::nullopt;
}

std::string refuse_size(const std::string& text) {
  return size_of(text) ? "" : "'" + text + "' is no size; it takes one like 500k, 10M or 1G";
}

}  // namespace

void add_capture_options(CLI::App& capture, CommandLine& line) {
  add_query(capture, line, "--port", "port", "NAME",
            "Only what enters or leaves there; may be given again. \"(router)\" is the router");
  add_query(capture, line, "--filter", "filter", "BPF",
            "Only what this expression of pcap-filter(7) fits");
  add_query(capture, line, "--count", "count", "N", "End after N packets");
  add_query(capture, line, "--snaplen", "snaplen", "BYTES", "Keep only so much of each packet");
  capture.add_flag_callback(
      "--drops", [&line] { line.query.emplace_back("drops", "1"); }, "Only what is dropped");
  capture.add_option("-w,--write", line.write, "Write pcapng there; - is standard output")
      ->type_name("FILE");
  capture
      .add_option_function<std::string>(
          "--rotate-size", [&line](const std::string& v) { line.rotate_size = *size_of(v); },
          "Begin a new file when FILE is so long; older ones become FILE.1, FILE.2 ...")
      ->type_name("SIZE")
      ->check(refuse_size);
  capture
      .add_option("--rotate-count", line.rotate_count,
                  "Keep so many files, the oldest goes (default 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  capture.footer(capture_examples);
}

void add_trace_options(CLI::App& trace, CommandLine& line) {
  add_query(trace, line, "--port", "port", "NAME", "Only what enters there; may be given again");
  add_query(trace, line, "--filter", "filter", "BPF",
            "Only what this expression of pcap-filter(7) fits");
  add_query(trace, line, "--count", "count", "N", "End after N packets");
  trace.footer(trace_examples);
}

std::string refuse_capture(const CommandLine& line) {
  if (line.rotate_size == 0) return "";
  if (line.write.empty()) return "--rotate-size needs a file: -w FILE";
  return line.write == "-" ? "--rotate-size does not go with -w -: standard output is no file" : "";
}

}  // namespace uswitch
