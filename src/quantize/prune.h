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
  ir::Value* bias = nullptr;  // constant, and no other layer's; or none
  int64_t rows = 0;
  int64_t columns = 0;
};

// CONV_2D and FULLY_CONNECTED with constant float32 weights that only they
// read. (Depthwise filters are too small to lose any.)
std::vector<WeightMatrix> PrunableLayers(const ir::Module& module);

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

struct PrunedLayer {
  std::string name;
  int64_t weights = 0;
  int64_t zeros = 0;
  bool refitted = false;
};

using ProductsByNode =
    std::map<const ir::Node*, std::unique_ptr<InputProducts>>;

// The part of each layer's weights that is to go so that `fraction` of all
// goes. kGlobal: where layers have products, what costs the layers' outputs
// least, of the energy of each; else what is least of the layer's root mean
// square.
std::vector<float> FractionsOf(const std::vector<WeightMatrix>& layers,
                               float fraction, PrunePattern pattern,
                               const ProductsByNode& products);

// Makes that part of the weights zero (2:4: half). With `products` (or null)
// those that stay, and the bias, are fitted anew to give what the layer gave
// before.
PrunedLayer PruneLayer(const WeightMatrix& layer, float fraction,
                       PrunePattern pattern, const InputProducts* products);

// At most `count` different weights in each layer, zero staying zero.
// Returns how many layers changed.
int ClusterWeights(const std::vector<WeightMatrix>& layers, int count);

}  // namespace liteforge
