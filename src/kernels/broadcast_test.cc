// SPDX-License-Identifier: Apache-2.0
#include "kernels/broadcast.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "ops/infer.h"

namespace liteforge::broadcast_test {

// Every shape of rank 0 … 3 with these extents.
std::vector<Shape> Shapes(const std::vector<int32_t>& extents) {
  std::vector<Shape> shapes = {Shape()};
  for (size_t first = 0; shapes[first].rank() < 3; ++first) {
    for (const int32_t extent : extents) {
      Shape longer = shapes[first];
      longer.Append(extent);
      shapes.push_back(longer);
    }
  }
  return shapes;
}

// The operand's element under output element `index`.
int64_t Under(const Shape& operand, const Shape& output, int64_t index) {
  int64_t at = 0, step = 1;
  for (int back = 1; back <= output.rank(); ++back) {
    const int32_t extent = output[output.rank() - back];
    const int64_t place = index % extent;
    index /= extent;
    if (back > operand.rank()) continue;
    const int32_t own = operand[operand.rank() - back];
    if (own != 1) at += place * step;
    step *= own;
  }
  return at;
}

void ExpectAsNumpy(const Shape& a, const Shape& b, const Shape& output) {
  std::vector<int32_t> x(static_cast<size_t>(a.elements()));
  std::vector<int32_t> y(static_cast<size_t>(b.elements()));
  std::iota(x.begin(), x.end(), 0);
  std::iota(y.begin(), y.end(), 0);
  std::vector<int32_t> expected;
  for (int64_t i = 0; i < output.elements(); ++i) {
    expected.push_back(
        static_cast<int32_t>(Under(a, output, i) * 1000 + Under(b, output, i)));
  }
  std::vector<int32_t> z(expected.size(), -1);
  const BroadcastPlan plan = PlanBroadcast(a, b, output);
  BroadcastBinary(plan, x.data(), y.data(), z.data(),
                  [](int32_t p, int32_t q) { return p * 1000 + q; });
  EXPECT_EQ(z, expected) << a.ToString() << " " << b.ToString();
}

TEST(Broadcast, EveryPairOfSmallShapes) {
  const std::vector<Shape> shapes = Shapes({0, 1, 2, 3});
  int pairs = 0;
  for (const Shape& a : shapes) {
    for (const Shape& b : shapes) {
      const auto output = Broadcast(a, b);
      if (!output) continue;
      ExpectAsNumpy(a, b, *output);
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 1000);
}

TEST(Broadcast, ManyAxes) {
  const Shape a{2, 1, 2, 1, 2, 1, 2}, b{1, 2, 1, 2, 1, 2, 1};
  ExpectAsNumpy(a, b, Shape{2, 2, 2, 2, 2, 2, 2});
  Shape ones, twos;
  for (int axis = 0; axis < Shape::kMaxRank; ++axis) {
    ones.Append(1);
    twos.Append(axis % 4 == 0 ? 2 : 1);
  }
  ExpectAsNumpy(ones, twos, twos);
}

TEST(Broadcast, UsualCasesAreFewLoops) {
  const Shape image{2, 3, 4, 5};
  EXPECT_EQ(PlanBroadcast(image, image, image).rank, 1);
  EXPECT_EQ(PlanBroadcast(image, Shape(), image).rank, 1);
  EXPECT_EQ(PlanBroadcast(Shape{1, 1}, image, image).rank, 1);
  EXPECT_EQ(PlanBroadcast(image, Shape{5}, image).rank, 2);
  EXPECT_EQ(PlanBroadcast(image, Shape{2, 1, 1, 5}, image).rank, 3);
}

}  // namespace liteforge::broadcast_test
