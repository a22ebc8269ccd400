// SPDX-License-Identifier: Apache-2.0
// FAKE_QUANT: every output is a whole number of steps, 0 among the values, and
// the nearest one there is.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::fake_quant_test {

KernelCase FakeCase(float min, float max, int bits, bool narrow,
                    const std::vector<float>& x) {
  KernelCase k{
      Op::kFakeQuant,
      FakeQuantOptions{
          .min = min, .max = max, .num_bits = bits, .narrow_range = narrow}};
  k.inputs = {KernelTensor::Of<float>({static_cast<int32_t>(x.size())}, x)};
  return k;
}

void ExpectNearest(float min, float max, int bits, bool narrow) {
  std::vector<float> x = {0, HUGE_VALF, -HUGE_VALF};
  for (int i = -50; i <= 150; ++i)
    x.push_back(min + (max - min) * static_cast<float>(i) / 100);
  // The ends, moved by less than a step so that 0 is a value. In float: the
  // middle between two values may fall to either side.
  const auto steps = static_cast<float>((1 << bits) - (narrow ? 2 : 1));
  const float float_step = (max - min) / steps;
  const auto low = static_cast<double>(
      -std::clamp(std::round(-min / float_step), 0.0f, steps));
  const auto step = static_cast<double>(float_step);
  const auto high = low + static_cast<double>(steps);
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(FakeCase(min, max, bits, narrow, x), mode);
    ASSERT_TRUE(run.ok()) << run.error;
    const auto y = run.Values<float>();
    for (size_t i = 0; i < x.size(); ++i) {
      const double place = static_cast<double>(y[i]) / step;
      const double slack = 1e-6 * static_cast<double>(steps);
      EXPECT_NEAR(place, std::round(place), slack);
      const double wanted =
          std::clamp(static_cast<double>(x[i]) / step, low, high);
      EXPECT_NEAR(place, wanted, 0.5 + slack)
          << x[i] << " in " << min << " to " << max << " with " << bits;
    }
    EXPECT_EQ(y[0], 0.0f);
  }
}

TEST(FakeQuant, NearestValueOfEveryWidth) {
  for (int bits = 2; bits <= 16; ++bits) {
    for (const bool narrow : {false, true}) {
      ExpectNearest(-1, 1, bits, narrow);
      ExpectNearest(-0.3f, 6, bits, narrow);
      ExpectNearest(0, 10, bits, narrow);
      ExpectNearest(-7.7f, 0, bits, narrow);
    }
  }
}

TEST(FakeQuant, RefusesWhatHasNoRange) {
  for (const int bits : {-1, 0, 1, 17})
    ExpectRefused(FakeCase(-1, 1, bits, false, {0}), "prepare", "2 to 16");
  ExpectRefused(FakeCase(1, 2, 8, false, {0}), "prepare", "enclose 0");
  ExpectRefused(FakeCase(-2, -1, 8, false, {0}), "prepare", "enclose 0");
  ExpectRefused(FakeCase(0, 0, 8, false, {0}), "prepare", "enclose 0");
  ExpectRefused(FakeCase(std::nanf(""), 1, 8, false, {0}), "prepare", "");
  ExpectRefused(FakeCase(-1, HUGE_VALF, 8, false, {0}), "prepare", "");
  KernelCase k = FakeCase(-1, 1, 8, false, {0});
  k.inputs = {KernelTensor::Of<double>({1}, {0})};
  ExpectRefused(k, "prepare", "only float32");
}

}  // namespace liteforge::fake_quant_test
