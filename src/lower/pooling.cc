// SPDX-License-Identifier: Apache-2.0
// MaxPool, AvgPool -> MAX_POOL_2D, AVERAGE_POOL_2D. Both sides leave padding
// out of an average. EXPLICIT padding of a maximum pads with the lowest float.
#include <fmt/format.h>

#include <limits>
#include <span>

#include "lower/context.h"
#include "lower/layout.h"

namespace liteforge {
namespace {

struct Pooling {
  bool nchw = false;
  HeightWidth size;
  HeightWidth strides;
  WindowPaddingAttribute padding;
};

Result<Value*> PadWithLowest(IrBuilder& ir, Value* x,
                             const WindowPaddingAttribute& padding) {
  if (!padding.any()) return x;
  if (x->type != DataType::kFloat32)
    return Unsupported("explicit padding of a pool other than float32");
  const auto& p = padding.amounts;
  Value* amounts = ir.Constant(
      DataType::kInt32, {4, 2},
      Blob::Own(std::vector<int32_t>{0, 0, p[0], p[1], p[2], p[3], 0, 0}),
      "paddings");
  TRY_ASSIGN(Value * lowest,
             ir.Scalar(x->type, std::numeric_limits<float>::lowest()));
  return ir.Emit(Op::kPadV2, PadV2Options{}, {x, amounts, lowest});
}

template <Op op>
Result<void> EmitPool(LowerContext& c, const Pooling& pool) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * x, EnterNhwc(ir, c.input(0), pool.nchw));
  if (op == Op::kMaxPool2D) {
    TRY_ASSIGN(x, PadWithLowest(ir, x, pool.padding));
  }
  Pool2DOptions options;
  options.padding = pool.padding.padding;
  options.stride_h = pool.strides.h;
  options.stride_w = pool.strides.w;
  options.filter_height = pool.size.h;
  options.filter_width = pool.size.w;
  TRY_ASSIGN(Value * y, ir.Emit(op, options, {x}));
  return Finish(c, LeaveNhwc(ir, y, pool.nchw));
}

template <Op op>
Result<void> LowerPool(LowerContext& c) {
  Pooling pool;
  TRY_ASSIGN(pool.nchw, IsNchw(c));
  TRY_ASSIGN(pool.size, SpatialAttribute(c, "ksize", pool.nchw));
  TRY_ASSIGN(pool.strides, SpatialAttribute(c, "strides", pool.nchw));
  TRY_ASSIGN(pool.padding, PaddingAttribute(c, pool.nchw));
  if (op == Op::kAveragePool2D && pool.padding.is_explicit)
    return InvalidModel("AvgPool has no explicit padding");
  return EmitPool<op>(c, pool);
}

// Size and strides are inputs.
Result<void> LowerMaxPoolV2(LowerContext& c) {
  Pooling pool;
  TRY_ASSIGN(pool.nchw, IsNchw(c));
  TRY_ASSIGN(const auto size, c.IntegersOf(1, "ksize"));
  TRY_ASSIGN(const auto strides, c.IntegersOf(2, "strides"));
  TRY_ASSIGN(pool.size, SpatialOf(size, "ksize", pool.nchw));
  TRY_ASSIGN(pool.strides, SpatialOf(strides, "strides", pool.nchw));
  TRY_ASSIGN(pool.padding, PaddingAttribute(c, pool.nchw));
  return EmitPool<Op::kMaxPool2D>(c, pool);
}

}  // namespace

std::span<const TfOp> PoolingOps() {
  static constexpr TfOp kOps[] = {
      {"AvgPool", 1, LowerPool<Op::kAveragePool2D>},
      {"MaxPool", 1, LowerPool<Op::kMaxPool2D>},
      {"MaxPoolV2", 3, LowerMaxPoolV2},
  };
  return kOps;
}

}  // namespace liteforge
