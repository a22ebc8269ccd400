// SPDX-License-Identifier: Apache-2.0
// Random numbers by their distribution: the mean of n of them lies within
// 6 s / sqrt(n) of the distribution's, s its standard deviation.
#include <gtest/gtest.h>

#include <cmath>

#include "convert/compile.h"
#include "convert/lowered_op_testing.h"
#include "liteforge/interpreter.h"

namespace liteforge {
namespace {

constexpr int kCount = 20000;

std::vector<float> Drawn(const char* op) {
  TestFunction f;
  f.Input("x", {1}).Ints("shape", {kCount});
  f.Node(op, "r", {"shape"}, {{"seed", 3}, {"seed2", 5}});
  f.Node("AddV2", "y", {"r", "x"}).Output("y", "y");
  const auto bytes = Compile(f.function());
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return {};
  auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  if (!interpreter || !interpreter->AllocateTensors() ||
      !interpreter->SetTensor<float>(interpreter->InputDetails()[0].index,
                                     std::vector<float>{0}) ||
      !interpreter->Invoke())
    return {};
  const auto y =
      interpreter->Tensor<float>(interpreter->OutputDetails()[0].index);
  return {y.begin(), y.end()};
}

TEST(RandomOps, TheTruncatedNormalStaysWithinTwo) {
  const auto y = Drawn("TruncatedNormal");
  ASSERT_EQ(y.size(), static_cast<size_t>(kCount));
  double sum = 0, squares = 0;
  for (const float v : y) {
    EXPECT_LE(std::abs(v), 2.0f);
    sum += v;
    squares += v * v;
  }
  // The variance of what is cut off at 2: 1 - 4 phi(2) / erf(sqrt(2)).
  const double phi = std::exp(-2.0) / std::sqrt(2 * M_PI);
  const double variance = 1 - 4 * phi / std::erf(std::sqrt(2.0));
  EXPECT_NEAR(sum / kCount, 0, 6 * std::sqrt(variance / kCount));
  // The fourth moment is below 16.
  EXPECT_NEAR(squares / kCount, variance, 6 * 4 / std::sqrt(1.0 * kCount));
}

}  // namespace
}  // namespace liteforge
