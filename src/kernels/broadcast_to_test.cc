// SPDX-License-Identifier: Apache-2.0
// BROADCAST_TO and TILE repeat elements.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::broadcast_to_test {

KernelCase RepeatCase(Op op, KernelTensor input,
                      const std::vector<int64_t>& numbers,
                      DataType index = DataType::kInt32) {
  KernelCase k{op};
  k.inputs = {std::move(input), IntegersOf(index, numbers)};
  return k;
}

TEST(BroadcastTo, StretchesAxesOfOne) {
  const std::pair<Shape, Shape> changes[] = {
      {{}, {}},         {{}, {2, 3}},           {{1}, {4}},
      {{3}, {2, 3}},    {{2, 1}, {2, 3}},       {{1, 3}, {2, 3}},
      {{2, 3}, {2, 3}}, {{1, 2, 1}, {3, 2, 4}}, {{2, 1, 3}, {2, 2, 2, 3}},
      {{1}, {0}},       {{1, 2}, {0, 2}}};
  for (const auto& [input, output] : changes) {
    std::vector<int64_t> places;
    for (int64_t i = 0; i < output.elements(); ++i)
      places.push_back(BroadcastPlace(input, CoordinatesOf(output, i)));
    const std::vector<int64_t> dims(output.dims().begin(), output.dims().end());
    for (const DataType type : kMovedTypes) {
      for (const DataType index : kIndexTypes) {
        const KernelCase k =
            RepeatCase(Op::kBroadcastTo, Labelled(type, input), dims, index);
        ExpectPicked(k, k.inputs[0], places, output);
        ExpectPicked(WithConstants(k), k.inputs[0], places, output);
      }
    }
  }
}

TEST(BroadcastTo, RefusesWhatDoesNotStretch) {
  const auto input = Labelled(DataType::kFloat32, {2, 3});
  ExpectRefused(RepeatCase(Op::kBroadcastTo, input, {3}), "", "");
  ExpectRefused(RepeatCase(Op::kBroadcastTo, input, {4, 3}), "", "");
  ExpectRefused(RepeatCase(Op::kBroadcastTo, input, {2, 1}), "", "");
  ExpectRefused(RepeatCase(Op::kBroadcastTo, input, {-1, 3}), "", "-1");
}

TEST(Tile, RepeatsTheWhole) {
  const std::pair<Shape, std::vector<int64_t>> grid[] = {
      {{}, {}},
      {{3}, {1}},
      {{3}, {4}},
      {{2, 3}, {2, 1}},
      {{2, 3}, {1, 3}},
      {{2, 3}, {3, 2}},
      {{2, 3}, {0, 2}},
      {{0, 2}, {2, 2}},
      {{1, 2, 3}, {2, 2, 2}},
      {{2, 1, 3, 2}, {1, 4, 1, 2}}};
  for (const auto& [of_input, multiples] : grid) {
    const Shape& input = of_input;  // lambdas do not see the other
    Shape output = input;
    for (int axis = 0; axis < input.rank(); ++axis)
      output.set_dim(
          axis, static_cast<int32_t>(input[axis] *
                                     multiples[static_cast<size_t>(axis)]));
    const auto places = PlacesFrom(input, output, [&](Coordinates at) {
      for (int axis = 0; axis < input.rank(); ++axis)
        at[static_cast<size_t>(axis)] %= input[axis];
      return at;
    });
    for (const DataType type : kMovedTypes) {
      for (const DataType index : kIndexTypes) {
        const KernelCase k =
            RepeatCase(Op::kTile, Labelled(type, input), multiples, index);
        ExpectPicked(k, k.inputs[0], places, output);
        ExpectPicked(WithConstants(k), k.inputs[0], places, output);
      }
    }
  }
}

TEST(Tile, RefusesWhatDoesNotFit) {
  const auto input = Labelled(DataType::kFloat32, {2, 3});
  ExpectRefused(RepeatCase(Op::kTile, input, {2}), "", "");
  ExpectRefused(RepeatCase(Op::kTile, input, {-1, 2}), "", "");
}

}  // namespace liteforge::broadcast_to_test
