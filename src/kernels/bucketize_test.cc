// SPDX-License-Identifier: Apache-2.0
// BUCKETIZE: how many boundaries are not above the value.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::bucketize_test {

template <class T>
KernelCase BucketCase(const std::vector<float>& boundaries, const Shape& shape,
                      const std::vector<T>& values) {
  KernelCase k{Op::kBucketize, BucketizeOptions{.boundaries = boundaries}};
  k.inputs = {KernelTensor::Of<T>(shape, values)};
  return k;
}

template <class T>
void ExpectBuckets(const std::vector<float>& boundaries) {
  std::vector<T> values;
  for (int i = -12; i <= 12; ++i) values.push_back(static_cast<T>(i) / 2);
  std::vector<int32_t> expected;
  for (const T x : values) {
    int32_t below = 0;
    for (const float b : boundaries) below += b <= static_cast<double>(x);
    expected.push_back(below);
  }
  ExpectValues(BucketCase(boundaries, {5, 5}, values), expected, {5, 5});
}

template <class T>
void ExpectBucketsOfEveryKind() {
  ExpectBuckets<T>({});
  ExpectBuckets<T>({0});
  ExpectBuckets<T>({-3, 0, 2, 4});
  ExpectBuckets<T>({-100, 1, 1, 1, 100});
}

TEST(Bucketize, ValuesOfEveryType) {
  ExpectBucketsOfEveryKind<float>();
  ExpectBucketsOfEveryKind<double>();
  ExpectBucketsOfEveryKind<int32_t>();
  ExpectBucketsOfEveryKind<int64_t>();
  ExpectBuckets<float>({-1.25f, 0.5f, 2.75f});
  ExpectBuckets<double>({-1.25f, 0.5f, 2.75f});
  ExpectBuckets<int32_t>({-1.25f, 0.5f, 2.75f});
  ExpectBuckets<int64_t>({-1.25f, 0.5f, 2.75f});
  ExpectValues<int32_t>(BucketCase<float>({1, 2}, {2, 0}, {}), {}, {2, 0});
}

TEST(Bucketize, RefusesWhatHasNoOrder) {
  ExpectRefused(BucketCase<float>({2, 1}, {1}, {0}), "", "");
  ExpectRefused(BucketCase<int8_t>({1, 2}, {1}, {0}), "prepare",
                "int8 is not supported");
}

}  // namespace liteforge::bucketize_test
