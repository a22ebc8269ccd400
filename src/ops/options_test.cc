// SPDX-License-Identifier: Apache-2.0
#include "ops/options.h"

#include <gtest/gtest.h>

namespace liteforge::options_test {

TEST(OpOptions, HoldsNothingAtFirst) {
  const OpOptions options;
  EXPECT_EQ(options.kind(), OptionsKind::kNone);
  EXPECT_EQ(options.Get<Conv2DOptions>(), Conv2DOptions());
  EXPECT_EQ(options.Get<Conv2DOptions>().dilation_w_factor, 1);
}

TEST(OpOptions, GivesDefaultsForAnotherTable) {
  const OpOptions options = SoftmaxOptions{2.0f};
  EXPECT_EQ(options.kind(), OptionsKind::kSoftmaxOptions);
  EXPECT_EQ(options.Get<SoftmaxOptions>().beta, 2.0f);
  EXPECT_EQ(options.Get<LeakyReluOptions>().alpha, 0.0f);
}

TEST(OpOptions, EditingACopyLeavesTheOriginal) {
  const OpOptions original = ReshapeOptions{{1, 2}};
  OpOptions copy = original;
  EXPECT_EQ(copy, original);
  copy.Edit<ReshapeOptions>().new_shape.push_back(3);
  EXPECT_EQ(original.Get<ReshapeOptions>().new_shape,
            (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(copy.Get<ReshapeOptions>().new_shape,
            (std::vector<int32_t>{1, 2, 3}));
  EXPECT_FALSE(copy == original);
}

TEST(OpOptions, EditingAnotherTableReplaces) {
  OpOptions options = SoftmaxOptions{2.0f};
  options.Edit<GatherOptions>().axis = 3;
  EXPECT_EQ(options.kind(), OptionsKind::kGatherOptions);
  EXPECT_EQ(options.Get<GatherOptions>().axis, 3);
}

TEST(OpOptions, EqualityComparesKindAndFields) {
  EXPECT_EQ(OpOptions(), OpOptions());
  EXPECT_EQ(OpOptions(PadOptions()), OpOptions(PadOptions()));
  EXPECT_FALSE(OpOptions(PadOptions()) == OpOptions(PadV2Options()));
  EXPECT_FALSE(OpOptions(PadOptions()) == OpOptions());
  EXPECT_FALSE(OpOptions(SoftmaxOptions{1}) == OpOptions(SoftmaxOptions{2}));
  EXPECT_EQ(OpOptions(CustomOptions{"a", {1}}),
            OpOptions(CustomOptions{"a", {1}}));
  EXPECT_FALSE(OpOptions(CustomOptions{"a", {1}}) ==
               OpOptions(CustomOptions{"a", {2}}));
}

}  // namespace liteforge::options_test
