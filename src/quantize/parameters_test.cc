// SPDX-License-Identifier: Apache-2.0
#include "quantize/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace liteforge::parameters_test {

using testing::ElementsAre;
using testing::FloatEq;

double RealOf(const Parameters& p, int64_t q) {
  return static_cast<double>(p.scale) * static_cast<double>(q - p.zero_point);
}

TEST(ParametersFor, CoversTheRangeAndHitsZero) {
  for (const DataType type : {DataType::kInt8, DataType::kUInt8}) {
    const int64_t low = type == DataType::kInt8 ? -128 : 0;
    for (const ValueRange range :
         {ValueRange{-1, 1}, ValueRange{0, 6}, ValueRange{2, 6},
          ValueRange{-3, -1}, ValueRange{-1e-3f, 1e4f}}) {
      const Parameters p = ParametersFor(range, type);
      const double half_step = static_cast<double>(p.scale) / 2;
      EXPECT_LE(RealOf(p, low), std::min(0.0f, range.min) + half_step);
      EXPECT_GE(RealOf(p, low + 255), std::max(0.0f, range.max) - half_step);
      EXPECT_GE(p.zero_point, low);
      EXPECT_LE(p.zero_point, low + 255);
    }
  }
  const Parameters sixteen = ParametersFor({-2, 1}, DataType::kInt16);
  EXPECT_EQ(sixteen.zero_point, 0);
  EXPECT_FLOAT_EQ(sixteen.scale, 2.0f / 32767);
}

TEST(ParametersFor, AnEmptyRangeHasASmallStep) {
  for (const DataType type :
       {DataType::kInt8, DataType::kUInt8, DataType::kInt16}) {
    const Parameters p = ParametersFor({0, 0}, type);
    EXPECT_TRUE(std::isnormal(p.scale));
    EXPECT_LT(p.scale, 1e-5f);
  }
}

TEST(QuantizeWeights, OneScaleAChannel) {
  // [2, 2] along axis 0, then along axis 1.
  const std::vector<float> values = {1.27f, -0.635f, 0, 12.7f};
  auto rows = QuantizeWeights(values, Shape{2, 2}, 0, DataType::kInt8);
  EXPECT_THAT(rows.scale, ElementsAre(FloatEq(0.01f), FloatEq(0.1f)));
  EXPECT_THAT(rows.data.ToVector<int8_t>(), ElementsAre(127, -64, 0, 127));
  auto columns = QuantizeWeights(values, Shape{2, 2}, 1, DataType::kInt8);
  EXPECT_THAT(columns.scale, ElementsAre(FloatEq(0.01f), FloatEq(0.1f)));
  EXPECT_THAT(columns.data.ToVector<int8_t>(), ElementsAre(127, -6, 0, 127));
}

TEST(QuantizeWeights, AChannelOfZerosHasAScale) {
  const std::vector<float> values = {0, 0, 3, 4};
  const auto w = QuantizeWeights(values, Shape{2, 2}, 0, DataType::kInt8);
  EXPECT_EQ(w.scale[0], 1.0f);
  const std::vector<float> least = {0.25f, 0};
  const auto with_least =
      QuantizeWeights(values, Shape{2, 2}, 0, DataType::kInt8, least);
  EXPECT_EQ(with_least.scale[0], 0.25f);
}

TEST(QuantizeWeights, FourBitsArePackedLowFirst) {
  const std::vector<float> values = {7, -7, 1};
  const auto w = QuantizeWeights(values, Shape{3}, -1, DataType::kInt4);
  EXPECT_THAT(w.scale, ElementsAre(FloatEq(1)));
  EXPECT_THAT(w.data.ToVector<uint8_t>(), ElementsAre(0x97, 0x01));
  EXPECT_THAT(DequantizeWeights(w, Shape{3}, -1, DataType::kInt4),
              ElementsAre(7, -7, 1));
}

TEST(QuantizeBias, RoundsAndSaturates) {
  const std::vector<float> bias = {1.0f, -0.26f, 1e9f};
  const std::vector<float> scale = {0.5f, 0.1f, 1e-3f};
  EXPECT_THAT(QuantizeBias(bias, scale, DataType::kInt32).ToVector<int32_t>(),
              ElementsAre(2, -3, 2147483647));
}

}  // namespace liteforge::parameters_test
