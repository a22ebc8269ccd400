// SPDX-License-Identifier: Apache-2.0
// GATHER and GATHER_ND: where each output element comes from.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::gather_test {

constexpr DataType kIndices[] = {DataType::kInt16, DataType::kInt32,
                                 DataType::kInt64};

// `shape` numbers in [0, limit).
std::vector<int64_t> RandomIndices(const Shape& shape, int limit) {
  return RandomIntegers<int64_t>(shape, 0, limit - 1, 1);
}

KernelCase GatherCase(KernelTensor params, KernelTensor indices, int axis,
                      int batch_dims = 0) {
  KernelCase k{Op::kGather,
               GatherOptions{.axis = axis, .batch_dims = batch_dims}};
  k.inputs = {std::move(params), std::move(indices)};
  return k;
}

// Coordinates of the output: those before the axis, of the indices but their
// batches, and behind the axis.
void ExpectGathered(DataType type, const Shape& params, DataType index,
                    const Shape& indices, int axis, int batch_dims) {
  const int a = axis < 0 ? axis + params.rank() : axis;
  const int b = batch_dims < 0 ? batch_dims + indices.rank() : batch_dims;
  const auto values = RandomIndices(indices, params[a]);
  Shape output;
  for (int i = 0; i < a; ++i) output.Append(params[i]);
  for (int i = b; i < indices.rank(); ++i) output.Append(indices[i]);
  for (int i = a + 1; i < params.rank(); ++i) output.Append(params[i]);
  const auto places = PlacesFrom(params, output, [&](const Coordinates& at) {
    const auto middle = at.begin() + a, behind = middle + indices.rank() - b;
    Coordinates which(at.begin(), at.begin() + b);
    which.insert(which.end(), middle, behind);
    Coordinates from(at.begin(), middle);
    from.push_back(values[static_cast<size_t>(PlaceOf(indices, which))]);
    from.insert(from.end(), behind, at.end());
    return from;
  });
  const KernelCase k =
      GatherCase(Labelled(type, params), IntegersOf(index, indices, values),
                 axis, batch_dims);
  ExpectPicked(k, k.inputs[0], places, output);
}

TEST(Gather, EveryAxis) {
  for (const Shape& params : {Shape{4}, Shape{3, 4}, Shape{2, 3, 4, 2}}) {
    for (const Shape& indices :
         {Shape{}, Shape{1}, Shape{5}, Shape{2, 3}, Shape{0}, Shape{2, 1, 2}}) {
      for (int axis = -params.rank(); axis < params.rank(); ++axis)
        ExpectGathered(DataType::kFloat32, params, DataType::kInt32, indices,
                       axis, 0);
    }
  }
}

TEST(Gather, Batches) {
  for (const int axis : {1, 2, 3, -1}) {
    for (const Shape& indices : {Shape{2}, Shape{2, 5}, Shape{2, 3, 4}}) {
      const int positive = axis < 0 ? axis + 4 : axis;
      const int most = std::min(positive, indices.rank());
      for (int batch_dims = 1; batch_dims <= most; ++batch_dims) {
        if (batch_dims > 1 && indices[1] != 3) continue;
        if (batch_dims > 2) continue;
        ExpectGathered(DataType::kFloat32, {2, 3, 4, 2}, DataType::kInt64,
                       indices, axis, batch_dims);
        if (batch_dims == indices.rank()) continue;
        ExpectGathered(DataType::kFloat32, {2, 3, 4, 2}, DataType::kInt64,
                       indices, axis, batch_dims - indices.rank());
      }
    }
  }
}

TEST(Gather, EveryType) {
  for (const DataType type : kMovedTypes) {
    for (const DataType index : kIndices) {
      ExpectGathered(type, {3, 4}, index, {5}, 0, 0);
      ExpectGathered(type, {3, 4}, index, {2, 2}, 1, 0);
      ExpectGathered(type, {3, 4, 2}, index, {3, 2}, 1, 1);
    }
  }
}

