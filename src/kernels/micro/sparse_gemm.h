// SPDX-License-Identifier: Apache-2.0
// Products of float32 matrices whose weights are partly zero.
//
//   many rows   SparseColumns: any zeros. The rows are transposed, so that one
//               weight meets a vector of rows, and a zero costs nothing.
//   one row     SparseBlocks: blocks of 4 neighbours that are zero together;
//               SparsePairs: two of any four neighbours are zero (2:4).
//
// What a zero weight would be multiplied with is not looked at, be it infinite
// or no number.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/aligned_vector.h"

namespace liteforge {

// Weights [columns, runs * run_length] without zeros: of each stretch of
// kSparseStretch inputs, of each column, what is not zero.
struct SparseColumns {
  int64_t columns = 0;
  int64_t runs = 0;
  int64_t run_length = 0;
  std::vector<float> weights;
  std::vector<int32_t> places;  // of the input, in its stretch
  std::vector<int64_t> begins;  // [stretches * columns + 1]
  std::vector<float> bias;      // [columns]

  bool empty() const { return begins.empty(); }
  int64_t depth() const { return runs * run_length; }
};

// Inputs whose transposed rows lie in the first cache together.
int SparseStretch();
// Rows that are computed together; fewer take as long.
int SparseTileRows();
// Columns of one call at the most.
inline constexpr int64_t kMostSparseColumns = 256;

// Whether so many rows are multiplied faster by what is not zero of the weights
// [columns, depth].
bool SparseColumnsPay(const float* weights, int64_t columns, int64_t depth,
                      int64_t rows);

// `bias` may be null.
SparseColumns PackSparseColumns(const float* weights, const float* bias,
                                int64_t columns, int64_t runs,
                                int64_t run_length);

// As MultiplyFloatTile, for `count` rows and the columns [begin, end).
void MultiplySparseTile(const SparseColumns& columns, const float* const* rows,
                        int count, int64_t begin, int64_t end, float low,
                        float high, float* output, int64_t stride);

// One row, in either form.
struct SparseVectors {
  int64_t columns = 0;
  int64_t depth = 0;
  AlignedVector<float> bias;  // to whole panels
  // Blocks: [column][block][4] and where they lie, in blocks.
  AlignedVector<float> block_weights;
  std::vector<int32_t> block_places;
  std::vector<int64_t> block_begins;  // [columns + 1], even numbers of blocks
  // Pairs: panels of PairPanelWidth() columns, of every 4 inputs the two
  // weights of each column; and their places, 2 bits each, of 8 times 4 inputs.
  AlignedVector<float> pair_weights;
  AlignedVector<uint32_t> pair_places;
  int64_t panel_width = 1;

  bool empty() const { return block_begins.empty() && pair_weights.empty(); }
  // Units of work for MultiplySparseVector.
  int64_t panels() const { return (columns + panel_width - 1) / panel_width; }
};

// Empty where the weights [columns, depth] have neither form, where it does
// not pay, and where this machine has no instructions for it.
SparseVectors PackSparseVectors(const float* weights, const float* bias,
                                int64_t columns, int64_t depth);

// output[n] = clamp(bias[n] + sum over i of row[i] * weights[n, i]) of panels
// [begin, end).
void MultiplySparseVector(const SparseVectors& vectors, const float* row,
                          int64_t begin, int64_t end, float low, float high,
                          float* output);

}  // namespace liteforge
