// SPDX-License-Identifier: Apache-2.0
// Main diagonals of matrices.
//   MatrixDiag      MATRIX_DIAG
//   MatrixSetDiag   MATRIX_SET_DIAG
//   MatrixDiagPart  of [.., M, N]: as rows of M N elements, every (N + 1)th
// The V2 and V3 forms name a range of diagonals and a size: only the main one
// and the smallest matrix have a form in TFLite.
#include <algorithm>
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

// Input `i` is k, one or two numbers.
Result<void> CheckMainDiagonal(const LowerContext& c, int i) {
  if (c.input_count() <= i) return {};
  TRY_ASSIGN(const auto k, c.IntegersOf(i, "k"));
  if (std::ranges::all_of(k, [](int64_t x) { return x == 0; })) return {};
  return Unsupported("only the main diagonal has a form in TFLite");
}

Result<void> LowerMatrixDiag(LowerContext& c) {
  TRY(CheckMainDiagonal(c, 1));
  for (int i = 2; i < std::min(4, c.input_count()); ++i) {
    TRY_ASSIGN(const int64_t size, c.IntegerOf(i, "num_rows or num_cols"));
    const Shape& shape = c.input(0)->shape;
    const bool square =
        shape.has_rank() && shape.rank() > 0 && size == shape[shape.rank() - 1];
    if (size != -1 && !square)
      return Unsupported("only a square matrix has a form in TFLite");
  }
  return Finish(
      c, c.ir().Emit(Op::kMatrixDiag, MatrixDiagOptions{}, {c.input(0)}));
}

Result<void> LowerMatrixSetDiag(LowerContext& c) {
  TRY(CheckMainDiagonal(c, 2));
  return Finish(c, c.ir().Emit(Op::kMatrixSetDiag, MatrixSetDiagOptions{},
                               {c.input(0), c.input(1)}));
}

Result<void> LowerMatrixDiagPart(LowerContext& c) {
  TRY(CheckMainDiagonal(c, 1));
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  const int rank = x->shape.rank();
  if (rank < 2 || x->shape[rank - 1] < 0 || x->shape[rank - 2] < 0)
    return Unsupported("the diagonal of a matrix of unknown size");
  const int32_t rows = x->shape[rank - 2], columns = x->shape[rank - 1];
  Shape flat;
  for (int axis = 0; axis < rank - 2; ++axis) flat.Append(x->shape[axis]);
  flat.Append(rows * columns);
  if (!CanReshapeTo(flat))
    return Unsupported("diagonals of matrices of unknown number");
  TRY_ASSIGN(x, ir.Reshape(x, flat));
  const auto count = static_cast<size_t>(flat.rank());
  std::vector<int32_t> begin(count), end(count), strides(count, 1);
  end.back() = std::min(rows, columns) * (columns + 1);
  strides.back() = columns + 1;
  // All but the last axis whole; no further than the elements go.
  end.back() = std::min(end.back(), rows * columns);
  StridedSliceOptions options;
  options.begin_mask = options.end_mask = (1 << (count - 1)) - 1;
  return Finish(
      c, ir.Emit(Op::kStridedSlice, options,
                 {x, ir.Int32s(std::move(begin)), ir.Int32s(std::move(end)),
                  ir.Int32s(std::move(strides))}));
}

constexpr TfOp kOps[] = {
    {"MatrixDiag", 1, LowerMatrixDiag},
    {"MatrixDiagPart", 1, LowerMatrixDiagPart},
    {"MatrixDiagPartV2", 2, LowerMatrixDiagPart},
    {"MatrixDiagPartV3", 2, LowerMatrixDiagPart},
    {"MatrixDiagV2", 4, LowerMatrixDiag},
    {"MatrixDiagV3", 4, LowerMatrixDiag},
    {"MatrixSetDiag", 2, LowerMatrixSetDiag},
    {"MatrixSetDiagV2", 3, LowerMatrixSetDiag},
    {"MatrixSetDiagV3", 3, LowerMatrixSetDiag},
};

}  // namespace

std::span<const TfOp> DiagonalOps() { return kOps; }

}  // namespace liteforge
