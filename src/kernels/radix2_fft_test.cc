// SPDX-License-Identifier: Apache-2.0
#include "kernels/radix2_fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace liteforge::radix2_fft_test {

using Complex = std::complex<double>;

TEST(Radix2Fft, IsTheSum) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (const size_t n : {1u, 2u, 4u, 8u, 64u, 512u}) {
    const Radix2Fft fft(n);
    EXPECT_EQ(fft.size(), n);
    std::vector<Complex> x(n);
    for (Complex& value : x) value = {unit(random), unit(random)};
    for (const double sign : {-1.0, 1.0}) {
      std::vector<Complex> y = x;
      if (sign < 0) {
        fft.Forward(y.data());
      } else {
        fft.Backward(y.data());
      }
      for (size_t j = 0; j < n; ++j) {
        Complex sum = 0;
        for (size_t i = 0; i < n; ++i)
          sum += x[i] * std::polar(1.0, sign * 2 * std::numbers::pi *
                                            static_cast<double>(i * j % n) /
                                            static_cast<double>(n));
        EXPECT_LT(std::abs(y[j] - sum), 1e-11) << n << ", " << j;
      }
    }
  }
}

}  // namespace liteforge::radix2_fft_test
