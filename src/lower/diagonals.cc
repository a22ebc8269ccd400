// SPDX-License-Identifier: Apache-2.0
// Diagonals of matrices.
//   MatrixDiag, MatrixSetDiag   of the main one: MATRIX_DIAG, MATRIX_SET_DIAG
//   any of them else            one GATHER, by a constant index, from what is
//                               there: the rows of the matrix one behind the
//                               other, the diagonals, the padding value
//   MatrixBandPart              SELECT by a mask of the band
//
// Diagonal d holds the elements (m, m + d). Operations of a range [lo, hi] of
// them take or give rows of the longest length, hi first; shorter ones stand at
// the left or the right end (the attribute "align"; V2: left).
// Source: tensorflow/core/ops/array_ops.cc, MatrixDiagV3.
#include <algorithm>
#include <array>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

constexpr int64_t kMostElements = 1 << 24;

struct Diagonals {
  int64_t lo = 0, hi = 0;
  int64_t rows = 0, columns = 0;
  bool upper_right = false, lower_right = false;  // where short ones stand

  bool main_only() const { return lo == 0 && hi == 0; }
  int64_t count() const { return hi - lo + 1; }
  int64_t LengthOf(int64_t d) const {
    return std::min(rows + std::min<int64_t>(d, 0),
                    columns - std::max<int64_t>(d, 0));
  }
  int64_t longest() const {
    return std::min(rows + std::min<int64_t>(hi, 0),
                    columns - std::max<int64_t>(lo, 0));
  }
  // Where in its row the first element of diagonal d stands.
  int64_t OffsetOf(int64_t d) const {
    const bool right = d > 0 ? upper_right : d < 0 && lower_right;
    return right ? longest() - LengthOf(d) : 0;
  }
  // The place of element (m, n) among the diagonals' elements; -1: none.
  int64_t PlaceOf(int64_t m, int64_t n) const {
    const int64_t d = n - m;
    if (d < lo || d > hi) return -1;
    return (hi - d) * longest() + n - std::max<int64_t>(d, 0) + OffsetOf(d);
  }
};

// k, one or two numbers, is input `i`.
Result<Diagonals> ReadDiagonals(const LowerContext& c, int i) {
  Diagonals d;
  if (c.input_count() > i) {
    TRY_ASSIGN(const auto k, c.IntegersOf(i, "k"));
    if (k.empty() || k.size() > 2 || k[0] > k.back() ||
        std::ranges::any_of(
            k, [](int64_t x) { return std::abs(x) > kMostElements; }))
      return InvalidModel("k is no range of diagonals");
    d.lo = k[0];
    d.hi = k.back();
  }
  constexpr std::array<std::string_view, 4> kAligns = {
      "LEFT_LEFT", "LEFT_RIGHT", "RIGHT_LEFT", "RIGHT_RIGHT"};
  const bool is_v3 = c.node().op().ends_with("V3");
  TRY_ASSIGN(const size_t align, c.Choice("align", kAligns, is_v3 ? 2 : 0));
  d.upper_right = align >= 2;
  d.lower_right = align % 2 == 1;
  return d;
}

Result<void> CheckSize(const Diagonals& d) {
  if (d.rows < 1 || d.columns < 1 || d.rows > kMostElements / d.columns)
    return Unsupported("matrices of unknown size, or without elements");
  if (d.lo <= -d.rows || d.hi >= d.columns)
    return InvalidModel("k names diagonals that the matrix has not");
  return {};
}

// The last two axes of the input's shape.
Result<void> ReadMatrix(const Value* x, Diagonals& d) {
  const int rank = x->shape.rank();
  if (rank < 2) return Unsupported("matrices of unknown size");
  d.rows = x->shape[rank - 2];
  d.columns = x->shape[rank - 1];
  return CheckSize(d);
}

// x as [.., elements]: its last `axes` joined.
Value* Flat(Formula& f, Value* x, int axes, int64_t elements) {
  if (x == nullptr) return nullptr;
  Shape shape;
  for (int axis = 0; axis + axes < x->shape.rank(); ++axis)
    shape.Append(x->shape[axis]);
  shape.Append(static_cast<int32_t>(elements));
  if (!CanReshapeTo(shape)) {
    return f.Fail(Error{ErrorCode::kUnsupported,
                        "matrices of more than one unknown number", ""});
  }
  return f.Take(f.ir().Reshape(x, shape));
}

