// SPDX-License-Identifier: Apache-2.0
// SCATTER_ND adds each update where its index points to; SPARSE_TO_DENSE puts
// each value there.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::scatter_nd_test {

template <class T>
KernelTensor Typed(const Shape& shape, const std::vector<int64_t>& values) {
  if constexpr (std::is_same_v<T, bool>) {
    std::vector<uint8_t> bits;
    for (const int64_t x : values) bits.push_back(x & 1);
    return KernelTensor::OfType(DataType::kBool, shape, bits);
  } else {
    std::vector<T> list;
    for (const int64_t x : values) list.push_back(static_cast<T>(x));
    return KernelTensor::Of<T>(shape, list);
  }
}

template <class T>
void ExpectScattered(const Shape& points, int depth, const Shape& output,
                     DataType index) {
  std::vector<int64_t> indices,
      dims(output.dims().begin(), output.dims().end());
  Shape of_indices = points, of_updates = points;
  of_indices.Append(depth);
  for (int axis = depth; axis < output.rank(); ++axis)
    of_updates.Append(output[axis]);
  // Some places come up several times.
  for (int64_t p = 0; p < points.elements(); ++p) {
    for (int axis = 0; axis < depth; ++axis)
      indices.push_back((p / 2 * 5 + axis) % output[axis]);
  }
  const auto updates = RandomIntegers<int64_t>(of_updates, -100, 100, 1);
  std::vector<int64_t> sums(static_cast<size_t>(output.elements()));
  for (size_t i = 0; i < updates.size(); ++i) {
    const auto at = CoordinatesOf(of_updates, static_cast<int64_t>(i));
    const Coordinates point(at.begin(), at.begin() + points.rank());
    Coordinates to;
    for (int axis = 0; axis < depth; ++axis)
      to.push_back(
          indices[static_cast<size_t>(PlaceOf(points, point) * depth + axis)]);
    to.insert(to.end(), at.begin() + points.rank(), at.end());
    auto& sum = sums[static_cast<size_t>(PlaceOf(output, to))];
    sum = std::is_same_v<T, bool> ? sum | (updates[i] & 1) : sum + updates[i];
  }
  KernelCase k{Op::kScatterNd};
  k.inputs = {IntegersOf(index, of_indices, indices),
              Typed<T>(of_updates, updates), IntegersOf(index, dims)};
  const auto expected = Typed<T>(output, sums).template Values<uint8_t>();
  ExpectValues(k, expected, output);
  ExpectValues(WithConstants(k), expected, output);
}

template <class T>
void ExpectScatteredEverywhere() {
  for (const DataType index : kIndexTypes) {
    for (const Shape& output : {Shape{5}, Shape{3, 4}, Shape{2, 3, 2}}) {
      for (int depth = 1; depth <= output.rank(); ++depth) {
        for (const Shape& points : {Shape{}, Shape{4}, Shape{0}, Shape{2, 3}})
          ExpectScattered<T>(points, depth, output, index);
      }
    }
  }
}

TEST(ScatterNd, AddsUpdatesOfEveryType) {
  ExpectScatteredEverywhere<float>();
  ExpectScatteredEverywhere<int8_t>();
  ExpectScatteredEverywhere<uint8_t>();
  ExpectScatteredEverywhere<int32_t>();
  ExpectScatteredEverywhere<int64_t>();
  ExpectScatteredEverywhere<bool>();
}

