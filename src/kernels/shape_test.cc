// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::shape_test {

const Shape kShapes[] = {{}, {0}, {5}, {2, 3}, {1, 0, 4}, {2, 3, 4, 5, 6}};

TEST(Shape, GivesTheDimensions) {
  for (const Shape& shape : kShapes) {
    const auto dims = shape.dims();
    for (const DataType type : kMovedTypes) {
      KernelCase k{Op::kShape, ShapeOptions{.out_type = DataType::kInt32}};
      k.inputs = {Labelled(type, shape)};
      ExpectValues<int32_t>(k, {dims.begin(), dims.end()}, Shape{shape.rank()});
      k.options = ShapeOptions{.out_type = DataType::kInt64};
      ExpectValues<int64_t>(k, {dims.begin(), dims.end()}, Shape{shape.rank()});
    }
  }
}

TEST(Rank, CountsTheDimensions) {
  for (const Shape& shape : kShapes) {
    KernelCase k{Op::kRank};
    k.inputs = {Labelled(DataType::kFloat32, shape)};
    ExpectValues<int32_t>(k, {shape.rank()}, Shape{});
  }
}

TEST(Shape, RefusesAnOutputOfAnotherType) {
  KernelCase k{Op::kShape};
  k.inputs = {Labelled(DataType::kFloat32, {2})};
  k.outputs = {KernelTensor::Output(DataType::kFloat32)};
  ExpectRefused(k, "", "float32");
  k.op = Op::kRank;
  k.outputs = {KernelTensor::Output(DataType::kInt64)};
  ExpectRefused(k, "", "int64");
}

}  // namespace liteforge::shape_test
