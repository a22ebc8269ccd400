// SPDX-License-Identifier: Apache-2.0
// Operations that move blocks of space, and diagonals of matrices.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_blocks_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;

//------------------------------------------------------------------ blocks

// Space [N, H, W, D] to batches, both axes in blocks.
NdArray ToBatches(const NdArray& x, const Position& block,
                  const NdArray& pads) {
  const int h = x.dim(1) + static_cast<int>(pads({0, 0}) + pads({0, 1}));
  const int w = x.dim(2) + static_cast<int>(pads({1, 0}) + pads({1, 1}));
  const int n = x.dim(0);
  return Made({n * block[0] * block[1], h / block[0], w / block[1], x.dim(3)},
              [&](const Position& at) {
                const int cell = at[0] / n;
                const int row = at[1] * block[0] + cell / block[1] -
                                static_cast<int>(pads({0, 0}));
                const int column = at[2] * block[1] + cell % block[1] -
                                   static_cast<int>(pads({1, 0}));
                const bool inside = row >= 0 && row < x.dim(1) && column >= 0 &&
                                    column < x.dim(2);
                return inside ? x({at[0] % n, row, column, at[3]}) : 0;
              });
}

void SpaceToBatch(OpCase& c, bool square) {
  Position block = {c.Int(1, 3), c.Int(1, 3)};
  if (square) block = {2, 2};
  const Shape shape{c.Int(1, 2), block[0] * c.Int(1, 3), block[1] * c.Int(1, 3),
                    c.Int(1, 3)};
  NdArray pads = Filled({2, 2}, 0);
  for (int axis = 0; axis < 2; ++axis) {
    const int b = block[static_cast<size_t>(axis)];
    pads({axis, 0}) = c.Int(0, b);
    pads({axis, 1}) = b - pads({axis, 0});
  }
  const NdArray x = c.Input(shape, -3, 3);
  if (square) {
    c.Attr("block_size", 2);
  } else {
    c.Ints(block);
  }
  c.Constant(pads, kI32);
  c.Expect(ToBatches(x, block, pads));
}

// The inverse: what becomes this by being moved into batches.
void BatchToSpace(OpCase& c, bool square) {
  Position block = {c.Int(1, 3), c.Int(1, 3)};
  if (square) block = {2, 2};
  const NdArray y = c.Draw({c.Int(1, 2), block[0] * c.Int(1, 3),
                            block[1] * c.Int(1, 3), c.Int(1, 3)},
                           -3, 3);
  NdArray crops = Filled({2, 2}, 0);
  for (int axis = 0; axis < 2; ++axis) {
    const int b = block[static_cast<size_t>(axis)];
    crops({axis, 0}) = c.Int(0, b);
    crops({axis, 1}) = b - crops({axis, 0});
  }
  c.Given(ToBatches(y, block, crops));
  if (square) {
    c.Attr("block_size", 2);
  } else {
    c.Ints(block);
  }
  c.Constant(crops, kI32);
  c.Expect(y);
}

// Pixels [n, h b, w b, d] that become [n, h, w, b b d].
void Depth(OpCase& c, bool to_depth) {
  const int b = c.Int(2, 3), n = c.Int(1, 2), h = c.Int(1, 3), w = c.Int(1, 3);
  const int d = c.Int(1, 2);
  const bool nchw = c.Coin();
  const NdArray space = c.Draw({n, h * b, w * b, d}, -3, 3);
  const NdArray depth = Made({n, h, w, b * b * d}, [&](const Position& at) {
    const int cell = at[3] / d;
    return space(
        {at[0], at[1] * b + cell / b, at[2] * b + cell % b, at[3] % d});
  });
  const auto laid = [&](const NdArray& x) {
    if (!nchw) return x;
    return Made({x.dim(0), x.dim(3), x.dim(1), x.dim(2)},
                [&](const Position& at) {
                  return x({at[0], at[2], at[3], at[1]});
                });
  };
  c.Attr("block_size", b);
  c.Attr("data_format", nchw ? "NCHW" : "NHWC");
  c.Given(laid(to_depth ? space : depth));
  c.Expect(laid(to_depth ? depth : space));
}

//--------------------------------------------------------------- diagonals

struct Band {
  int lo, hi, rows, columns;
  bool upper_right, lower_right;

  int LengthOf(int d) const {
    return std::min(rows + std::min(d, 0), columns - std::max(d, 0));
  }
  int Longest() const {
    return std::min(rows + std::min(hi, 0), columns - std::max(lo, 0));
  }
  // Where element (m, n) stands: the row among the diagonals, and in it.
  Position PlaceOf(int m, int n) const {
    const int d = n - m;
    const bool right = d > 0 ? upper_right : d < 0 && lower_right;
    const int i = std::min(m, n) + (right ? Longest() - LengthOf(d) : 0);
    return {hi - d, i};
  }
};

enum class DiagonalOp { kMake, kSet, kPart };

