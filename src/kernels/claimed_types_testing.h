// SPDX-License-Identifier: Apache-2.0
// For tests: the words of Kernel::types as element types.
#pragma once

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/kernel.h"

namespace liteforge {

struct TypeWord {
  const char* word;
  DataType type;
};

inline constexpr TypeWord kTypeWords[] = {
    {"f32", DataType::kFloat32},
    {"f16", DataType::kFloat16},
    {"bf16", DataType::kBFloat16},
    {"f64", DataType::kFloat64},
    {"i2", DataType::kInt2},
    {"i2-weights", DataType::kInt2},
    {"i4", DataType::kInt4},
    {"i4-weights", DataType::kInt4},
    {"u4", DataType::kUInt4},
    {"i8", DataType::kInt8},
    {"u8", DataType::kUInt8},
    {"i16", DataType::kInt16},
    {"i16-weights", DataType::kInt16},
    {"i16-state", DataType::kInt16},
    {"u16", DataType::kUInt16},
    {"i32", DataType::kInt32},
    {"u32", DataType::kUInt32},
    {"i64", DataType::kInt64},
    {"u64", DataType::kUInt64},
    {"bool", DataType::kBool},
    {"complex64", DataType::kComplex64},
    {"complex128", DataType::kComplex128},
    {"string", DataType::kString},
    {"resource", DataType::kResource},
    {"hybrid", DataType::kInt8},  // the weights
};

struct ClaimedTypes {
  std::vector<TypeWord> types;
  std::vector<std::string> unknown;  // words that are none, such as "all"
};

inline ClaimedTypes ClaimedTypesOf(const Kernel& kernel) {
  ClaimedTypes claimed;
  std::istringstream words(kernel.types);
  for (std::string word; words >> word;) {
    const auto* known = std::ranges::find(kTypeWords, word, &TypeWord::word);
    if (known == std::end(kTypeWords)) {
      claimed.unknown.push_back(word);
    } else {
      claimed.types.push_back(*known);
    }
  }
  return claimed;
}

}  // namespace liteforge
