// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::unique_test {

template <class T>
KernelCase UniqueCase(const Shape& shape, const std::vector<T>& values,
                      DataType places) {
  KernelCase k{Op::kUnique, UniqueOptions{.idx_out_type = places}};
  k.inputs = {KernelTensor::Of<T>(shape, values)};
  k.outputs.resize(2);
  return k;
}

template <class T>
void ExpectUnique(const std::vector<T>& values) {
  std::vector<T> seen;
  std::vector<int32_t> places;
  for (const T x : values) {
    if (std::ranges::count(seen, x) == 0) seen.push_back(x);
    places.push_back(
        static_cast<int32_t>(std::ranges::find(seen, x) - seen.begin()));
  }
  const Shape shape{static_cast<int32_t>(values.size())};
  const Shape different{static_cast<int32_t>(seen.size())};
  KernelCase k = UniqueCase(shape, values, DataType::kInt32);
  ExpectValues(k, seen, different, 0);
  ExpectValues(k, places, shape, 1);
  k = UniqueCase(shape, values, DataType::kInt64);
  ExpectValues(k, std::vector<int64_t>(places.begin(), places.end()), shape, 1);
}

template <class T>
void ExpectUniqueOfAllLengths() {
  for (const int32_t length : {0, 1, 2, 10, 100})
    ExpectUnique(RandomIntegers<T>({length}, 0, 20, 1));
  ExpectUnique<T>({5, 4, 3, 2, 1});
  ExpectUnique<T>({1, 1, 1});
  ExpectUnique<T>({std::numeric_limits<T>::max(),
                   std::numeric_limits<T>::lowest(), 0,
                   std::numeric_limits<T>::max()});
}

TEST(Unique, ValuesOfEveryType) {
  ExpectUniqueOfAllLengths<float>();
  ExpectUniqueOfAllLengths<int8_t>();
  ExpectUniqueOfAllLengths<uint8_t>();
  ExpectUniqueOfAllLengths<int16_t>();
  ExpectUniqueOfAllLengths<int32_t>();
  ExpectUniqueOfAllLengths<int64_t>();
}

TEST(Unique, ZerosOfBothSignsAreOne) {
  ExpectValues<float>(
      UniqueCase<float>({3}, {-0.0f, 0.0f, 1}, DataType::kInt32), {-0.0f, 1},
      {2});
}

TEST(Unique, RefusesWhatIsNoVector) {
  ExpectRefused(UniqueCase<float>({1, 2}, {1, 2}, DataType::kInt32), "prepare",
                "one dimension");
  ExpectRefused(UniqueCase<double>({1}, {1}, DataType::kInt32), "prepare",
                "float64 is not supported");
  ExpectRefused(UniqueCase<float>({1}, {1}, DataType::kInt16), "", "int16");
}

}  // namespace liteforge::unique_test
