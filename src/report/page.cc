// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace liteforge {
namespace {

// Colours: --a what was before, --b what is now, --c --d --e further kinds,
// --w what wants attention. Both sets keep 4.5 : 1 against the background.
constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--bg:#fbfaf8;--card:#fff;--ink:#1d2126;--dim:#5f6770;--line:#dcdfe3;
--a:#98a2ad;--b:#0b6e99;--c:#4f8f3a;--d:#8a5fb5;--e:#b3752a;--f:#6b7681;--w:#c0392b}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1d2125;--ink:#e6e8ea;--dim:#9aa3ac;
--line:#343a40;--a:#6d7780;--b:#4fb3dc;--c:#8fc97a;--d:#bd9ae0;--e:#e0a865;--f:#8b959e;--w:#ff7b6b}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Noto Sans",sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:0 0 .5rem}
.sub,figcaption,.note{color:var(--dim)}
.sub{margin:0 0 1rem;overflow-wrap:anywhere}
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.75rem;margin:1rem 0}
.numbers div,section{background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.numbers div{padding:.7rem .9rem}
.numbers b{display:block;font-size:1.35rem;line-height:1.3;font-variant-numeric:tabular-nums}
.numbers span{display:block;font-size:.85rem;color:var(--dim)}
section{padding:1rem;margin:1rem 0;overflow:hidden}
p{margin:.4rem 0}
figure{margin:.75rem 0}
figcaption{font-size:.85rem;margin-bottom:.3rem}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;font-size:.85rem;min-width:100%}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
td:first-child{max-width:22rem;overflow-wrap:anywhere;white-space:normal;min-width:11rem}
th{color:var(--dim);font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums}
details{margin:.4rem 0}
summary{cursor:pointer;color:var(--b)}
ul{padding-left:1.2rem;margin:.4rem 0}
li{overflow-wrap:anywhere}
svg{display:block;width:100%;max-width:34rem;height:auto}
svg text{fill:var(--ink);font-size:12px}
svg .t{fill:var(--dim);font-size:11px}
svg .g{stroke:var(--line);stroke-width:1}
svg .a{fill:var(--a)}svg .b{fill:var(--b)}svg .c{fill:var(--c)}svg .d{fill:var(--d)}svg .e{fill:var(--e)}
svg .f{fill:var(--f)}svg .w{fill:var(--w)}
svg .box{fill:var(--bg);stroke:var(--line)}svg .edge{stroke:var(--dim);fill:none}
@media print{body{background:#fff}section{break-inside:avoid}}
)css";

// How many bytes the UTF-8 character at the front takes; 0: it is none.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) {
    const bool blank = first == '\t' || first == '\n' || first == '\r';
    return first >= 0x20 || blank ? 1 : 0;
  }
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0 && follows(1) && follows(2)) {
    const unsigned code =
        (first & 0xFu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    return code >= 0x800 && !surrogate && code < 0xFFFE ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5 && follows(1) && follows(2) && follows(3)) {
    const unsigned code = (first & 0x7u) << 18 | (byte(1) & 0x3Fu) << 12;
    return code >= 0x10000 && code < 0x110000 ? 4 : 0;
  }
  return 0;
}

std::string Scaled(double value, double step,
                   std::span<const std::string_view> units) {
  size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  const int digits = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, digits, units[unit]);
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) {
      escaped += "\xEF\xBF\xBD";
    } else if (text[0] == '&') {
      escaped += "&amp;";
    } else if (text[0] == '<') {
      escaped += "&lt;";
    } else if (text[0] == '>') {
      escaped += "&gt;";
    } else if (text[0] == '"') {
      escaped += "&quot;";
    } else {
      escaped += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return escaped;
}

Page::Page(std::string_view title, std::string_view subtitle) {
  html_ = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n<title>{0}</title>\n<style>{1}</style>\n</head>\n"
      "<body>\n<main>\n<h1>{0}</h1>\n<p class=\"sub\">{2}</p>\n",
      Escaped(title), kStyle, Escaped(subtitle));
}

void Page::Number(std::string_view label, std::string_view value,
                  std::string_view note) {
  if (!in_numbers_) html_ += "<div class=\"numbers\">\n";
  in_numbers_ = true;
  html_ += fmt::format("<div><span>{}</span><b>{}</b><span>{}</span></div>\n",
                       Escaped(label), Escaped(value), Escaped(note));
}

void Page::EndNumbers() {
  if (in_numbers_) html_ += "</div>\n";
  in_numbers_ = false;
}

void Page::Section(std::string_view title) {
  EndNumbers();
  if (in_section_) html_ += "</section>\n";
  in_section_ = true;
  html_ += fmt::format("<section>\n<h2>{}</h2>\n", Escaped(title));
}

void Page::Paragraph(std::string_view text) {
  html_ += fmt::format("<p>{}</p>\n", Escaped(text));
}

void Page::Rows(std::span<const Column> columns, std::span<const Row> rows) {
  const auto open = [](std::string_view tag, bool is_number) {
    return fmt::format("<{}{}>", tag, is_number ? " class=\"n\"" : "");
  };
  html_ += "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const Column& column : columns)
    html_ += open("th", column.is_number) + Escaped(column.title) + "</th>";
  html_ += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows) {
    html_ += "<tr>";
    for (size_t i = 0; i < columns.size() && i < row.size(); ++i)
      html_ += open("td", columns[i].is_number) + Escaped(row[i]) + "</td>";
    html_ += "</tr>\n";
  }
  html_ += "</tbody></table></div>\n";
}

void Page::Table(std::span<const Column> columns, std::span<const Row> rows,
                 size_t open_rows) {
  if (rows.size() <= open_rows + open_rows / 4) return Rows(columns, rows);
  Rows(columns, rows.first(open_rows));
  Fold(fmt::format("{} more", rows.size() - open_rows), false,
       [&] { Rows(columns, rows.subspan(open_rows)); });
}

void Page::List(std::span<const std::string> items) {
  html_ += "<ul>\n";
  for (const std::string& item : items)
    html_ += "<li>" + Escaped(item) + "</li>\n";
  html_ += "</ul>\n";
}

void Page::Figure(std::string_view svg, std::string_view caption) {
  html_ += fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}</figure>\n",
                       Escaped(caption), svg);
}

void Page::OpenFold(std::string_view title, bool open) {
  html_ += fmt::format("<details{}><summary>{}</summary>\n",
                       open ? " open=\"open\"" : "", Escaped(title));
}

void Page::CloseFold() { html_ += "</details>\n"; }

std::string Page::Finish() {
  EndNumbers();
  if (in_section_) html_ += "</section>\n";
  html_ += "</main>\n</body>\n</html>\n";
  return std::move(html_);
}

std::string BytesText(double bytes) {
  static constexpr std::string_view kUnits[] = {"bytes", "kB", "MB", "GB"};
  return Scaled(bytes, 1000, kUnits);
}

std::string MicrosecondsText(double us) {
  static constexpr std::string_view kUnits[] = {"µs", "ms", "s"};
  return Scaled(us, 1000, kUnits);
}

std::string DecibelText(double db) {
  if (std::isnan(db)) return "-";
  return std::isinf(db) ? "equal" : fmt::format("{:.1f} dB", db);
}

std::string NumberText(double number) { return fmt::format("{:.4g}", number); }

std::string PercentText(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f} %", 100 * part / whole) : "-";
}

}  // namespace liteforge
