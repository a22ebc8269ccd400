// SPDX-License-Identifier: Apache-2.0
// Conv2DBackpropInput(input_sizes, filter [H, W, O, I], x) -> TRANSPOSE_CONV
// (output shape, weights [O, H, W, I], x), O being the channels it makes.
//
// EXPLICIT padding p of the forward convolution: the VALID transposed
// convolution of the padded size (sizes + p), and its middle cut out.
#include <fmt/format.h>

#include <limits>
#include <span>

#include "lower/context.h"
#include "lower/layout.h"

namespace liteforge {
namespace {

struct TransposedConvolution {
  bool nchw = false;
  WindowPaddingAttribute padding;
  HeightWidth strides;
};

Result<TransposedConvolution> Read(const LowerContext& c) {
  TransposedConvolution conv;
  TRY_ASSIGN(conv.nchw, IsNchw(c));
  TRY_ASSIGN(conv.padding, PaddingAttribute(c, conv.nchw));
  TRY_ASSIGN(conv.strides, SpatialAttribute(c, "strides", conv.nchw));
  TRY_ASSIGN(const HeightWidth dilations,
             SpatialAttribute(c, "dilations", conv.nchw, false));
  if (dilations.h != 1 || dilations.w != 1)
    return Unsupported("TFLite's TRANSPOSE_CONV has no dilation");
  return conv;
}

// input_sizes of NHWC, [4]. (A short form, {H, W} alone, is completed.)
Result<Value*> OutputSizes(LowerContext& c, const TransposedConvolution& conv,
                           const Value& filter, Value* x) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * sizes, ir.AsInt32(c.input(0)));
  if (sizes->shape.rank() != 1) return InvalidModel("input_sizes is no vector");
  if (sizes->shape[0] == 2) {
    TRY_ASSIGN(Value * shape, ir.ShapeOf(x, DataType::kInt32));
    TRY_ASSIGN(Value * batch, ir.Emit(Op::kSlice, SliceOptions{},
                                      {shape, ir.Int32s({0}), ir.Int32s({1})}));
    Value* channels = ir.Int32s({filter.shape[2]});
    return ir.Emit(Op::kConcatenation, ConcatenationOptions{},
                   {batch, sizes, channels});
  }
  if (sizes->shape[0] != 4)
    return InvalidModel(
        fmt::format("input_sizes has shape {}", sizes->shape.ToString()));
  if (!conv.nchw) return sizes;
  return ir.Emit(Op::kGather, GatherOptions{},
                 {sizes, ir.Int32s({0, 2, 3, 1})});
}

// What is known of the sizes, as a shape; inference sees constants only.
void RefineShape(const IrBuilder& ir, const Value* sizes, Value* y) {
  const auto known = ir.Known(sizes);
  if (!known || known->size() != 4 || y->is_constant()) return;
  Shape shape;
  for (int64_t dim : *known) {
    const bool usable = dim >= 0 && dim <= std::numeric_limits<int32_t>::max();
    shape.Append(usable ? static_cast<int32_t>(dim) : Shape::kUnknownDim);
  }
  y->shape = shape;
}

Result<Value*> CutOut(IrBuilder& ir, Value* y, Value* sizes,
                      const WindowPaddingAttribute& padding) {
  if (!padding.any()) return y;
  Value* begin = ir.Int32s({0, padding.amounts[0], padding.amounts[2], 0});
  TRY_ASSIGN(Value * cut,
             ir.Emit(Op::kSlice, SliceOptions{}, {y, begin, sizes}));
  RefineShape(ir, sizes, cut);
  return cut;
}

Result<Value*> PaddedSizes(IrBuilder& ir, Value* sizes,
                           const WindowPaddingAttribute& padding) {
  if (!padding.any()) return sizes;
  const auto& p = padding.amounts;
  if (int64_t{p[0]} + p[1] > std::numeric_limits<int32_t>::max() ||
      int64_t{p[2]} + p[3] > std::numeric_limits<int32_t>::max())
    return InvalidModel("'explicit_paddings' has an entry out of range");
  return ir.Emit(Op::kAdd, AddOptions{},
                 {sizes, ir.Int32s({0, p[0] + p[1], p[2] + p[3], 0})});
}

Result<void> LowerConv2DBackpropInput(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const TransposedConvolution conv, Read(c));
  Value* filter = c.input(1);
  if (filter->shape.rank() != 4)
    return InvalidModel(fmt::format("the filter has shape {}, not 4 dimensions",
                                    filter->shape.ToString()));
  TRY_ASSIGN(Value * x, EnterNhwc(ir, c.input(2), conv.nchw));
  TRY_ASSIGN(Value * sizes, OutputSizes(c, conv, *filter, x));
  TRY_ASSIGN(Value * padded, PaddedSizes(ir, sizes, conv.padding));
  static constexpr int32_t kHwoiToOhwi[] = {2, 0, 1, 3};
  TRY_ASSIGN(Value * weights, ir.Transpose(filter, kHwoiToOhwi));
  TransposeConvOptions options;
  options.padding = conv.padding.padding;
  options.stride_h = conv.strides.h;
  options.stride_w = conv.strides.w;
  TRY_ASSIGN(Value * y,
             ir.Emit(Op::kTransposeConv, options, {padded, weights, x}));
  RefineShape(ir, padded, y);
  TRY_ASSIGN(y, CutOut(ir, y, sizes, conv.padding));
  return Finish(c, LeaveNhwc(ir, y, conv.nchw));
}

}  // namespace

std::span<const TfOp> TransposeConvOps() {
  static constexpr TfOp kOps[] = {
      {"Conv2DBackpropInput", 3, LowerConv2DBackpropInput},
  };
  return kOps;
}

}  // namespace liteforge
