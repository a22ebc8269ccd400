// SPDX-License-Identifier: Apache-2.0
#include "ops/infer.h"

#include <gtest/gtest.h>

#include "ops/infer_testing.h"

namespace liteforge::infer_test {

constexpr int32_t kAny = Shape::kUnknownDim;

TEST(Infer, RulesAreSortedAndNamedOnce) {
  const auto rules = AllInferRules();
  for (size_t i = 1; i < rules.size(); ++i) {
    EXPECT_LT(rules[i - 1].op, rules[i].op) << Name(rules[i].op);
  }
}

// Those whose outputs a subgraph or the operator's own name decides, and
// StableHLO's that TFLite has no kernel for, stay without.
TEST(Infer, OperatorsWithoutARule) {
  std::string missing;
  for (int number = 0; number < 128; ++number) {
    const auto op = static_cast<Op>(number);
    const auto rules = AllInferRules();
    if (std::none_of(rules.begin(), rules.end(),
                     [&](const InferRule& rule) { return rule.op == op; })) {
      missing += std::string(Name(op)) + " ";
    }
  }
  EXPECT_EQ(missing,
            "CONCAT_EMBEDDINGS CALL CUSTOM DELEGATE IF WHILE "
            "PLACEHOLDER_FOR_GREATER_OP_CODES ");
}

TEST(Infer, SaysWhatHasNoRule) {
  EXPECT_ROWS({{Op::kStablehloSort,
                {},
                {"float32[2]"},
                "STABLEHLO_SORT is not supported by this version"}});
}

TEST(Infer, CountsOutputs) {
  EXPECT_ROWS({
      {Op::kRelu, {}, {"float32[2]"}, "it has 0 outputs, not 1", {}},
      {Op::kRelu,
       {},
       {"float32[2]"},
       "it has 2 outputs, not 1",
       {"none", "none"}},
      {Op::kUnique, {}, {"float32[2]"}, "it has 1 outputs, not 2"},
  });
}

TEST(Infer, IntegersOfEveryWidth) {
  EXPECT_ROWS({
      {Op::kPad, {}, {"float32[2]", "int8[1,2]=1,2"}, "float32[5]"},
      {Op::kPad, {}, {"float32[2]", "int16[1,2]=1,2"}, "float32[5]"},
      {Op::kPad, {}, {"float32[2]", "int32[1,2]=1,2"}, "float32[5]"},
      {Op::kPad, {}, {"float32[2]", "int64[1,2]=1,2"}, "float32[5]"},
      {Op::kPad,
       {},
       {"float32[2]", "float32[1,2]=1,2"},
       "input 1 must hold integers, it is float32"},
  });
}

// numpy's rules, unknown dimensions added.
TEST(Broadcast, Pairs) {
  struct Row {
    Shape a, b, result;
  };
  for (const Row& row : {
           Row{{}, {}, {}},
           Row{{2, 3}, {}, {2, 3}},
           Row{{2, 1}, {3}, {2, 3}},
           Row{{4, 1, 3}, {2, 1}, {4, 2, 3}},
           Row{{1}, {0}, {0}},
           Row{{kAny}, {1}, {kAny}},
           Row{{kAny}, {5}, {5}},
           Row{{kAny}, {kAny}, {kAny}},
           Row{{kAny, 3}, {3}, {kAny, 3}},
           Row{Shape::UnknownRank(), {3}, Shape::UnknownRank()},
       }) {
    EXPECT_EQ(*Broadcast(row.a, row.b), row.result) << row.a.ToString();
    EXPECT_EQ(*Broadcast(row.b, row.a), row.result) << row.b.ToString();
  }
  EXPECT_FALSE(Broadcast({2}, {3}));
  EXPECT_FALSE(Broadcast({2}, {0}));
}

// The windows counted one by one.
TEST(Window, AgreesWithCounting) {
  for (int input = 1; input < 12; ++input) {
    for (int window = 1; window < 5; ++window) {
      for (int stride = 1; stride < 4; ++stride) {
        for (int dilation = 1; dilation < 4; ++dilation) {
          int valid = 0, same = 0;
          const int reach = (window - 1) * dilation + 1;
          for (int at = 0; at + reach <= input; at += stride) ++valid;
          for (int at = 0; at < input; at += stride) ++same;
          EXPECT_EQ(
              WindowOutput(Padding::kValid, input, window, stride, dilation),
              valid);
          EXPECT_EQ(
              WindowOutput(Padding::kSame, input, window, stride, dilation),
              same);
          // The last window must end inside the padded input, the padding
          // being as even as it can be with the odd one behind.
          const int before =
              WindowPadding(input, same, window, stride, dilation);
          const int total = std::max(0, (same - 1) * stride + reach - input);
          EXPECT_EQ(before, total / 2);
        }
      }
    }
  }
  EXPECT_EQ(WindowOutput(Padding::kSame, kAny, 3, 2, 1), kAny);
}

TEST(Window, DoesNotOverflow) {
  EXPECT_EQ(WindowOutput(Padding::kValid, 10, INT32_MAX, 1, INT32_MAX), 0);
  EXPECT_EQ(WindowOutput(Padding::kSame, INT32_MAX, 3, INT32_MAX, 1), 1);
}

TEST(NormalizeAxis, Range) {
  EXPECT_EQ(*NormalizeAxis(-1, 3, "axis"), 2);
  EXPECT_EQ(*NormalizeAxis(0, 3, "axis"), 0);
  EXPECT_FALSE(NormalizeAxis(3, 3, "axis"));
  EXPECT_FALSE(NormalizeAxis(-4, 3, "axis"));
  EXPECT_FALSE(NormalizeAxis(0, 0, "axis"));
  EXPECT_FALSE(NormalizeAxis(INT64_MIN, 3, "axis"));
}

}  // namespace liteforge::infer_test
