// SPDX-License-Identifier: Apache-2.0
// Products of 8-bit matrices into 32-bit sums, exact, with what the integer
// and the hybrid operators do with the sums.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/micro/byte_panels.h"

namespace liteforge {

// So many elements behind the last may be read, whatever they are.
inline constexpr size_t kGemmSlack = 8;

// What becomes of the sums. Arrays have a number a column, filled up to whole
// panels; sum is bias[n] + the row's term + the products.
struct IntegerOutput {
  const int32_t* bias;        // with all corrections that depend on n
  const int32_t* multiplier;  // result = sum * multiplier * 2^(shift - 31)
  const int32_t* left_shift;
  const int32_t* right_shift;
  bool ties_up = false;  // of the right shift; else away from zero
  // Ties go up, no left_shift is above 0 and every right_shift is.
  bool rounds_once = false;
  int32_t offset = 0;
  int32_t low = 0, high = 0;  // after the offset
};
// (correction[n] + the products) * row_scale * scale[n] + bias[n], clamped.
struct HybridOutput {
  const int32_t* correction;
  const float* scale;
  const float* bias;
  float row_scale;
  float low = 0, high = 0;
};

// The sums themselves, of one row and panels of one run: to[n] = bias[n] + the
// products, for whole panels. 64-byte aligned.
void SumByteRow(const BytePanels& panels, const uint8_t* row,
                const int32_t* bias, int32_t* to);
void SumByteRow(const BytePanels& panels, const int16_t* row,
                const int32_t* bias, int32_t* to);

// The most rows that are computed at once.
int ByteTileRows();

// The rows of a product: elements of the panels' kind, readable up to whole
// groups. Those that lie evenly, by runs, are multiplied faster.
template <class Element>
struct ByteRun {
  const Element* first;
  int64_t step;
};
template <class Element>
struct ByteRows {
  int64_t count;
  // Run r of row m begins at pointers[m * runs + r], or, where that is null, at
  // runs[r].first + m * runs[r].step.
  const Element* const* pointers = nullptr;
  const ByteRun<Element>* runs = nullptr;
  const int32_t* terms = nullptr;  // one a row, or null: none
};

// to[m * stride + n], for all rows and the columns of panels [begin, end).
// Element: uint8_t or int16_t, as the panels' element. Out: int8_t or uint8_t.
template <class Element, class Out>
void MultiplyBytes(const BytePanels& panels, const ByteRows<Element>& rows,
                   int64_t begin, int64_t end, const IntegerOutput& output,
                   Out* to, int64_t stride);
template <class Element>
void MultiplyBytes(const BytePanels& panels, const ByteRows<Element>& rows,
                   int64_t begin, int64_t end, const HybridOutput& output,
                   float* to, int64_t stride);

}  // namespace liteforge
