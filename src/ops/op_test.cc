// SPDX-License-Identifier: Apache-2.0
#include "ops/op.h"

#include <gtest/gtest.h>

#include <map>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"

namespace liteforge::op_test {

TEST(Op, NamesAndNumbersAreTheSchemas) {
  ASSERT_EQ(kOpCount, static_cast<int>(tflite::BuiltinOperator::MAX) + 1);
  for (int number = 0; number < kOpCount; ++number) {
    EXPECT_EQ(Name(static_cast<Op>(number)),
              tflite::EnumNameBuiltinOperator(
                  static_cast<tflite::BuiltinOperator>(number)));
  }
}

TEST(Op, NumbersOutsideTheListAreNoOperators) {
  EXPECT_FALSE(IsOp(-1));
  EXPECT_TRUE(IsOp(0));
  EXPECT_TRUE(IsOp(kOpCount - 1));
  EXPECT_FALSE(IsOp(kOpCount));
  EXPECT_EQ(Name(static_cast<Op>(kOpCount)), "unknown op");
  EXPECT_EQ(OptionsOf(static_cast<Op>(-1)), OptionsKind::kNone);
}

TEST(Op, OptionsOfAFewByHand) {
  EXPECT_EQ(OptionsOf(Op::kConv2D), OptionsKind::kConv2DOptions);
  EXPECT_EQ(OptionsOf(Op::kConv3DTranspose), OptionsKind::kConv3DOptions);
  EXPECT_EQ(OptionsOf(Op::kMinimum), OptionsKind::kMaximumMinimumOptions);
  EXPECT_EQ(OptionsOf(Op::kDilate), OptionsKind::kDilateOptions);
  EXPECT_EQ(OptionsOf(Op::kRelu), OptionsKind::kNone);
  EXPECT_EQ(OptionsOf(Op::kCustom), OptionsKind::kCustomOptions);
}

// OptionsKind counts the members of the schema's two unions in order.
OptionsKind KindIn(const tflite::Operator& op) {
  const auto first = static_cast<int>(op.builtin_options_type());
  const auto second = static_cast<int>(op.builtin_options_2_type());
  if (first != 0) return static_cast<OptionsKind>(first);
  if (second == 0) return OptionsKind::kNone;
  return static_cast<OptionsKind>(
      static_cast<int>(tflite::BuiltinOptions::MAX) + second);
}

TEST(Op, RealFilesUseTheSameOptions) {
  std::vector<std::filesystem::path> paths = SharedModels("tflite");
  for (auto& path : SharedModels("kernels")) paths.push_back(std::move(path));
  if (paths.empty()) GTEST_SKIP() << "no models in " << SharedFolder();
  std::map<Op, int> seen;
  for (const auto& path : paths) {
    auto model = TfliteModel::Open(path);
    ASSERT_TRUE(model) << model.error().ToString();
    for (const auto* subgraph : *(*model)->subgraphs()) {
      for (uint32_t i = 0; i < Count(subgraph->operators()); ++i) {
        const tflite::Operator& stored = *subgraph->operators()->Get(i);
        const auto op =
            static_cast<Op>(model->OperatorNumber(stored.opcode_index()));
        const OptionsKind kind = KindIn(stored);
        if (kind == OptionsKind::kNone) continue;
        ++seen[op];
        EXPECT_EQ(kind, OptionsOf(op)) << path << ": " << Name(op);
      }
    }
  }
  EXPECT_GT(seen.size(), 80u);
}

}  // namespace liteforge::op_test
