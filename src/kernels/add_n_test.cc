// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::add_n_test {

template <class T>
void ExpectSums() {
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 0}, Shape{2, 3, 4}}) {
    for (unsigned count = 1; count <= 4; ++count) {
      KernelCase k{Op::kAddN};
      std::vector<T> sums(static_cast<size_t>(shape.elements()));
      for (unsigned i = 0; i < count; ++i) {
        std::vector<T> values;
        for (const float x : RandomEighths(shape, i))
          values.push_back(static_cast<T>(8 * x));
        for (size_t at = 0; at < sums.size(); ++at) sums[at] += values[at];
        k.inputs.push_back(KernelTensor::Of<T>(shape, values));
      }
      ExpectValues(k, sums, shape);
    }
  }
}

TEST(AddN, SumsAllInputs) {
  ExpectSums<float>();
  ExpectSums<int32_t>();
}

TEST(AddN, IntegersWrap) {
  constexpr auto kMost = std::numeric_limits<int32_t>::max();
  KernelCase k{Op::kAddN};
  for (const int32_t x : {kMost, 1, 2})
    k.inputs.push_back(KernelTensor::Of<int32_t>({1}, {x}));
  ExpectValues<int32_t>(k, {-kMost + 1});
}

TEST(AddN, RefusesWhatDoesNotGoTogether) {
  KernelCase k{Op::kAddN};
  ExpectRefused(k, "infer", "no inputs");
  k.inputs = {KernelTensor::Of<float>({2}, {1, 2}),
              KernelTensor::Of<float>({1}, {1})};
  ExpectRefused(k, "prepare", "one type and one shape");
  k.inputs[1] = KernelTensor::Of<int32_t>({2}, {1, 2});
  ExpectRefused(k, "infer", "must agree");
  k.inputs = {KernelTensor::Of<int64_t>({1}, {1})};
  ExpectRefused(k, "prepare", "int64 is not supported");
}

}  // namespace liteforge::add_n_test
