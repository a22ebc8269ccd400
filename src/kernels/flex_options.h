// SPDX-License-Identifier: Apache-2.0
// Options of custom operators: a FlexBuffer map of names to numbers, texts and
// lists. Read from untrusted bytes: nothing is touched before it is verified.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "liteforge/result.h"

namespace flexbuffers {
class Reference;
}

namespace liteforge {

class FlexOptions {
 public:
  // Copies the bytes. Errors: they are no FlexBuffer map.
  static Result<FlexOptions> Read(std::span<const uint8_t> bytes);

  // Each errors when the option is of another kind or out of the type's range,
  // and when it is missing and `otherwise` is not given. Numbers of one kind
  // are read as the other, as TensorFlow Lite reads them.
  Result<int32_t> Int(const char* name,
                      std::optional<int32_t> otherwise = {}) const;
  Result<float> Float(const char* name,
                      std::optional<float> otherwise = {}) const;
  Result<bool> Bool(const char* name, std::optional<bool> otherwise = {}) const;
  Result<std::string> Text(const char* name) const;
  Result<std::vector<int32_t>> Ints(const char* name) const;

 private:
  flexbuffers::Reference Find(const char* name) const;

  // The buffer and one zero behind it.
  std::vector<uint8_t> bytes_;
};

}  // namespace liteforge
