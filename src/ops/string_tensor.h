// SPDX-License-Identifier: Apache-2.0
// The bytes of a string tensor, as TFLite stores them:
//
//   int32 n                    how many strings
//   int32 offset[n + 1]        where each starts, and where the last one ends,
//                              from the start of the tensor's bytes
//   char  text[]               one behind the other, without terminators
//
// Source: TensorFlow Lite, string_util.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "liteforge/result.h"

namespace liteforge {

// Whether the bytes hold exactly `elements` strings and every offset lies in
// them. Errors: kInvalidModel, saying what is wrong.
Result<void> CheckStringTensor(std::span<const std::byte> bytes,
                               int64_t elements);

// How many bytes `elements` empty strings take: the header alone.
size_t EmptyStringsBytes(int64_t elements);

// Writes them to `to`, of EmptyStringsBytes(elements) bytes.
void WriteEmptyStrings(int64_t elements, std::byte* to);

// Errors: kUnsupported for more than 2^31 bytes.
Result<std::vector<std::byte>> PackStrings(std::span<const std::string> values);

// `bytes` hold a sound string tensor, or nothing.
std::vector<std::string> UnpackStrings(std::span<const std::byte> bytes);

}  // namespace liteforge
