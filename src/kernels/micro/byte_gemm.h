// SPDX-License-Identifier: Apache-2.0
// Products of 8-bit matrices into 32-bit sums, exact, with what the integer
// and the hybrid operators do with the sums.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_vector.h"

namespace liteforge {

// The numbers in which the machine multiplies: unsigned bytes by signed ones,
// four products at once, or 16-bit numbers, two at once.
enum class GemmElement : uint8_t { kByte, kWord };
GemmElement GemmElementOfThisMachine();

// Activations as they are multiplied: kByte, unsigned, as stored for uint8
// and with 128 added for int8; kWord, int16, less the zero point.
void ConvertBytes(const int8_t* from, int64_t count, uint8_t* to);
void ConvertBytes(const uint8_t* from, int64_t count, uint8_t* to);
// to[i] = from[i] + offset.
void WidenBytes(const int8_t* from, int64_t count, int offset, int16_t* to);
void WidenBytes(const uint8_t* from, int64_t count, int offset, int16_t* to);

// So many elements behind the last may be read, whatever they are.
inline constexpr size_t kGemmSlack = 8;

// Weights [columns, runs, run_length], less `weight_zero` (0 for int8), in
// panels of `panel_width` columns: [panel][run][i / group][column][i % group],
// group 4 for bytes and 2 for words; runs are filled up with zeros.
struct BytePanels {
  GemmElement element = GemmElement::kByte;
  int64_t columns = 0;
  int64_t runs = 0;
  int64_t run_length = 0;
  int64_t panel_width = 0;
  AlignedVector<int8_t> bytes;   // kByte: the weights less 128 if unsigned
  AlignedVector<int16_t> words;  // kWord: the weights less weight_zero
  // kByte: the sums of each column's weights as stored, and what is missing to
  // the weights: weight - weight_zero = stored + weight_offset.
  AlignedVector<int32_t> column_sums;
  int32_t weight_offset = 0;

  bool empty() const { return columns == 0; }
  int64_t panels() const { return (columns + panel_width - 1) / panel_width; }
  int64_t groups() const;  // of one run
};

BytePanels PackBytePanels(const int8_t* weights, int64_t columns, int64_t runs,
                          int64_t run_length);
BytePanels PackBytePanels(const uint8_t* weights, int32_t weight_zero,
                          int64_t columns, int64_t runs, int64_t run_length);

// What becomes of the sums. Arrays have a number a column, filled up to whole
// panels; sum is bias[n] + row_term[m] + the products.
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
struct HybridOutput {
  const int32_t* correction;
  const float* scale;  // a column's, times row_scale[m]
  const float* bias;
  float low = 0, high = 0;
};

// The sums themselves, of one row and panels of one run: to[n] = bias[n] + the
// products, for whole panels. 64-byte aligned.
void SumByteRow(const BytePanels& panels, const uint8_t* row,
                const int32_t* bias, int32_t* to);
void SumByteRow(const BytePanels& panels, const int16_t* row,
                const int32_t* bias, int32_t* to);

int ByteTileRows();
int64_t BytePanelWidth();

// For `count` rows and panels [begin, end): rows[m * runs + r] are elements of
// the panels' kind, readable up to whole groups. `row_term` and `row_scale`:
// one a row, row_term may be null.
template <class Element, class Out>
void MultiplyByteTile(const BytePanels& panels, const Element* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      Out* to, int64_t stride);
template <class Element>
void MultiplyByteTile(const BytePanels& panels, const Element* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const float* row_scale,
                      const HybridOutput& output, float* to, int64_t stride);

// The same for any number of rows that lie evenly: run r of row m begins at
// runs[r].first + m * runs[r].step. All rows have one scale.
template <class Element>
struct ByteRun {
  const Element* first;
  int64_t step;
};
template <class Element, class Out>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<Element>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      Out* to, int64_t stride);
template <class Element>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<Element>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      float row_scale, const HybridOutput& output, float* to,
                      int64_t stride);

// sums[m] = all numbers of row m, whose `run_count` runs are `length` long,
// added up: given by pointers rows[m * run_count + r], or evenly.
void AddUpRows(const uint8_t* const* rows, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums);
void AddUpRows(const ByteRun<uint8_t>* runs, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums);

}  // namespace liteforge
