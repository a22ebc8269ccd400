// SPDX-License-Identifier: Apache-2.0
// Activations written out in arithmetic, as the operators TFLite has for them:
//
//   max(x, 0)                                              RELU
//   min(relu(x), 6), max(min(x, 6), 0)                     RELU6
//   min(max(x, -1), 1), max(min(x, 1), -1)                 RELU_N1_TO_1
//   max(x, a * x), 0 < a < 1                               LEAKY_RELU
//   relu(x) - a * relu(-x), relu(x) + (-a) * relu(-x)      PRELU
//   x * relu6(x + 3) / 6                                   HARD_SWISH
//   x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2  GELU, approximate
//
// Products are matched as the set of their factors, so that the order of the
// factors and where the constants stand do not matter. Float only.
#include <algorithm>
#include <cmath>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

// value = op(x, number) or op(number, x): {x, number}.
struct WithNumber {
  Value* x = nullptr;
  double number = 0;
};

std::optional<WithNumber> MatchNumber(const Node& node) {
  for (int i = 0; i < 2; ++i) {
    const auto number = UniformFloat(node.input(1 - i));
    Value* x = node.input(i);
    if (number && x != nullptr && !x->is_constant() &&
        BroadcastsInto(node.input(1 - i)->shape, x->shape)) {
      return WithNumber{x, *number};
    }
  }
  return std::nullopt;
}

std::optional<WithNumber> MatchNumber(const Value* value, Op op) {
  const Node* node = ProducerIf(value, op);
  if (node == nullptr || FusedActivation(*node) != Activation::kNone) {
    return std::nullopt;
  }
  return MatchNumber(*node);
}

// Constants are floats of someone's choice of digits.
bool IsAbout(double value, double wanted) {
  return std::abs(value - wanted) <= 1e-5 * std::abs(wanted);
}

void Become(Node* node, Op op, OpOptions options, std::vector<Value*> inputs) {
  while (node->inputs().size() > inputs.size()) {
    node->RemoveInput(static_cast<int>(node->inputs().size()) - 1);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    node->SetInput(static_cast<int>(i), inputs[i]);
  }
  node->SetOp(op, std::move(options));
}

//--------------------------------------------------------------------- clamping

// The x of relu(x), however it is written.
Value* ReluOperand(const Value* value) {
  if (const Node* relu = ProducerIf(value, Op::kRelu)) return relu->input(0);
  const auto max = MatchNumber(value, Op::kMaximum);
  return max && max->number == 0 ? max->x : nullptr;
}

struct Clamp {
  double low, high;
  Op op;
};
constexpr Clamp kClamps[] = {{0, 6, Op::kRelu6}, {-1, 1, Op::kReluN1To1}};

// The x of which the value is the clamp's first half; nullptr otherwise.
Value* HalfClamped(Value* value, const Clamp& clamp, bool low) {
  if (low && clamp.low == 0) {
    if (Value* x = ReluOperand(value)) return x;
    const Node* producer = value->producer();
    const bool fused =
        producer && FusedActivation(*producer) == Activation::kRelu;
    if (fused) return value;
  }
  const auto half = MatchNumber(value, low ? Op::kMaximum : Op::kMinimum);
  return half && half->number == (low ? clamp.low : clamp.high) ? half->x
                                                                : nullptr;
}

bool RecognizeClamp(Node* node) {
  const bool is_min = node->op() == Op::kMinimum;
  if (!is_min && node->op() != Op::kMaximum) return false;
  const auto outer = MatchNumber(*node);
  if (!outer) return false;
  for (const Clamp& clamp : kClamps) {
    if (outer->number != (is_min ? clamp.high : clamp.low)) continue;
    if (Value* x = HalfClamped(outer->x, clamp, is_min)) {
      Become(node, clamp.op, {}, {x});
      return true;
    }
  }
  if (is_min || outer->number != 0) return false;
  Become(node, Op::kRelu, {}, {outer->x});
  return true;
}

