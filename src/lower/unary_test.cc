// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "lower/lowering_case.h"

namespace liteforge::unary_test {

const LoweringCase kElementwise[] = {
    {"LeakyRelu",
     [](TestFunction& f) {
       f.Input("x", {2}).Node("LeakyRelu", "y", {"x"}, {{"alpha", 0.5f}});
     },
     R"(graph f(%x: float32[2]) {
  %y: float32[2] = LEAKY_RELU(%x) {alpha=0.5}
  return %y
}
)"},
    {"Relu6 of integers",
     [](TestFunction& f) {
       f.Input("x", {2}, DataType::kInt32).Node("Relu6", "y", {"x"});
     },
     R"(graph f(%x: int32[2]) {
  %y/maximum: int32[2] = MAXIMUM(%x, @y/const: int32[] = [0])
  %y: int32[2] = MINIMUM(%y/maximum, @y/const_1: int32[] = [6])
  return %y
}
)"},
    {"Softplus",
     [](TestFunction& f) { f.Input("x", {2}).Node("Softplus", "y", {"x"}); },
     R"(graph f(%x: float32[2]) {
  %y/abs: float32[2] = ABS(%x)
  %y/neg: float32[2] = NEG(%y/abs)
  %y/exp: float32[2] = EXP(%y/neg)
  %y/add: float32[2] = ADD(%y/exp, @y/const: float32[] = [1])
  %y/log: float32[2] = LOG(%y/add)
  %y/relu: float32[2] = RELU(%x)
  %y: float32[2] = ADD(%y/relu, %y/log)
  return %y
}
)"},
    {"Softsign",
     [](TestFunction& f) { f.Input("x", {2}).Node("Softsign", "y", {"x"}); },
     R"(graph f(%x: float32[2]) {
  %y/abs: float32[2] = ABS(%x)
  %y/add: float32[2] = ADD(%y/abs, @y/const: float32[] = [1])
  %y: float32[2] = DIV(%x, %y/add)
  return %y
}
)"},
    {"Selu",
     [](TestFunction& f) { f.Input("x", {2}).Node("Selu", "y", {"x"}); },
     R"(graph f(%x: float32[2]) {
  %y/relu: float32[2] = RELU(%x)
  %y/mul: float32[2] = MUL(%y/relu, @y/const_1: float32[] = [1.050701])
  %y/minimum: float32[2] = MINIMUM(%x, @y/const: float32[] = [0])
  %y/elu: float32[2] = ELU(%y/minimum)
  %y/mul_1: float32[2] = MUL(%y/elu, @y/const_2: float32[] = [1.7580993])
  %y: float32[2] = ADD(%y/mul, %y/mul_1)
  return %y
}
)"},
    {"GELU, 0.5 x (1 + erf(x / sqrt 2))",
     [](TestFunction& f) {
       f.Input("x", {2}).Floats("half", {}, {0.5f}).Floats("one", {}, {1});
       f.Floats("root", {}, {1.41421356f});
       f.Node("RealDiv", "scaled", {"x", "root"}).Node("Erf", "e", {"scaled"});
       f.Node("Mul", "half_x", {"half", "x"}).Node("AddV2", "s", {"one", "e"});
       f.Node("Mul", "y", {"half_x", "s"});
     },
     R"(graph f(%x: float32[2]) {
  %y: float32[2] = GELU(%x)
  return %y
}
)"},
    {"GELU, x (0.5 (1 + erf(x * 0.707)))",
     [](TestFunction& f) {
       f.Input("x", {2}).Floats("half", {}, {0.5f}).Floats("one", {}, {1});
       f.Floats("root", {}, {0.70710678f});
       f.Node("Mul", "scaled", {"x", "root"}).Node("Erf", "e", {"scaled"});
       f.Node("AddV2", "s", {"e", "one"}).Node("Mul", "h", {"s", "half"});
       f.Node("Mul", "y", {"x", "h"});
     },
     R"(graph f(%x: float32[2]) {
  %y: float32[2] = GELU(%x)
  return %y
}
)"},
    {"Cast, Round, Square of integers",
     [](TestFunction& f) {
       f.Input("x", {2});
       f.Node("Round", "r", {"x"});
       f.Node("Cast", "i", {"r"}, {{"DstT", DataType::kInt32}});
       f.Node("Floor", "same", {"i"}).Node("Square", "y", {"same"});
     },
     R"(graph f(%x: float32[2]) {
  %r: float32[2] = ROUND(%x)
  %i: int32[2] = CAST(%r) {out_data_type=2}
  %y: int32[2] = MUL(%i, %i)
  return %y
}
)"},
    {"AddN",
     [](TestFunction& f) {
       f.Input("a", {2}).Input("b", {2}).Input("c", {2});
       f.Node("AddN", "one", {"a"}).Node("AddN", "two", {"one", "b"});
       f.Node("AddN", "y", {"two", "b", "c"});
     },
     R"(graph f(%a: float32[2], %b: float32[2], %c: float32[2]) {
  %two: float32[2] = ADD(%a, %b)
  %y: float32[2] = ADD_N(%two, %b, %c)
  return %y
}
)"},
    {"Select",
     [](TestFunction& f) {
       f.Input("c", {2}, DataType::kBool).Input("a", {2}).Input("b", {2});
       f.Node("LogicalNot", "n", {"c"}).Node("SelectV2", "s", {"n", "a", "b"});
       f.Node("Select", "y", {"c", "s", "b"});
     },
     R"(graph f(%c: bool[2], %a: float32[2], %b: float32[2]) {
  %n: bool[2] = LOGICAL_NOT(%c)
  %s: float32[2] = SELECT_V2(%n, %a, %b)
  %y: float32[2] = SELECT(%c, %s, %b)
  return %y
}
)"},
};

