// SPDX-License-Identifier: Apache-2.0
// How convolutions and dense layers use the sparse products of micro/.
#pragma once

#include "kernels/gemm_rows.h"
#include "kernels/micro/sparse_gemm.h"

namespace liteforge {

// Of one tile: windows of more positions are multiplied dense.
inline constexpr int kMostSparseRows = 128;
inline constexpr int kMostSparseRuns = 25;

// Whether so many rows of so many runs fill the tiles.
inline bool SuitsSparse(int64_t rows, int64_t runs) {
  return rows >= SparseTileRows() && SparseTileRows() <= kMostSparseRows &&
         runs <= kMostSparseRuns;
}

// Whether a window operator does, each position of whose window is a run: runs
// of few channels take longer to find than to multiply.
inline bool SuitsSparse(const Window& w) {
  constexpr int kLeastChannels = 16;
  const int positions = w.height * w.width;
  return (positions == 1 || w.in_channels >= kLeastChannels) &&
         SuitsSparse(w.out_rows() * w.out_width, positions);
}

// pointers_of(row, to) writes the row's runs.
template <class PointersOf>
void MultiplySparse(ThreadPool& threads, const SparseColumns& s, int64_t rows,
                    Range<float> range, const PointersOf& pointers_of,
                    float* output) {
  constexpr int64_t kPanel = kMostSparseColumns;
  const int64_t panels = (s.columns + kPanel - 1) / kPanel;
  const int64_t work = static_cast<int64_t>(s.weights.size());
  ForEachTile(threads, rows, SparseTileRows(), panels, /*panel_bytes=*/1 << 20,
              work, [&](int64_t first, int count, int64_t begin, int64_t end) {
                const float* pointers[kMostSparseRows * kMostSparseRuns];
                for (int r = 0; r < count; ++r)
                  pointers_of(first + r, pointers + r * s.runs);
                for (int64_t panel = begin; panel < end; ++panel) {
                  MultiplySparseTile(s, pointers, count, panel * kPanel,
                                     std::min((panel + 1) * kPanel, s.columns),
                                     range.min, range.max,
                                     output + first * s.columns, s.columns);
                }
              });
}

}  // namespace liteforge
