// SPDX-License-Identifier: Apache-2.0
// CUMSUM: each element is a sum of its own over the elements before it.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::cumsum_test {

template <class T>
KernelCase CumsumCase(const Shape& shape, const std::vector<T>& values,
                      int axis, CumsumOptions options = {}) {
  KernelCase k{Op::kCumsum, options};
  k.inputs = {KernelTensor::Of<T>(shape, values),
              KernelTensor::Of<int32_t>({}, {axis})};
  return k;
}

template <class T>
void ExpectSums(const Shape& shape, int axis, const CumsumOptions& o) {
  std::vector<T> values;
  for (const float x : RandomEighths(shape, 1))
    values.push_back(static_cast<T>(8 * x));
  const auto a = static_cast<size_t>(axis < 0 ? axis + shape.rank() : axis);
  std::vector<T> expected;
  for (int64_t i = 0; i < shape.elements(); ++i) {
    Coordinates at = CoordinatesOf(shape, i);
    const int64_t own = at[a];
    T sum = 0;
    for (int64_t x = 0; x < shape[static_cast<int>(a)]; ++x) {
      at[a] = x;
      const bool before = o.reverse ? x > own : x < own;
      if (before || (x == own && !o.exclusive))
        sum += values[static_cast<size_t>(PlaceOf(shape, at))];
    }
    expected.push_back(sum);
  }
  ExpectValues(CumsumCase(shape, values, axis, o), expected, shape);
}

template <class T>
void ExpectSumsEverywhere() {
  for (const Shape& shape : {Shape{1}, Shape{6}, Shape{3, 4}, Shape{2, 3, 4},
                             Shape{2, 0, 3}, Shape{2, 3, 1, 4, 2}}) {
    for (int axis = -shape.rank(); axis < shape.rank(); ++axis) {
      for (const bool exclusive : {false, true}) {
        for (const bool reverse : {false, true})
          ExpectSums<T>(shape, axis, {exclusive, reverse});
      }
    }
  }
}

TEST(Cumsum, EveryAxisAndDirection) {
  ExpectSumsEverywhere<float>();
  ExpectSumsEverywhere<int32_t>();
  ExpectSumsEverywhere<int64_t>();
}

TEST(Cumsum, IntegersWrap) {
  constexpr auto kMost = std::numeric_limits<int32_t>::max();
  ExpectValues<int32_t>(CumsumCase<int32_t>({3}, {kMost, 1, 2}, 0),
                        {kMost, -kMost - 1, -kMost + 1});
  constexpr auto kLongest = std::numeric_limits<int64_t>::max();
  ExpectValues<int64_t>(CumsumCase<int64_t>({2}, {kLongest, 1}, 0),
                        {kLongest, -kLongest - 1});
}

TEST(Cumsum, RefusesWhatDoesNotFit) {
  ExpectRefused(CumsumCase<float>({2}, {1, 2}, 1), "", "out of range");
  ExpectRefused(CumsumCase<float>({2}, {1, 2}, -2), "", "out of range");
  ExpectRefused(CumsumCase<float>({}, {1}, 0), "", "");
  ExpectRefused(CumsumCase<int8_t>({2}, {1, 2}, 0), "prepare",
                "int8 is not supported");
}

}  // namespace liteforge::cumsum_test
