// SPDX-License-Identifier: Apache-2.0
// Where the windows lie that XlaGather reads and XlaScatter writes.
#pragma once

#include <algorithm>
#include <vector>

#include "lower/xla.h"

namespace liteforge {

// Windows of one size within an array: one for each element of a batch, begun
// where a vector of indices says. `window` has the window's extent along every
// dimension of the array.
struct XlaWindows {
  Value* array = nullptr;
  Value* starts = nullptr;       // int32 [batch.., indexed.size()]
  std::vector<int32_t> indexed;  // the array's dimension of each index
  std::vector<int32_t> window;

  int batch_rank() const { return starts->shape.rank() - 1; }
  bool IsIndexed(int32_t axis) const;
};

// `indices` with the vectors along `vector_axis` (beyond the last: single
// indices) in the shape of XlaWindows::starts. The batch's dimensions
// `batching` of the indices count the array's dimensions of `batched`, each in
// its turn.
Result<XlaWindows> ReadXlaWindows(Formula& f, Value* array, Value* indices,
                                  int64_t vector_axis,
                                  std::vector<int32_t> indexed,
                                  const std::vector<int32_t>& batched,
                                  const std::vector<int32_t>& batching,
                                  std::vector<int32_t> window);

// The greatest start of each index at which the window fits, int32
// [indexed.size()]; and starts brought to where it does.
Value* LastStarts(Formula& f, const XlaWindows& w);
Value* ClampedStarts(Formula& f, const XlaWindows& w);

// The places of all elements of the windows along the indexed dimensions:
// [batch.., extent of each of `expanded` in turn, indexed.size()]. The windows'
// extent along other indexed dimensions is 1.
Value* PlacesOf(Formula& f, const XlaWindows& w, Value* starts,
                const std::vector<int32_t>& expanded);

inline bool HasAxis(const std::vector<int32_t>& axes, int32_t axis) {
  return std::ranges::find(axes, axis) != axes.end();
}

// The array's dimensions: the indexed ones in front, then `rest`.
std::vector<int32_t> IndexedFirst(const XlaWindows& w,
                                  const std::vector<int32_t>& rest);

}  // namespace liteforge
