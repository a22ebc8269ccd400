// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/text_format.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <climits>
#include <string>

#include "base/try.h"

namespace liteforge {
namespace {

namespace pb = google::protobuf;

// Our package is nothing that a user knows.
std::string WithoutPackage(std::string text) {
  for (const std::string_view package :
       {"liteforge.tf.detection.", "liteforge.tf."}) {
    for (size_t at; (at = text.find(package)) != std::string::npos;)
      text.erase(at, package.size());
  }
  return text;
}

// Keeps the first complaint of the text parser.
class FirstError : public pb::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = fmt::format("line {}, column {}: {}", line + 1, column + 1,
                        WithoutPackage(message));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Result<void> ParseText(std::string_view text, UnknownFields unknown,
                       pb::Message& message) {
  if (text.size() > INT_MAX)
    return InvalidModel("is larger than 2 GB, which no such text is");
  pb::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(kMaxMessageDepth);
  parser.AllowUnknownField(unknown == UnknownFields::kSkip);
  parser.AllowUnknownExtension(unknown == UnknownFields::kSkip);
  if (!parser.Merge(&input, &message))
    return InvalidModel("is not valid text: " + error.text());
  return {};
}

}  // namespace liteforge