//----------------------------------------------------------------- leaky slopes

bool RecognizeLeakyRelu(Node* node) {
  if (node->op() != Op::kMaximum) return false;
  for (int i = 0; i < 2; ++i) {
    const auto scaled = MatchNumber(node->input(i), Op::kMul);
    if (!scaled || scaled->x != node->input(1 - i)) continue;
    if (scaled->number <= 0 || scaled->number >= 1) continue;
    LeakyReluOptions options;
    options.alpha = static_cast<float>(scaled->number);
    Become(node, Op::kLeakyRelu, options, {scaled->x});
    return true;
  }
  return false;
}

// slope * relu(-x), in either order: the slope.
Value* NegativePart(const Value* value, const Value* x) {
  const Node* mul = ProducerIf(value, Op::kMul);
  if (mul == nullptr || FusedActivation(*mul) != Activation::kNone) {
    return nullptr;
  }
  for (int i = 0; i < 2; ++i) {
    Value* slope = mul->input(1 - i);
    const Value* relu = mul->input(i);
    const Node* neg = ProducerIf(ReluOperand(relu), Op::kNeg);
    if (neg != nullptr && neg->input(0) == x && IsFloatConstant(slope)) {
      return slope;
    }
  }
  return nullptr;
}

// The kernel's slopes leave out the batch; the constant must broadcast there.
bool RecognizePrelu(Graph& graph, Node* node) {
  const bool minus = node->op() == Op::kSub;
  if ((!minus && node->op() != Op::kAdd) ||
      FusedActivation(*node) != Activation::kNone) {
    return false;
  }
  Value* x = ReluOperand(node->input(0));
  Value* slope = x ? NegativePart(node->input(1), x) : nullptr;
  if (slope == nullptr && !minus) {
    x = ReluOperand(node->input(1));
    slope = x ? NegativePart(node->input(0), x) : nullptr;
  }
  if (slope == nullptr || x->shape.rank() < 2) return false;
  Shape row;
  for (int axis = 1; axis < x->shape.rank(); ++axis) row.Append(x->shape[axis]);
  if (!BroadcastsInto(slope->shape, row)) return false;
  if (!minus) {
    auto values = slope->ToVector<float>();
    for (float& value : values) value = -value;
    slope = AddFloats(graph, slope->name + "/negative", slope->shape,
                      std::move(values));
  }
  Become(node, Op::kPrelu, {}, {x, slope});
  return true;
}

//----------------------------------------------------------------------
// products

struct Product {
  double number = 1;
  std::vector<Value*> factors;
};

void Multiply(Value* value, Product& product);

bool MultiplyNode(const Node& node, Product& product) {
  if (FusedActivation(node) != Activation::kNone) return false;
  if (const auto scaled = MatchNumber(node)) {
    const bool divides = node.op() == Op::kDiv;
    if (divides && node.input(0) != scaled->x) return false;
    product.number *= divides ? 1 / scaled->number : scaled->number;
    Multiply(scaled->x, product);
    return true;
  }
  if (node.op() != Op::kMul ||
      !(node.input(0)->shape == node.input(1)->shape)) {
    return false;
  }
  Multiply(node.input(0), product);
  Multiply(node.input(1), product);
  return true;
}

// Takes value apart into its factors. At most eight: longer products are none
// of the patterns, and shared factors would multiply.
void Multiply(Value* value, Product& product) {
  const Node* node = value->producer();
  const bool is_product = node != nullptr && product.factors.size() < 8 &&
                          (node->op() == Op::kMul || node->op() == Op::kDiv);
  if (is_product && MultiplyNode(*node, product)) return;
  if (node != nullptr && node->op() == Op::kSquare) {
    product.factors.insert(product.factors.end(), 2, node->input(0));
    return;
  }
  const auto power = MatchNumber(value, Op::kPow);
  if (power && node->input(0) == power->x && power->number == 3) {
    product.factors.insert(product.factors.end(), 3, power->x);
    return;
  }
  product.factors.push_back(value);
}

