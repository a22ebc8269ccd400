// SPDX-License-Identifier: Apache-2.0
// Products and sums over the rows that a sparse tensor names.
//   SparseTensorDenseMatMul(i [N, 2], v [N], shape, b)
//       y[r] = sum of v[n] b[i[n, 1]] over n with i[n, 0] = r:
//       UNSORTED_SEGMENT_SUM(v GATHER(b, i[:, 1]), i[:, 0], rows)
//   SparseSegmentSum, Mean, SqrtN(x, indices, ids)
//       the segments of GATHER(x, indices): their sum s, s / n, s / sqrt(n)
//   …WithNumSegments    of as many segments as the last operand says
// Source: tensorflow/core/ops/{sparse_ops,math_ops}.cc.
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

Result<void> LowerSparseMatMul(LowerContext& c) {
  TRY_ASSIGN(const bool adjoint_a, c.Attribute<bool>("adjoint_a", false));
  TRY_ASSIGN(const bool adjoint_b, c.Attribute<bool>("adjoint_b", false));
  Formula f(c);
  IrBuilder& ir = c.ir();
  Value* indices = f.Take(ir.AsInt32(c.input(0)));
  Value* rows = f.Gather(indices, ir.Int32(adjoint_a ? 1 : 0), 1);
  Value* columns = f.Gather(indices, ir.Int32(adjoint_a ? 0 : 1), 1);
  Value* count =
      f.Gather(f.Take(ir.AsInt32(c.input(2))), ir.Int32(adjoint_a ? 1 : 0));
  Value* b = adjoint_b ? f.Transpose(c.input(3), {1, 0}) : c.input(3);
  Value* weighted = f.Mul(f.Gather(b, columns), f.Reshape(c.input(1), {-1, 1}));
  return f.Finish(f.Emit(Op::kUnsortedSegmentSum, UnsortedSegmentSumOptions{},
                         {weighted, rows, count}));
}

enum class Kind { kSum, kMean, kSqrtN };

template <Kind kind, bool counted>
Result<void> LowerSegments(LowerContext& c) {
  const int rank = c.input(0)->shape.rank();
  if (rank < 1) return Unsupported("rows of an input of unknown rank");
  Formula f(c);
  IrBuilder& ir = c.ir();
  Value* rows = f.Gather(c.input(0), f.Take(ir.AsInt32(c.input(1))));
  Value* ids = f.Take(ir.AsInt32(c.input(2)));
  Value* count = nullptr;
  if (counted) {
    count = f.Take(ir.AsInt32(c.input(3)));
  } else {
    Value* last = f.Emit(Op::kReduceMax, ReducerOptions{}, {ids, f.Ints({0})});
    count = f.Add(last, ir.Int32(1));
  }
  const auto sum = [&](Value* x) {
    return f.Emit(Op::kUnsortedSegmentSum, UnsortedSegmentSumOptions{},
                  {x, ids, count});
  };
  Value* y = sum(rows);
  if (kind == Kind::kSum) return f.Finish(y);
  Value* n = sum(f.Fill(f.ShapeOf(ids), f.Like(c.input(0), 1)));
  n = f.Max(n, f.Like(c.input(0), 1));
  if (kind == Kind::kSqrtN) n = f.Of(Op::kSqrt, n);
  std::vector<int32_t> spread(static_cast<size_t>(rank), 1);
  spread[0] = -1;
  return f.Finish(f.Div(y, f.Reshape(n, std::move(spread))));
}

}  // namespace

std::span<const TfOp> SparseOps() {
  static constexpr TfOp kOps[] = {
      {"SparseSegmentMean", 3, LowerSegments<Kind::kMean, false>},
      {"SparseSegmentMeanWithNumSegments", 4, LowerSegments<Kind::kMean, true>},
      {"SparseSegmentSqrtN", 3, LowerSegments<Kind::kSqrtN, false>},
      {"SparseSegmentSqrtNWithNumSegments", 4,
       LowerSegments<Kind::kSqrtN, true>},
      {"SparseSegmentSum", 3, LowerSegments<Kind::kSum, false>},
      {"SparseSegmentSumWithNumSegments", 4, LowerSegments<Kind::kSum, true>},
      {"SparseTensorDenseMatMul", 4, LowerSparseMatMul},
  };
  return kOps;
}

}  // namespace liteforge
