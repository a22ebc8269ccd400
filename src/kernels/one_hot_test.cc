// SPDX-License-Identifier: Apache-2.0
// ONE_HOT: on where the index is the place along the new axis.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::one_hot_test {

KernelCase OneHotCase(DataType type, DataType index, const Shape& shape,
                      const std::vector<int64_t>& indices, int32_t depth,
                      int axis) {
  KernelCase k{Op::kOneHot, OneHotOptions{.axis = axis}};
  k.inputs = {IntegersOf(index, shape, indices),
              KernelTensor::Of<int32_t>({}, {depth}), Labelled(type, {}, 1),
              Labelled(type, {}, 2)};
  return k;
}

void ExpectOneHot(DataType type, DataType index, const Shape& shape,
                  int32_t depth, int axis) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < shape.elements(); ++i)
    indices.push_back(i % (depth + 2) - 1);  // -1 and depth among them
  const int at = axis < 0 ? axis + shape.rank() + 1 : axis;
  std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
  dims.insert(dims.begin() + at, depth);
  const Shape output = ShapeOf(dims);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < output.elements(); ++i) {
    Coordinates from = CoordinatesOf(output, i);
    const int64_t d = from[static_cast<size_t>(at)];
    from.erase(from.begin() + at);
    const auto place = static_cast<size_t>(PlaceOf(shape, from));
    places.push_back(indices[place] == d ? 0 : 1);
  }
  const KernelCase k = OneHotCase(type, index, shape, indices, depth, axis);
  const auto values = EndToEnd({k.inputs[2], k.inputs[3]});
  ExpectPicked(k, values, places, output);
  ExpectPicked(WithConstants(k), values, places, output);
}

TEST(OneHot, AlongEveryAxis) {
  for (const Shape& shape :
       {Shape{}, Shape{4}, Shape{2, 3}, Shape{2, 0}, Shape{2, 3, 2}}) {
    for (int axis = -shape.rank() - 1; axis <= shape.rank(); ++axis) {
      for (const int32_t depth : {0, 1, 4}) {
        for (const DataType index : kIndexTypes)
          ExpectOneHot(DataType::kFloat32, index, shape, depth, axis);
      }
    }
  }
}

TEST(OneHot, EveryType) {
  for (const DataType type : kFixedTypes)
    ExpectOneHot(type, DataType::kInt32, {2, 3}, 4, -1);
}

TEST(OneHot, RefusesWhatDoesNotFit) {
  const auto refused = [](int32_t depth, int axis, const std::string& message) {
    ExpectRefused(OneHotCase(DataType::kFloat32, DataType::kInt32, {2}, {0, 1},
                             depth, axis),
                  "", message);
  };
  refused(-1, 0, "depth");
  refused(3, 2, "axis");
  refused(3, -3, "axis");
  KernelCase k =
      OneHotCase(DataType::kFloat32, DataType::kInt32, {1}, {0}, 2, 0);
  k.inputs[3] = KernelTensor::Of<int32_t>({}, {0});
  ExpectRefused(k, "prepare", "scalars of one type");
  k = OneHotCase(DataType::kString, DataType::kInt32, {1}, {0}, 2, 0);
  ExpectRefused(k, "prepare", "strings");
}

}  // namespace liteforge::one_hot_test