// The padding value as one element of each row of `like`, [.., 1].
Value* Padding(Formula& f, LowerContext& c, int i, Value* like) {
  if (like == nullptr) return nullptr;
  Value* value = c.input_count() > i ? c.input(i) : f.Like(like, 0);
  const int rank = like->shape.rank();
  Value* first = f.Gather(like, f.Ints({0}), rank - 1);
  return f.Fill(f.ShapeOf(first), value);
}

// [.., index.size()] of x [.., n], as [.., dims].
Result<void> GatherInto(Formula& f, Value* x, std::vector<int32_t> index,
                        std::initializer_list<int64_t> dims) {
  TRY(f.Check());
  const int rank = x->shape.rank();
  Value* y = f.Gather(x, f.Ints(std::move(index)), rank - 1);
  TRY(f.Check());
  Shape shape;
  for (int axis = 0; axis + 1 < rank; ++axis) shape.Append(y->shape[axis]);
  for (const int64_t dim : dims) shape.Append(static_cast<int32_t>(dim));
  if (!CanReshapeTo(shape))
    return Unsupported("matrices of more than one unknown number");
  return f.Finish(f.Take(f.ir().Reshape(y, shape)));
}

//---------------------------------------------------------------- operations

// The size of the matrix, -1 where the smallest will do.
Result<void> ReadMatrixDiagSize(const LowerContext& c, int64_t longest,
                                Diagonals& d) {
  int64_t size[2] = {-1, -1};
  for (int i = 0; i < 2; ++i) {
    if (c.input_count() <= 2 + i) continue;
    TRY_ASSIGN(size[i], c.IntegerOf(2 + i, "num_rows or num_cols"));
  }
  const int64_t rows = longest - std::min<int64_t>(d.hi, 0);
  const int64_t columns = longest + std::max<int64_t>(d.lo, 0);
  const bool neither = size[0] < 0 && size[1] < 0;
  d.rows = size[0] >= 0 ? size[0] : neither ? std::max(rows, columns) : rows;
  d.columns = size[1] >= 0 ? size[1]
              : neither    ? std::max(rows, columns)
                           : columns;
  TRY(CheckSize(d));
  if (d.longest() == longest) return {};
  return InvalidModel("the matrix is too small for its diagonals");
}

// Whether what stands beside the diagonals is 0.
bool PadsWithZero(const LowerContext& c) {
  if (c.input_count() <= 4) return true;
  const Value* value = c.input(4);
  return value->is_constant() &&
         std::ranges::all_of(value->data().bytes(),
                             [](std::byte b) { return b == std::byte{0}; });
}

Result<void> LowerMatrixDiag(LowerContext& c) {
  Value* diagonal = c.input(0);
  TRY_ASSIGN(Diagonals d, ReadDiagonals(c, 1));
  const int rank = diagonal->shape.rank();
  if (rank < (d.count() > 1 ? 2 : 1))
    return Unsupported("diagonals of unknown rank");
  const int64_t longest = diagonal->shape[rank - 1];
  bool any_size = PadsWithZero(c);
  for (int i = 2; i < std::min(4, c.input_count()); ++i) {
    TRY_ASSIGN(const int64_t size, c.IntegerOf(i, "num_rows or num_cols"));
    any_size = any_size && (size == -1 || size == longest);
  }
  if (d.main_only() && any_size) {
    return Finish(
        c, c.ir().Emit(Op::kMatrixDiag, MatrixDiagOptions{}, {diagonal}));
  }
  if (longest < 1) return Unsupported("diagonals of unknown length");
  TRY(ReadMatrixDiagSize(c, longest, d));
  Formula f(c);
  const int64_t elements = d.count() * longest;
  Value* flat = Flat(f, diagonal, d.count() > 1 ? 2 : 1, elements);
  Value* all =
      f.Concat({flat, Padding(f, c, 4, flat)}, rank - (d.count() > 1 ? 2 : 1));
  std::vector<int32_t> index;
  for (int64_t m = 0; m < d.rows; ++m) {
    for (int64_t n = 0; n < d.columns; ++n) {
      const int64_t place = d.PlaceOf(m, n);
      index.push_back(static_cast<int32_t>(place < 0 ? elements : place));
    }
  }
  return GatherInto(f, all, std::move(index), {d.rows, d.columns});
}

