// SPDX-License-Identifier: Apache-2.0
// FakeQuantWithMinMaxArgs, and ...Vars of a constant range, are FAKE_QUANT.
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> EmitFakeQuant(LowerContext& c, float min, float max) {
  FakeQuantOptions options;
  options.min = min;
  options.max = max;
  TRY_ASSIGN(const int64_t bits, c.Attribute<int64_t>("num_bits", 8));
  if (bits < 2 || bits > 16)
    return InvalidModel("attribute 'num_bits' is out of range");
  options.num_bits = static_cast<int32_t>(bits);
  TRY_ASSIGN(options.narrow_range, c.Attribute<bool>("narrow_range", false));
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

constexpr TfOp kOps[] = {
    {"FakeQuantWithMinMaxArgs", 1, LowerArgs},
    {"FakeQuantWithMinMaxVars", 3, LowerVars},
};

}  // namespace

std::span<const TfOp> FakeQuantOps() { return kOps; }

}  // namespace liteforge
