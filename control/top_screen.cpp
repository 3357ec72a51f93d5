#include "control/top_screen.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <sstream>

#include "control/figures.h"
#include "control/table.h"

namespace uswitch {

namespace {

using Style = Table::Style;
using Lines = std::vector<std::string>;
constexpr Table::Align right = Table::Align::right;

std::string rate_text(double value, const char* unit) {
  if (value >= 9.95 || value == std::floor(value)) {
    const std::string text = show_count(static_cast<uint64_t>(std::llround(value)));
    return text + (text.find(' ') == std::string::npos ? " " : "") + unit;
  }
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f ", value);
  return text.data() + std::string(unit);
}

std::string bits(double bytes_a_second) {
  return rate_text(8 * bytes_a_second, "b/s");
}

// What grows between the two samples, by the name of what it belongs to.
class Rates {
 public:
  explicit Rates(double seconds) : seconds_(seconds) {}

  // Nothing for what was not there before, or has been counted anew since.
  double of(uint64_t now, const uint64_t* before) const {
    if (!before || now < *before || seconds_ <= 0) return 0;
    return static_cast<double>(now - *before) / seconds_;
  }
  double share(double now, double before) const {
    return seconds_ <= 0 || now < before ? 0 : (now - before) / seconds_;
  }

 private:
  double seconds_;
};

template <class Row>
const Row* find(const std::vector<Row>& rows, const std::string& name, std::string Row::*key) {
  const auto it = std::ranges::find(rows, name, key);
  return it == rows.end() ? nullptr : &*it;
}

// A table of which only the first rows may fit.
struct Section {
  std::string title;
  Lines lines;  // the header first; none when there is nothing to show

