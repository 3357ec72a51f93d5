#include "control/explain_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <iostream>

#include "control/client.h"

namespace uswitch {

namespace json = boost::json;

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  uswitch explain --port web --tcp 10.0.0.11:4000,203.0.113.7:443\n"
    "  uswitch explain --port web --udp '[fd00:a::11]:4000,[fd00:b::31]:53'\n"
    "  uswitch explain --port web --icmp 10.0.0.11,10.0.0.1\n"
    "  uswitch explain --port web --frame ffffffffffff0200000000010806...";

std::string text(const json::value& value) {
  return json::value_to<std::string>(value);
}

}  // namespace

CLI::App* add_explain(CLI::App& app, CommandLine& line) {
  CLI::App* explain = app.add_subcommand(
      "explain", "Say what would become of a packet, stage by stage; nothing is sent or learned");
  const auto add = [&](const std::string& name, const char* type, const char* help) {
    return explain
        ->add_option_function<std::string>(
            "--" + name, [&line, name](const std::string& v) { line.query.emplace_back(name, v); },
            help)
        ->type_name(type);
  };
  add("port", "NAME", "The port that the packet comes in by")->required();
  CLI::Option_group* packet = explain->add_option_group("packet");
  CLI::Option* kinds[] = {
      add("frame", "HEX", "A whole Ethernet frame"),
      add("tcp", "SRC:PORT,DST:PORT", "A SYN as the endpoint would send it; IPv6 in brackets"),
      add("udp", "SRC:PORT,DST:PORT", "An empty datagram"),
      add("icmp", "SRC,DST", "An echo request")};
  for (CLI::Option* kind : kinds) packet->add_option(kind);
  packet->require_option(1);
  explain->add_flag("--json", line.json, "The answer for programs");
  explain->add_option("--control", line.control, "Path of the control socket")->type_name("PATH");
  explain->footer(examples);
  return explain;
}

std::string render_explanation(const json::object& answer) {
  size_t width = 0;
  for (const json::value& step : answer.at("steps").as_array()) {
    width = std::max(width, step.at("stage").as_string().size());
  }
  std::string out;
  for (const json::value& note : answer.at("notes").as_array()) {
    out += "note: " + text(note) + "\n";
  }
  for (const json::value& step : answer.at("steps").as_array()) {
    const std::string stage = text(step.at("stage"));
    out += stage + std::string(width - stage.size() + 2, ' ') + text(step.at("text")) + "\n";
  }
  out += "=> " + text(answer.at("end"));
  if (!answer.at("certain").as_bool())
    out += " (as far as can be known before a real packet comes)";
  return out + "\n";
}

int explain(const CommandLine& line, std::ostream& out, std::ostream& err) {
  json::object question;
  for (const auto& [name, value] : line.query) question[name] = value;
  return reporting(err, [&]() -> int {
    const Reply reply =
        exchange(line.control_path(), {"POST", "/v1/explain", json::serialize(question)});
    if (reply.status != 200) {
      err << "uswitch: " << sentence_of(reply) << "\n";
      return reply.status == 400 ? exit_usage : exit_failure;
    }
    out << (line.json ? reply.body : render_explanation(json::parse(reply.body).as_object()));
    out.flush();
    return out ? exit_ok : exit_failure;
  });
}

}  // namespace uswitch
