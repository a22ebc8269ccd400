// SPDX-License-Identifier: Apache-2.0
// SPLIT, SPLIT_V and UNPACK: where each element of each part comes from.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::split_test {

int Positive(int axis, int rank) { return axis < 0 ? axis + rank : axis; }

void ExpectParts(const KernelCase& k, const KernelTensor& input, int axis,
                 const std::vector<int32_t>& sizes) {
  int64_t first = 0;
  for (size_t part = 0; part < sizes.size(); ++part) {
    Shape output = input.shape;
    output.set_dim(axis, sizes[part]);
    const auto places = PlacesFrom(input.shape, output, [&](Coordinates at) {
      at[static_cast<size_t>(axis)] += first;
      return at;
    });
    ExpectPicked(k, input, places, output, static_cast<int>(part));
    first += sizes[part];
  }
}

const Shape kShapes[] = {{6}, {4, 6}, {2, 6, 4}, {2, 3, 2, 4}, {2, 0, 4}};

TEST(Split, EqualPartsAlongEveryAxis) {
  for (const Shape& shape : kShapes) {
    for (int axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const int at = Positive(axis, shape.rank());
      for (const int parts : {1, 2, 3}) {
        if (shape[at] % parts != 0) continue;
        KernelCase k{Op::kSplit, SplitOptions{.num_splits = parts}};
        k.inputs = {KernelTensor::Of<int32_t>({}, {axis}),
                    Labelled(DataType::kFloat32, shape)};
        k.outputs.resize(static_cast<size_t>(parts));
        const std::vector<int32_t> sizes(static_cast<size_t>(parts),
                                         shape[at] / parts);
        ExpectParts(k, k.inputs[1], at, sizes);
        k.inputs[0].is_constant = true;
        ExpectParts(k, k.inputs[1], at, sizes);
      }
    }
  }
}

KernelCase SplitVCase(KernelTensor input, const std::vector<int64_t>& sizes,
                      int axis, DataType index = DataType::kInt32) {
  KernelCase k{Op::kSplitV,
               SplitVOptions{.num_splits = static_cast<int32_t>(sizes.size())}};
  k.inputs = {std::move(input), IntegersOf(index, sizes),
              KernelTensor::Of<int32_t>({}, {axis})};
  k.outputs.resize(sizes.size());
  return k;
}

TEST(SplitV, PartsOfAnySize) {
  struct {
    std::vector<int64_t> asked;
    std::vector<int32_t> sizes;
  } const lists[] = {{{6}, {6}},
                     {{1, 2, 3}, {1, 2, 3}},
                     {{4, -1}, {4, 2}},
                     {{-1, 0, 5}, {1, 0, 5}},
                     {{0, 6, -1}, {0, 6, 0}}};
  for (const auto& [asked, sizes] : lists) {
    for (const Shape& shape : {Shape{6}, Shape{2, 6}, Shape{3, 6, 2}}) {
      const int axis = shape.rank() == 1 ? 0 : 1;
      for (const DataType index : kIndexTypes) {
        for (const int named : {axis, axis - shape.rank()}) {
          const KernelCase k = SplitVCase(Labelled(DataType::kInt16, shape),
                                          asked, named, index);
          ExpectParts(k, k.inputs[0], axis, sizes);
          ExpectParts(WithConstants(k), k.inputs[0], axis, sizes);
        }
      }
    }
  }
}

TEST(Unpack, SlicesAlongEveryAxis) {
  for (const Shape& shape : {Shape{3}, Shape{2, 3}, Shape{2, 3, 4}}) {
    for (int axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const int at = Positive(axis, shape.rank());
      KernelCase k{Op::kUnpack, UnpackOptions{.num = shape[at], .axis = axis}};
      k.inputs = {Labelled(DataType::kFloat32, shape)};
      k.outputs.resize(static_cast<size_t>(shape[at]));
      std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
      dims.erase(dims.begin() + at);
      for (int i = 0; i < shape[at]; ++i) {
        const auto places =
            PlacesFrom(shape, ShapeOf(dims), [&](Coordinates coordinates) {
              coordinates.insert(coordinates.begin() + at, i);
              return coordinates;
            });
        ExpectPicked(k, k.inputs[0], places, ShapeOf(dims), i);
      }
    }
  }
}

TEST(Split, EveryType) {
  for (const DataType type : kMovedTypes) {
    KernelCase k{Op::kSplit, SplitOptions{.num_splits = 2}};
    k.inputs = {KernelTensor::Of<int32_t>({1}, {1}), Labelled(type, {3, 4})};
    k.outputs.resize(2);
    ExpectParts(k, k.inputs[1], 1, {2, 2});
    k = SplitVCase(Labelled(type, {3, 4}), {1, 2, 1}, 1);
    ExpectParts(k, k.inputs[0], 1, {1, 2, 1});
    k = {Op::kUnpack, UnpackOptions{.num = 2, .axis = 0}};
    k.inputs = {Labelled(type, {2, 3})};
    k.outputs.resize(2);
    ExpectPicked(k, k.inputs[0], {3, 4, 5}, {3}, 1);
  }
}

TEST(Split, RefusesPartsThatDoNotFit) {
  const auto input = Labelled(DataType::kFloat32, {5, 2});
  KernelCase k{Op::kSplit, SplitOptions{.num_splits = 2}};
  k.inputs = {KernelTensor::Of<int32_t>({}, {0}), input};
  k.outputs.resize(2);
  ExpectRefused(k, "", "does not split into 2 equal parts");
  k.inputs[0] = KernelTensor::Of<int32_t>({}, {2});
  ExpectRefused(k, "", "axis");
  ExpectRefused(SplitVCase(input, {2, 2}, 0), "", "add up to 4");
  ExpectRefused(SplitVCase(input, {6, -1}, 0), "", "add up to 6");
  ExpectRefused(SplitVCase(input, {-1, -1}, 0), "", "not valid");
  ExpectRefused(SplitVCase(input, {5}, -3), "", "axis");
  k = SplitVCase(input, {2, 3}, 0);
  k.outputs.resize(1);
  ExpectRefused(k, "", "2 sizes for 1 outputs");
  k = {Op::kUnpack, UnpackOptions{.num = 5, .axis = 0}};
  k.inputs = {input};
  k.outputs.resize(4);
  ExpectRefused(k, "", "has 5 slices for 4 outputs");
}

}  // namespace liteforge::split_test
