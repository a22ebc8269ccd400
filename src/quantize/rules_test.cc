// SPDX-License-Identifier: Apache-2.0
#include "quantize/rules.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace liteforge::rules_test {

TEST(QuantizeRules, OneRowAnOperatorInOrder) {
  std::string before;
  std::set<Op> seen;
  for (const QuantizeRule& rule : QuantizeRules()) {
    EXPECT_TRUE(seen.insert(rule.op).second) << Name(rule.op);
    EXPECT_EQ(FindQuantizeRule(rule.op), &rule);
    // What may be quantized at all says how.
    EXPECT_FALSE(rule.operands.empty() && rule.hybrid.empty()) << Name(rule.op);
    EXPECT_EQ(rule.output == OutputScale::kFixed, rule.int8_scale > 0)
        << Name(rule.op);
  }
  EXPECT_EQ(FindQuantizeRule(Op::kCustom), nullptr);
}

TEST(QuantizeRules, LettersAreRoles) {
  const QuantizeRule& conv = *FindQuantizeRule(Op::kConv2D);
  EXPECT_EQ(conv.RoleOf(0), OperandRole::kActivation);
  EXPECT_EQ(conv.RoleOf(1), OperandRole::kWeight);
  EXPECT_EQ(conv.RoleOf(2), OperandRole::kBias);
  EXPECT_EQ(conv.RoleOf(3), OperandRole::kPlain);
  EXPECT_TRUE(conv.IsHybridWeight(1));
  EXPECT_FALSE(conv.IsHybridWeight(0));
  const QuantizeRule& concat = *FindQuantizeRule(Op::kConcatenation);
  EXPECT_EQ(concat.RoleOf(7), OperandRole::kActivation);
}

}  // namespace liteforge::rules_test
