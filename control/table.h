// An aligned table for people: as wide as its contents and no wider. No state beyond its rows; any
// thread.
#pragma once
#include <string>
#include <vector>

namespace uswitch {

class Table {
 public:
  enum class Align { left, right };
  enum class Style { plain, bold, red, green };

  struct Column {
    std::string header;
    Align align = Align::left;
  };

  struct Cell {
    std::string text;
    Style style = Style::plain;
    Cell(std::string t, Style s = Style::plain) : text(std::move(t)), style(s) {}
    Cell(const char* t) : text(t) {}
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // A row shorter than the columns is filled up with empty cells. Control characters become '?': a
  // name from outside must not steer the terminal.
  void add(std::vector<Cell> row);
  // Removes each column that no row fills.
  void hide_empty_columns();

  bool empty() const { return rows_.empty(); }
  // A header line, then a line a row; no trailing blanks. `colour`: with ANSI escapes.
  std::string render(bool colour) const;

 private:
  std::string line(const std::vector<Cell>& cells, const std::vector<size_t>& widths,
                   bool colour) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace uswitch
