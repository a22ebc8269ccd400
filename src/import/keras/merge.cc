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
std::vector<Tensor> OfOneType(std::span<const Tensor> inputs) {
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
  const std::vector<Tensor> values = OneRank(OfOneType(c.inputs));
  Tensor y = values[0];
  for (size_t i = 1; i < values.size(); ++i) y = kOp(y, values[i]);
  return y;
}

// Keras 2: a step counts if it does in every input that has a mask; Keras 3: if
// it does in any, all having masks.
Tensor CombinedMask(const LayerContext& c) {
  const bool newer = c.file.generation >= 3;
  Tensor mask;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const Tensor own = c.MaskOf(i);
    if (own.empty() && newer) return {};
    if (own.empty()) continue;
    if (mask.empty()) {
      mask = own;
    } else if (mask.name() != own.name()) {
      mask = newer ? LogicalOr(mask, own) : LogicalAnd(mask, own);
    }
  }
  return mask;
}

template <Tensor (*kOp)(Tensor, Tensor)>
LayerOutputs BuildCombined(LayerContext& c) {
  TRY_ASSIGN(Tensor y, Combined<kOp>(c));
  c.output_mask = CombinedMask(c);
  return One(y);
}

LayerOutputs BuildSubtract(LayerContext& c) {
  if (c.inputs.size() == 2) return BuildCombined<Sub>(c);
  return InvalidModel("it subtracts two inputs, the model gives it " +
                      std::to_string(c.inputs.size()));
}

LayerOutputs BuildMean(LayerContext& c) {
  TRY_ASSIGN(Tensor sum, Combined<Add>(c));
  sum = Cast(sum, DataType::kFloat32);
  const auto count = static_cast<double>(c.inputs.size());
  c.output_mask = CombinedMask(c);
  return One(Div(sum, c.Scalar(count)));
}

// Masks joined like their inputs. Along the features a step counts if it does
// in all (Keras 2) or any (Keras 3); inputs without a mask count everywhere.
Tensor ConcatenatedMask(const LayerContext& c, int32_t axis) {
  std::vector<Tensor> masks;
  bool any = false;
  for (size_t i = 0; i < c.inputs.size(); ++i) any |= !c.MaskOf(i).empty();
  if (!any) return {};
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    Tensor mask = c.MaskOf(i);
    if (mask.empty()) {
      const Tensor ones = OnesLike(Cast(c.inputs[i], DataType::kFloat32));
      mask = Greater(Max(ones, {-1}), c.f.Constant(FloatScalar(0)));
    }
    masks.push_back(mask);
  }
  const int last = c.inputs[0].rank() - 1;
  if (masks[0].rank() != last) return {};
  if (axis < last) return Concat(masks, axis);
  Tensor mask = masks[0];
  for (size_t i = 1; i < masks.size(); ++i) {
    if (masks[i].name() == mask.name()) continue;
    mask = c.file.generation >= 3 ? LogicalOr(mask, masks[i])
                                  : LogicalAnd(mask, masks[i]);
  }
  return mask;
}

LayerOutputs BuildConcat(LayerContext& c, std::string_view key) {
  TRY(CheckCount(c));
  TRY_ASSIGN(int32_t axis, c.config.Int(key, -1));
  TRY_ASSIGN(axis, WrapAxis(axis, c.inputs[0].rank(), key));
  c.output_mask = ConcatenatedMask(c, axis);
  const std::vector<Tensor> values = OfOneType(c.inputs);
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
    {"ave", BuildMean},
    {"concat", BuildMergeConcat},
    {"max", BuildCombined<Maximum>},
    {"min", BuildCombined<Minimum>},
    {"mul", BuildCombined<Mul>},
    {"sum", BuildCombined<Add>},
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

const KerasLayer kAddLayer{"Add", BuildCombined<Add>, nullptr, Masking::kUses};
const KerasLayer kAverageLayer{"Average", BuildMean, nullptr, Masking::kUses};
const KerasLayer kConcatenateLayer{"Concatenate", BuildConcatenate, nullptr,
                                   Masking::kUses};
const KerasLayer kMaximumLayer{"Maximum", BuildCombined<Maximum>, nullptr,
                               Masking::kUses};
const KerasLayer kMergeLayer{"Merge", BuildMerge, nullptr, Masking::kUses};
const KerasLayer kMinimumLayer{"Minimum", BuildCombined<Minimum>, nullptr,
                               Masking::kUses};
const KerasLayer kMultiplyLayer{"Multiply", BuildCombined<Mul>, nullptr,
                                Masking::kUses};
const KerasLayer kSubtractLayer{"Subtract", BuildSubtract, nullptr,
                                Masking::kUses};

}  // namespace liteforge