TEST(ScatterNd, RefusesWhatDoesNotFit) {
  const auto refused = [](KernelTensor indices, KernelTensor updates,
                          const std::vector<int64_t>& shape,
                          const std::string& stage,
                          const std::string& message) {
    KernelCase k{Op::kScatterNd};
    k.inputs = {std::move(indices), std::move(updates),
                IntegersOf(DataType::kInt32, shape)};
    ExpectRefused(k, stage, message);
  };
  const auto at = [](int32_t i) {
    return KernelTensor::Of<int32_t>({1, 1}, {i});
  };
  const auto one = KernelTensor::Of<float>({1}, {1});
  refused(at(4), one, {4}, "eval", "out of range");
  refused(at(-1), one, {4}, "eval", "out of range");
  refused(at(0), KernelTensor::Of<float>({2}, {1, 2}), {4}, "prepare",
          "do not fit");
  refused(KernelTensor::Of<int32_t>({1, 2}, {0, 0}), one, {4}, "prepare",
          "do not fit");
  refused(at(0), KernelTensor::Of<int16_t>({1}, {1}), {4}, "prepare",
          "int16 is not supported");
  refused(at(0), one, {-1}, "", "shape is not valid");
}

// One row of `indices` for each value; scalars where there is one.
template <class T>
void ExpectDense(const Shape& of_indices, const std::vector<int64_t>& indices,
                 const Shape& of_values, const Shape& output) {
  const auto rows =
      of_indices.rank() < 2 ? of_indices.elements() : int64_t{of_indices[0]};
  const auto values = RandomIntegers<int64_t>(of_values, -100, 100, 2);
  std::vector<int64_t> expected(static_cast<size_t>(output.elements()), 7);
  for (int64_t row = 0; row < rows; ++row) {
    const auto first = indices.begin() + row * output.rank();
    const int64_t place = PlaceOf(output, {first, first + output.rank()});
    expected[static_cast<size_t>(place)] =
        values[static_cast<size_t>(of_values.rank() == 0 ? 0 : row)];
  }
  for (const DataType index : kIndexTypes) {
    KernelCase k{Op::kSparseToDense};
    k.inputs = {IntegersOf(index, of_indices, indices),
                IntegersOf(index, {output.dims().begin(), output.dims().end()}),
                Typed<T>(of_values, values), Typed<T>({}, {7})};
    ExpectValues(k, Typed<T>(output, expected).template Values<T>(), output);
  }
}

template <class T>
void ExpectDenseOfEveryForm() {
  ExpectDense<T>({}, {3}, {}, {5});
  ExpectDense<T>({3}, {0, 4, 2}, {3}, {5});
  ExpectDense<T>({3}, {0, 4, 2}, {}, {5});
  ExpectDense<T>({0}, {}, {0}, {5});
  ExpectDense<T>({2, 1}, {1, 3}, {2}, {5});
  ExpectDense<T>({3, 2}, {0, 1, 1, 0, 2, 2}, {3}, {3, 4});
  ExpectDense<T>({2, 3}, {0, 1, 2, 1, 0, 0}, {}, {2, 2, 3});
}

TEST(SparseToDense, PutsValuesOfEveryType) {
  ExpectDenseOfEveryForm<float>();
  ExpectDenseOfEveryForm<int8_t>();
  ExpectDenseOfEveryForm<uint8_t>();
  ExpectDenseOfEveryForm<int32_t>();
  ExpectDenseOfEveryForm<int64_t>();
}

TEST(SparseToDense, RefusesWhatDoesNotFit) {
  KernelCase k{Op::kSparseToDense};
  k.inputs = {
      KernelTensor::Of<int32_t>({1}, {5}), KernelTensor::Of<int32_t>({1}, {5}),
      KernelTensor::Of<float>({1}, {1}), KernelTensor::Of<float>({}, {0})};
  ExpectRefused(k, "eval", "out of range");
  k.inputs[3] = KernelTensor::Of<int32_t>({}, {0});
  ExpectRefused(k, "prepare", "default_value");
  k.inputs[3] = KernelTensor::Of<float>({}, {0});
  k.inputs[1] = KernelTensor::Of<int32_t>({2}, {5, 5});
  ExpectRefused(k, "prepare", "do not fit an output of rank 2");
  k.inputs[2] = KernelTensor::Of<float>({2}, {1, 1});
  ExpectRefused(k, "infer", "the counts of indices and values");
}

}  // namespace liteforge::scatter_nd_test
