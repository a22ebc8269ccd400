// SPDX-License-Identifier: Apache-2.0
// SLICE: output[i] = input[begin + i].
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::slice_test {

KernelCase SliceCase(KernelTensor input, const std::vector<int64_t>& begin,
                     const std::vector<int64_t>& size,
                     DataType index = DataType::kInt32) {
  KernelCase k{Op::kSlice};
  k.inputs = {std::move(input), IntegersOf(index, begin),
              IntegersOf(index, size)};
  return k;
}

void ExpectSliced(DataType type, const Shape& shape,
                  const std::vector<int64_t>& begin,
                  const std::vector<int64_t>& size) {
  Shape output = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto at = static_cast<size_t>(axis);
    const int64_t length = size[at] < 0 ? shape[axis] - begin[at] : size[at];
    output.set_dim(axis, static_cast<int32_t>(length));
  }
  const auto places = PlacesFrom(shape, output, [&](Coordinates at) {
    for (size_t axis = 0; axis < at.size(); ++axis) at[axis] += begin[axis];
    return at;
  });
  for (const DataType index : kIndexTypes) {
    const KernelCase k = SliceCase(Labelled(type, shape), begin, size, index);
    ExpectPicked(k, k.inputs[0], places, output);
    ExpectPicked(WithConstants(k), k.inputs[0], places, output);
  }
}

TEST(Slice, EveryRangeOfAVector) {
  for (int64_t begin = 0; begin <= 4; ++begin) {
    for (int64_t size = -1; begin + size <= 4; ++size)
      ExpectSliced(DataType::kFloat32, {4}, {begin}, {size});
  }
}

TEST(Slice, BoxesOfEveryRank) {
  for (const DataType type : kMovedTypes) {
    ExpectSliced(type, {}, {}, {});
    ExpectSliced(type, {3, 4}, {1, 0}, {2, 3});
    ExpectSliced(type, {3, 4}, {0, 1}, {-1, 1});
    ExpectSliced(type, {2, 3, 4}, {1, 1, 1}, {1, 2, 2});
    ExpectSliced(type, {2, 3, 4}, {0, 0, 0}, {2, 3, 4});
    ExpectSliced(type, {2, 3, 2, 4}, {0, 2, 0, 1}, {2, 1, 2, -1});
    ExpectSliced(type, {2, 2, 2, 2, 3}, {1, 0, 1, 0, 1}, {1, 2, 1, -1, 2});
    ExpectSliced(type, {3, 4}, {3, 0}, {0, 4});
    ExpectSliced(type, {0, 4}, {0, 1}, {-1, 2});
  }
}

TEST(Slice, RefusesWhatLiesOutside) {
  const auto input = Labelled(DataType::kFloat32, {3});
  for (const bool constant : {false, true}) {
    const auto refused = [&](const std::vector<int64_t>& begin,
                             const std::vector<int64_t>& size,
                             const std::string& message) {
      const KernelCase k = SliceCase(input, begin, size);
      ExpectRefused(constant ? WithConstants(k) : k, "", message);
    };
    refused({2}, {2}, "has no 2 elements from 2 on");
    refused({-1}, {1}, "a begin is negative");
    refused({0}, {-2}, "a size is negative");
    refused({4}, {-1}, "past the end");
    refused({0, 0}, {1, 1}, "must have 1 values");
  }
  // The size alone gives the shape: the begin is met in Eval.
  for (const int64_t begin :
       {int64_t{2}, int64_t{-1}, std::numeric_limits<int64_t>::max(),
        std::numeric_limits<int64_t>::min()}) {
    KernelCase k = SliceCase(input, {begin}, {2}, DataType::kInt64);
    k.inputs[2].is_constant = true;
    ExpectRefused(k, "eval", "reach outside the input");
  }
  KernelCase k = SliceCase(input, {0}, {1});
  k.inputs[1] = KernelTensor::Of<float>({1}, {0});
  ExpectRefused(k, "", "");
}

}  // namespace liteforge::slice_test
