// SPDX-License-Identifier: Apache-2.0
// Operators on the innermost axes or on the bits of elements: MATRIX_DIAG,
// MATRIX_SET_DIAG, RFFT2D, BITCAST.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

// [.., N] -> [.., N, N]
Result<void> MatrixDiag(InferContext& c) {
  TRY(NeedRankAtLeast(c, 0, 1, "input"));
  Shape shape = c.input(0).shape;
  if (shape.rank() == Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  if (shape.has_rank()) shape.Append(shape[shape.rank() - 1]);
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

// input [.., M, N], diagonal [.., min(M, N)]
Result<void> MatrixSetDiag(InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY(NeedRankAtLeast(c, 0, 2, "input"));
  const Shape& input = c.input(0).shape;
  const Shape& diagonal = c.input(1).shape;
  if (input.has_rank() && diagonal.has_rank()) {
    const int batches = input.rank() - 2;
    TRY(NeedEqual(diagonal.rank(), batches + 1,
                  "the dimensions of the diagonal and what input needs"));
    for (int axis = 0; axis < batches; ++axis) {
      TRY(NeedEqual(input[axis], diagonal[axis],
                    "the batches of input and diagonal"));
    }
    const int32_t m = input[batches], n = input[batches + 1];
    if (m >= 0 && n >= 0) {
      TRY(NeedEqual(diagonal[batches], std::min(m, n),
                    "the lengths of diagonal and matrix"));
    }
  }
  c.SetOutput(0, c.input(0).type, input);
  return {};
}

// [.., H, W] real -> [.., FH, FW / 2 + 1] complex, fft_length [FH, FW].
// TFLite's transform wants powers of two.
Result<void> Rfft2d(InferContext& c) {
  TRY(NeedRankAtLeast(c, 0, 2, "input"));
  TRY(NeedRank(c, 1, 1, "fft_length"));
  Shape shape = c.input(0).shape;
  std::vector<int64_t> length;
  const bool known = c.GetIntegers(1, length);
  if (known) {
    if (length.size() != 2)
      return InvalidModel("fft_length must be two values");
    for (const int64_t size : length) {
      if (size <= 0 || size > INT32_MAX || (size & (size - 1)) != 0) {
        return Unsupported("fft_length " + std::to_string(size) +
                           " is no power of two");
      }
    }
  }
  if (shape.has_rank()) {
    const int last = shape.rank() - 1;
    shape.set_dim(last - 1,
                  known ? static_cast<int32_t>(length[0]) : Shape::kUnknownDim);
    shape.set_dim(last, known ? static_cast<int32_t>(length[1] / 2 + 1)
                              : Shape::kUnknownDim);
  }
  c.SetOutput(0, DataType::kComplex64, shape);
  return {};
}

// The same bytes as another type: narrower elements get an axis of their own,
// wider ones swallow the last.
Result<void> Bitcast(InferContext& c) {
  TRY(NeedInputs(c, 1));
  const DataType to = c.declared_type(0);
  const int from_bits = BitWidth(c.input(0).type), to_bits = BitWidth(to);
  Shape shape = c.input(0).shape;
  if (to_bits == 0 || from_bits == 0) {
    return InvalidModel("it turns " + std::string(Name(c.input(0).type)) +
                        " into " + std::string(Name(to)));
  }
  if (!shape.has_rank() || from_bits == to_bits) {
    c.SetOutput(0, to, shape);
    return {};
  }
  if (from_bits > to_bits) {
    if (shape.rank() == Shape::kMaxRank) {
      return Unsupported("the output would have too many dimensions");
    }
    shape.Append(from_bits / to_bits);
    c.SetOutput(0, to, shape);
    return {};
  }
  TRY(NeedRankAtLeast(c, 0, 1, "input"));
  TRY(NeedEqual(shape[shape.rank() - 1], to_bits / from_bits,
                "the last axis and the elements that make one"));
  c.SetOutput(0, to, Shape(shape.dims().first(shape.dims().size() - 1)));
  return {};
}

}  // namespace

std::span<const InferRule> MatrixRules() {
  static constexpr InferRule kRules[] = {
      {Op::kBitcast, Bitcast},
      {Op::kMatrixDiag, MatrixDiag},
      {Op::kMatrixSetDiag, MatrixSetDiag},
      {Op::kRfft2D, Rfft2d},
  };
  return kRules;
}

}  // namespace liteforge