Result<void> LowerMatrixSetDiag(LowerContext& c) {
  TRY_ASSIGN(Diagonals d, ReadDiagonals(c, 2));
  if (d.main_only()) {
    return Finish(c, c.ir().Emit(Op::kMatrixSetDiag, MatrixSetDiagOptions{},
                                 {c.input(0), c.input(1)}));
  }
  Value* x = c.input(0);
  TRY(ReadMatrix(x, d));
  Formula f(c);
  const int64_t elements = d.rows * d.columns;
  Value* flat = Flat(f, x, 2, elements);
  Value* diagonal =
      Flat(f, c.input(1), d.count() > 1 ? 2 : 1, d.count() * d.longest());
  Value* all = f.Concat({flat, diagonal}, x->shape.rank() - 2);
  std::vector<int32_t> index;
  for (int64_t m = 0; m < d.rows; ++m) {
    for (int64_t n = 0; n < d.columns; ++n) {
      const int64_t place = d.PlaceOf(m, n);
      index.push_back(static_cast<int32_t>(place < 0 ? m * d.columns + n
                                                     : elements + place));
    }
  }
  return GatherInto(f, all, std::move(index), {d.rows, d.columns});
}

Result<void> LowerMatrixDiagPart(LowerContext& c) {
  TRY_ASSIGN(Diagonals d, ReadDiagonals(c, 1));
  Value* x = c.input(0);
  TRY(ReadMatrix(x, d));
  Formula f(c);
  const int64_t elements = d.rows * d.columns, longest = d.longest();
  Value* all = Flat(f, x, 2, elements);
  std::vector<int32_t> index(static_cast<size_t>(d.count() * longest),
                             static_cast<int32_t>(elements));
  for (int64_t m = 0; m < d.rows; ++m) {
    for (int64_t n = 0; n < d.columns; ++n) {
      const int64_t place = d.PlaceOf(m, n);
      if (place >= 0)
        index[static_cast<size_t>(place)] =
            static_cast<int32_t>(m * d.columns + n);
    }
  }
  if (std::ranges::find(index, elements) != index.end())
    all = f.Concat({all, Padding(f, c, 2, all)}, x->shape.rank() - 2);
  if (d.count() == 1) return GatherInto(f, all, std::move(index), {longest});
  return GatherInto(f, all, std::move(index), {d.count(), longest});
}

// Element (m, n) stays where m - n <= lower and n - m <= upper; a negative
// bound is none.
Result<void> LowerMatrixBandPart(LowerContext& c) {
  TRY_ASSIGN(const int64_t lower, c.IntegerOf(1, "num_lower"));
  TRY_ASSIGN(const int64_t upper, c.IntegerOf(2, "num_upper"));
  Value* x = c.input(0);
  const int rank = x->shape.rank();
  if (rank < 2) return Unsupported("matrices of unknown rank");
  Formula f(c);
  Value* rows = f.ExpandDims(f.Range(f.DimOf(x, rank - 2)), 1);
  Value* below = f.Sub(rows, f.Range(f.DimOf(x, rank - 1)));
  const auto most = [&](int64_t bound) {
    return f.ir().Int32(static_cast<int32_t>(
        std::clamp<int64_t>(bound, INT32_MIN + 1, INT32_MAX)));
  };
  Value* stays = nullptr;
  if (lower >= 0) stays = f.Compare(Op::kLessEqual, below, most(lower));
  if (upper >= 0) {
    Value* over = f.Compare(Op::kGreaterEqual, below, most(-upper));
    stays = stays == nullptr
                ? over
                : f.Emit(Op::kLogicalAnd, LogicalAndOptions{}, {stays, over});
  }
  if (lower < 0 && upper < 0) return f.Finish(x);
  return f.Finish(f.Select(stays, x, f.Like(x, 0)));
}

}  // namespace

std::span<const TfOp> DiagonalOps() {
  static constexpr TfOp kOps[] = {
      {"MatrixBandPart", 3, LowerMatrixBandPart},
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
  return kOps;
}

}  // namespace liteforge
