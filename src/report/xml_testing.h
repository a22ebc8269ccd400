// SPDX-License-Identifier: Apache-2.0
// For tests: whether a page is well-formed XML, and what it says.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace liteforge {

// Reads elements, attributes and text as XML 1.0 has them, as far as pages use
// them: no comments, no CDATA, the five predefined entities.
class XmlReader {
 public:
  explicit XmlReader(std::string_view text) : rest_(text) {
    if (rest_.starts_with("<!DOCTYPE html>")) rest_.remove_prefix(15);
    while (problem_.empty() && !rest_.empty()) rest_[0] == '<' ? Tag() : Text();
    if (problem_.empty() && !open_.empty())
      problem_ = "<" + open_.back() + "> is not closed";
    if (problem_.empty() && roots_ != 1) problem_ = "there is no one root";
  }

  // What is wrong, or "".
  const std::string& problem() const { return problem_; }
  // All text outside of <style>, a line break for each end of an element.
  const std::string& text() const { return text_; }
  // Names of the elements, in order.
  const std::vector<std::string>& elements() const { return elements_; }
  // Values of all attributes that could name something outside.
  const std::vector<std::string>& links() const { return links_; }

 private:
  void Fail(const std::string& what) {
    if (problem_.empty())
      problem_ = what + " before: " + std::string(rest_.substr(0, 60));
  }

  bool Skip(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }

  void SkipBlanks() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])))
      rest_.remove_prefix(1);
  }

  std::string Word() {
    size_t n = 0;
    while (n < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[n])) ||
            rest_[n] == '-' || rest_[n] == ':'))
      ++n;
    std::string word(rest_.substr(0, n));
    rest_.remove_prefix(n);
    if (word.empty()) Fail("a name is missing");
    return word;
  }

  void Tag() {
    if (Skip("</")) {
      const std::string name = Word();
      if (!Skip(">")) return Fail("an end tag does not end");
      if (open_.empty() || open_.back() != name)
        return Fail("</" + name + "> closes nothing");
      open_.pop_back();
      text_ += '\n';
      return;
    }
    Skip("<");
    const std::string name = Word();
    elements_.push_back(name);
    roots_ += open_.empty();
    while (problem_.empty()) {
      SkipBlanks();
      if (Skip("/>")) return;
      if (Skip(">")) {
        open_.push_back(name);
        return;
      }
      Attribute();
    }
  }

  void Attribute() {
    const std::string name = Word();
    if (!Skip("=\"")) return Fail("attribute " + name + " has no value");
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos) return Fail("a value does not end");
    const std::string value = Unescaped(rest_.substr(0, end));
    if (name == "href" || name == "src" || name == "data" ||
        name == "xlink:href")
      links_.push_back(value);
    rest_.remove_prefix(end + 1);
  }

  void Text() {
    const size_t end = std::min(rest_.find('<'), rest_.size());
    const std::string text = Unescaped(rest_.substr(0, end));
    if (!open_.empty() && open_.back() != "style") text_ += text;
    rest_.remove_prefix(end);
  }

  std::string Unescaped(std::string_view text) {
    static constexpr std::pair<std::string_view, char> kEntities[] = {
        {"&amp;", '&'},
        {"&lt;", '<'},
        {"&gt;", '>'},
        {"&quot;", '"'},
        {"&apos;", '\''}};
    std::string plain;
    while (!text.empty()) {
      if (text[0] == '<') Fail("a < stands in text");
      if (text[0] != '&') {
        plain += text[0];
        text.remove_prefix(1);
        continue;
      }
      bool known = false;
      for (const auto& [entity, character] : kEntities) {
        if (!text.starts_with(entity)) continue;
        plain += character;
        text.remove_prefix(entity.size());
        known = true;
        break;
      }
      if (!known) {
        Fail("an & that begins no entity");
        return plain;
      }
    }
    return plain;
  }

  std::string_view rest_;
  std::string problem_, text_;
  std::vector<std::string> open_, elements_, links_;
  int roots_ = 0;
};

}  // namespace liteforge
