// SPDX-License-Identifier: Apache-2.0
// Weights of 8 bits laid out for the products of micro/byte_gemm.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/array_cache.h"
#include "base/blob.h"

namespace liteforge {

// The numbers in which the machine multiplies: unsigned bytes by signed ones,
// four products at once, or 16-bit numbers, two at once.
enum class GemmElement : uint8_t { kByte, kWord };
GemmElement GemmElementOfThisMachine();

// Columns of a panel.
int64_t BytePanelWidth();

// Weights [columns, runs, run_length], less `weight_zero` (0 for int8), in
// panels of `panel_width` columns: [panel][run][i / group][column][i % group],
// group 4 for bytes and 2 for words; runs are filled up with zeros.
struct BytePanels {
  GemmElement element = GemmElement::kByte;
  int64_t columns = 0;
  int64_t runs = 0;
  int64_t run_length = 0;
  int64_t panel_width = 0;
  // kByte: int8, less 128 if unsigned; kWord: int16, less weight_zero. Behind
  // them the sums of each column's weights as stored, filled up to whole
  // panels.
  const std::byte* weights = nullptr;
  Blob stored;  // keeps them
  // kByte: what is missing to the weights:
  // weight - weight_zero = stored + weight_offset.
  int32_t weight_offset = 0;

  bool empty() const { return columns == 0; }
  int64_t panels() const { return (columns + panel_width - 1) / panel_width; }
  int64_t groups() const;  // of one run
  size_t weight_bytes() const {
    return static_cast<size_t>(panels() * runs * groups() * panel_width * 4);
  }
  size_t padded_columns() const {
    return static_cast<size_t>(panels() * panel_width);
  }
  const int32_t* column_sums() const {
    return reinterpret_cast<const int32_t*>(weights + weight_bytes());
  }
};

BytePanels PackBytePanels(ArrayCache& arrays, const int8_t* weights,
                          int64_t columns, int64_t runs, int64_t run_length);
BytePanels PackBytePanels(ArrayCache& arrays, const uint8_t* weights,
                          int32_t weight_zero, int64_t columns, int64_t runs,
                          int64_t run_length);

}  // namespace liteforge
