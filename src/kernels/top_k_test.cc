// SPDX-License-Identifier: Apache-2.0
// TOPK_V2 against picking the largest of what is left, again and again.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::top_k_test {

template <class T>
KernelCase TopCase(const Shape& shape, const std::vector<T>& values, int32_t k,
                   DataType places = DataType::kInt32) {
  KernelCase c{Op::kTopKV2};
  c.inputs = {KernelTensor::Of<T>(shape, values),
              KernelTensor::Of<int32_t>({}, {k})};
  c.outputs = {KernelTensor(), KernelTensor::Output(places)};
  return c;
}

template <class T>
void ExpectTop(const Shape& shape, int32_t wanted) {
  // Few different numbers: many are equal.
  const auto values = RandomIntegers<T>(
      shape, std::numeric_limits<T>::is_signed ? -4 : 0, 4, 1);
  const auto row = static_cast<size_t>(shape[shape.rank() - 1]);
  std::vector<T> top;
  std::vector<int32_t> places;
  std::vector<int16_t> short_places;
  for (size_t r = 0; row > 0 && r < values.size(); r += row) {
    std::vector<bool> taken(row);
    for (int32_t n = 0; n < wanted; ++n) {
      size_t best = row;
      for (size_t i = 0; i < row; ++i) {
        if (!taken[i] && (best == row || values[r + i] > values[r + best]))
          best = i;
      }
      taken[best] = true;
      top.push_back(values[r + best]);
      places.push_back(static_cast<int32_t>(best));
      short_places.push_back(static_cast<int16_t>(best));
    }
  }
  Shape output = shape;
  output.set_dim(shape.rank() - 1, wanted);
  for (const bool constant : {false, true}) {
    KernelCase k = TopCase(shape, values, wanted);
    k.inputs[1].is_constant = constant;
    ExpectValues(k, top, output, 0);
    ExpectValues(k, places, output, 1);
    k.outputs[1].type = DataType::kInt16;
    ExpectValues(k, short_places, output, 1);
  }
}

template <class T>
void ExpectTopOfEveryShape() {
  for (const Shape& shape : {Shape{1}, Shape{7}, Shape{3, 5}, Shape{2, 3, 8},
                             Shape{0, 4}, Shape{2, 0}}) {
    for (int32_t k = 0; k <= shape[shape.rank() - 1]; ++k)
      ExpectTop<T>(shape, k);
  }
}

TEST(TopKV2, ValuesOfEveryType) {
  ExpectTopOfEveryShape<float>();
  ExpectTopOfEveryShape<int8_t>();
  ExpectTopOfEveryShape<uint8_t>();
  ExpectTopOfEveryShape<int16_t>();
  ExpectTopOfEveryShape<int32_t>();
  ExpectTopOfEveryShape<int64_t>();
}

TEST(TopKV2, InfinityAndNaN) {
  const float nan = std::nanf("");
  ExpectValues<int32_t>(
      TopCase<float>({5}, {nan, 1, -HUGE_VALF, HUGE_VALF, 1}, 5),
      {3, 1, 4, 2, 0}, {5}, 1);
}

TEST(TopKV2, RefusesMoreThanThereAre) {
  const KernelCase k = TopCase<float>({2}, {1, 2}, 3);
  ExpectRefused(k, "", "at most the last dimension");
  ExpectRefused(TopCase<float>({}, {1}, 1), "", "must have dimensions");
  ExpectRefused(TopCase<double>({2}, {1, 2}, 1), "prepare",
                "float64 is not supported");
  ExpectRefused(
      TopCase<float>({40000}, std::vector<float>(40000), 1, DataType::kInt16),
      "prepare", "longer than int16");
}

}  // namespace liteforge::top_k_test
