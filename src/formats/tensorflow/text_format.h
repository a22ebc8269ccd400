// SPDX-License-Identifier: Apache-2.0
// Protocol buffers as text.
#pragma once

#include <google/protobuf/message.h>

#include <string_view>

#include "base/blob.h"
#include "liteforge/result.h"

namespace liteforge {

// Depth of messages within messages; real ones need about ten.
constexpr int kMaxMessageDepth = 100;

enum class UnknownFields {
  kSkip,    // the message leaves out parts of its format
  kRefuse,  // a field that is not there is a mistake
};

// Adds what `text` says to `message`. kInvalidModel: "is not valid text: line
// 3, column 5: …".
Result<void> ParseText(std::string_view text, UnknownFields unknown,
                       google::protobuf::Message& message);

// A file's bytes as text.
inline std::string_view TextOf(const Blob& file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

}  // namespace liteforge
