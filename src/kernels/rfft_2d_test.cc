// SPDX-License-Identifier: Apache-2.0
// RFFT2D against the double sum of the Fourier transform's definition.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::rfft_2d_test {

using Complex = std::complex<float>;

KernelCase FftCase(const Shape& shape, const std::vector<float>& values,
                   const std::vector<int32_t>& length) {
  KernelCase k{Op::kRfft2D};
  k.inputs = {
      KernelTensor::Of<float>(shape, values),
      KernelTensor::Of<int32_t>({static_cast<int32_t>(length.size())}, length)};
  return k;
}

void ExpectTransform(const Shape& shape, int32_t height, int32_t width) {
  const int rank = shape.rank();
  const int in_h = shape[rank - 2], in_w = shape[rank - 1];
  const auto x = RandomEighths(shape, 1);
  Shape output = shape;
  output.set_dim(rank - 2, height);
  output.set_dim(rank - 1, width / 2 + 1);
  std::vector<std::complex<double>> expected;
  const int64_t images = shape.elements() / (in_h * in_w);
  for (int64_t n = 0; n < images; ++n) {
    for (int v = 0; v < height; ++v) {
      for (int u = 0; u <= width / 2; ++u) {
        std::complex<double> sum = 0;
        for (int i = 0; i < std::min(height, in_h); ++i) {
          for (int j = 0; j < std::min(width, in_w); ++j) {
            const double turns = static_cast<double>(v * i) / height +
                                 static_cast<double>(u * j) / width;
            const auto at = static_cast<size_t>((n * in_h + i) * in_w + j);
            sum +=
                static_cast<double>(x[at]) * std::polar(1.0, -2 * M_PI * turns);
          }
        }
        expected.push_back(sum);
      }
    }
  }
  for (const bool constant : {false, true}) {
    KernelCase k = FftCase(shape, x, {height, width});
    k.inputs[1].is_constant = constant;
    for (const KernelMode mode : kKernelModes) {
      const KernelRun run = RunKernel(k, mode);
      ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
      EXPECT_EQ(run.shape(), output);
      const auto got = run.Values<Complex>();
      ASSERT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i)
        ASSERT_LE(std::abs(std::complex<double>(got[i]) - expected[i]), 1e-4)
            << Name(mode) << ", element " << i;
    }
  }
}

TEST(Rfft2D, CropsAndFills) {
  for (const int32_t height : {1, 2, 4, 8}) {
    for (const int32_t width : {1, 2, 4, 16}) {
      ExpectTransform({4, 4}, height, width);
      ExpectTransform({3, 5}, height, width);
    }
  }
  ExpectTransform({2, 4, 8}, 4, 8);
  ExpectTransform({0, 4, 8}, 4, 8);
  ExpectTransform({2, 3, 2, 4}, 2, 4);
}

TEST(Rfft2D, RefusesWhatItCannotTransform) {
  const std::vector<float> four(4);
  ExpectRefused(FftCase({2, 2}, four, {3, 2}), "", "no power of two");
  ExpectRefused(FftCase({2, 2}, four, {2, 0}), "", "no power of two");
  ExpectRefused(FftCase({2, 2}, four, {2, -2}), "", "no power of two");
  ExpectRefused(FftCase({2, 2}, four, {2}), "", "two values");
  ExpectRefused(FftCase({4}, four, {2, 2}), "infer", "");
  KernelCase k = FftCase({2, 2}, four, {2, 2});
  k.inputs[0] = KernelTensor::Of<double>({1, 1}, {1});
  ExpectRefused(k, "prepare", "only float32");
}

}  // namespace liteforge::rfft_2d_test
