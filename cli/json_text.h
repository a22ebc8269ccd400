// SPDX-License-Identifier: Apache-2.0
// JSON written piece by piece, indented by two blanks a level.
//
//   JsonText json;
//   json.BeginObject().Key("rows").BeginArray().Value(1).End().End();
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

class JsonText {
 public:
  JsonText& BeginObject() { return Begin('{'); }
  JsonText& BeginArray() { return Begin('['); }
  JsonText& End();  // of the innermost one
  // Bytes that are no UTF-8 become U+FFFD.
  JsonText& Key(std::string_view name);
  JsonText& Value(std::string_view text);
  JsonText& Value(const char* text) { return Value(std::string_view(text)); }
  // The shortest digits that read back as the same number; null for what JSON
  // has no number for.
  JsonText& Value(double number);
  template <std::integral T>
  JsonText& Value(T number) {
    return Write(std::to_string(number));
  }

  const std::string& text() const { return text_; }

 private:
  JsonText& Begin(char bracket);
  JsonText& Write(std::string_view piece);  // after what separates it
  void NewLine();

  std::string text_;
  std::string open_;      // brackets
  bool is_first_ = true;  // in the innermost bracket
  bool has_key_ = false;  // its value comes next
};
