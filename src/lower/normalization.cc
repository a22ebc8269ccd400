// SPDX-License-Identifier: Apache-2.0
// BiasAdd:         y = x + bias, along the channels
// FusedBatchNorm:  y = x * m + (offset - mean * m),  m = scale / sqrt(variance
//                  + epsilon). With constant parameters what remains is one
//                  MUL and one ADD. With is_training mean and variance are
//                  those of x, per channel; the variance handed on is that of
//                  n - 1.
// BatchNormWithGlobalNormalization: the same, with `scale` where
//                  scale_after_normalization says so
// LRN:             y = x / (bias + alpha * sum of squares)^beta, over a window
//                  of 2 * depth_radius + 1 channels
//
// With channels first the parameters become [C, 1, 1] and broadcast; where the
// input came from NHWC anyway the work is done there.
#include <fmt/format.h>

#include <span>

#include "lower/formula.h"
#include "lower/layout.h"

namespace liteforge {
namespace {

Result<bool> ChannelsFirst(const LowerContext& c) {
  static constexpr std::string_view kFormats[] = {"NHWC", "NDHWC", "NCHW",
                                                  "NCDHW"};
  TRY_ASSIGN(const size_t format, c.Choice("data_format", kFormats, 0));
  return format >= 2;
}

// Where a per-channel operation on x is done: on `x` itself with parameters of
// shape [C], or with channels first and `trailing` spatial axes behind them.
struct Place {
  Value* x;
  int trailing = 0;
  bool leave_nhwc = false;
};

Result<Place> EnterPerChannel(LowerContext& c) {
  TRY_ASSIGN(const bool channels_first, ChannelsFirst(c));
  Value* x = c.input(0);
  if (!channels_first) return Place{x};
  if (!x->shape.has_rank() || x->shape.rank() < 2)
    return Unsupported(
        "channels first needs an input of known rank, 2 or more");
  const ir::Node* producer = x->producer();
  if (x->shape.rank() == 4 && producer && producer->op() == Op::kTranspose) {
    TRY_ASSIGN(Value * nhwc, NchwToNhwc(c.ir(), x));
    if (nhwc == producer->input(0)) return Place{nhwc, 0, true};
  }
  return Place{x, x->shape.rank() - 2};
}

// [C] -> [C, 1, 1] as the place wants it.
Result<Value*> Parameter(IrBuilder& ir, const Place& place, Value* parameter) {
  if (place.trailing == 0) return parameter;
  if (parameter->shape.rank() != 1)
    return InvalidModel(fmt::format("a parameter has shape {}, not [C]",
                                    parameter->shape.ToString()));
  Shape shape = parameter->shape;
  for (int i = 0; i < place.trailing; ++i) shape.Append(1);
  return ir.Reshape(parameter, shape);
}

Result<void> LowerBiasAdd(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const Place place, EnterPerChannel(c));
  TRY_ASSIGN(Value * bias, Parameter(ir, place, c.input(1)));
  TRY_ASSIGN(Value * y, ir.Emit(Op::kAdd, AddOptions{}, {place.x, bias}));
  return Finish(c, LeaveNhwc(ir, y, place.leave_nhwc));
}

// {m, offset - mean * m}
Result<std::pair<Value*, Value*>> FoldBatchNorm(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* scale = c.input(1);
  Value* variance = c.input(4);
  TRY_ASSIGN(const float epsilon, c.Attribute<float>("epsilon", 1e-4f));
  TRY_ASSIGN(Value * eps, ir.Scalar(variance->type, epsilon));
  TRY_ASSIGN(Value * m, ir.Emit(Op::kAdd, AddOptions{}, {variance, eps}));
  TRY_ASSIGN(m, ir.Emit(Op::kRsqrt, {}, {m}));
  TRY_ASSIGN(m, ir.Emit(Op::kMul, MulOptions{}, {m, scale}));
  TRY_ASSIGN(Value * shift, ir.Emit(Op::kMul, MulOptions{}, {c.input(3), m}));
  TRY_ASSIGN(shift, ir.Emit(Op::kSub, SubOptions{}, {c.input(2), shift}));
  return std::pair(m, shift);
}

// By the statistics of x itself.
Result<void> LowerBatchNormOfBatch(LowerContext& c) {
  TRY_ASSIGN(const float keeps,
             c.Attribute<float>("exponential_avg_factor", 1));
  if (keeps != 1) return Unsupported("it mixes statistics of several batches");
  TRY_ASSIGN(const float epsilon, c.Attribute<float>("epsilon", 1e-4f));
  TRY_ASSIGN(const Place place, EnterPerChannel(c));
  const int rank = place.x->shape.rank();
  if (rank < 2) return Unsupported("an input of unknown rank");
  std::vector<int32_t> axes;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (axis != rank - 1 - place.trailing) axes.push_back(axis);
  }
  Formula f(c);
  ReducerOptions keep;
  keep.keep_dims = true;
  const auto mean_of = [&](Value* x) {
    return f.Emit(Op::kMean, keep, {x, f.Ints(axes)});
  };
  Value* x = f.Cast(place.x, DataType::kFloat32);
  Value* mean = mean_of(x);
  Value* centered = f.Sub(x, mean);
  Value* variance = mean_of(f.Mul(centered, centered));
  Value* m = f.Of(Op::kRsqrt, f.Add(variance, f.Like(variance, epsilon)));
  m = f.Mul(m, f.Take(Parameter(c.ir(), place, c.input(1))));
  Value* offset = f.Take(Parameter(c.ir(), place, c.input(2)));
  Value* y = f.Cast(f.Add(f.Mul(centered, m), offset), place.x->type);
  TRY(f.Check());
  c.SetOutput(0, f.Take(LeaveNhwc(c.ir(), y, place.leave_nhwc)));
  ReducerOptions all;
  Value* count = f.Emit(Op::kReduceProd, all,
                        {f.Gather(f.ShapeOf(x), f.Ints(axes)), f.Ints({0})});
  count = f.Cast(count, DataType::kFloat32);
  Value* less = f.Max(f.Sub(count, f.Like(count, 1)), f.Like(count, 1));
  c.SetOutput(1, f.Reshape(mean, {-1}));
  c.SetOutput(2, f.Reshape(f.Mul(variance, f.Div(count, less)), {-1}));
  return f.Check();
}