Product ProductOf(Value* value) {
  Product product;
  Multiply(value, product);
  return product;
}

// The x and f of number * x * f(x), tried both ways round by the caller.
bool IsPair(const Product& product, double number) {
  return product.factors.size() == 2 && IsAbout(product.number, number);
}

// relu6(x + 3): x.
Value* ShiftedRelu6(const Value* value) {
  const Node* add = nullptr;
  if (const Node* relu = ProducerIf(value, Op::kRelu6)) {
    add = ProducerIf(relu->input(0), Op::kAdd);
    if (add && FusedActivation(*add) != Activation::kNone) add = nullptr;
  } else if (const Node* fused = ProducerIf(value, Op::kAdd)) {
    if (FusedActivation(*fused) == Activation::kRelu6) add = fused;
  }
  const auto sum = add ? MatchNumber(*add) : std::nullopt;
  return sum && sum->number == 3 ? sum->x : nullptr;
}

// x + 0.044715 * x^3: x.
Value* CubicOf(const Value* value) {
  const Node* add = ProducerIf(value, Op::kAdd);
  if (add == nullptr || FusedActivation(*add) != Activation::kNone) {
    return nullptr;
  }
  for (int i = 0; i < 2; ++i) {
    Value* x = add->input(i);
    const Product cube = ProductOf(add->input(1 - i));
    if (IsAbout(cube.number, 0.044715) && cube.factors.size() == 3 &&
        std::all_of(cube.factors.begin(), cube.factors.end(),
                    [&](const Value* factor) { return factor == x; })) {
      return x;
    }
  }
  return nullptr;
}

// 1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)): x.
Value* GeluFactor(const Value* value) {
  const auto sum = MatchNumber(value, Op::kAdd);
  const Node* tanh =
      sum && sum->number == 1 ? ProducerIf(sum->x, Op::kTanh) : nullptr;
  if (tanh == nullptr) return nullptr;
  const Product inner = ProductOf(tanh->input(0));
  constexpr double kSqrt2OverPi = 0.7978845608028654;
  if (inner.factors.size() != 1 || !IsAbout(inner.number, kSqrt2OverPi)) {
    return nullptr;
  }
  return CubicOf(inner.factors[0]);
}

struct ProductPattern {
  double number;
  Value* (*factor)(const Value*);  // x of the factor f(x)
  Op op;
  OpOptions (*options)();
};

const ProductPattern kProducts[] = {
    {1.0 / 6, ShiftedRelu6, Op::kHardSwish,
     [] { return OpOptions(HardSwishOptions{}); }},
    {0.5, GeluFactor, Op::kGelu,
     [] { return OpOptions(GeluOptions{.approximate = true}); }},
};

bool RecognizeProduct(Node* node) {
  if (node->op() != Op::kMul && node->op() != Op::kDiv) return false;
  if (FusedActivation(*node) != Activation::kNone) return false;
  const Product product = ProductOf(node->output());
  for (const ProductPattern& pattern : kProducts) {
    if (!IsPair(product, pattern.number)) continue;
    for (size_t i = 0; i < 2; ++i) {
      Value* x = product.factors[i];
      if (pattern.factor(product.factors[1 - i]) != x) continue;
      Become(node, pattern.op, pattern.options(), {x});
      return true;
    }
  }
  return false;
}

}  // namespace

Result<int> RecognizeActivations(Graph& graph) {
  int rewrites = 0;
  for (Node* node : graph.Nodes()) {
    if (node->outputs().size() != 1 ||
        node->output()->type != DataType::kFloat32) {
      continue;
    }
    rewrites += RecognizeLeakyRelu(node) || RecognizeClamp(node) ||
                RecognizePrelu(graph, node) || RecognizeProduct(node);
  }
  return rewrites;
}

}  // namespace liteforge
