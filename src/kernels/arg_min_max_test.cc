// SPDX-License-Identifier: Apache-2.0
// ARG_MAX and ARG_MIN: the first place that no other one beats.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::arg_min_max_test {

KernelCase ArgCase(Op op, KernelTensor input, int axis,
                   DataType output = DataType::kInt32) {
  KernelCase k{op};
  if (op == Op::kArgMax) {
    k.options = ArgMaxOptions{.output_type = output};
  } else {
    k.options = ArgMinOptions{.output_type = output};
  }
  k.inputs = {std::move(input), KernelTensor::Of<int32_t>({}, {axis})};
  return k;
}

template <class Stored>
void ExpectArg(DataType type, const Shape& shape, int axis) {
  const int low = std::numeric_limits<Stored>::is_signed ? -3 : 0;
  const auto values =
      RandomIntegers<Stored>(shape, low, type == DataType::kBool ? 1 : 3, 1);
  const int a = axis < 0 ? axis + shape.rank() : axis;
  std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
  dims.erase(dims.begin() + a);
  const Shape output = ShapeOf(dims);
  for (const Op op : {Op::kArgMax, Op::kArgMin}) {
    std::vector<int64_t> expected;
    for (int64_t i = 0; i < output.elements(); ++i) {
      Coordinates at = CoordinatesOf(output, i);
      at.insert(at.begin() + a, 0);
      const auto value = [&](int64_t x) {
        at[static_cast<size_t>(a)] = x;
        return values[static_cast<size_t>(PlaceOf(shape, at))];
      };
      int64_t best = 0;
      for (int64_t x = 1; x < shape[a]; ++x) {
        const Stored candidate = value(x), held = value(best);
        if (op == Op::kArgMax ? candidate > held : candidate < held) best = x;
      }
      expected.push_back(best);
    }
    const auto input = KernelTensor::OfType(type, shape, values);
    KernelCase k = ArgCase(op, input, axis, DataType::kInt64);
    ExpectValues(k, expected, output);
    k = ArgCase(op, input, axis);
    ExpectValues(k, std::vector<int32_t>(expected.begin(), expected.end()),
                 output);
    ExpectValues(WithConstants(k),
                 std::vector<int32_t>(expected.begin(), expected.end()),
                 output);
  }
}

template <class Stored>
void ExpectArgEverywhere(DataType type) {
  for (const Shape& shape : {Shape{1}, Shape{9}, Shape{3, 5}, Shape{2, 3, 4},
                             Shape{0, 3}, Shape{2, 5, 3, 2}}) {
    for (int axis = -shape.rank(); axis < shape.rank(); ++axis) {
      if (shape[axis < 0 ? axis + shape.rank() : axis] == 0) continue;
      ExpectArg<Stored>(type, shape, axis);
    }
  }
}

TEST(ArgMinMax, ValuesOfEveryType) {
  ExpectArgEverywhere<float>(DataType::kFloat32);
  ExpectArgEverywhere<int8_t>(DataType::kInt8);
  ExpectArgEverywhere<uint8_t>(DataType::kUInt8);
  ExpectArgEverywhere<int32_t>(DataType::kInt32);
  ExpectArgEverywhere<uint8_t>(DataType::kBool);
}

TEST(ArgMinMax, NaNOnlyWhereThereIsNothingElse) {
  const float nan = std::nanf("");
  const auto input =
      KernelTensor::Of<float>({3, 3}, {nan, 2, 1, 1, nan, 2, nan, nan, nan});
  ExpectValues<int32_t>(ArgCase(Op::kArgMax, input, 1), {1, 2, 0});
  ExpectValues<int32_t>(ArgCase(Op::kArgMin, input, 1), {2, 0, 0});
}

TEST(ArgMinMax, RefusesWhatHasNoAnswer) {
  const auto input = KernelTensor::Of<float>({2}, {1, 2});
  ExpectRefused(ArgCase(Op::kArgMax, input, 1), "", "");
  ExpectRefused(ArgCase(Op::kArgMax, input, -2), "", "");
  ExpectRefused(ArgCase(Op::kArgMax, KernelTensor::Of<float>({2, 0}, {}), 1),
                "eval", "no elements");
  ExpectRefused(ArgCase(Op::kArgMax, KernelTensor::Of<float>({}, {1}), 0), "",
                "");
  ExpectRefused(ArgCase(Op::kArgMax, KernelTensor::Of<int64_t>({1}, {1}), 0),
                "prepare", "int64 is not supported");
}

}  // namespace liteforge::arg_min_max_test
