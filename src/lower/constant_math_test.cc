// SPDX-License-Identifier: Apache-2.0
#include "lower/constant_math.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace liteforge::constant_math_test {

using testing::ElementsAre;

// Element (i, j, k, l) of the input lands where the permutation says, for
// every permutation of four axes of different extents.
template <class T>
void CheckAllPermutations() {
  const int32_t extents[] = {2, 3, 4, 5};
  const Shape shape{2, 3, 4, 5};
  std::vector<T> values(120);
  std::iota(values.begin(), values.end(), T{0});
  const Blob data = Blob::Own(values);
  std::vector<int32_t> p = {0, 1, 2, 3};
  do {
    const auto moved =
        TransposeBytes(data, shape, p, sizeof(T)).template ToVector<T>();
    int32_t at[4] = {};
    for (size_t n = 0; n < values.size(); ++n) {
      // The n-th element of the result, its index in the result's order.
      size_t rest = n;
      for (int axis = 3; axis >= 0; --axis) {
        const auto extent = static_cast<size_t>(extents[p[axis]]);
        at[p[axis]] = static_cast<int32_t>(rest % extent);
        rest /= extent;
      }
      const int from = ((at[0] * 3 + at[1]) * 4 + at[2]) * 5 + at[3];
      ASSERT_EQ(moved[n], values[static_cast<size_t>(from)]);
    }
  } while (std::next_permutation(p.begin(), p.end()));
}

TEST(TransposeBytes, MovesEveryElementOfEverySize) {
  CheckAllPermutations<int8_t>();
  CheckAllPermutations<int16_t>();
  CheckAllPermutations<float>();
  CheckAllPermutations<int64_t>();
}

TEST(TransposeBytes, ElementsOfUnusualSize) {
  // Two rows of three 16-byte elements.
  std::vector<int64_t> values = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
  const int32_t swap[] = {1, 0};
  EXPECT_THAT(
      TransposeBytes(Blob::Own(values), {2, 3}, swap, 16).ToVector<int64_t>(),
      ElementsAre(0, 0, 3, 3, 1, 1, 4, 4, 2, 2, 5, 5));
}

TEST(TransposeBytes, VectorsScalarsAndNothing) {
  const int32_t one_axis[] = {0};
  EXPECT_THAT(
      TransposeBytes(Blob::Own(std::vector<float>{1, 2}), {2}, one_axis, 4)
          .ToVector<float>(),
      ElementsAre(1, 2));
  EXPECT_THAT(TransposeBytes(Blob::Own(std::vector<float>{7}), {}, {}, 4)
                  .ToVector<float>(),
              ElementsAre(7));
  const int32_t swap[] = {1, 0};
  EXPECT_TRUE(TransposeBytes(Blob(), {0, 3}, swap, 4).empty());
}

TEST(ToFloat32, HalfPrecision) {
  // 1, -0.5, 65504 (the largest), 2^-14 (the smallest normal), 2^-24, -0
  const Blob halves = Blob::Own(
      std::vector<uint16_t>{0x3c00, 0xb800, 0x7bff, 0x0400, 0x0001, 0x8000});
  const auto floats = ToFloat32(halves, DataType::kFloat16).ToVector<float>();
  EXPECT_THAT(floats, ElementsAre(1.0f, -0.5f, 65504.0f, 6.103515625e-05f,
                                  5.9604644775390625e-08f, 0.0f));
  EXPECT_TRUE(std::signbit(floats[5]));
}

TEST(ToFloat32, NanAndInfinityStay) {
  const Blob halves = Blob::Own(std::vector<uint16_t>{0x7e00, 0xfc00});
  const auto floats = ToFloat32(halves, DataType::kFloat16).ToVector<float>();
  EXPECT_TRUE(std::isnan(floats[0]));
  EXPECT_EQ(floats[1], -HUGE_VALF);
}

TEST(ToFloat32, OtherWidths) {
  EXPECT_THAT(ToFloat32(Blob::Own(std::vector<uint16_t>{0x3f80, 0xc040}),
                        DataType::kBFloat16)
                  .ToVector<float>(),
              ElementsAre(1.0f, -3.0f));
  EXPECT_THAT(
      ToFloat32(Blob::Own(std::vector<double>{0.1, -2}), DataType::kFloat64)
          .ToVector<float>(),
      ElementsAre(0.1f, -2.0f));
  EXPECT_TRUE(WidensToFloat32(DataType::kFloat64));
  EXPECT_FALSE(WidensToFloat32(DataType::kFloat32));
  EXPECT_FALSE(WidensToFloat32(DataType::kInt8));
}

}  // namespace liteforge::constant_math_test
