// SPDX-License-Identifier: Apache-2.0
#include "liteforge/machine.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/micro/peak.h"

namespace liteforge::machine_test {

// Bounds that any machine keeps, an emulated one too.
TEST(Machine, PeaksAreMeasured) {
  const MachinePeak peak = MeasureMachinePeak(1);
  EXPECT_GT(peak.float_gflops, 0.001);
  EXPECT_LT(peak.float_gflops, 1e5);
  EXPECT_GT(peak.byte_gops, 0.001);
  EXPECT_LT(peak.byte_gops, 1e6);
  EXPECT_GT(peak.read_gb_per_s, 0.001);
  EXPECT_LT(peak.read_gb_per_s, 1e4);
}

TEST(Machine, SumsAllNumbers) {
  std::vector<float> numbers;
  for (int i = 1; i <= 1003; ++i) numbers.push_back(static_cast<float>(i));
  EXPECT_EQ(SumOfFloats(numbers.data(), 1003), 1003 * 1004 / 2);
  EXPECT_EQ(SumOfFloats(numbers.data(), 3), 6);
}

}  // namespace liteforge::machine_test