Result<void> LowerFusedBatchNorm(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const bool training, c.Attribute<bool>("is_training", true));
  if (training) return LowerBatchNormOfBatch(c);
  TRY_ASSIGN(const Place place, EnterPerChannel(c));
  TRY_ASSIGN(auto parameters, FoldBatchNorm(c));
  const DataType type = place.x->type;
  TRY_ASSIGN(Value * m, ir.Cast(parameters.first, type));
  TRY_ASSIGN(Value * shift, ir.Cast(parameters.second, type));
  TRY_ASSIGN(m, Parameter(ir, place, m));
  TRY_ASSIGN(shift, Parameter(ir, place, shift));
  TRY_ASSIGN(Value * y, ir.Emit(Op::kMul, MulOptions{}, {place.x, m}));
  TRY_ASSIGN(y, ir.Emit(Op::kAdd, AddOptions{}, {y, shift}));
  TRY_ASSIGN(y, LeaveNhwc(ir, y, place.leave_nhwc));
  c.SetOutput(0, y);
  c.SetOutput(1, c.input(3));  // the statistics are passed through
  c.SetOutput(2, c.input(4));
  return {};
}

// Operands x, mean, variance, offset, scale.
Result<void> LowerGlobalNorm(LowerContext& c) {
  TRY_ASSIGN(const float epsilon, c.Attribute<float>("variance_epsilon"));
  TRY_ASSIGN(const bool scaled, c.Attribute<bool>("scale_after_normalization"));
  Formula f(c);
  Value* variance = c.input(2);
  Value* m = f.Of(Op::kRsqrt, f.Add(variance, f.Like(variance, epsilon)));
  if (scaled) m = f.Mul(m, c.input(4));
  Value* shift = f.Sub(c.input(3), f.Mul(c.input(1), m));
  return f.Finish(f.Add(f.Mul(c.input(0), m), shift));
}

Result<void> LowerLrn(LowerContext& c) {
  LocalResponseNormalizationOptions options;
  TRY_ASSIGN(const int64_t radius, c.Attribute<int64_t>("depth_radius", 5));
  if (radius < 0 || radius > std::numeric_limits<int32_t>::max())
    return InvalidModel("attribute 'depth_radius' is out of range");
  options.radius = static_cast<int32_t>(radius);
  TRY_ASSIGN(options.bias, c.Attribute<float>("bias", 1.0f));
  TRY_ASSIGN(options.alpha, c.Attribute<float>("alpha", 1.0f));
  TRY_ASSIGN(options.beta, c.Attribute<float>("beta", 0.5f));
  return Finish(
      c, c.ir().Emit(Op::kLocalResponseNormalization, options, {c.input(0)}));
}

}  // namespace

std::span<const TfOp> NormalizationOps() {
  static constexpr TfOp kOps[] = {
      {"BatchNormWithGlobalNormalization", 5, LowerGlobalNorm},
      {"BiasAdd", 2, LowerBiasAdd},
      {"BiasAddV1", 2, LowerBiasAdd},
      {"FusedBatchNorm", 5, LowerFusedBatchNorm},
      {"FusedBatchNormV2", 5, LowerFusedBatchNorm},
      {"FusedBatchNormV3", 5, LowerFusedBatchNorm},
      {"LRN", 1, LowerLrn},
  };
  return kOps;
}

}  // namespace liteforge
