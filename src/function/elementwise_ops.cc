// SPDX-License-Identifier: Apache-2.0
#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

Tensor Unary(std::string_view op, const Tensor& x) {
  if (x.empty()) return {};
  return x.builder()->AddNode(op, {x}, Attributes().Type("T", x.type()),
                              x.type(), x.shape());
}

// Comparisons answer with booleans, everything else in the operands' type.
Tensor Binary(std::string_view op, const Tensor& a, const Tensor& b,
              bool comparison = false) {
  if (!AllPresent({a, b})) return {};
  if (a.type() != b.type()) {
    return FailOp(a, op,
                  "operands are " + std::string(Name(a.type())) + " and " +
                      std::string(Name(b.type())));
  }
  Shape shape;
  if (!BroadcastShapes(a.shape(), b.shape(), shape)) {
    return FailOp(a, op,
                  "shapes " + a.shape().ToString() + " and " +
                      b.shape().ToString() + " cannot be broadcast together");
  }
  return a.builder()->AddNode(op, {a, b}, Attributes().Type("T", a.type()),
                              comparison ? DataType::kBool : a.type(), shape);
}

}  // namespace

Tensor Relu(Tensor x) { return Unary("Relu", x); }
Tensor Relu6(Tensor x) { return Unary("Relu6", x); }
Tensor Elu(Tensor x) { return Unary("Elu", x); }
Tensor Selu(Tensor x) { return Unary("Selu", x); }
Tensor Sigmoid(Tensor x) { return Unary("Sigmoid", x); }
Tensor Tanh(Tensor x) { return Unary("Tanh", x); }
Tensor Softplus(Tensor x) { return Unary("Softplus", x); }
Tensor Softsign(Tensor x) { return Unary("Softsign", x); }
Tensor Exp(Tensor x) { return Unary("Exp", x); }
Tensor Log(Tensor x) { return Unary("Log", x); }
Tensor Sqrt(Tensor x) { return Unary("Sqrt", x); }
Tensor Rsqrt(Tensor x) { return Unary("Rsqrt", x); }
Tensor Square(Tensor x) { return Unary("Square", x); }
Tensor Reciprocal(Tensor x) { return Unary("Reciprocal", x); }
Tensor Abs(Tensor x) { return Unary("Abs", x); }
Tensor Neg(Tensor x) { return Unary("Neg", x); }
Tensor Sign(Tensor x) { return Unary("Sign", x); }
Tensor Erf(Tensor x) { return Unary("Erf", x); }
Tensor Floor(Tensor x) { return Unary("Floor", x); }
Tensor Ceil(Tensor x) { return Unary("Ceil", x); }
Tensor Round(Tensor x) { return Unary("Round", x); }
Tensor Sin(Tensor x) { return Unary("Sin", x); }
Tensor Cos(Tensor x) { return Unary("Cos", x); }
Tensor Log1p(Tensor x) { return Unary("Log1p", x); }
Tensor LogicalNot(Tensor x) { return Unary("LogicalNot", x); }
Tensor ZerosLike(Tensor x) { return Unary("ZerosLike", x); }
Tensor OnesLike(Tensor x) { return Unary("OnesLike", x); }
Tensor Identity(Tensor x) { return Unary("Identity", x); }

Tensor LeakyRelu(Tensor x, float alpha) {
  if (x.empty()) return {};
  return x.builder()->AddNode(
      "LeakyRelu", {x}, Attributes().Type("T", x.type()).Float("alpha", alpha),
      x.type(), x.shape());
}

Tensor Cast(Tensor x, DataType type) {
  if (x.empty() || x.type() == type) return x;
  return x.builder()->AddNode("Cast", {x},
                              Attributes()
                                  .Type("SrcT", x.type())
                                  .Type("DstT", type)
                                  .Bool("Truncate", false),
                              type, x.shape());
}

Tensor Add(Tensor a, Tensor b) { return Binary("AddV2", a, b); }
Tensor Sub(Tensor a, Tensor b) { return Binary("Sub", a, b); }
Tensor Mul(Tensor a, Tensor b) { return Binary("Mul", a, b); }
Tensor Div(Tensor a, Tensor b) { return Binary("RealDiv", a, b); }
Tensor Maximum(Tensor a, Tensor b) { return Binary("Maximum", a, b); }
Tensor Minimum(Tensor a, Tensor b) { return Binary("Minimum", a, b); }
Tensor Pow(Tensor a, Tensor b) { return Binary("Pow", a, b); }
Tensor FloorDiv(Tensor a, Tensor b) { return Binary("FloorDiv", a, b); }
Tensor FloorMod(Tensor a, Tensor b) { return Binary("FloorMod", a, b); }
Tensor SquaredDifference(Tensor a, Tensor b) {
  return Binary("SquaredDifference", a, b);
}
Tensor Greater(Tensor a, Tensor b) { return Binary("Greater", a, b, true); }
Tensor GreaterEqual(Tensor a, Tensor b) {
  return Binary("GreaterEqual", a, b, true);
}
Tensor Less(Tensor a, Tensor b) { return Binary("Less", a, b, true); }
Tensor LessEqual(Tensor a, Tensor b) { return Binary("LessEqual", a, b, true); }
Tensor Equal(Tensor a, Tensor b) { return Binary("Equal", a, b, true); }
Tensor NotEqual(Tensor a, Tensor b) { return Binary("NotEqual", a, b, true); }
Tensor LogicalAnd(Tensor a, Tensor b) { return Binary("LogicalAnd", a, b); }
Tensor LogicalOr(Tensor a, Tensor b) { return Binary("LogicalOr", a, b); }

Tensor Select(Tensor condition, Tensor a, Tensor b) {
  if (!AllPresent({condition, a, b})) return {};
  Shape values, shape;
  if (a.type() != b.type() || !BroadcastShapes(a.shape(), b.shape(), values) ||
      !BroadcastShapes(values, condition.shape(), shape)) {
    return FailOp(a, "SelectV2", "operands do not go together");
  }
  return a.builder()->AddNode("SelectV2", {condition, a, b},
                              Attributes().Type("T", a.type()), a.type(),
                              shape);
}

}  // namespace liteforge