  size_t wanted() const { return lines.size() + (lines.empty() ? 0 : 1); }  // and a blank before it
};

Lines split(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct PortRow {
  const TopSample::Port* port;
  double rx_packets, rx_bytes, tx_packets, tx_bytes, drops;
};

std::vector<PortRow> port_rows(const TopSample& now, const TopSample& before, const Rates& rates) {
  std::vector<PortRow> rows;
  for (const TopSample::Port& p : now.ports) {
    const TopSample::Port* old = find(before.ports, p.name, &TopSample::Port::name);
    const auto rate = [&](uint64_t TopSample::Port::*value) {
      return rates.of(p.*value, old ? &(old->*value) : nullptr);
    };
    rows.push_back({&p, rate(&TopSample::Port::rx_packets), rate(&TopSample::Port::rx_bytes),
                    rate(&TopSample::Port::tx_packets), rate(&TopSample::Port::tx_bytes),
                    rate(&TopSample::Port::drops)});
  }
  std::ranges::stable_sort(rows, std::greater(),
                           [](const PortRow& r) { return r.rx_bytes + r.tx_bytes; });
  return rows;
}

// The router has a row among the ports, and so have those that were removed; what they carry is no
// traffic of somebody's.
bool is_port(const TopSample::Port& port) {
  return !port.name.starts_with('(');
}

Section ports_section(const std::vector<PortRow>& rows, bool colour) {
  Table table({{"PORT"},
               {"NETWORK"},
               {"IN", right},
               {"PACKETS", right},
               {"OUT", right},
               {"PACKETS", right},
               {"DROPS", right},
               {"SO FAR", right}});
  for (const PortRow& row : rows) {
    const TopSample::Port& p = *row.port;
    const bool down = is_port(p) && !p.up;
    table.add({{p.name, down ? Style::red : Style::plain},
               down ? Table::Cell("down", Style::red) : Table::Cell(p.network),
               bits(row.rx_bytes),
               rate_text(row.rx_packets, "/s"),
               bits(row.tx_bytes),
               rate_text(row.tx_packets, "/s"),
               {rate_text(row.drops, "/s"), row.drops > 0 ? Style::red : Style::plain},
               show_count(p.drops)});
  }
  return {"ports", table.empty() ? Lines() : split(table.render(colour))};
}

// "web 12, db 3", the most first.
std::string ports_text(std::vector<std::pair<std::string, uint64_t>> ports) {
  std::ranges::stable_sort(ports, std::greater(), [](const auto& p) { return p.second; });
  std::string text;
  for (const auto& [port, packets] : ports) {
    text += (text.empty() ? "" : ", ") + port + " " + show_count(packets);
  }
  return text;
}

Section drops_section(const TopSample& now, const TopSample& before, const Rates& rates,
                      bool colour) {
  std::vector<std::pair<double, const TopSample::Drop*>> rows;
  for (const TopSample::Drop& drop : now.drops) {
    const uint64_t none = 0;
    const TopSample::Drop* old = find(before.drops, drop.reason, &TopSample::Drop::reason);
    rows.emplace_back(rates.of(drop.packets, old ? &old->packets : &none), &drop);
  }
  std::ranges::stable_sort(rows, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second->packets > b.second->packets;
  });
  Table table({{"DROPPED FOR"}, {"RATE", right}, {"SO FAR", right}, {"PORTS"}});
  for (const auto& [rate, drop] : rows) {
    table.add({drop->reason,
               {rate_text(rate, "/s"), rate > 0 ? Style::red : Style::plain},
               show_count(drop->packets),
               ports_text(drop->ports)});
  }
  return {"reasons", table.empty() ? Lines() : split(table.render(colour))};
}

Section connections_section(const TopSample& now, const TopSample& before, const Rates& rates,
                            bool colour) {
  using Connection = TopSample::Connection;
  std::map<std::pair<std::string, std::string>, uint64_t> old;
  for (const Connection& c : before.connections) old[{c.proto, c.path}] = c.bytes;
  std::vector<std::pair<double, const Connection*>> rows;
  for (const Connection& c : now.connections) {
    const auto it = old.find({c.proto, c.path});
    rows.emplace_back(rates.of(c.bytes, it == old.end() ? nullptr : &it->second), &c);
  }
  std::ranges::stable_sort(rows, std::greater(), [](const auto& row) { return row.first; });
  Table table({{"CONNECTION"}, {"STATE"}, {"RATE", right}, {"BYTES", right}});
  for (const auto& [rate, c] : rows) {
    table.add({c->proto + " " + c->path, c->state, bits(rate), show_bytes(c->bytes)});
  }
  return {"connections", table.empty() ? Lines() : split(table.render(colour))};
}

std::string percent(double share) {
  return std::to_string(std::llround(100 * share)) + " %";
}

// "workers 0: 12 %  1: 3 %   connections 12   ..."
std::string load_line(const TopSample& now, const TopSample& before, const Rates& rates) {
  std::string line = "workers";
  for (size_t i = 0; i < now.workers.size() && i < before.workers.size(); ++i) {
    line += "  " + std::to_string(i) + ": " +
            percent(rates.share(now.workers[i].cpu_seconds, before.workers[i].cpu_seconds));
  }
  for (const TopSample::Table& table : now.tables) {
    line += "   " + table.name + " " + show_count(table.entries);
  }
  return line;
}

std::string head_line(const TopSample& now, const std::vector<PortRow>& rows) {
  double bytes = 0, packets = 0, drops = 0;
  size_t ports = 0, up = 0;
  for (const PortRow& row : rows) {
    drops += row.drops;
    if (!is_port(*row.port)) continue;
    bytes += row.rx_bytes;
    packets += row.rx_packets;
    up += row.port->up ? 1 : 0;
    ++ports;
  }
  return "uswitch " + now.version + "  up " + show_seconds(now.uptime) + "  " + std::to_string(up) +
         "/" + std::to_string(ports) + " ports  " + bits(bytes) + "  " +
         rate_text(packets, "packets/s") + "  " + rate_text(drops, "drops/s");
}

// How many lines each section gets: an equal share at least, where that is worth looking at, and
// what others leave in their order.
std::array<size_t, 3> shares(const std::array<Section, 3>& sections, size_t room) {
  constexpr size_t worthwhile = 4;  // a blank, the header and two lines
  const size_t share = room / 3 < worthwhile ? 0 : room / 3;
  std::array<size_t, 3> given;
  size_t left = room;
  for (size_t i = 0; i < 3; ++i) {
    given[i] = std::min(sections[i].wanted(), share);
    left -= given[i];
  }
  for (size_t i = 0; i < 3; ++i) {
    const size_t more = std::min(left, sections[i].wanted() - given[i]);
    given[i] += more;
    left -= more;
  }
  return given;
}

void append(Lines& out, const Section& section, size_t lines) {
  if (lines < 3) return;  // a blank and a header alone say nothing
  out.emplace_back();
  if (lines >= section.wanted()) {
    out.insert(out.end(), section.lines.begin(), section.lines.end());
    return;
  }
  const size_t shown = lines - 2;  // the header among them
  out.insert(out.end(), section.lines.begin(),
             section.lines.begin() + static_cast<std::ptrdiff_t>(shown));
  out.push_back("and " + std::to_string(section.lines.size() - shown) + " more " + section.title);
}

}  // namespace

std::string clipped(const std::string& line, size_t columns) {
  std::string out;
  size_t used = 0;
  for (size_t at = 0; at < line.size();) {
    size_t end = at + 1;
    if (line[at] == '\033') {
      end = std::min(line.find('m', at), line.size() - 1) + 1;
    } else {
      while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) ++end;
      if (used++ >= columns) break;
    }
    out.append(line, at, end - at);
    at = end;
  }
  return out;
}

std::vector<std::string> draw_top(const TopSample& now, const TopSample& before, ScreenSize size,
                                  bool colour) {
  const Rates rates(now.uptime - before.uptime);
  const std::vector<PortRow> rows = port_rows(now, before, rates);
  const std::array<Section, 3> sections = {ports_section(rows, colour),
                                           drops_section(now, before, rates, colour),
                                           connections_section(now, before, rates, colour)};
  Lines lines = {head_line(now, rows), load_line(now, before, rates)};
  const size_t room = size.rows - std::min(size.rows, lines.size());
  const std::array<size_t, 3> given = shares(sections, room);
  for (size_t i = 0; i < sections.size(); ++i) append(lines, sections[i], given[i]);
  lines.resize(std::min(lines.size(), size.rows));
  for (std::string& line : lines) line = clipped(line, size.columns);
  return lines;
}

}  // namespace uswitch
