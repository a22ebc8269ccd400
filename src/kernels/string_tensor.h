// SPDX-License-Identifier: Apache-2.0
// Tensors of strings. Their bytes, all int32 little-endian but the text:
//
//   count | offset[0] … offset[count] | text
//
// offset[i] is where string i starts, counted from the first byte of the
// tensor; offset[count] is the end. Source: tensorflow/lite/string_util.h.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/kernel.h"

namespace liteforge {

// The number of strings; 0 for a tensor without bytes.
int32_t StringCount(const RuntimeTensor& tensor);

// String `i`, 0 <= i < StringCount(). Empty when the tensor's offsets are not
// in order or point outside it.
std::string_view StringAt(const RuntimeTensor& tensor, int32_t i);

// Gives `output` these strings and its present shape. Reports failure through
// `k`. The views may point into inputs, never into `output`.
void SetStrings(KernelContext& k, RuntimeTensor& output,
                const std::vector<std::string_view>& strings) noexcept;

}  // namespace liteforge
