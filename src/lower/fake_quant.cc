// SPDX-License-Identifier: Apache-2.0
// FakeQuantWithMinMaxArgs, and ...Vars of a constant range, are FAKE_QUANT.
// ...VarsPerChannel has a range for each place of the last axis:
//   y = floor((clip(x, lo, hi) - lo) / s + 1/2) s + lo
// with the ranges nudged so that 0 is one of the steps.
//
// QuantizeAndDequantizeV2, V3, V4 of a constant range have 0 for the zero
// point:
//   y = round(clip(x, lo, hi) s) / s
// with s the largest at which both ends stay within the integers.
// Source: tensorflow/core/kernels/fake_quant_ops_functor.h,
// quantize_and_dequantize_op.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
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

struct QuantizedSteps {
  float lo = 0, hi = 0, scale = 0, inverse = 0;  // all 0: everything is 0
};

QuantizedSteps Nudged(float min, float max, const FakeQuantOptions& options) {
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
    const QuantizedSteps steps = Nudged(min[i], max[i], options);
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

// The integers of so many bits.
Result<std::pair<float, float>> IntegerRange(const LowerContext& c,
                                             int64_t bits) {
  if (bits < 2 || bits > 24) return Unsupported(fmt::format("{} bits", bits));
  TRY_ASSIGN(const bool with_sign, c.Attribute<bool>("signed_input", true));
  TRY_ASSIGN(const bool narrow, c.Attribute<bool>("narrow_range", false));
  if (!with_sign) return std::pair(0.0f, static_cast<float>((1 << bits) - 1));
  const auto half = static_cast<float>(1 << (bits - 1));
  return std::pair(narrow ? 1 - half : -half, half - 1);
}

Result<void> QuantizeAndDequantize(LowerContext& c, int64_t bits) {
  static constexpr std::string_view kModes[] = {"HALF_TO_EVEN", "HALF_UP"};
  TRY_ASSIGN(const size_t mode, c.Choice("round_mode", kModes, 0));
  TRY_ASSIGN(const bool given, c.Attribute<bool>("range_given", false));
  TRY_ASSIGN(const int64_t axis, c.Attribute<int64_t>("axis", -1));
  if (!given || axis != -1)
    return Unsupported(
        "a range that is found at run time, or one for each "
        "slice of an axis");
  TRY_ASSIGN(float min, RangeEnd(*c.input(1)));
  TRY_ASSIGN(float max, RangeEnd(*c.input(2)));
  TRY_ASSIGN(const auto integers, IntegerRange(c, bits));
  const auto [low, high] = integers;
  constexpr float kMost = std::numeric_limits<float>::max();
  const float by_min = low * min > 0 ? low / min : kMost;
  const float by_max = high * max > 0 ? high / max : kMost;
  const float scale = std::min(by_min, by_max);
  if (!(scale < kMost)) return InvalidModel("a range without numbers in it");
  (by_min < by_max ? max : min) = (by_min < by_max ? high : low) / scale;
  Formula f(c);
  Value* x = c.input(0);
  x = f.Min(f.Max(x, f.Like(x, min)), f.Like(x, max));
  x = f.Mul(x, f.Like(x, scale));
  x = mode == 0 ? f.Of(Op::kRound, x)
                : f.Of(Op::kFloor, f.Add(x, f.Like(x, 0.5)));
  return f.Finish(f.Mul(x, f.Like(x, 1 / scale)));
}

Result<void> LowerQuantizeAndDequantize(LowerContext& c) {
  TRY_ASSIGN(const int64_t bits, c.Attribute<int64_t>("num_bits", 8));
  return QuantizeAndDequantize(c, bits);
}

Result<void> LowerQuantizeAndDequantizeV3(LowerContext& c) {
  TRY_ASSIGN(const int64_t bits, c.IntegerOf(3, "num_bits"));
  return QuantizeAndDequantize(c, bits);
}

}  // namespace

std::span<const TfOp> FakeQuantOps() {
  static constexpr TfOp kOps[] = {
      {"FakeQuantWithMinMaxArgs", 1, LowerArgs},
      {"FakeQuantWithMinMaxVars", 3, LowerVars},
      {"FakeQuantWithMinMaxVarsPerChannel", 3, LowerPerChannel},
      {"QuantizeAndDequantizeV2", 3, LowerQuantizeAndDequantize},
      {"QuantizeAndDequantizeV3", 4, LowerQuantizeAndDequantizeV3},
      {"QuantizeAndDequantizeV4", 3, LowerQuantizeAndDequantize},
  };
  return kOps;
}

}  // namespace liteforge
