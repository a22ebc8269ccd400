// SPDX-License-Identifier: Apache-2.0
// What is known of a layer's inputs when its weights are fitted anew.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace liteforge {

// A layer's weights as a matrix: a row for each output, a column for each
// input, [outputs, K]; CONV_2D's K counts [height, width, channels].
struct WeightMatrix {
  ir::Graph* graph = nullptr;
  ir::Node* node = nullptr;
  ir::Value* weights = nullptr;
  ir::Value* bias = nullptr;  // constant, and no other layer's; or none
  int64_t rows = 0;
  int64_t columns = 0;
  // Layers of the same weights and bias, in another signature's graph say: they
  // are to stay the same.
  std::vector<WeightMatrix> twins;

  // Of the twins, too.
  void SetWeights(const Blob& data) const;
  void SetBias(const Blob& data) const;  // nothing where there is none
};

// What a layer reads, x now and e before anything was pruned, as sums of
// products over all rows: of (x, 1) by (x, 1) and by (e, 1), [K + 1, K + 1]
// each. They say which weights can stand in for others, and what the layer
// would have given.
class InputProducts {
 public:
  explicit InputProducts(const WeightMatrix& layer);

  // Adds the values of the layer's input tensor, [N, H, W, C] or [..., K].
  void Add(const Shape& shape, std::span<const float> now,
           std::span<const float> before);
  int64_t rows() const { return rows_; }
  size_t bytes() const { return 2 * of_now_.size() * sizeof(double); }
  std::span<const double> of_now() const { return of_now_; }
  std::span<const double> with_before() const { return with_before_; }

  // Layers of more columns take too long; weights are then only dropped.
  static constexpr int64_t kMostColumns = 2048;

 private:
  void AddRow(std::span<const float> now, std::span<const float> before);
  void AddPatches(const Shape& shape, std::span<const float> now,
                  std::span<const float> before);

  WeightMatrix layer_;
  int64_t rows_ = 0;
  std::vector<double> of_now_, with_before_;
};

using ProductsByNode =
    std::map<const ir::Node*, std::unique_ptr<InputProducts>>;

}  // namespace liteforge
