// SPDX-License-Identifier: Apache-2.0
// MATRIX_DIAG and MATRIX_SET_DIAG: what lies on the diagonal, and off it.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::matrix_diag_test {

TEST(MatrixDiag, ZerosOffTheDiagonal) {
  for (const Shape& shape : {Shape{1}, Shape{4}, Shape{0}, Shape{2, 3},
                             Shape{2, 1, 3}, Shape{0, 3}}) {
    Shape output = shape;
    output.Append(shape[shape.rank() - 1]);
    const auto places = PlacesFrom(shape, output, [](Coordinates at) {
      const int64_t column = at.back();
      at.pop_back();
      if (at.back() != column) at.back() = -1;
      return at;
    });
    for (const DataType type : kFixedTypes) {
      KernelCase k{Op::kMatrixDiag};
      k.inputs = {Labelled(type, shape)};
      ExpectPicked(k, k.inputs[0], places, output);
    }
  }
}

KernelCase SetCase(DataType type, const Shape& matrices,
                   const Shape& diagonals) {
  KernelCase k{Op::kMatrixSetDiag};
  k.inputs = {Labelled(type, matrices, 1), Labelled(type, diagonals, 2)};
  return k;
}

TEST(MatrixSetDiag, ReplacesTheDiagonal) {
  for (const Shape& shape :
       {Shape{1, 1}, Shape{3, 3}, Shape{2, 4}, Shape{4, 2}, Shape{2, 3, 2},
        Shape{2, 1, 2, 3}, Shape{0, 3}, Shape{2, 0, 3}}) {
    Shape diagonals(shape.dims().first(shape.dims().size() - 1));
    const int last = shape.rank() - 1;
    diagonals.set_dim(last - 1, std::min(shape[last - 1], shape[last]));
    std::vector<int64_t> places;
    for (int64_t i = 0; i < shape.elements(); ++i) {
      Coordinates at = CoordinatesOf(shape, i);
      const bool on = at[at.size() - 2] == at.back();
      at.pop_back();
      places.push_back(on ? shape.elements() + PlaceOf(diagonals, at) : i);
    }
    for (const DataType type : kFixedTypes) {
      const KernelCase k = SetCase(type, shape, diagonals);
      ExpectPicked(k, EndToEnd(k.inputs), places, shape);
    }
  }
}

TEST(MatrixSetDiag, RefusesWhatDoesNotFit) {
  const DataType f32 = DataType::kFloat32;
  ExpectRefused(SetCase(f32, {2, 3}, {3}), "infer", "lengths of diagonal");
  ExpectRefused(SetCase(f32, {2, 2, 3}, {1, 2}), "infer", "batches");
  ExpectRefused(SetCase(f32, {2, 3}, {1, 2}), "infer", "dimensions");
  ExpectRefused(SetCase(f32, {2}, {2}), "infer", "");
  KernelCase k = SetCase(f32, {2, 2}, {2});
  k.inputs[1] = KernelTensor::Of<int32_t>({2}, {1, 2});
  ExpectRefused(k, "prepare", "one type");
  ExpectRefused(SetCase(DataType::kString, {2, 2}, {2}), "prepare", "strings");
  KernelCase scalar{Op::kMatrixDiag};
  scalar.inputs = {Labelled(f32, {})};
  ExpectRefused(scalar, "infer", "");
}

}  // namespace liteforge::matrix_diag_test
