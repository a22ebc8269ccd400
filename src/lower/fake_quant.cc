// SPDX-License-Identifier: Apache-2.0
// FakeQuantWithMinMaxArgs, and ...Vars of a constant range, are FAKE_QUANT.
// ...VarsPerChannel has a range for each place of the last axis:
//   y = floor((clip(x, lo, hi) - lo) / s + 1/2) s + lo
// with the ranges nudged so that 0 is one of the steps. Source:
// tensorflow/core/kernels/fake_quant_ops_functor.h.
#include <algorithm>
#include <cmath>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

Result<FakeQuantOptions> ReadOptions(const LowerContext& c) {
  FakeQuantOptions options;
  TRY_ASSIGN(const int64_t bits, c.Attribute<int64_t>("num_bits", 8));
  if (bits < 2 || bits > 16)
    return InvalidModel("attribute 'num_bits' is out of range");
  options.num_bits = static_cast<int32_t>(bits);
  TRY_ASSIGN(options.narrow_range, c.Attribute<bool>("narrow_range", false));
  return options;
}

Result<void> EmitFakeQuant(LowerContext& c, float min, float max) {
  TRY_ASSIGN(FakeQuantOptions options, ReadOptions(c));
  options.min = min;
  options.max = max;
  return Finish(c, c.ir().Emit(Op::kFakeQuant, options, {c.input(0)}));
}

Result<void> LowerArgs(LowerContext& c) {
  TRY_ASSIGN(const float min, c.Attribute<float>("min", -6.0f));
  TRY_ASSIGN(const float max, c.Attribute<float>("max", 6.0f));
  return EmitFakeQuant(c, min, max);
}

Result<float> RangeEnd(const Value& value) {
  if (!value.is_constant() || value.type != DataType::kFloat32 ||
      value.shape.elements() != 1)
    return Unsupported("a range that is not one constant float");
  return value.ToVector<float>()[0];
}

Result<void> LowerVars(LowerContext& c) {
  TRY_ASSIGN(const float min, RangeEnd(*c.input(1)));
  TRY_ASSIGN(const float max, RangeEnd(*c.input(2)));
  return EmitFakeQuant(c, min, max);
}

struct Steps {
  float lo = 0, hi = 0, scale = 0, inverse = 0;  // all 0: everything is 0
};

Steps Nudged(float min, float max, const FakeQuantOptions& options) {
  if (min == 0 && max == 0) return {};
  const float low = options.narrow_range ? 1 : 0;
  const auto high = static_cast<float>((1 << options.num_bits) - 1);
  const float scale = (max - min) / (high - low);
  const float zero = std::clamp(std::round(low - min / scale), low, high);
  return {(low - zero) * scale, (high - zero) * scale, scale, 1 / scale};
}

Result<void> LowerPerChannel(LowerContext& c) {
  TRY_ASSIGN(const FakeQuantOptions options, ReadOptions(c));
  for (int i = 1; i <= 2; ++i) {
    const Value& end = *c.input(i);
    if (!end.is_constant() || end.type != DataType::kFloat32 ||
        end.shape.rank() != 1 || end.shape != c.input(1)->shape)
      return Unsupported("ranges that are not constant vectors of floats");
  }
  const auto min = c.input(1)->ToVector<float>();
  const auto max = c.input(2)->ToVector<float>();
  std::vector<float> lo, hi, scale, inverse;
  for (size_t i = 0; i < min.size(); ++i) {
    if (!(min[i] <= 0 && max[i] >= 0) || (min[i] == max[i] && min[i] != 0))
      return InvalidModel("a range that 0 does not lie in");
    const Steps steps = Nudged(min[i], max[i], options);
    lo.push_back(steps.lo);
    hi.push_back(steps.hi);
    scale.push_back(steps.scale);
    inverse.push_back(steps.inverse);
  }
  Formula f(c);
  const Shape shape = c.input(1)->shape;
  Value* low = f.Floats(shape, std::move(lo));
  Value* held = f.Min(f.Max(c.input(0), low), f.Floats(shape, std::move(hi)));
  Value* steps = f.Mul(f.Sub(held, low), f.Floats(shape, std::move(inverse)));
  steps = f.Of(Op::kFloor, f.Add(steps, f.Like(steps, 0.5)));
  return f.Finish(f.Add(f.Mul(steps, f.Floats(shape, std::move(scale))), low));
}

constexpr TfOp kOps[] = {
    {"FakeQuantWithMinMaxArgs", 1, LowerArgs},
    {"FakeQuantWithMinMaxVars", 3, LowerVars},
    {"FakeQuantWithMinMaxVarsPerChannel", 3, LowerPerChannel},
};

}  // namespace

std::span<const TfOp> FakeQuantOps() { return kOps; }

}  // namespace liteforge
