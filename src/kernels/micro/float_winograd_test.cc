// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/micro/float_winograd.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::float_winograd_test {

struct Sum {
  double value, magnitude;  // of the products
};

// Output pixel (y, x) of the tile's convolution, in double.
Sum SumAt(const std::vector<float>& input, const std::vector<float>& filter,
          int64_t channels, int64_t o, int y, int x) {
  Sum sum{0, 0};
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int64_t c = 0; c < channels; ++c) {
        const double product =
            static_cast<double>(input[static_cast<size_t>(
                ((y + i) * kWinogradInput + x + j) * channels + c)]) *
            static_cast<double>(filter[static_cast<size_t>(
                ((o * 3 + i) * 3 + j) * channels + c)]);
        sum.value += product;
        sum.magnitude += std::abs(product);
      }
    }
  }
  return sum;
}

// One tile, the products of matrices in double: what is left are the
// transforms' own errors and those of storing floats.
void ExpectConvolved(int64_t channels, int64_t outputs) {
  Sequence draw(static_cast<uint32_t>(channels * 31 + outputs));
  std::vector<float> input(static_cast<size_t>(36 * channels));
  std::vector<float> filter(static_cast<size_t>(outputs * 9 * channels));
  std::vector<float> bias(static_cast<size_t>(outputs));
  for (auto* list : {&input, &filter, &bias}) {
    for (float& x : *list) x = draw.Real();
  }
  const auto matrices =
      TransformWinogradFilter(filter.data(), outputs, channels);
  std::vector<const float*> pixels;
  for (int p = 0; p < 36; ++p) pixels.push_back(input.data() + p * channels);
  std::vector<float> transformed(static_cast<size_t>(36 * channels));
  TransformWinogradInput(pixels.data(), channels, transformed.data(), channels);
  std::vector<float> products(static_cast<size_t>(36 * outputs));
  for (int64_t p = 0; p < 36; ++p) {
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = 0;
      for (int64_t c = 0; c < channels; ++c)
        sum += static_cast<double>(
                   transformed[static_cast<size_t>(p * channels + c)]) *
               static_cast<double>(matrices[static_cast<size_t>(
                   (p * outputs + o) * channels + c)]);
      products[static_cast<size_t>(p * outputs + o)] = static_cast<float>(sum);
    }
  }
  // Pixel 5 lies outside the image.
  std::vector<float> got(static_cast<size_t>(16 * outputs), 77);
  std::vector<float*> to;
  for (int p = 0; p < 16; ++p)
    to.push_back(p == 5 ? nullptr : got.data() + p * outputs);
  TransformWinogradOutput(products.data(), outputs,
                          {bias.data(), outputs, -3, 2.5f}, to.data());
  for (int p = 0; p < 16; ++p) {
    for (int64_t o = 0; o < outputs; ++o) {
      const auto value =
          static_cast<double>(got[static_cast<size_t>(p * outputs + o)]);
      if (p == 5) {
        ASSERT_EQ(value, 77);
        continue;
      }
      const Sum sum = SumAt(input, filter, channels, o, p / 4, p % 4);
      const double want = std::clamp(
          sum.value + static_cast<double>(bias[static_cast<size_t>(o)]), -3.0,
          2.5);
      ASSERT_NEAR(value, want, 20 * std::ldexp(sum.magnitude + 1, -24))
          << channels << " channels, " << outputs << " outputs, pixel " << p;
    }
  }
}

TEST(FloatWinograd, Grid) {
  ForEachTarget([] {
    for (const int64_t channels : {1, 3, 8, 16, 19, 40}) {
      for (const int64_t outputs : {1, 4, 8, 17, 32})
        ExpectConvolved(channels, outputs);
    }
  });
}

}  // namespace liteforge::float_winograd_test
