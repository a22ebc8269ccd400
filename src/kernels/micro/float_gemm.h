// SPDX-License-Identifier: Apache-2.0
// Products of float32 matrices, with bias and clamp: what convolutions and
// dense layers come down to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_vector.h"
#include "base/array_cache.h"
#include "base/blob.h"

namespace liteforge {

// Weights [columns, runs, run_length] laid out for the vectors of this
// machine: panels of PanelWidth() columns, [panel][run][i][column], the last
// one filled up with zeros. Beside them the biases.
struct FloatPanels {
  int64_t columns = 0;
  int64_t runs = 0;
  int64_t run_length = 0;
  int64_t panel_width = 0;
  const float* weights = nullptr;
  Blob stored;  // keeps them
  AlignedVector<float> bias;

  bool empty() const { return weights == nullptr; }
  int64_t panels() const { return (columns + panel_width - 1) / panel_width; }
  int64_t depth() const { return runs * run_length; }
  size_t numbers() const {  // with those that fill up
    return static_cast<size_t>(panels() * depth() * panel_width);
  }
};

// `bias` may be null.
FloatPanels PackFloatPanels(ArrayCache& arrays, const float* weights,
                            const float* bias, int64_t columns, int64_t runs,
                            int64_t run_length);

// The same without weights and with biases of 0, and filling in weights [n, k],
// from weights[n * column_step + k * depth_step]; `to` has room for numbers().
FloatPanels ShapeFloatPanels(int64_t columns, int64_t runs, int64_t run_length);
void FillFloatPanels(const float* weights, int64_t column_step,
                     int64_t depth_step, const FloatPanels& panels, float* to);

// The most rows that one call computes.
int FloatTileRows();

// output[m * stride + n] = clamp(bias[n] + sum over r, i of
//     rows[m * runs + r][i] * weights[n, r, i])
// for `count` rows and the columns of panels [begin, end). The products of one
// sum are added in the order of r, i, fused where the machine can; one row
// alone is summed in up to four parts, a panel's last few columns in two.
void MultiplyFloatTile(const FloatPanels& panels, const float* const* rows,
                       int count, int64_t begin, int64_t end, float low,
                       float high, float* output, int64_t stride);

// The same for any number of rows that lie evenly: run r of row m begins at
// runs[r].first + m * runs[r].step.
struct FloatRun {
  const float* first;
  int64_t step;
};
void MultiplyFloatSpan(const FloatPanels& panels, const FloatRun* runs,
                       int64_t count, int64_t begin, int64_t end, float low,
                       float high, float* output, int64_t stride);

}  // namespace liteforge
