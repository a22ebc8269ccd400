// SPDX-License-Identifier: Apache-2.0
// A label map is a protocol buffer of the Object Detection API in text form:
//
//   item { name: "/m/01g317" id: 1 display_name: 'person' }
//
// Fields that items do not have are refused; of those they have, only id, name
// and display_name are read. Sources:
// object_detection/protos/string_int_label_map.proto; the text format's
// specification, protobuf.dev.
#include "detection/labels.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <sstream>

#include "base/mapped_file.h"
#include "base/try.h"
#include "liteforge/detection.h"

namespace liteforge {
namespace {

constexpr int kMostLabels = 1 << 20;
constexpr const char* kUnnamed = "???";

std::optional<int> ToNumber(std::string_view text) {
  int number = 0;
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

Result<void> Put(int at, std::string label, std::vector<std::string>& labels) {
  if (at < 0 || at >= kMostLabels)
    return InvalidModel("has a label with the number " + std::to_string(at));
  if (labels.size() <= static_cast<size_t>(at))
    labels.resize(static_cast<size_t>(at) + 1, kUnnamed);
  labels[static_cast<size_t>(at)] = std::move(label);
  return {};
}

// "7 name" or "7: name".
struct NumberedLine {
  int number = 0;
  std::string label;
};
std::optional<NumberedLine> Numbered(std::string_view line) {
  const size_t digits = line.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
  const auto number = ToNumber(line.substr(0, digits));
  const size_t label = line.find_first_not_of(" \t:", digits);
  if (!number || label == digits || label == std::string_view::npos)
    return std::nullopt;
  return NumberedLine{*number, std::string(line.substr(label))};
}

//------------------------------------------------------------------ label maps

struct Item {
  int id = 0;
  std::string name, display_name;
};

constexpr std::string_view kFields[] = {
    "id",           "name",           "display_name", "keypoints",
    "ancestor_ids", "descendant_ids", "frequency",    "instance_count"};

class LabelMapReader {
 public:
  explicit LabelMapReader(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> Read() {
    std::vector<std::string> labels;
    for (Skip(); at_ < text_.size(); Skip()) {
      if (Word() != "item") return Wrong("item { … }");
      Accept(':');
      if (!Accept('{')) return Wrong("{");
      Item item;
      TRY(ReadItem(item));
      if (item.id == 0) continue;  // the background, where it is listed
      if (item.id < 0 || item.id > kMostLabels)
        return InvalidModel("has an item with the id " +
                            std::to_string(item.id));
      TRY(Put(item.id - 1,
              item.display_name.empty() ? item.name : item.display_name,
              labels));
    }
    return labels;
  }

 private:
  tl::unexpected<Error> Wrong(const char* wanted) const {
    const auto line = std::count(
        text_.begin(), text_.begin() + static_cast<ptrdiff_t>(at_), '\n');
    return InvalidModel("line " + std::to_string(line + 1) + ": '" + wanted +
                        "' was expected; give a label map: item { id: 1 name: "
                        "'person' } …");
  }

  // Blanks, comments, and the separators that fields may have.
  void Skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (std::isspace(static_cast<unsigned char>(c)) || c == ',' ||
               c == ';')
        ++at_;
      else
        return;
    }
  }
  bool Accept(char c) {
    Skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view Word() {
    Skip();
    const size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
            std::string_view("_-+.").find(text_[at_]) != text_.npos))
      ++at_;
    return text_.substr(start, at_ - start);
  }
  Result<std::string> Value() {
    Skip();
    const char quote = at_ < text_.size() ? text_[at_] : 0;
    if (quote != '"' && quote != '\'') return std::string(Word());
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    if (at_ >= text_.size()) return Wrong("a closing quote");
    ++at_;
    return value;
  }
  // The rest of a nested message whose brace was opened.
  Result<void> PassOver() {
    for (int depth = 1; depth > 0;) {
      if (Accept('{')) {
        ++depth;
      } else if (Accept('}')) {
        --depth;
      } else if (!Accept(':')) {
        const size_t before = at_;
        TRY(Value());
        if (at_ == before) return Wrong("}");
      }
    }
    return {};
  }
  Result<void> ReadItem(Item& item) {
    while (!Accept('}')) {
      const std::string_view field = Word();
      if (std::ranges::find(kFields, field) == std::end(kFields))
        return Wrong("id, name or display_name");
      Accept(':');
      if (Accept('{')) {
        TRY(PassOver());
        continue;
      }
      TRY_ASSIGN(std::string value, Value());
      if (field == "name")
        item.name = std::move(value);
      else if (field == "display_name")
        item.display_name = std::move(value);
      else if (field == "id") {
        const auto id = ToNumber(value);
        if (!id) return Wrong("a number");
        item.id = *id;
      }
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<std::string>> ParseLabelMap(std::string_view text) {
  return LabelMapReader(text).Read();
}

Result<std::vector<std::string>> ParseLabelLines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  std::vector<std::string> labels;
  for (const std::string& line : lines) {
    auto numbered = Numbered(line);
    if (!numbered) return lines;
    TRY(Put(numbered->number, std::move(numbered->label), labels));
  }
  return labels;
}

Result<std::vector<std::string>> ReadLabels(const std::filesystem::path& path) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  const std::string_view text(reinterpret_cast<const char*>(file.data()),
                              file.size());
  auto labels = path.extension() == ".pbtxt" ? ParseLabelMap(text)
                                             : ParseLabelLines(text);
  TRY_IN(path.string(), labels);
  if (labels->empty())
    return tl::unexpected(Error{ErrorCode::kInvalidModel,
                                "holds no labels; give one a line, or a label "
                                "map (.pbtxt)",
                                path.string()});
  return labels;
}

}  // namespace liteforge
