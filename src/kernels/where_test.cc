// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::where_test {

// Element i is zero where `stays` says so.
template <class Stored, class Stays>
void ExpectFound(DataType type, const Shape& shape, const Stays& stays) {
  std::vector<Stored> condition;
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < shape.elements(); ++i) {
    condition.push_back(static_cast<Stored>(
        stays(i) ? type == DataType::kBool ? 1 : i % 3 + 1 : 0));
    if (!stays(i)) continue;
    for (const int64_t x : CoordinatesOf(shape, i)) expected.push_back(x);
  }
  KernelCase k{Op::kWhere};
  k.inputs = {KernelTensor::OfType(type, shape, condition)};
  ExpectValues(
      k, expected,
      {static_cast<int32_t>(expected.size()) / shape.rank(), shape.rank()});
}

template <class Stored>
void ExpectFoundEverywhere(DataType type) {
  for (const Shape& shape : {Shape{1}, Shape{9}, Shape{3, 4}, Shape{2, 0},
                             Shape{2, 3, 2}, Shape{2, 2, 2, 3}}) {
    ExpectFound<Stored>(type, shape, [](int64_t i) { return i % 4 != 1; });
    ExpectFound<Stored>(type, shape, [](int64_t) { return false; });
    ExpectFound<Stored>(type, shape, [](int64_t) { return true; });
  }
}

TEST(Where, ConditionsOfEveryType) {
  ExpectFoundEverywhere<uint8_t>(DataType::kBool);
  ExpectFoundEverywhere<float>(DataType::kFloat32);
  ExpectFoundEverywhere<int8_t>(DataType::kInt8);
  ExpectFoundEverywhere<uint8_t>(DataType::kUInt8);
  ExpectFoundEverywhere<int32_t>(DataType::kInt32);
  ExpectFoundEverywhere<uint32_t>(DataType::kUInt32);
  ExpectFoundEverywhere<int64_t>(DataType::kInt64);
}

TEST(Where, FloatsThatAreNotZero) {
  KernelCase k{Op::kWhere};
  k.inputs = {KernelTensor::Of<float>(
      {5}, {-0.0f, std::nanf(""), 1e-45f, 0.0f, -HUGE_VALF})};
  ExpectValues<int64_t>(k, {1, 2, 4}, {3, 1});
}

TEST(Where, RefusesAScalar) {
  KernelCase k{Op::kWhere};
  k.inputs = {KernelTensor::Of<float>({}, {1})};
  ExpectRefused(k, "prepare", "scalar");
  k.inputs = {KernelTensor::Of<int16_t>({1}, {1})};
  ExpectRefused(k, "prepare", "int16 is not supported");
}

}  // namespace liteforge::where_test