TEST(Gather, RefusesWhatLiesOutside) {
  const auto params = Labelled(DataType::kFloat32, {3, 2});
  const auto at = [](std::vector<int32_t> values) {
    const auto count = static_cast<int32_t>(values.size());
    return KernelTensor::Of<int32_t>({count}, values);
  };
  ExpectRefused(GatherCase(params, at({3}), 0), "eval", "out of range");
  ExpectRefused(GatherCase(params, at({0, -1}), 0), "eval", "out of range");
  ExpectRefused(GatherCase(params, at({0}), 2), "infer", "axis");
  ExpectRefused(GatherCase(params, at({0}), 0, 1), "infer", "batch_dims");
  ExpectRefused(GatherCase(params, at({0, 0}), 1, 1), "infer", "batches");
  ExpectRefused(GatherCase(params, KernelTensor::Of<float>({1}, {0}), 0), "",
                "");
  ExpectRefused(GatherCase(Labelled(DataType::kString, {2}), at({2}), 0),
                "eval", "out of range");
}

void ExpectPoints(DataType type, const Shape& params, DataType index,
                  const Shape& indices) {
  const int depth = indices[indices.rank() - 1];
  std::vector<int64_t> values;
  const Shape points(indices.dims().first(indices.dims().size() - 1));
  for (int64_t point = 0; point < points.elements(); ++point) {
    for (int axis = 0; axis < depth; ++axis)
      values.push_back((point * 7 + 3 * axis) % params[axis]);
  }
  Shape output = points;
  for (int axis = depth; axis < params.rank(); ++axis)
    output.Append(params[axis]);
  const auto places = PlacesFrom(params, output, [&](const Coordinates& at) {
    const Coordinates point(at.begin(), at.begin() + points.rank());
    Coordinates from;
    for (int axis = 0; axis < depth; ++axis)
      from.push_back(
          values[static_cast<size_t>(PlaceOf(points, point) * depth + axis)]);
    from.insert(from.end(), at.begin() + points.rank(), at.end());
    return from;
  });
  KernelCase k{Op::kGatherNd};
  k.inputs = {Labelled(type, params), IntegersOf(index, indices, values)};
  ExpectPicked(k, k.inputs[0], places, output);
}

TEST(GatherNd, PointsOfEveryDepth) {
  for (const Shape& params : {Shape{4}, Shape{3, 4}, Shape{2, 3, 4}}) {
    for (int depth = 0; depth <= params.rank(); ++depth) {
      for (const Shape& indices :
           {Shape{depth}, Shape{3, depth}, Shape{0, depth}, Shape{2, 3, depth}})
        ExpectPoints(DataType::kFloat32, params, DataType::kInt32, indices);
    }
  }
}

TEST(GatherNd, EveryType) {
  for (const DataType type : kMovedTypes) {
    for (const DataType index : kIndices) {
      ExpectPoints(type, {3, 4}, index, {5, 2});
      ExpectPoints(type, {3, 4}, index, {2, 1});
    }
  }
}

TEST(GatherNd, RefusesWhatLiesOutside) {
  KernelCase k{Op::kGatherNd};
  k.inputs = {Labelled(DataType::kFloat32, {3, 2}),
              KernelTensor::Of<int32_t>({1, 2}, {2, 2})};
  ExpectRefused(k, "eval", "out of range");
  k.inputs[1] = KernelTensor::Of<int32_t>({1, 2}, {-1, 0});
  ExpectRefused(k, "eval", "out of range");
  k.inputs[1] = KernelTensor::Of<int32_t>({1, 3}, {0, 0, 0});
  ExpectRefused(k, "infer", "name 3 axes");
  k.inputs[1] = KernelTensor::Of<int32_t>({}, {0});
  ExpectRefused(k, "infer", "must have dimensions");
}

}  // namespace liteforge::gather_test
