// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>

#include "import/keras/layer_case.h"

namespace liteforge::batch_normalization_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Layers, BatchNormalization) {
  const Shape three = {3};
  const std::vector<Shape> four = {three, three, three, three};
  const LayerCase cases[] = {
      {2, "BatchNormalization", R"("axis":[3])", "4,5,3", four,
       "FusedBatchNormV3", "[?,4,5,3]"},
      {2, "BatchNormalization", R"("axis":1)", "3,4,5", four,
       "FusedBatchNormV3", "[?,3,4,5]"},
      {1, "BatchNormalization", R"("mode":0,"axis":-1)", "3", four, "Mul AddV2",
       "[?,3]"},
      {2, "BatchNormalization", R"("axis":1)", "3,null", four, "Mul AddV2",
       "[?,3,?]"},
      {2, "BatchNormalization", R"("axis":2)", "4,3,5", four, "Mul AddV2",
       "[?,4,3,5]"},
      {2,
       "BatchNormalization",
       R"("axis":-1,"scale":false)",
       "2,4,5,3",
       {three, three, three},
       "Mul AddV2",
       "[?,2,4,5,3]"},
      {2,
       "BatchNormalization",
       R"("axis":[1,2])",
       "4,3",
       {{1, 4, 3}, {1, 4, 3}, {1, 4, 3}, {1, 4, 3}},
       "Mul AddV2",
       "[?,4,3]"},
  };
  for (const LayerCase& c : cases) Check(c);

  // y = gamma (x - mean) / sqrt(variance + epsilon) + beta, by hand.
  const auto function = Imported(
      OneLayer(2, "BatchNormalization", R"("axis":1,"epsilon":0.25)", "2,9",
               {CountingWeight("gamma", {2}, 3), CountingWeight("beta", {2}, 5),
                CountingWeight("moving_mean", {2}, 7),
                CountingWeight("moving_variance", {2}, 2)}));
  EXPECT_THAT(FloatsOf(function, "l/scale"),
              ElementsAre(testing::FloatEq(3 / 1.5f),
                          testing::FloatEq(4 / std::sqrt(3.25f))));
  EXPECT_FLOAT_EQ(FloatsOf(function, "l/offset").at(0), 5 - 7 * 2);
  const auto* scale = NodeNamed(function, "l/scale");
  ASSERT_NE(scale, nullptr);
  EXPECT_EQ(scale->attr().at("value").tensor().tensor_shape().dim_size(), 2);
}

TEST(Layers, BatchNormalizationOfTheDataAtHand) {
  const auto error_of = [](int generation, const char* config) {
    std::vector<KerasWeight> weights(4, CountingWeight("w", {4}));
    return ErrorOf(OneLayer(generation, "BatchNormalization", config, "4",
                            std::move(weights)));
  };
  EXPECT_THAT(error_of(2, R"("renorm":true)"), HasSubstr("renorm=True"));
  EXPECT_THAT(error_of(1, R"("mode":1)"), HasSubstr("only mode=0"));
  EXPECT_THAT(error_of(2, R"("axis":[1,-1])"), HasSubstr("one axis twice"));
}

}  // namespace liteforge::batch_normalization_test
