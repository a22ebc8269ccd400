// SPDX-License-Identifier: Apache-2.0
// RESHAPE, SQUEEZE and EXPAND_DIMS keep the elements in order; their shapes
// are listed.
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::reshape_test {

void ExpectAllMoved(const KernelCase& k, const Shape& shape) {
  std::vector<int64_t> places(
      static_cast<size_t>(k.inputs[0].shape.elements()));
  std::iota(places.begin(), places.end(), 0);
  ExpectPicked(k, k.inputs[0], places, shape);
}

struct Change {
  Shape input;
  std::vector<int32_t> asked;
  Shape output;
};
const Change kReshapes[] = {
    {{2, 3, 4}, {24}, {24}},
    {{2, 3, 4}, {4, -1}, {4, 6}},
    {{2, 3}, {-1}, {6}},
    {{1}, {}, {}},
    {{}, {1, 1}, {1, 1}},
    {{4, 0}, {2, 0, -1}, {2, 0, 2}},
    {{0, 3}, {3, 0}, {3, 0}},
    {{2, 3}, {2, -1, 1, 3}, {2, 1, 1, 3}},
    {{0}, {-1}, {0}},
    {{5}, {5}, {5}},
    {{2, 1, 3}, {-1, 2}, {3, 2}},
};

TEST(Reshape, ByAnOption) {
  for (const Change& change : kReshapes) {
    for (const DataType type : kMovedTypes) {
      KernelCase k{Op::kReshape, ReshapeOptions{.new_shape = change.asked}};
      k.inputs = {Labelled(type, change.input)};
      ExpectAllMoved(k, change.output);
    }
  }
}

TEST(Reshape, ByAnInput) {
  for (const Change& change : kReshapes) {
    for (const DataType type : kIndexTypes) {
      // An input wins over the option.
      KernelCase k{Op::kReshape, ReshapeOptions{.new_shape = {7, 7}}};
      k.inputs = {Labelled(DataType::kFloat32, change.input),
                  IntegersOf(type, {change.asked.begin(), change.asked.end()})};
      ExpectAllMoved(k, change.output);
      ExpectAllMoved(WithConstants(k), change.output);
    }
  }
}

TEST(Reshape, RefusesWhatDoesNotFit) {
  const auto refused = [](const std::vector<int32_t>& asked,
                          const std::string& message) {
    KernelCase k{Op::kReshape, ReshapeOptions{.new_shape = asked}};
    k.inputs = {Labelled(DataType::kFloat32, {2, 3})};
    ExpectRefused(k, "infer", message);
  };
  refused({4}, "do not fit shape [4]");
  refused({4, -1}, "do not fit");
  refused({-1, -1}, "more than one -1");
  refused({-2, 3}, "a dimension of -2");
  refused(std::vector<int32_t>(17, 1), "17 dimensions");
  KernelCase k{Op::kReshape};
  k.inputs = {Labelled(DataType::kFloat32, {2}),
              IntegersOf(DataType::kInt32, {3})};
  ExpectRefused(k, "", "do not fit");
  k.options = ReshapeOptions{.new_shape = {2}};
  k.inputs.pop_back();
  k.outputs = {KernelTensor::Output(DataType::kInt32)};
  ExpectRefused(k, "", "int32");
}

TEST(Squeeze, DropsAxesOfOne) {
  const Change changes[] = {
      {{1, 2, 1, 3}, {}, {2, 3}},
      {{1, 2, 1, 3}, {0}, {2, 1, 3}},
      {{1, 2, 1, 3}, {-2}, {1, 2, 3}},
      {{1, 2, 1, 3}, {0, 2}, {2, 3}},
      {{1, 2, 1, 3}, {2, 2}, {1, 2, 3}},
      {{1, 1}, {}, {}},
      {{}, {}, {}},
      {{0, 1}, {1}, {0}},
      {{2, 3}, {}, {2, 3}},
  };
  for (const Change& change : changes) {
    for (const DataType type : kMovedTypes) {
      KernelCase k{Op::kSqueeze, SqueezeOptions{.squeeze_dims = change.asked}};
      k.inputs = {Labelled(type, change.input)};
      ExpectAllMoved(k, change.output);
    }
  }
  KernelCase k{Op::kSqueeze, SqueezeOptions{.squeeze_dims = {1}}};
  k.inputs = {Labelled(DataType::kFloat32, {1, 2})};
  ExpectRefused(k, "infer", "is not 1");
  k.options = SqueezeOptions{.squeeze_dims = {2}};
  ExpectRefused(k, "infer", "squeeze_dims");
}

TEST(ExpandDims, InsertsAnAxisEverywhere) {
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 0}, Shape{2, 3, 4}}) {
    for (int axis = -shape.rank() - 1; axis <= shape.rank(); ++axis) {
      const int at = axis < 0 ? axis + shape.rank() + 1 : axis;
      std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
      dims.insert(dims.begin() + at, 1);
      for (const DataType type : kMovedTypes) {
        for (const DataType index : kIndexTypes) {
          KernelCase k{Op::kExpandDims};
          k.inputs = {Labelled(type, shape), IntegersOf(index, {axis})};
          ExpectAllMoved(k, ShapeOf(dims));
          ExpectAllMoved(WithConstants(k), ShapeOf(dims));
        }
      }
    }
  }
  KernelCase k{Op::kExpandDims};
  k.inputs = {Labelled(DataType::kFloat32, {2}),
              IntegersOf(DataType::kInt32, {2})};
  ExpectRefused(k, "", "axis");
  k.inputs[1] = IntegersOf(DataType::kInt32, {0, 1});
  ExpectRefused(k, "", "one value");
}

}  // namespace liteforge::reshape_test
