// SPDX-License-Identifier: Apache-2.0
#include "lower/gelu.h"

#include <cmath>
#include <numbers>
#include <optional>

namespace liteforge {
namespace {

// Constants are written with float32's precision or a little less.
constexpr double kTolerance = 1e-5;

bool IsNear(double value, double wanted) {
  return std::abs(value - wanted) < kTolerance;
}

std::optional<double> ScalarOf(const Value* value) {
  if (!value->is_constant() || value->type != DataType::kFloat32 ||
      value->shape.elements() != 1)
    return std::nullopt;
  return value->ToVector<float>()[0];
}

bool IsProducedBy(const Value* value, Op op) {
  return value->producer() != nullptr && value->producer()->op() == op;
}

// value == factor * rest
struct Scaled {
  double factor = 1.0;
  Value* rest = nullptr;
};

// Splits MUL by a scalar, on either side, or DIV by one.
std::optional<Scaled> SplitScale(const Value* value) {
  const bool is_quotient = IsProducedBy(value, Op::kDiv);
  if (!is_quotient && !IsProducedBy(value, Op::kMul)) return std::nullopt;
  const ir::Node& node = *value->producer();
  if (const auto scalar = ScalarOf(node.input(1)))
    return Scaled{is_quotient ? 1.0 / *scalar : *scalar, node.input(0)};
  if (const auto scalar = ScalarOf(node.input(0)); scalar && !is_quotient)
    return Scaled{*scalar, node.input(1)};
  return std::nullopt;
}

// The x of 1 + erf(x / sqrt(2)).
Value* ArgumentOfOnePlusErf(const IrBuilder& ir, const Value* value) {
  if (!IsProducedBy(value, Op::kAdd)) return nullptr;
  const ir::Node& sum = *value->producer();
  for (int i = 0; i < 2; ++i) {
    const auto one = ScalarOf(sum.input(i));
    const Value* scaled = ir.ErfArgument(sum.input(1 - i));
    if (!one || !IsNear(*one, 1.0) || scaled == nullptr) continue;
    const auto split = SplitScale(scaled);
    if (split && IsNear(split->factor, 1.0 / std::numbers::sqrt2))
      return split->rest;
  }
  return nullptr;
}

// Whether factor * x_side * erf_side is gelu(x).
Value* Match(const IrBuilder& ir, double factor, const Value* x_side,
             const Value* erf_side) {
  Value* x = ArgumentOfOnePlusErf(ir, erf_side);
  if (const auto split = SplitScale(erf_side); x == nullptr && split) {
    factor *= split->factor;
    x = ArgumentOfOnePlusErf(ir, split->rest);
  }
  if (x == nullptr) return nullptr;
  if (x == x_side) return IsNear(factor, 0.5) ? x : nullptr;
  const auto split = SplitScale(x_side);
  const bool matches =
      split && split->rest == x && IsNear(factor * split->factor, 0.5);
  return matches ? x : nullptr;
}

Value* MatchEitherWay(const IrBuilder& ir, double factor, const Value* a,
                      const Value* b) {
  Value* x = Match(ir, factor, a, b);
  return x != nullptr ? x : Match(ir, factor, b, a);
}

}  // namespace

Value* MatchGelu(const IrBuilder& ir, const Value* a, const Value* b) {
  const auto scalar = ScalarOf(a) ? ScalarOf(a) : ScalarOf(b);
  if (!scalar) return MatchEitherWay(ir, 1.0, a, b);
  const Value* product = ScalarOf(a) ? b : a;
  if (!IsProducedBy(product, Op::kMul)) return nullptr;
  const ir::Node& node = *product->producer();
  return MatchEitherWay(ir, *scalar, node.input(0), node.input(1));
}

}  // namespace liteforge
