// SPDX-License-Identifier: Apache-2.0
// Random numbers by their distribution: the mean of n of them lies within
// 6 s / sqrt(n) of the distribution's, s its standard deviation.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "convert/compile.h"
#include "convert/lowered_op_testing.h"
#include "liteforge/interpreter.h"

namespace liteforge::random_ops_test {

constexpr int kCount = 20000;

// What "r" gives, as float32.
std::vector<float> Values(TestFunction& f) {
  f.Input("x", {1}).Node("Cast", "c", {"r"}, {{"DstT", DataType::kFloat32}});
  f.Node("AddV2", "y", {"c", "x"}).Output("y", "y");
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

std::vector<float> Drawn(const char* op) {
  TestFunction f;
  f.Ints("shape", {kCount});
  f.Node(op, "r", {"shape"}, {{"seed", 3}, {"seed2", 5}});
  return Values(f);
}

struct Moments {
  double mean = 0, squares = 0;
};

Moments MomentsOf(const std::vector<float>& values) {
  Moments m;
  for (const float v : values) {
    m.mean += v / kCount;
    m.squares += double{v} * v / kCount;
  }
  return m;
}

const double kRoot = std::sqrt(1.0 * kCount);

TEST(RandomOps, UniformNumbers) {
  const auto y = Drawn("RandomUniform");
  ASSERT_EQ(y.size(), static_cast<size_t>(kCount));
  for (const float v : y) EXPECT_TRUE(v >= 0 && v < 1) << v;
  const Moments m = MomentsOf(y);
  EXPECT_NEAR(m.mean, 0.5, 6 * std::sqrt(1.0 / 12) / kRoot);
  // The variance of a square: 1/5 - 1/9.
  EXPECT_NEAR(m.squares, 1.0 / 3, 6 * std::sqrt(4.0 / 45) / kRoot);
}

TEST(RandomOps, NormalNumbers) {
  const Moments m = MomentsOf(Drawn("RandomStandardNormal"));
  EXPECT_NEAR(m.mean, 0, 6 / kRoot);
  EXPECT_NEAR(m.squares, 1, 6 * std::sqrt(2.0) / kRoot);
}

TEST(RandomOps, WholeNumbers) {
  TestFunction f;
  f.Ints("shape", {kCount}).Ints("low", {}, {-2}).Ints("high", {}, {5});
  f.Node("RandomUniformInt", "r", {"shape", "low", "high"},
         {{"seed", 3}, {"seed2", 5}});
  std::array<int, 7> counts{};
  for (const float v : Values(f)) {
    ASSERT_TRUE(v >= -2 && v < 5 && v == std::floor(v)) << v;
    ++counts[static_cast<size_t>(v + 2)];
  }
  const double share = 1.0 / 7;
  for (const int count : counts)
    EXPECT_NEAR(count, kCount * share,
                6 * std::sqrt(kCount * share * (1 - share)));
}

// Classes as often as their softmax says.
TEST(RandomOps, Classes) {
  TestFunction f;
  f.Floats("logits", {1, 3}, {std::log(0.2f), std::log(0.5f), std::log(0.3f)});
  f.Ints("count", {}, {kCount});
  f.Node("Multinomial", "r", {"logits", "count"},
         {{"seed", 3}, {"seed2", 5}, {"output_dtype", DataType::kInt32}});
  std::array<int, 3> counts{};
  for (const float v : Values(f)) {
    ASSERT_TRUE(v == 0 || v == 1 || v == 2) << v;
    ++counts[static_cast<size_t>(v)];
  }
  const double shares[] = {0.2, 0.5, 0.3};
  for (size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(counts[i], kCount * shares[i],
                6 * std::sqrt(kCount * shares[i] * (1 - shares[i])));
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

}  // namespace liteforge::random_ops_test
