#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet {

enum class Align { left, right };

/// Text in columns, two spaces apart, under titles. Widths are counted in code points, so columns
/// stay straight in every alphabet whose letters are one column wide.
class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {}

  /// One cell per column. Line ends and control characters become spaces: a row stays a line.
  void add(std::vector<std::string> cells);
  bool empty() const noexcept { return rows_.empty(); }
  /// Lines with their ends; no spaces at the end of a line.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace freshet
