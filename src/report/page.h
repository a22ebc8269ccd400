// SPDX-License-Identifier: Apache-2.0
// Writing one page of HTML that needs nothing but itself: no scripts, no fonts,
// no pictures from elsewhere. It follows the reader's choice of light or dark
// and fits a phone. Also well-formed XML, so that programs can read it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace liteforge {

// Text as it stands between tags and in quoted attributes. Bytes that are no
// UTF-8, and characters that XML cannot hold, become U+FFFD.
std::string Escaped(std::string_view text);

struct Column {
  std::string title;
  bool is_number = false;  // to the right, digits under digits
};
using Row = std::vector<std::string>;  // plain text, a cell a column

class Page {
 public:
  Page(std::string_view title, std::string_view subtitle);

  // One of a row of large numbers; call several in a row.
  void Number(std::string_view label, std::string_view value,
              std::string_view note);
  void Section(std::string_view title);
  void Paragraph(std::string_view text);
  // Of more than `open_rows` rows the others are folded away.
  void Table(std::span<const Column> columns, std::span<const Row> rows,
             size_t open_rows = 20);
  void List(std::span<const std::string> items);
  // What plots.h draws; the caption says what it shows.
  void Figure(std::string_view svg, std::string_view caption);
  // Folds what `content` adds under a line that opens it.
  template <class Content>
  void Fold(std::string_view title, bool open, Content content) {
    OpenFold(title, open);
    content();
    CloseFold();
  }

  std::string Finish();

 private:
  void OpenFold(std::string_view title, bool open);
  void CloseFold();
  void EndNumbers();
  void Rows(std::span<const Column> columns, std::span<const Row> rows);

  std::string html_;
  bool in_numbers_ = false;
  bool in_section_ = false;
};

// "12.3 kB", "1.20 MB"; of 1000 bytes.
std::string BytesText(double bytes);
// "850 µs", "12.3 ms"
std::string MicrosecondsText(double us);
// "45.1 dB", "equal", "-" for NaN.
std::string DecibelText(double db);
// Four significant digits.
std::string NumberText(double number);
// "28.0 %"; "-" of nothing.
std::string PercentText(double part, double whole);

}  // namespace liteforge
