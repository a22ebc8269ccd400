// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/micro/float_gemm.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::float_gemm_test {

// Against the sum in double.
void ExpectProducts(int rows, int64_t columns, int64_t runs, int64_t length,
                    bool with_bias, bool evenly = false) {
  Sequence draw(static_cast<uint32_t>(rows * 31 + columns * 7 + length));
  const int64_t depth = runs * length;
  std::vector<float> a(static_cast<size_t>(rows * depth));
  std::vector<float> w(static_cast<size_t>(columns * depth));
  std::vector<float> bias(static_cast<size_t>(columns));
  for (auto* list : {&a, &w, &bias}) {
    for (float& x : *list) x = draw.Real();
  }
  std::vector<const float*> pointers;
  for (int m = 0; m < rows; ++m) {
    for (int64_t r = 0; r < runs; ++r)
      pointers.push_back(a.data() + m * depth + r * length);
  }
  constexpr float kLow = -1.5f, kHigh = 2;
  ArrayCache arrays;
  const FloatPanels p =
      PackFloatPanels(arrays, w.data(), with_bias ? bias.data() : nullptr,
                      columns, runs, length);
  // Nothing may be written behind a row's columns.
  const int64_t stride = columns + 3;
  std::vector<float> output(static_cast<size_t>(rows * stride), 77);
  if (evenly) {
    std::vector<FloatRun> of_window;
    for (int64_t r = 0; r < runs; ++r)
      of_window.push_back({a.data() + r * length, depth});
    MultiplyFloatSpan(p, of_window.data(), rows, 0, p.panels(), kLow, kHigh,
                      output.data(), stride);
  } else {
    MultiplyFloatTile(p, pointers.data(), rows, 0, p.panels(), kLow, kHigh,
                      output.data(), stride);
  }
  for (int m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < stride; ++n) {
      const float got = output[static_cast<size_t>(m * stride + n)];
      if (n >= columns) {
        ASSERT_EQ(got, 77) << m << "," << n;
        continue;
      }
      double sum = with_bias ? bias[static_cast<size_t>(n)] : 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += static_cast<double>(a[static_cast<size_t>(m * depth + k)]) *
               static_cast<double>(w[static_cast<size_t>(n * depth + k)]);
      const double want = std::min(2.0, std::max(-1.5, sum));
      ASSERT_NEAR(static_cast<double>(got), want,
                  1e-6 * std::sqrt(static_cast<double>(depth)) + 1e-6)
          << rows << " rows, " << columns << " columns, " << runs << " x "
          << length << " at " << m << "," << n;
    }
  }
}

TEST(FloatGemm, Grid) {
  ForEachTarget([] {
    for (int rows = 1; rows <= FloatTileRows(); ++rows) {
      for (const int64_t columns : {1, 5, 8, 16, 17, 32, 33, 70})
        ExpectProducts(rows, columns, 2, 7, rows % 2 == 0);
    }
    for (const int64_t length : {1, 2, 3, 4, 64, 301}) {
      for (const int64_t runs : {1, 9}) {
        ExpectProducts(1, 40, runs, length, true);
        ExpectProducts(FloatTileRows(), 40, runs, length, true);
      }
    }
  });
}

// Any number of rows that lie evenly.
TEST(FloatGemm, Spans) {
  ForEachTarget([] {
    for (const int rows : {1, 5, 6, 7, 11, 12, 13, 23, 40}) {
      for (const int64_t columns : {3, 16, 40}) {
        ExpectProducts(rows, columns, 1, 9, true, true);
        ExpectProducts(rows, columns, 3, 6, false, true);
      }
    }
  });
}

TEST(FloatGemm, NanAndInfinityComeThrough) {
  ForEachTarget([] {
    const float infinity = std::numeric_limits<float>::infinity();
    const float a[2] = {std::numeric_limits<float>::quiet_NaN(), 1};
    const float w[2] = {1, 1};
    ArrayCache arrays;
    const FloatPanels p = PackFloatPanels(arrays, w, nullptr, 1, 1, 2);
    const float* row = a;
    float y = 0;
    MultiplyFloatTile(p, &row, 1, 0, 1, -infinity, infinity, &y, 1);
    EXPECT_TRUE(std::isnan(y));
    const float b[2] = {infinity, 1};
    row = b;
    MultiplyFloatTile(p, &row, 1, 0, 1, -infinity, infinity, &y, 1);
    EXPECT_EQ(y, infinity);
  });
}

}  // namespace liteforge::float_gemm_test
