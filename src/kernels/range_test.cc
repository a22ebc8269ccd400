// SPDX-License-Identifier: Apache-2.0
// RANGE: start + i delta for as many i as stay before the limit.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::range_test {

template <class T>
KernelCase RangeCase(T start, T limit, T delta) {
  KernelCase k{Op::kRange};
  for (const T x : {start, limit, delta})
    k.inputs.push_back(KernelTensor::Of<T>({}, {x}));
  return k;
}

template <class T>
void ExpectRange(T start, T limit, T delta, int count) {
  std::vector<T> expected;
  for (int i = 0; i < count; ++i) {
    if constexpr (std::is_integral_v<T>) {
      expected.push_back(static_cast<T>(static_cast<__int128>(start) +
                                        static_cast<__int128>(delta) * i));
    } else {
      expected.push_back(static_cast<T>(static_cast<double>(start) +
                                        static_cast<double>(delta) * i));
    }
  }
  for (const bool constant : {false, true}) {
    KernelCase k = RangeCase(start, limit, delta);
    for (KernelTensor& input : k.inputs) input.is_constant = constant;
    if constexpr (std::is_integral_v<T>) {
      ExpectValues(k, expected, Shape{count});
    } else {
      ExpectNear(k, expected, 1e-6, Shape{count});
    }
  }
}

template <class T>
void ExpectIntegers() {
  ExpectRange<T>(0, 5, 1, 5);
  ExpectRange<T>(0, 5, 2, 3);
  ExpectRange<T>(-3, 4, 7, 1);
  ExpectRange<T>(-3, 5, 7, 2);
  ExpectRange<T>(5, 0, -1, 5);
  ExpectRange<T>(5, 0, -2, 3);
  ExpectRange<T>(2, 2, 1, 0);
  ExpectRange<T>(2, 2, -1, 0);
  ExpectRange<T>(2, 1, 1, 0);
  ExpectRange<T>(1, 2, -1, 0);
}

TEST(Range, Integers) {
  ExpectIntegers<int32_t>();
  ExpectIntegers<int64_t>();
}

TEST(Range, IntegersAtTheEndsOfTheirType) {
  constexpr auto kLow = std::numeric_limits<int32_t>::min();
  constexpr auto kHigh = std::numeric_limits<int32_t>::max();
  ExpectRange<int32_t>(kHigh - 1, kHigh, 2, 1);
  ExpectRange<int32_t>(kLow, kHigh, kHigh, 3);
  ExpectRange<int32_t>(kHigh, kLow, kLow, 2);
  constexpr auto kLowest = std::numeric_limits<int64_t>::min();
  constexpr auto kHighest = std::numeric_limits<int64_t>::max();
  ExpectRange<int64_t>(kHighest - 3, kHighest, 1, 3);
  ExpectRange<int64_t>(kLowest, kHighest, kHighest, 3);
  ExpectRange<int64_t>(kHighest, kLowest, kLowest, 2);
}

// The count is rounded in float: 0.3f is a little more than 3 times 0.1f.
TEST(Range, Floats) {
  ExpectRange<float>(0, 5, 1, 5);
  ExpectRange<float>(0, 1, 0.1f, 10);
  ExpectRange<float>(0, 0.3f, 0.1f, 3);
  ExpectRange<float>(1, -1, -0.5f, 4);
  ExpectRange<float>(1, -1.25f, -0.5f, 5);
  ExpectRange<float>(0.5f, 0.5f, 1, 0);
  ExpectRange<float>(3, 1, 1, 0);
}

TEST(Range, RefusesWhatHasNoEnd) {
  ExpectRefused(RangeCase<int32_t>(0, 5, 0), "", "delta is 0");
  ExpectRefused(RangeCase<float>(0, 5, 0), "", "delta is 0");
  ExpectRefused(RangeCase<int64_t>(0, int64_t{1} << 40, 1), "", "too long");
  ExpectRefused(RangeCase<float>(0, 1e30f, 1), "", "too long");
  ExpectRefused(RangeCase<float>(0, std::nanf(""), 1), "", "too long");
  ExpectRefused(RangeCase<float>(0, HUGE_VALF, 1), "", "too long");
  KernelCase k = RangeCase<int32_t>(0, 5, 1);
  k.inputs[1] = KernelTensor::Of<float>({}, {5});
  ExpectRefused(k, "", "one type");
  ExpectRefused(RangeCase<double>(0, 5, 1), "", "float64 is not supported");
}

}  // namespace liteforge::range_test
