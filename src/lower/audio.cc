// SPDX-License-Identifier: Apache-2.0
// AudioSpectrogram and Mfcc: custom operators that TensorFlow Lite registers by
// default, under TensorFlow's names and attributes.
#include <bit>
#include <span>

#include "lower/custom.h"

namespace liteforge {
namespace {

Result<void> EmitCustom(LowerContext& c, const tf::NodeDef& node,
                        const Shape& shape) {
  c.SetOutput(
      0, c.ir().EmitCall(Op::kCustom,
                         CustomOptions{node.op(), CustomOptionBytes(node)},
                         c.inputs(), {{"", DataType::kFloat32, shape}})[0]);
  return {};
}

// An attribute, for a default where a file leaves it out.
tf::AttrValue* Missing(tf::NodeDef& node, const std::string& name) {
  return node.attr().contains(name) ? nullptr : &(*node.mutable_attr())[name];
}

// [samples, channels] -> [channels, frames, bins]
Result<void> LowerSpectrogram(LowerContext& c) {
  constexpr int64_t kMost = 1 << 24;
  TRY_ASSIGN(const int32_t window, c.IntegerIn("window_size", 2, kMost));
  TRY_ASSIGN(const int32_t stride, c.IntegerIn("stride", 1, kMost));
  const Shape& in = c.input(0)->shape;
  if (in.rank() != 2) return Unsupported("samples of other than rank 2");
  Shape shape{in[1], Shape::kUnknownDim,
              static_cast<int32_t>(
                  std::bit_ceil(static_cast<uint32_t>(window)) / 2 + 1)};
  if (in[0] >= 0)
    shape.set_dim(1, in[0] < window ? 0 : 1 + (in[0] - window) / stride);
  tf::NodeDef node = c.node();
  if (auto* squared = Missing(node, "magnitude_squared")) squared->set_b(false);
  return EmitCustom(c, node, shape);
}

// [channels, frames, bins], the sample rate -> [channels, frames, coefficients]
Result<void> LowerMfcc(LowerContext& c) {
  constexpr int64_t kMost = 1 << 16;
  TRY_ASSIGN(const int64_t count,
             c.Attribute<int64_t>("dct_coefficient_count", 13));
  if (count < 1 || count > kMost)
    return InvalidModel("attribute 'dct_coefficient_count' is out of range");
  Shape shape = c.input(0)->shape;
  if (shape.rank() != 3) return Unsupported("a spectrogram of unknown rank");
  shape.set_dim(2, static_cast<int32_t>(count));
  tf::NodeDef node = c.node();
  if (auto* own = Missing(node, "dct_coefficient_count")) own->set_i(count);
  if (auto* own = Missing(node, "filterbank_channel_count")) own->set_i(40);
  if (auto* own = Missing(node, "lower_frequency_limit")) own->set_f(20);
  if (auto* own = Missing(node, "upper_frequency_limit")) own->set_f(4000);
  return EmitCustom(c, node, shape);
}

}  // namespace

std::span<const TfOp> AudioOps() {
  static constexpr TfOp kOps[] = {
      {"AudioSpectrogram", 1, LowerSpectrogram},
      {"Mfcc", 2, LowerMfcc},
  };
  return kOps;
}

}  // namespace liteforge
