// SPDX-License-Identifier: Apache-2.0
// What the operators make of Philox' words, and their statistics.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "base/philox.h"
#include "kernels/kernel_tester.h"

namespace liteforge::random_test {

KernelCase RandomCase(Op op, const std::vector<int32_t>& shape, int64_t seed,
                      int64_t seed2) {
  KernelCase k{op, RandomOptions{.seed = seed, .seed2 = seed2}};
  k.inputs = {
      KernelTensor::Of<int32_t>({static_cast<int32_t>(shape.size())}, shape)};
  return k;
}

// The low 23 bits of each word, as a fraction.
std::vector<double> Fractions(int64_t seed, int64_t seed2, size_t count) {
  Philox generator(static_cast<uint64_t>(seed), static_cast<uint64_t>(seed2));
  std::vector<double> fractions;
  while (fractions.size() < count) {
    for (const uint32_t word : generator.Next())
      fractions.push_back(std::ldexp(word % (1u << 23), -23));
  }
  return fractions;
}

TEST(RandomUniform, FractionsOfTheWords) {
  for (const int32_t count : {1, 3, 4, 10}) {
    const auto fractions = Fractions(1234, 5678, static_cast<size_t>(count));
    ExpectValues<float>(RandomCase(Op::kRandomUniform, {count}, 1234, 5678),
                        {fractions.begin(), fractions.begin() + count},
                        {count});
  }
  const auto fractions = Fractions(-5, 0, 12);
  ExpectValues<float>(RandomCase(Op::kRandomUniform, {3, 4}, -5, 0),
                      {fractions.begin(), fractions.end()}, {3, 4});
  ExpectValues<float>(RandomCase(Op::kRandomUniform, {2, 0}, 1, 1), {}, {2, 0});
}

TEST(RandomStandardNormal, BoxAndMuller) {
  const auto u = Fractions(9, 10, 12);
  std::vector<float> expected;
  for (size_t i = 0; i < u.size(); i += 2) {
    const double radius = std::sqrt(-2 * std::log(std::max(u[i], 1e-7)));
    const double angle = 2 * M_PI * u[i + 1];
    expected.push_back(static_cast<float>(std::sin(angle) * radius));
    expected.push_back(static_cast<float>(std::cos(angle) * radius));
  }
  ExpectNear(RandomCase(Op::kRandomStandardNormal, {12}, 9, 10), expected, 1e-5,
             {12});
  expected.resize(7);
  ExpectNear(RandomCase(Op::kRandomStandardNormal, {7}, 9, 10), expected, 1e-5,
             {7});
}

// The share of numbers below x in a sample is off from the chance by no more
// than 8 standard deviations, 1 / (2 sqrt(n)) at most.
void ExpectDistribution(const std::vector<float>& sample,
                        const std::vector<std::pair<double, double>>& below) {
  const auto n = static_cast<double>(sample.size());
  for (const auto& [x, chance] : below) {
    const auto count = std::ranges::count_if(
        sample, [x = x](float y) { return static_cast<double>(y) < x; });
    EXPECT_NEAR(static_cast<double>(count) / n, chance, 4 / std::sqrt(n))
        << "below " << x;
  }
}

TEST(Random, Distributions) {
  for (const int64_t seed : {1, 77, 0}) {  // 0: of the moment
    const KernelRun uniform =
        RunKernel(RandomCase(Op::kRandomUniform, {100, 200}, seed, 0));
    ASSERT_TRUE(uniform.ok()) << uniform.error;
    ExpectDistribution(
        uniform.Values<float>(),
        {{0, 0}, {0.1, 0.1}, {0.25, 0.25}, {0.5, 0.5}, {0.9, 0.9}, {1, 1}});
    const KernelRun normal =
        RunKernel(RandomCase(Op::kRandomStandardNormal, {100, 200}, seed, 0));
    ASSERT_TRUE(normal.ok()) << normal.error;
    std::vector<std::pair<double, double>> below;
    for (const double x : {-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0})
      below.emplace_back(x, std::erfc(-x / std::sqrt(2.0)) / 2);
    ExpectDistribution(normal.Values<float>(), below);
  }
}

TEST(Random, RefusesWhatIsNoShape) {
  for (const Op op : {Op::kRandomUniform, Op::kRandomStandardNormal}) {
    ExpectRefused(RandomCase(op, {-1}, 1, 1), "", "-1");
    KernelCase k = RandomCase(op, {2}, 1, 1);
    k.outputs = {KernelTensor::Output(DataType::kFloat64)};
    ExpectRefused(k, "", "float64");
  }
}

//-------------------------------------------------------------- MULTINOMIAL

template <class T>
KernelCase DrawCase(const Shape& shape, const std::vector<T>& logits,
                    int32_t samples, DataType output = DataType::kInt64) {
  KernelCase k{Op::kMultinomial, RandomOptions{.seed = 1, .seed2 = 2}};
  k.inputs = {KernelTensor::Of<T>(shape, logits),
              KernelTensor::Of<int32_t>({}, {samples})};
  k.outputs = {KernelTensor::Output(output)};
  return k;
}

template <class T>
void ExpectShares() {
  const std::vector<T> logits = {0,    1, 2,  -1, 0, -100, 5, 5,
                                 1000, 3, -2, 3,  0, 0,    0};
  const Shape shape{3, 5};
  constexpr int kSamples = 20000;
  const KernelRun run = RunKernel(DrawCase<T>(shape, logits, kSamples));
  ASSERT_TRUE(run.ok()) << run.error;
  ASSERT_EQ(run.shape(), (Shape{3, kSamples}));
  const auto drawn = run.Values<int64_t>();
  const KernelRun narrow =
      RunKernel(DrawCase<T>(shape, logits, kSamples, DataType::kInt32));
  ASSERT_TRUE(narrow.ok()) << narrow.error;
  EXPECT_EQ(std::vector<int64_t>(drawn), [&] {
    const auto values = narrow.template Values<int32_t>();
    return std::vector<int64_t>(values.begin(), values.end());
  }());
  for (size_t b = 0; b < 3; ++b) {
    const auto first = logits.begin() + static_cast<int64_t>(5 * b);
    const auto largest =
        static_cast<double>(*std::max_element(first, first + 5));
    double sum = 0;
    for (int c = 0; c < 5; ++c)
      sum += std::exp(static_cast<double>(first[c]) - largest);
    for (int c = 0; c < 5; ++c) {
      const auto begin = drawn.begin() + static_cast<int64_t>(b) * kSamples;
      const auto count = std::count(begin, begin + kSamples, c);
      EXPECT_NEAR(static_cast<double>(count) / kSamples,
                  std::exp(static_cast<double>(first[c]) - largest) / sum,
                  2 / std::sqrt(kSamples))
          << "batch " << b << ", class " << c;
    }
  }
}

TEST(Multinomial, DrawsBySoftmax) {
  ExpectShares<float>();
  ExpectShares<double>();
  ExpectValues<int64_t>(DrawCase<float>({2, 1}, {1, 2}, 3), {0, 0, 0, 0, 0, 0},
                        {2, 3});
  ExpectValues<int64_t>(DrawCase<float>({0, 2}, {}, 3), {}, {0, 3});
  ExpectValues<int64_t>(DrawCase<float>({1, 2}, {0, 0}, 0), {}, {1, 0});
}

TEST(Multinomial, RefusesWhatCannotBeDrawn) {
  ExpectRefused(DrawCase<float>({1, 0}, {}, 1), "prepare", "no classes");
  ExpectRefused(DrawCase<float>({2}, {1, 2}, 1), "infer", "logits");
  ExpectRefused(DrawCase<float>({1, 2}, {1, 2}, -1), "", "num_samples");
  ExpectRefused(DrawCase<int32_t>({1, 2}, {1, 2}, 1), "prepare",
                "int32 is not supported");
}

}  // namespace liteforge::random_test