// The oldest operations know the main diagonal alone; V2 and V3 any range, and
// V3 where short ones stand.
void Diagonal(OpCase& c, DiagonalOp op, int version) {
  Band band{0, 0, c.Int(1, 4), c.Int(1, 4), false, false};
  if (op == DiagonalOp::kMake && version == 1) band.columns = band.rows;
  if (version > 1) {
    band.lo = c.Int(1 - band.rows, band.columns - 1);
    band.hi = c.Int(band.lo, band.columns - 1);
  }
  if (version == 3) {
    const int align = c.Int(0, 3);
    const char* kAligns[] = {"LEFT_LEFT", "LEFT_RIGHT", "RIGHT_LEFT",
                             "RIGHT_RIGHT"};
    c.Attr("align", kAligns[align]);
    band.upper_right = align >= 2;
    band.lower_right = align % 2 == 1;
  }
  const int batch = c.Int(1, 3), longest = band.Longest();
  const bool one = band.lo == band.hi;
  const Shape full{batch, band.rows, band.columns};
  const Shape rows = one ? Shape{batch, longest}
                         : Shape{batch, band.hi - band.lo + 1, longest};
  const double padding =
      version > 1 && op != DiagonalOp::kSet ? c.Int(-3, 3) : 0;
  const auto in_rows = [&](const Position& at) {
    const Position place = band.PlaceOf(at[1], at[2]);
    return one ? Position{at[0], place[1]}
               : Position{at[0], place[0], place[1]};
  };
  const auto in_band = [&](const Position& at) {
    return at[2] - at[1] >= band.lo && at[2] - at[1] <= band.hi;
  };
  const auto give_k = [&] {
    if (version == 1) return;
    if (one && c.Coin()) return c.Scalar(band.lo);
    c.Int32s({band.lo, band.hi});
  };
  if (op == DiagonalOp::kMake) {
    const NdArray x = c.Input(rows, 1, 9);
    give_k();
    if (version > 1) {
      c.Scalar(band.rows);
      c.Scalar(band.columns);
      c.Scalar(padding, kF32);
    }
    c.Expect(Made(full, [&](const Position& at) {
      return in_band(at) ? x(in_rows(at)) : padding;
    }));
    return;
  }
  const NdArray x = c.Input(full, 1, 9);
  if (op == DiagonalOp::kSet) {
    const NdArray diagonal = c.Input(rows, 1, 9);
    give_k();
    c.Expect(Made(full, [&](const Position& at) {
      return in_band(at) ? diagonal(in_rows(at)) : x(at);
    }));
    return;
  }
  give_k();
  if (version > 1) c.Scalar(padding, kF32);
  NdArray y = Filled(rows, padding);
  ForEachPosition(full, [&](const Position& at) {
    if (in_band(at)) y(in_rows(at)) = x(at);
  });
  c.Expect(y);
}

void MatrixBandPart(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(2, 4), 1, 9);
  const int lower = c.Int(-1, 3), upper = c.Int(-1, 3);
  const DataType type = c.Pick({kI32, kI64});
  c.Scalar(lower, type);
  c.Scalar(upper, type);
  c.Expect(Made(x.shape, [&](const Position& at) {
    const int m = at[at.size() - 2], n = at.back();
    const bool stays =
        (lower < 0 || m - n <= lower) && (upper < 0 || n - m <= upper);
    return stays ? x(at) : 0;
  }));
}

template <DiagonalOp op, int version>
void DiagonalRow(OpCase& c) {
  Diagonal(c, op, version);
}

constexpr OpRow kRows[] = {
    {"BatchToSpace", [](OpCase& c) { BatchToSpace(c, true); }},
    {"BatchToSpaceND", [](OpCase& c) { BatchToSpace(c, false); }},
    {"DepthToSpace", [](OpCase& c) { Depth(c, false); }},
    {"MatrixBandPart", MatrixBandPart},
    {"MatrixDiag", DiagonalRow<DiagonalOp::kMake, 1>},
    {"MatrixDiagPart", DiagonalRow<DiagonalOp::kPart, 1>},
    {"MatrixDiagPartV2", DiagonalRow<DiagonalOp::kPart, 2>},
    {"MatrixDiagPartV3", DiagonalRow<DiagonalOp::kPart, 3>},
    {"MatrixDiagV2", DiagonalRow<DiagonalOp::kMake, 2>},
    {"MatrixDiagV3", DiagonalRow<DiagonalOp::kMake, 3>},
    {"MatrixSetDiag", DiagonalRow<DiagonalOp::kSet, 1>},
    {"MatrixSetDiagV2", DiagonalRow<DiagonalOp::kSet, 2>},
    {"MatrixSetDiagV3", DiagonalRow<DiagonalOp::kSet, 3>},
    {"SpaceToBatch", [](OpCase& c) { SpaceToBatch(c, true); }},
    {"SpaceToBatchND", [](OpCase& c) { SpaceToBatch(c, false); }},
    {"SpaceToDepth", [](OpCase& c) { Depth(c, true); }},
};

}  // namespace lowered_blocks_test

std::span<const OpRow> BlockRows() { return lowered_blocks_test::kRows; }

TEST(LoweredOps, Blocks) { CheckRows(BlockRows()); }

}  // namespace liteforge
