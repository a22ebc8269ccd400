// SPDX-License-Identifier: Apache-2.0
// Layers with several inputs: Add, Subtract, Multiply, Average, Maximum,
// Minimum, Concatenate, and Keras 1's Merge, which is all of them by "mode".
// Elementwise ones broadcast; inputs of fewer dimensions get new ones behind
// the batch (tf_keras/layers/merging/base_merge.py).
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

Result<void> CheckCount(const LayerContext& c) {
  if (!c.inputs.empty()) return {};
  return InvalidModel("it merges inputs, the model gives it none");
}

// Of one type: float32 when the types differ.
std::vector<Tensor> OneType(std::span<const Tensor> inputs) {
  std::vector<Tensor> values(inputs.begin(), inputs.end());
  const bool same = std::all_of(
      values.begin(), values.end(),
      [&](const Tensor& value) { return value.type() == values[0].type(); });
  for (Tensor& value : values) {
    if (!same) value = Cast(value, DataType::kFloat32);
  }
  return values;
}

std::vector<Tensor> OneRank(std::vector<Tensor> values) {
  int rank = 0;
  for (const Tensor& value : values) rank = std::max(rank, value.rank());
  for (Tensor& value : values) {
    while (!value.empty() && value.rank() > 0 && value.rank() < rank) {
      value = ExpandDims(value, 1);
    }
  }
  return values;
}

template <Tensor (*kOp)(Tensor, Tensor)>
Result<Tensor> Combined(const LayerContext& c) {
  TRY(CheckCount(c));
  const std::vector<Tensor> values = OneRank(OneType(c.inputs));
  Tensor y = values[0];
  for (size_t i = 1; i < values.size(); ++i) y = kOp(y, values[i]);
  return y;
}

template <Tensor (*kOp)(Tensor, Tensor)>
LayerOutputs BuildCombined(LayerContext& c) {
  TRY_ASSIGN(Tensor y, Combined<kOp>(c));
  return One(y);
}

LayerOutputs BuildSubtract(LayerContext& c) {
  if (c.inputs.size() == 2) return BuildCombined<Sub>(c);
  return InvalidModel("it subtracts two inputs, the model gives it " +
                      std::to_string(c.inputs.size()));
}

LayerOutputs BuildAverage(LayerContext& c) {
  TRY_ASSIGN(Tensor sum, Combined<Add>(c));
  sum = Cast(sum, DataType::kFloat32);
  const auto count = static_cast<double>(c.inputs.size());
  return One(Div(sum, c.Scalar(count)));
}

LayerOutputs BuildConcat(LayerContext& c, std::string_view key) {
  TRY(CheckCount(c));
  TRY_ASSIGN(int32_t axis, c.config.Int(key, -1));
  TRY_ASSIGN(axis, WrapAxis(axis, c.inputs[0].rank(), key));
  const std::vector<Tensor> values = OneType(c.inputs);
  if (values.size() == 1) return One(values[0]);
  return One(Concat(values, axis));
}

LayerOutputs BuildConcatenate(LayerContext& c) {
  return BuildConcat(c, "axis");
}

LayerOutputs BuildMergeConcat(LayerContext& c) {
  return BuildConcat(c, "concat_axis");
}

struct MergeMode {
  std::string_view name;
  LayerOutputs (*build)(LayerContext& c);
};

constexpr MergeMode kMergeModes[] = {
    {"ave", BuildAverage},           {"concat", BuildMergeConcat},
    {"max", BuildCombined<Maximum>}, {"min", BuildCombined<Minimum>},
    {"mul", BuildCombined<Mul>},     {"sum", BuildCombined<Add>},
};

LayerOutputs BuildMerge(LayerContext& c) {
  TRY_ASSIGN(const std::string type, c.config.String("mode_type", "raw"));
  TRY_ASSIGN(const std::string mode, c.config.String("mode", "sum"));
  for (const MergeMode& known : kMergeModes) {
    if (known.name == mode && type == "raw") return known.build(c);
  }
  return Unsupported("Merge mode '" + (type == "raw" ? mode : type) +
                     "' is not supported; use sum, mul, concat, ave, max or "
                     "min");
}

}  // namespace

const KerasLayer kAddLayer{"Add", BuildCombined<Add>};
const KerasLayer kAverageLayer{"Average", BuildAverage};
const KerasLayer kConcatenateLayer{"Concatenate", BuildConcatenate};
const KerasLayer kMaximumLayer{"Maximum", BuildCombined<Maximum>};
const KerasLayer kMergeLayer{"Merge", BuildMerge};
const KerasLayer kMinimumLayer{"Minimum", BuildCombined<Minimum>};
const KerasLayer kMultiplyLayer{"Multiply", BuildCombined<Mul>};
const KerasLayer kSubtractLayer{"Subtract", BuildSubtract};

}  // namespace liteforge
