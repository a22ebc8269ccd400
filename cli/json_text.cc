// SPDX-License-Identifier: Apache-2.0
#include "cli/json_text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace {

// Of the well-formed UTF-8 character that the text begins with; 0 for none.
// Source: The Unicode Standard, table 3-7.
size_t BytesOfCharacter(std::string_view text) {
  const auto at = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const int first = at(0), second = at(1);
  if (first < 0x80) return 1;
  const size_t bytes = first < 0xC2   ? 0
                       : first < 0xE0 ? 2
                       : first < 0xF0 ? 3
                       : first < 0xF5 ? 4
                                      : 0;
  const int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (bytes == 0 || second < low || second > high) return 0;
  for (size_t i = 2; i < bytes; ++i) {
    if (at(i) < 0x80 || at(i) > 0xBF) return 0;
  }
  return bytes;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const size_t bytes = BytesOfCharacter(text);
    const char c = text[0];
    if (bytes == 0) {
      quoted += "\uFFFD";
    } else if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (bytes == 1 && static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", c);
      quoted += escaped;
    } else {
      quoted += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return quoted + "\"";
}

}  // namespace

void JsonText::NewLine() {
  text_ += '\n';
  text_.append(2 * open_.size(), ' ');
}

JsonText& JsonText::Write(std::string_view piece) {
  if (!has_key_ && !open_.empty()) {
    if (!is_first_) text_ += ',';
    NewLine();
  }
  text_ += piece;
  is_first_ = has_key_ = false;
  return *this;
}

JsonText& JsonText::Begin(char bracket) {
  Write({&bracket, 1});
  open_ += bracket;
  is_first_ = true;
  return *this;
}

JsonText& JsonText::End() {
  const char bracket = open_.back();
  open_.pop_back();
  if (!is_first_) NewLine();
  is_first_ = false;
  text_ += bracket == '{' ? '}' : ']';
  return *this;
}

JsonText& JsonText::Key(std::string_view name) {
  Write(Quoted(name) + ": ");
  has_key_ = true;
  return *this;
}

JsonText& JsonText::Value(std::string_view text) { return Write(Quoted(text)); }

JsonText& JsonText::Value(double number) {
  if (!std::isfinite(number)) return Write("null");
  char digits[32];
  for (int precision = 15; precision <= 17; ++precision) {
    std::snprintf(digits, sizeof(digits), "%.*g", precision, number);
    if (std::strtod(digits, nullptr) == number) break;
  }
  return Write(digits);
}
