#include "control/table.h"

#include <algorithm>
#include <cassert>

namespace uswitch {

namespace {

// Columns on the screen: bytes that do not continue a UTF-8 character.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

const char* escape(Table::Style style) {
  switch (style) {
    case Table::Style::bold:
      return "\033[1m";
    case Table::Style::red:
      return "\033[31m";
    case Table::Style::green:
      return "\033[32m";
    case Table::Style::plain:
      break;
  }
  return nullptr;
}

void append(std::string& out, const Table::Cell& cell, bool colour) {
  const char* begin = colour ? escape(cell.style) : nullptr;
  if (begin) out += begin;
  out += cell.text;
  if (begin) out += "\033[0m";
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  assert(row.size() <= columns_.size());
  for (Cell& cell : row) {
    std::ranges::replace_if(
        cell.text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  }
  row.resize(columns_.size(), Cell(""));
  rows_.push_back(std::move(row));
}

void Table::hide_empty_columns() {
  for (size_t i = columns_.size(); i-- > 0;) {
    if (std::ranges::any_of(rows_, [&](const auto& row) { return !row[i].text.empty(); })) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    columns_.erase(columns_.begin() + at);
    for (auto& row : rows_) row.erase(row.begin() + at);
  }
}

std::string Table::line(const std::vector<Cell>& cells, const std::vector<size_t>& widths,
                        bool colour) const {
  std::string out;
  size_t owed = 0;  // blanks that are due once something follows them
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t blanks = widths[i] - width_of(cells[i].text);
    const bool right = columns_[i].align == Align::right;
    if (!cells[i].text.empty()) {
      out.append(owed + (right ? blanks : 0), ' ');
      append(out, cells[i], colour);
      owed = right ? 0 : blanks;
    } else {
      owed += blanks;
    }
    owed += 2;
  }
  return out + "\n";
}

std::string Table::render(bool colour) const {
  std::vector<size_t> widths;
  std::vector<Cell> headers;
  for (size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width_of(columns_[i].header));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], width_of(row[i].text));
    headers.emplace_back(columns_[i].header, Style::bold);
  }
  std::string out = line(headers, widths, colour);
  for (const auto& row : rows_) out += line(row, widths, colour);
  return out;
}

}  // namespace uswitch