TEST(LowerElementwise, WritesTflite) { ExpectLowered(kElementwise); }

// What an operation without a TFLite counterpart is written as, computed and
// held against its definition.
struct Numeric {
  const char* op;
  double (*definition)(double);
  double tolerance;  // absolute below 1, relative above
};

constexpr Numeric kNumeric[] = {
    {"Erf", [](double x) { return std::erf(x); }, 4.5e-7},
    {"Log1p", [](double x) { return std::log1p(std::abs(x)); }, 1e-6},
    {"Reciprocal", [](double x) { return 1 / x; }, 1e-6},
    {"Selu",
     [](double x) {
       return 1.0507009873554805 *
              (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
     },
     3e-7},
    {"Softplus", [](double x) { return x > 30 ? x : std::log1p(std::exp(x)); },
     3e-7},
    {"Softsign", [](double x) { return x / (1 + std::abs(x)); }, 1e-7},
};

TEST(LowerElementwise, DecompositionsComputeTheirDefinition) {
  for (const Numeric& test : kNumeric) {
    std::vector<float> xs;
    for (int i = -4001; i <= 4001; i += 2)
      xs.push_back(static_cast<float>(i) * 0.0025f);
    for (float x : {-100.0f, 100.0f, -1e-6f, 1e-6f}) xs.push_back(x);
    if (test.op == std::string_view("Log1p"))
      for (float& x : xs) x = std::abs(x);
    TestFunction f;
    f.Floats("x", {static_cast<int32_t>(xs.size())}, xs);
    f.Node(test.op, "y", {"x"}).Output("y", "y");
    SmallEvaluator evaluator;
    auto module = Lower(f.function(), evaluator);
    ASSERT_TRUE(module) << module.error().ToString();
    const ir::Value* y = (*module)->graphs[0]->outputs()[0];
    ASSERT_TRUE(y->is_constant()) << test.op;
    const std::vector<float> ys = y->ToVector<float>();
    ASSERT_EQ(ys.size(), xs.size());
    for (size_t i = 0; i < xs.size(); ++i) {
      const double wanted = test.definition(xs[i]);
      EXPECT_NEAR(ys[i], wanted,
                  test.tolerance * std::max(1.0, std::abs(wanted)))
          << test.op << " of " << xs[i];
    }
  }
}

}  // namespace liteforge::unary_test
