// SPDX-License-Identifier: Apache-2.0
// Setting weights to zero, and letting the others make up for them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

enum class PrunePattern : uint8_t {
  kGlobal,     // the least weights of all layers together
  kLayer,      // the least of each layer
  kTwoOfFour,  // two of any four neighbours along the input
  kBlock,  // runs of four neighbours along the input, the least of each layer
};

// "", "layer", "2:4", "block". Errors: kInvalidArgument listing them.
Result<PrunePattern> PrunePatternFromName(std::string_view name);

// A layer's weights as a matrix: a row for each output, a column for each
// input, [outputs, K]; CONV_2D's K counts [height, width, channels].
struct WeightMatrix {
  ir::Graph* graph = nullptr;
  ir::Node* node = nullptr;
  ir::Value* weights = nullptr;
  int64_t rows = 0;
  int64_t columns = 0;
};

// CONV_2D and FULLY_CONNECTED with constant float32 weights that only they
// read. (Depthwise filters are too small to lose any.)
std::vector<WeightMatrix> PrunableLayers(const ir::Module& module);

// X^T X of what a layer reads, [K, K]: which inputs go together, so that one
// weight can stand in for another.
class InputProducts {
 public:
  explicit InputProducts(const WeightMatrix& layer);

  // Adds the values of the layer's input tensor, [N, H, W, C] or [..., K].
  void Add(const Shape& shape, std::span<const float> values);
  int64_t rows() const { return rows_; }
  std::span<const double> products() const { return products_; }

  // Layers of more columns take too long; weights are then only dropped.
  static constexpr int64_t kMostColumns = 2048;

 private:
  void AddRow(std::span<const float> row);
  void AddPatches(const Shape& shape, std::span<const float> values);

  WeightMatrix layer_;
  int64_t rows_ = 0;
  std::vector<double> products_;
};

struct PrunedLayer {
  std::string name;
  int64_t weights = 0;
  int64_t zeros = 0;
  bool refitted = false;
};

// `fraction` of the weights becomes zero (2:4: half, whatever it says). Layers
// with products are fitted anew to give the same outputs on those inputs.
std::vector<PrunedLayer> Prune(
    const std::vector<WeightMatrix>& layers, float fraction,
    PrunePattern pattern,
    const std::map<const ir::Node*, std::unique_ptr<InputProducts>>& products);

// At most `count` different weights in each layer, zero staying zero.
// Returns how many layers changed.
int ClusterWeights(const std::vector<WeightMatrix>& layers, int count);

}  // namespace liteforge
