// SPDX-License-Identifier: Apache-2.0
// PACK: output[.., i, ..] = input i at the remaining coordinates.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::pack_test {

KernelCase PackCase(DataType type, const Shape& shape, int count, int axis) {
  KernelCase k{Op::kPack, PackOptions{.values_count = count, .axis = axis}};
  for (int i = 0; i < count; ++i) k.inputs.push_back(Labelled(type, shape, i));
  return k;
}

void ExpectPacked(DataType type, const Shape& shape, int count, int axis) {
  const KernelCase k = PackCase(type, shape, count, axis);
  const auto at = axis < 0 ? axis + shape.rank() + 1 : axis;
  std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
  dims.insert(dims.begin() + at, count);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < ShapeOf(dims).elements(); ++i) {
    Coordinates from = CoordinatesOf(ShapeOf(dims), i);
    const int64_t input = from[static_cast<size_t>(at)];
    from.erase(from.begin() + at);
    places.push_back(input * shape.elements() + PlaceOf(shape, from));
  }
  ExpectPicked(k, EndToEnd(k.inputs), places, ShapeOf(dims));
}

TEST(Pack, AlongEveryAxis) {
  for (const Shape& shape :
       {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 0}, Shape{2, 1, 3}}) {
    for (int axis = -shape.rank() - 1; axis <= shape.rank(); ++axis) {
      for (const int count : {1, 2, 3})
        ExpectPacked(DataType::kFloat32, shape, count, axis);
    }
  }
}

TEST(Pack, EveryType) {
  for (const DataType type : kFixedTypes) ExpectPacked(type, {2, 3}, 2, 1);
  for (const DataType type : kPackedTypes) {
    for (const int axis : {0, 1, 2}) ExpectPacked(type, {4, 3}, 3, axis);
  }
}

TEST(Pack, RefusesWhatDoesNotGoTogether) {
  KernelCase k = PackCase(DataType::kFloat32, {2}, 2, 0);
  k.inputs[1] = Labelled(DataType::kFloat32, {3});
  ExpectRefused(k, "infer", "do not fit together");
  k.inputs[1] = Labelled(DataType::kInt32, {2});
  ExpectRefused(k, "prepare", "input 1 is int32, the output is float32");
  ExpectRefused(PackCase(DataType::kFloat32, {2}, 2, 2), "infer", "axis");
  ExpectRefused(PackCase(DataType::kFloat32, {2}, 0, 0), "infer", "no inputs");
  ExpectRefused(PackCase(DataType::kString, {2}, 2, 0), "prepare", "string");
}

}  // namespace liteforge::pack_test
