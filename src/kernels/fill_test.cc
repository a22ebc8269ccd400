// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::fill_test {

const Shape kShapes[] = {{}, {3}, {2, 0}, {2, 3}, {2, 1, 3, 2}};

TEST(Fill, RepeatsTheValue) {
  for (const Shape& shape : kShapes) {
    const std::vector<int64_t> places(static_cast<size_t>(shape.elements()));
    for (const DataType type : kMovedTypes) {
      for (const DataType index : kIndexTypes) {
        KernelCase k{Op::kFill};
        k.inputs = {
            IntegersOf(index, {shape.dims().begin(), shape.dims().end()}),
            Labelled(type, {}, 3)};
        ExpectPicked(k, k.inputs[1], places, shape);
        k.inputs[0].is_constant = true;
        ExpectPicked(k, k.inputs[1], places, shape);
      }
    }
  }
}

TEST(Fill, RefusesWhatIsNoShape) {
  KernelCase k{Op::kFill};
  k.inputs = {KernelTensor::Of<int32_t>({1}, {-1}),
              KernelTensor::Of<float>({}, {1})};
  ExpectRefused(k, "", "-1");
  k.inputs = {KernelTensor::Of<int32_t>({1}, {2}),
              KernelTensor::Of<float>({2}, {1, 2})};
  ExpectRefused(k, "", "one element");
}

TEST(ZerosLike, KeepsTypeAndShape) {
  for (const Shape& shape : kShapes) {
    const std::vector<int64_t> nowhere(static_cast<size_t>(shape.elements()),
                                       -1);
    for (const DataType type : kFixedTypes) {
      KernelCase k{Op::kZerosLike};
      k.inputs = {Labelled(type, shape)};
      ExpectPicked(k, k.inputs[0], nowhere, shape);
    }
  }
  KernelCase k{Op::kZerosLike};
  k.inputs = {Labelled(DataType::kString, {2})};
  ExpectRefused(k, "prepare", "string");
}

}  // namespace liteforge::fill_test
