// POST /v1/explain: what would become of an imagined packet. No table changes.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "control/explain_frame.h"
#include "control/views.h"
#include "engine/explain.h"

namespace uswitch {

namespace json = boost::json;

namespace {

using Kind = ImaginedFlow::Kind;

constexpr std::string_view example = R"({"port": "web", "tcp": "10.0.0.11:4000,10.0.0.21:80"})";

struct Question {
  std::string port;
  std::string how;   // "frame", "tcp", "udp" or "icmp"
  std::string what;  // hex, or the flow
};

Question question_of(const std::string& body) {
  json::error_code error;
  const json::value value = json::parse(body, error);
  const std::string remedy = "; send " + std::string(example);
  if (error) throw BadQuery("the body is not JSON: " + error.message() + remedy);
  if (!value.is_object()) throw BadQuery("the body is no JSON object" + remedy);
  Question question;
  for (const auto& [key, member] : value.get_object()) {
    if (!member.is_string()) throw BadQuery("'" + std::string(key) + "' is no text" + remedy);
    const std::string text(member.get_string());
    if (key == "port") {
      question.port = text;
    } else if (key == "frame" || key == "tcp" || key == "udp" || key == "icmp") {
      if (!question.how.empty()) throw BadQuery("give one of frame, tcp, udp and icmp");
      question.how = key;
      question.what = text;
    } else {
      throw BadQuery("unknown member '" + std::string(key) +
                     "'; there are port, frame, tcp, udp, icmp");
    }
  }
  if (question.port.empty()) throw BadQuery("'port' is missing" + remedy);
  if (question.how.empty()) throw BadQuery("a packet is missing: frame, tcp, udp or icmp" + remedy);
  return question;
}

std::optional<unsigned> digit(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const size_t at = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

// Spaces and colons between bytes are of no account, so that what tools print can be pasted.
std::vector<uint8_t> bytes_of(const std::string& hex) {
  std::vector<uint8_t> bytes;
  bool half = false;
  for (const char c : hex) {
    if (c == ' ' || c == ':' || c == '\n') continue;
    const auto value = digit(c);
    if (!value) throw BadQuery(std::string("'") + c + "' in the frame is no hex digit");
    if (half)
      bytes.back() = static_cast<uint8_t>(bytes.back() << 4 | *value);
    else
      bytes.push_back(static_cast<uint8_t>(*value));
    half = !half;
  }
  if (half) throw BadQuery("the frame's last byte lacks a digit");
  if (bytes.size() > max_frame) {
    throw BadQuery("a frame has " + std::to_string(max_frame) + " bytes at most");
  }
  return bytes;
}

std::string hex_of(const std::vector<uint8_t>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const uint8_t b : bytes) {
    text += digits[b >> 4];
    text += digits[b & 15];
  }
  return text;
}

PortId port_of(const Tables& tables, const std::string& name) {
  Parameters by_name({{"port", name}});
  const auto id = static_cast<PortId>(*by_name.named("port", tables.ports));
  if (!tables.has_port(id)) throw Conflict("port " + name + " is down: its device is gone");
  return id;
}

ImaginedFrame frame_of(const ApiContext& context, PortId port, const Question& question) {
  if (question.how == "frame") return {bytes_of(question.what), {}};
  ImaginedFlow flow;
  flow.kind = question.how == "tcp" ? Kind::tcp : question.how == "udp" ? Kind::udp : Kind::icmp;
  if (const auto wrong = parse_flow(question.what, flow)) throw BadQuery(*wrong);
  const Tables& tables = context.engine.tables();
  const PortConfig* config = nullptr;
  if (context.config) {
    const auto& all = context.config->ports;
    const auto it = std::ranges::find(all, question.port, &PortConfig::name);
    if (it != all.end()) config = &*it;
  }
  return imagine({tables, port, context.ports, config, context.now}, flow);
}

Explanation explain_bytes(const ApiContext& context, PortId port,
                          const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> copy = bytes;
  Packet packet;
  packet.buffer = packet.data = copy.data();
  packet.length = packet.capacity = static_cast<uint32_t>(copy.size());
  return explain(context.engine.tables(), port, packet, context.now);
}

json::object view(const Tables& tables, const Explanation& told, const ImaginedFrame& frame) {
  json::array steps, egress, drops, notes;
  for (const auto& s : told.steps) steps.push_back({{"stage", s.stage}, {"text", s.text}});
  for (const PortId id : told.egress) egress.emplace_back(tables.ports[id].name);
  for (const Reason r : told.drops) drops.emplace_back(info(r).name);
  for (const std::string& note : frame.notes) notes.emplace_back(note);
  json::object out;
  out["notes"] = std::move(notes);
  out["steps"] = std::move(steps);
  out["end"] = told.end;
  out["egress"] = std::move(egress);
  out["drops"] = std::move(drops);
  out["certain"] = told.certain;
  out["in_pieces"] = told.in_pieces;
  out["frame_in"] = hex_of(frame.bytes);
  out["frame_out"] = told.egress.empty() ? json::value(nullptr) : json::value(hex_of(told.frame));
  return out;
}

}  // namespace

json::object explain_packet(const ApiContext& context, const Query& query,
                            const std::string& body) {
  Parameters(query).done();
  const Question question = question_of(body);
  const Tables& tables = context.engine.tables();
  const PortId port = port_of(tables, question.port);
  const ImaginedFrame frame = frame_of(context, port, question);
  return view(tables, explain_bytes(context, port, frame.bytes), frame);
}

}  // namespace uswitch
