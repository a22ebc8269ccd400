// SPDX-License-Identifier: Apache-2.0
// TRANSPOSE over all permutations and REVERSE_V2 over all sets of axes.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::transpose_test {

KernelCase MakeCase(Op op, KernelTensor input, const std::vector<int64_t>& axes,
                    DataType index = DataType::kInt32) {
  KernelCase k{op};
  k.inputs = {std::move(input), IntegersOf(index, axes)};
  return k;
}

void ExpectTransposed(const KernelCase& k, const std::vector<int64_t>& order) {
  const Shape& shape = k.inputs[0].shape;
  Shape output;
  for (const int64_t axis : order) output.Append(shape[static_cast<int>(axis)]);
  const auto places = PlacesFrom(shape, output, [&](const Coordinates& at) {
    Coordinates from(at.size());
    for (size_t i = 0; i < order.size(); ++i)
      from[static_cast<size_t>(order[i])] = at[i];
    return from;
  });
  ExpectPicked(k, k.inputs[0], places, output);
}

TEST(Transpose, EveryOrderOfUpToFiveAxes) {
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 3, 4},
                             Shape{2, 3, 1, 4}, Shape{2, 1, 3, 2, 2}}) {
    std::vector<int64_t> order(static_cast<size_t>(shape.rank()));
    std::iota(order.begin(), order.end(), 0);
    do {
      const KernelCase k =
          MakeCase(Op::kTranspose, Labelled(DataType::kFloat32, shape), order);
      ExpectTransposed(k, order);
      ExpectTransposed(WithConstants(k), order);
    } while (std::ranges::next_permutation(order).found);
  }
}

TEST(Transpose, EveryType) {
  for (const DataType type : kMovedTypes) {
    for (const DataType index : kIndexTypes) {
      ExpectTransposed(
          MakeCase(Op::kTranspose, Labelled(type, {2, 3, 4}), {2, 0, 1}, index),
          {2, 0, 1});
      ExpectTransposed(MakeCase(Op::kTranspose, Labelled(type, {2, 3, 4}),
                                {-2, -1, -3}, index),
                       {1, 2, 0});
      ExpectTransposed(
          MakeCase(Op::kTranspose, Labelled(type, {2, 0, 4}), {1, 2, 0}, index),
          {1, 2, 0});
    }
  }
}

TEST(Transpose, RefusesWhatIsNoPermutation) {
  const auto input = Labelled(DataType::kFloat32, {2, 3});
  ExpectRefused(MakeCase(Op::kTranspose, input, {0}), "", "1 entries");
  ExpectRefused(MakeCase(Op::kTranspose, input, {0, 0}), "", "twice");
  ExpectRefused(MakeCase(Op::kTranspose, input, {0, -2}), "", "twice");
  ExpectRefused(MakeCase(Op::kTranspose, input, {0, 2}), "", "permutation");
}

TEST(ReverseV2, EverySetOfAxes) {
  for (const Shape& shape : {Shape{5}, Shape{2, 3}, Shape{2, 3, 4},
                             Shape{2, 1, 3, 2}, Shape{2, 0, 3}}) {
    for (int set = 0; set < 1 << shape.rank(); ++set) {
      std::vector<int64_t> axes;
      for (int axis = 0; axis < shape.rank(); ++axis) {
        if (set >> axis & 1)
          axes.push_back(axis % 2 == 0 ? axis : axis - shape.rank());
      }
      const auto places = PlacesFrom(shape, shape, [&](Coordinates at) {
        for (int axis = 0; axis < shape.rank(); ++axis) {
          auto& x = at[static_cast<size_t>(axis)];
          if (set >> axis & 1) x = shape[axis] - 1 - x;
        }
        return at;
      });
      for (const DataType type : kMovedTypes) {
        const KernelCase k = MakeCase(Op::kReverseV2, Labelled(type, shape),
                                      axes, DataType::kInt32);
        ExpectPicked(k, k.inputs[0], places, shape);
      }
      const KernelCase k =
          MakeCase(Op::kReverseV2, Labelled(DataType::kFloat32, shape), axes,
                   DataType::kInt64);
      ExpectPicked(WithConstants(k), k.inputs[0], places, shape);
    }
  }
}

TEST(ReverseV2, RefusesAxesThatAreNotThere) {
  const auto input = Labelled(DataType::kFloat32, {2, 3});
  for (const int64_t axis : {2, -3}) {
    const KernelCase k = MakeCase(Op::kReverseV2, input, {axis});
    ExpectRefused(k, "", "out of range");
    ExpectRefused(WithConstants(k), "infer", "axis");
  }
  KernelCase k = MakeCase(Op::kReverseV2, input, {0});
  k.inputs[1] = KernelTensor::Of<float>({1}, {0});
  ExpectRefused(k, "infer", "must hold integers, it is float32");
}

}  // namespace liteforge::transpose_test
