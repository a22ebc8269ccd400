// SPDX-License-Identifier: Apache-2.0
// Operators on the last two axes, and those that rewrite part of a tensor or
// the type of its elements.
//
//   MATRIX_DIAG           [..., n] -> [..., n, n]
//   MATRIX_SET_DIAG       [..., m, n], diagonals [..., min(m, n)]
//   DYNAMIC_UPDATE_SLICE  operand, update of its rank, start indices [rank]
//   BITCAST               to the declared type: a last axis of size ratio
//                         comes or goes
//   RFFT2D                [..., h, w], [2] -> [..., fft_h, fft_w / 2 + 1]
//   DENSIFY, BUCKETIZE    element by element
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

Result<void> NeedInputs(const InferContext& c, int count) {
  for (int i = 0; i < count; ++i) {
    if (!c.has_input(i)) {
      return InvalidModel("input " + std::to_string(i) + " is missing");
    }
  }
  return {};
}

bool MayBeEqual(int32_t a, int32_t b) { return a < 0 || b < 0 || a == b; }

Result<void> MatrixDiag(InferContext& c) {
  TRY(NeedInputs(c, 1));
  Shape shape = c.input(0).shape;
  if (shape.has_rank()) {
    if (shape.rank() == 0) return InvalidModel("the input is a scalar");
    if (shape.rank() == Shape::kMaxRank) {
      return Unsupported("the output would have too many dimensions");
    }
    shape.Append(shape[shape.rank() - 1]);
  }
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

Result<void> MatrixSetDiag(InferContext& c) {
  TRY(NeedInputs(c, 2));
  const Shape& input = c.input(0).shape;
  const Shape& diagonal = c.input(1).shape;
  c.SetOutput(0, c.input(0).type, input);
  if (!input.has_rank() || !diagonal.has_rank()) return {};
  bool fits = input.rank() >= 2 && diagonal.rank() == input.rank() - 1;
  for (int axis = 0; fits && axis + 1 < diagonal.rank(); ++axis) {
    fits = MayBeEqual(input[axis], diagonal[axis]);
  }
  if (fits) {
    const int32_t m = input[input.rank() - 2], n = input[input.rank() - 1];
    const int32_t length = m < 0 || n < 0 ? -1 : std::min(m, n);
    fits = MayBeEqual(length, diagonal[diagonal.rank() - 1]);
  }
  if (fits) return {};
  return InvalidModel("diagonal " + diagonal.ToString() +
                      " does not fit input " + input.ToString());
}

Result<void> DynamicUpdateSlice(InferContext& c) {
  TRY(NeedInputs(c, 3));
  const Shape& operand = c.input(0).shape;
  const Shape& update = c.input(1).shape;
  const Shape& start = c.input(2).shape;
  c.SetOutput(0, c.input(0).type, operand);
  if (!operand.has_rank()) return {};
  const bool starts =
      !start.has_rank() ||
      (start.rank() == 1 && MayBeEqual(start[0], operand.rank()));
  bool fits = !update.has_rank() || update.rank() == operand.rank();
  for (int axis = 0; fits && axis < update.rank(); ++axis) {
    fits = operand[axis] < 0 || update[axis] <= operand[axis];
  }
  if (fits && starts) return {};
  return InvalidModel("update " + update.ToString() + " with start indices " +
                      start.ToString() + " does not fit operand " +
                      operand.ToString());
}

Result<void> Bitcast(InferContext& c) {
  TRY(NeedInputs(c, 1));
  const DataType from = c.input(0).type, to = c.declared_type(0);
  const int from_bits = BitWidth(from), to_bits = BitWidth(to);
  Shape shape = c.input(0).shape;
  if (from_bits < 8 || to_bits < 8) {
    return Unsupported("from " + std::string(Name(from)) + " to " +
                       std::string(Name(to)) + " is not supported");
  }
  if (shape.has_rank() && from_bits > to_bits) {
    if (shape.rank() == Shape::kMaxRank) {
      return Unsupported("the output would have too many dimensions");
    }
    shape.Append(from_bits / to_bits);
  } else if (shape.has_rank() && from_bits < to_bits) {
    const int last = shape.rank() - 1;
    if (last < 0 || !MayBeEqual(shape[last], to_bits / from_bits)) {
      return InvalidModel("the last axis of " + shape.ToString() +
                          " does not make up one element of " +
                          std::string(Name(to)));
    }
    shape = Shape(shape.dims().first(static_cast<size_t>(last)));
  }
  c.SetOutput(0, to, shape);
  return {};
}

bool IsPowerOfTwo(int64_t x) { return x > 0 && (x & (x - 1)) == 0; }

Result<void> Rfft2D(InferContext& c) {
  TRY(NeedInputs(c, 2));
  Shape shape = c.input(0).shape;
  std::vector<int64_t> length;
  const bool known = c.GetIntegers(1, length);
  if (shape.has_rank()) {
    const int rank = shape.rank();
    if (rank < 2) return InvalidModel("the input must have two dimensions");
    if (known && (length.size() != 2 || !IsPowerOfTwo(length[0]) ||
                  !IsPowerOfTwo(length[1]) || length[0] > INT32_MAX ||
                  length[1] > INT32_MAX)) {
      return InvalidModel("fft_length must be two powers of two");
    }
    shape.set_dim(rank - 2,
                  known ? static_cast<int32_t>(length[0]) : Shape::kUnknownDim);
    shape.set_dim(rank - 1, known ? static_cast<int32_t>(length[1] / 2 + 1)
                                  : Shape::kUnknownDim);
  }
  c.SetOutput(0, DataType::kComplex64, shape);
  return {};
}

Result<void> Densify(InferContext& c) {
  TRY(NeedInputs(c, 1));
  c.SetOutput(0, c.input(0).type, c.input(0).shape);
  return {};
}

Result<void> Bucketize(InferContext& c) {
  TRY(NeedInputs(c, 1));
  c.SetOutput(0, DataType::kInt32, c.input(0).shape);
  return {};
}

constexpr InferRule kRules[] = {
    {Op::kBitcast, Bitcast},
    {Op::kBucketize, Bucketize},
    {Op::kDensify, Densify},
    {Op::kDynamicUpdateSlice, DynamicUpdateSlice},
    {Op::kMatrixDiag, MatrixDiag},
    {Op::kMatrixSetDiag, MatrixSetDiag},
    {Op::kRfft2D, Rfft2D},
};

}  // namespace

std::span<const InferRule> MatrixRules() { return kRules; }

}  // namespace liteforge
