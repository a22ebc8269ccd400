// SPDX-License-Identifier: Apache-2.0
// Python's json.dumps() differs from RFC 8259 in one thing: floats that are
// not finite are written as the bare words NaN, Infinity and -Infinity (json
// module, "allow_nan"). One pass over the text quotes these and measures its
// depth, so that nlohmann's parser sees only what it can take.
#include <exception>
#include <optional>
#include <string>

#include "base/try.h"
#include "formats/keras/keras_file.h"

namespace liteforge {
namespace {

// Python's own parser gives up at about 1,000 levels; a model inside a model
// costs 5.
constexpr int kMaxDepth = 500;

// "-Infinity" first: "Infinity" is its tail.
constexpr std::string_view kBareWords[] = {"-Infinity", "Infinity", "NaN"};

// The bare word that `rest` begins with; "" when it begins with none.
std::string_view BareWord(std::string_view rest) {
  for (const std::string_view word : kBareWords) {
    if (rest.starts_with(word)) return word;
  }
  return {};
}

// The length of the string literal at the start of `rest`, quotes included.
size_t LiteralLength(std::string_view rest) {
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      return i + 1;
    }
  }
  return rest.size();
}

// Quotes the bare words; nothing when the nesting is too deep.
std::optional<std::string> QuoteBareWords(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size());
  int depth = 0;
  while (!text.empty()) {
    const char c = text.front();
    const std::string_view word = BareWord(text);
    const size_t length =
        c == '"' ? LiteralLength(text) : std::max<size_t>(word.size(), 1);
    if (!word.empty()) quoted += '"';
    quoted += text.substr(0, length);
    if (!word.empty()) quoted += '"';
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kMaxDepth) return std::nullopt;
    text.remove_prefix(length);
  }
  return quoted;
}

// "[json.exception.parse_error.101] parse error at line 1, …" without the
// name in brackets and cut to a readable length.
std::string Complaint(std::string_view what) {
  constexpr size_t kLongest = 200;
  const size_t bracket = what.find("] ");
  if (what.starts_with('[') && bracket != std::string_view::npos) {
    what.remove_prefix(bracket + 2);
  }
  std::string complaint(what.substr(0, kLongest));
  if (what.size() > kLongest) complaint += "…";
  return complaint;
}

}  // namespace

Result<nlohmann::json> ParsePythonJson(std::string_view text) {
  const auto quoted = QuoteBareWords(text);
  if (!quoted) {
    return InvalidModel("the JSON is nested deeper than " +
                        std::to_string(kMaxDepth));
  }
  try {
    return nlohmann::json::parse(*quoted);
  } catch (const std::exception& error) {
    return InvalidModel("the JSON is damaged: " + Complaint(error.what()));
  }
}

}  // namespace liteforge
