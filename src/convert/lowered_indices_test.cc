// SPDX-License-Identifier: Apache-2.0
// Operations that read, write, find and count at computed places.
#include <map>
#include <set>

#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_indices_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;

Shape Joined(const Position& a, const Position& b) {
  Position dims = a;
  dims.insert(dims.end(), b.begin(), b.end());
  return ToShape(dims);
}
Position From(const Position& at, int begin) {
  return {at.begin() + begin, at.end()};
}
Position Before(const Position& at, int end) {
  return {at.begin(), at.begin() + end};
}

//----------------------------------------------------------------- gathering

void Gather(OpCase& c) {
  const DataType type = c.Pick({kI32, kI64});
  const NdArray x = c.Input(c.AnyShape(1, 3), -9, 9);
  const NdArray i = c.Input(c.AnyShape(0, 2), 0, x.dim(0) - 1, type);
  c.Expect(Made(Joined(Dims(i.shape), From(Dims(x.shape), 1)),
                [&](const Position& at) {
                  const int rank = i.rank();
                  Position from = {static_cast<int>(i(Before(at, rank)))};
                  for (const int k : From(at, rank)) from.push_back(k);
                  return x(from);
                }));
}

void GatherV2(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(2, 4), -9, 9);
  const int batch = c.Int(0, x.rank() - 2);
  const int axis = c.Int(batch, x.rank() - 1);
  Position dims = Before(Dims(x.shape), batch);
  for (const int dim : Dims(c.AnyShape(1, 2))) dims.push_back(dim);
  const NdArray i =
      c.Input(ToShape(dims), 0, x.dim(axis) - 1, c.Pick({kI32, kI64}));
  c.Scalar(c.Coin() ? axis : axis - x.rank());
  c.Attr("batch_dims", batch);
  const int own = i.rank() - batch;
  Position result = Before(Dims(x.shape), axis);
  for (const int dim : From(dims, batch)) result.push_back(dim);
  for (const int dim : From(Dims(x.shape), axis + 1)) result.push_back(dim);
  c.Expect(Made(ToShape(result), [&](const Position& at) {
    Position place = Before(at, batch);
    for (int k = 0; k < own; ++k)
      place.push_back(at[static_cast<size_t>(axis + k)]);
    Position from = Before(at, axis);
    from.push_back(static_cast<int>(i(place)));
    for (const int k : From(at, axis + own)) from.push_back(k);
    return x(from);
  }));
}

void GatherNd(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 4), -9, 9);
  const int depth = c.Int(1, x.rank());
  Position dims = Dims(c.AnyShape(0, 2));
  const Shape places = Joined(dims, {depth});
  NdArray i = Made(places, [&](const Position& at) {
    return c.Int(0, x.dim(at.back()) - 1);
  });
  c.Given(i, c.Pick({kI32, kI64}));
  c.Expect(
      Made(Joined(dims, From(Dims(x.shape), depth)), [&](const Position& at) {
        const auto rank = static_cast<int>(dims.size());
        Position from;
        for (int k = 0; k < depth; ++k) {
          Position place = Before(at, rank);
          place.push_back(k);
          from.push_back(static_cast<int>(i(place)));
        }
        for (const int k : From(at, rank)) from.push_back(k);
        return x(from);
      }));
}

//---------------------------------------------------------------- scattering

// `count` places of a tensor, no two the same; and what the updates are.
struct Scatter {
  Shape shape;
  int depth;
  std::vector<Position> places;
  NdArray indices, updates;
};

Scatter DrawScatter(OpCase& c, bool distinct) {
  Scatter s;
  s.shape = c.AnyShape(1, 3);
  s.depth = c.Int(1, s.shape.rank());
  std::set<Position> seen;
  for (int tries = c.Int(1, 5); tries > 0; --tries) {
    Position place;
    for (int axis = 0; axis < s.depth; ++axis)
      place.push_back(c.Int(0, s.shape[axis] - 1));
    if (distinct && !seen.insert(place).second) continue;
    s.places.push_back(place);
  }
  const auto count = static_cast<int32_t>(s.places.size());
  s.indices = Made({count, s.depth}, [&](const Position& at) {
    return s.places[static_cast<size_t>(at[0])][static_cast<size_t>(at[1])];
  });
  s.updates =
      c.Draw(Joined({count}, From(Dims(s.shape), s.depth)), -9, 9, kI32);
  return s;
}

NdArray Scattered(const Scatter& s, NdArray y,
                  const std::function<double(double, double)>& f) {
  ForEachPosition(s.updates.shape, [&](const Position& at) {
    Position to = s.places[static_cast<size_t>(at[0])];
    for (const int k : From(at, 1)) to.push_back(k);
    y(to) = f(y(to), s.updates(at));
  });
  return y;
}

void ScatterNd(OpCase& c) {
  const Scatter s = DrawScatter(c, false);
  c.Either(s.indices, c.Pick({kI32, kI64}));
  c.Given(s.updates);
  c.Ints(Dims(s.shape));
  c.Expect(Scattered(s, Filled(s.shape, 0), std::plus<>()));
}

void TensorScatter(OpCase& c, double (*f)(double, double), bool distinct) {
  const Scatter s = DrawScatter(c, distinct);
  const NdArray x = c.Given(c.Draw(s.shape, -9, 9, kI32));
  c.Either(s.indices, c.Pick({kI32, kI64}));
  c.Given(s.updates);
  c.Expect(Scattered(s, x, f));
}
double Sum(double a, double b) { return a + b; }
double Difference(double a, double b) { return a - b; }
double Larger(double a, double b) { return std::max(a, b); }
double Smaller(double a, double b) { return std::min(a, b); }
double Second(double, double b) { return b; }

void InplaceUpdate(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 3), -9, 9);
  const int row = c.Int(0, x.dim(0) - 1);
  c.Either({{1}, {static_cast<double>(row)}}, kI32);
  const NdArray v = c.Input(Joined({1}, From(Dims(x.shape), 1)), -9, 9);
  NdArray y = x;
  ForEachPosition(v.shape, [&](const Position& at) {
    Position to = at;
    to[0] = row;
    y(to) = v(at);
  });
  c.Expect(y);
}

void OneHot(OpCase& c) {
  const int depth = c.Int(1, 5);
  const NdArray i = c.Input(c.AnyShape(1, 3), -1, depth, c.Pick({kI32, kI64}));
  c.Scalar(depth);
  const double on = c.Int(1, 5), off = c.Int(-5, 0);
  c.Scalar(on, kF32);
  c.Scalar(off, kF32);
  const int axis = c.Int(-1, i.rank());
  c.Attr("axis", axis);
  const int along = axis < 0 ? i.rank() : axis;
  Position dims = Dims(i.shape);
  dims.insert(dims.begin() + along, depth);
  c.Expect(Made(ToShape(dims), [&](const Position& at) {
    Position from = at;
    from.erase(from.begin() + along);
    return i(from) == at[static_cast<size_t>(along)] ? on : off;
  }));
}

//------------------------------------------------------------------- finding

void Arg(OpCase& c, bool largest) {
  const DataType type = c.Pick({kI32, kI64});
  const NdArray x = c.Input(c.AnyShape(1, 4, 5), -9, 9);
  const int axis = c.Axis(x.shape), plain = OpCase::Plain(axis, x.shape);
  c.Scalar(axis);
  c.Attr("output_type", type);
  Position dims = Dims(x.shape);
  dims.erase(dims.begin() + plain);
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  Position from = at;
                  from.insert(from.begin() + plain, 0);
                  int best = 0;
                  double value = x(from);
                  for (int i = 1; i < x.dim(plain); ++i) {
                    from[static_cast<size_t>(plain)] = i;
                    const double v = x(from);
                    if (largest ? v <= value : v >= value) continue;
                    best = i;
                    value = v;
                  }
                  return best;
                }),
           type);
}

void TopK(OpCase& c, bool attribute) {
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -9, 9);
  const int k = c.Int(1, x.dim(-1));
  if (attribute) {
    c.Attr("k", k);
  } else {
    c.Scalar(k);
  }
  Position dims = Dims(x.shape);
  dims.back() = k;
  const auto place = [&](const Position& at) {
    std::vector<std::pair<double, int>> row;
    for (int i = 0; i < x.dim(-1); ++i) {
      Position from = at;
      from.back() = i;
      row.emplace_back(-x(from), i);
    }
    std::ranges::sort(row);
    return row[static_cast<size_t>(at.back())];
  };
  const Shape shape = ToShape(dims);
  c.Expect(Made(shape, [&](const Position& at) { return -place(at).first; }));
  c.Expect(Made(shape, [&](const Position& at) { return place(at).second; }),
           kI32);
}

void InTopK(OpCase& c) {
  const NdArray x = c.Input({c.Int(1, 3), c.Int(2, 5)}, -9, 9);
  const NdArray target = c.Input({x.dim(0)}, 0, x.dim(1) - 1, kI32);
  const int k = c.Int(1, 3);
  c.Scalar(k);
  c.Expect(Made({x.dim(0)},
                [&](const Position& at) {
                  int above = 0;
                  const double own = x({at[0], static_cast<int>(target(at))});
                  for (int i = 0; i < x.dim(1); ++i)
                    above += x({at[0], i}) > own ? 1 : 0;
                  return above < k ? 1 : 0;
                }),
           DataType::kBool);
}

void Where(OpCase& c) {
  NdArray x = c.Draw(c.AnyShape(1, 3), 0, 1, DataType::kBool);
  x.v[0] = 1;
  c.Given(x, DataType::kBool);
  std::vector<double> found;
  ForEachPosition(x.shape, [&](const Position& at) {
    if (x(at) != 0) found.insert(found.end(), at.begin(), at.end());
  });
  const int rank = x.rank();
  c.Expect({{static_cast<int32_t>(found.size()) / rank, rank}, found}, kI64);
}

void Unique(OpCase& c, bool axis, bool counts) {
  const DataType type = c.Pick({kI32, kI64});
  c.Attr("out_idx", type);
  const NdArray x =
      c.Input({c.Int(1, 8)}, -2, 2, c.Pick({kF32, kI32}) == kF32 ? kI32 : kI64);
  const DataType element = c.inputs()[0].type;
  if (axis) c.Int32s({0});
  std::vector<double> values, number, times;
  for (const double v : x.v) {
    const auto at = std::ranges::find(values, v) - values.begin();
    if (static_cast<size_t>(at) == values.size()) {
      values.push_back(v);
      times.push_back(0);
    }
    ++times[static_cast<size_t>(at)];
    number.push_back(static_cast<double>(at));
  }
  const Shape shape{static_cast<int32_t>(values.size())};
  c.Expect({shape, values}, element);
  c.Expect({x.shape, number}, type);
  if (counts) c.Expect({shape, times}, type);
}

void ListDiff(OpCase& c) {
  const DataType type = c.Pick({kI32, kI64});
  c.Attr("out_idx", type);
  NdArray x = c.Draw({c.Int(2, 8)}, -3, 3, kI32);
  x.v[0] = 9;  // something is left
  c.Given(x, kI32);
  const NdArray y = c.Input({c.Int(1, 4)}, -3, 3, kI32);
  std::vector<double> left, places;
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::ranges::find(y.v, x.v[i]) != y.v.end()) continue;
    left.push_back(x.v[i]);
    places.push_back(static_cast<double>(i));
  }
  const Shape shape{static_cast<int32_t>(left.size())};
  c.Expect({shape, left}, kI32);
  c.Expect({shape, places}, type);
}

void Bound(OpCase& c, bool upper) {
  const DataType type = c.Pick({kI32, kI64});
  c.Attr("out_type", type);
  NdArray x = c.Draw({c.Int(1, 3), c.Int(1, 6)}, -3, 3, kI32);
  for (int row = 0; row < x.dim(0); ++row)
    std::sort(x.v.begin() + row * x.dim(1), x.v.begin() + (row + 1) * x.dim(1));
  c.Given(x);
  const NdArray v = c.Given(c.Draw({x.dim(0), c.Int(1, 4)}, -4, 4, kI32));
  c.Expect(Made(v.shape,
                [&](const Position& at) {
                  int count = 0;
                  for (int i = 0; i < x.dim(1); ++i) {
                    const double own = x({at[0], i});
                    count += own < v(at) || (upper && own == v(at)) ? 1 : 0;
                  }
                  return count;
                }),
           type);
}

void Bincount(OpCase& c) {
  const NdArray x = c.Input({c.Int(1, 9)}, 0, 6, kI32);
  const int size = c.Int(3, 7);
  c.Scalar(size);
  c.Constant({{0}, {}}, kI32);
  c.Attr("T", kI32);
  NdArray y = Filled({size}, 0);
  for (const double v : x.v) {
    if (v < size) ++y.v[static_cast<size_t>(v)];
  }
  c.Expect(y, kI32);
}

//------------------------------------------------------------------ segments

enum class Kind { kSum, kMean, kMax, kMin, kProd };

// Rows combined by their segment. What no row belongs to is `empty`.
NdArray BySegment(const NdArray& x, const NdArray& ids, int count, Kind kind,
                  double empty) {
  return Made(Joined({count}, From(Dims(x.shape), 1)), [&](const Position& at) {
    std::vector<double> own;
    for (int row = 0; row < x.dim(0); ++row) {
      if (ids({row}) != at[0]) continue;
      Position from = at;
      from[0] = row;
      own.push_back(x(from));
    }
    if (own.empty()) return empty;
    double y = own[0];
    for (size_t i = 1; i < own.size(); ++i) {
      y = kind == Kind::kMax    ? std::max(y, own[i])
          : kind == Kind::kMin  ? std::min(y, own[i])
          : kind == Kind::kProd ? y * own[i]
                                : y + own[i];
    }
    return kind == Kind::kMean ? y / static_cast<double>(own.size()) : y;
  });
}

template <Kind kind>
void Segment(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -2, 2);
  NdArray ids = Filled({x.dim(0)}, 0);
  for (size_t i = 1; i < ids.size(); ++i) ids.v[i] = ids.v[i - 1] + c.Int(0, 2);
  c.Either(ids, c.Pick({kI32, kI64}));
  const auto count = static_cast<int>(ids.v.back()) + 1;
  c.Expect(BySegment(x, ids, count, kind, kind == Kind::kProd ? 1 : 0), kF32,
           1e-5);
}

template <Kind kind>
void Unsorted(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -2, 2);
  const int count = c.Int(1, 4);
  const NdArray ids = c.Input({x.dim(0)}, 0, count - 1, c.Pick({kI32, kI64}));
  c.Scalar(count);
  constexpr double kLowest = std::numeric_limits<float>::lowest();
  const double empty = kind == Kind::kProd  ? 1
                       : kind == Kind::kMax ? kLowest
                       : kind == Kind::kMin ? -kLowest
                                            : 0;
  c.Expect(BySegment(x, ids, count, kind, empty), kF32, 1e-5);
}

void DynamicPartition(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -9, 9);
  const int parts = c.Int(1, 3);
  NdArray numbers = c.Draw({x.dim(0)}, 0, parts - 1, kI32);
  c.Given(numbers, kI32);
  c.Attr("num_partitions", parts);
  for (int part = 0; part < parts; ++part) {
    std::vector<int> rows;
    for (int row = 0; row < x.dim(0); ++row) {
      if (numbers({row}) == part) rows.push_back(row);
    }
    Position dims = Dims(x.shape);
    dims[0] = static_cast<int>(rows.size());
    c.Expect(Made(ToShape(dims), [&](const Position& at) {
      Position from = at;
      from[0] = rows[static_cast<size_t>(at[0])];
      return x(from);
    }));
  }
}

// A permutation of rows, dealt to several operands.
void DynamicStitch(OpCase& c) {
  const int parts = c.Int(1, 3);
  std::vector<std::vector<int>> own(static_cast<size_t>(parts));
  const int rows = c.Int(parts, 6);
  for (int row = 0; row < rows; ++row)
    own[static_cast<size_t>(row < parts ? row : c.Int(0, parts - 1))].push_back(
        row);
  const NdArray y = c.Draw({rows, c.Int(1, 3)}, -9, 9);
  c.Attr("N", parts);
  for (const auto& numbers : own) {
    c.Either({{static_cast<int32_t>(numbers.size())},
              {numbers.begin(), numbers.end()}},
             kI32);
  }
  for (const auto& numbers : own) {
    c.Given(Made({static_cast<int32_t>(numbers.size()), y.dim(1)},
                 [&](const Position& at) {
                   return y({numbers[static_cast<size_t>(at[0])], at[1]});
                 }));
  }
  c.Expect(y);
}

constexpr OpRow kRows[] = {
    {"ArgMax", [](OpCase& c) { Arg(c, true); }},
    {"ArgMin", [](OpCase& c) { Arg(c, false); }},
    {"Bincount", Bincount},
    {"DynamicPartition", DynamicPartition},
    {"DynamicStitch", DynamicStitch},
    {"Gather", Gather},
    {"GatherNd", GatherNd},
    {"GatherV2", GatherV2},
    {"InTopKV2", InTopK},
    {"InplaceUpdate", InplaceUpdate},
    {"ListDiff", ListDiff},
    {"LowerBound", [](OpCase& c) { Bound(c, false); }},
    {"OneHot", OneHot},
    {"ParallelDynamicStitch", DynamicStitch},
    {"ScatterNd", ScatterNd},
    {"SegmentMax", Segment<Kind::kMax>},
    {"SegmentMean", Segment<Kind::kMean>},
    {"SegmentMin", Segment<Kind::kMin>},
    {"SegmentProd", Segment<Kind::kProd>},
    {"SegmentSum", Segment<Kind::kSum>},
    {"TensorScatterAdd", [](OpCase& c) { TensorScatter(c, Sum, false); }},
    {"TensorScatterMax", [](OpCase& c) { TensorScatter(c, Larger, false); }},
    {"TensorScatterMin", [](OpCase& c) { TensorScatter(c, Smaller, false); }},
    {"TensorScatterSub",
     [](OpCase& c) { TensorScatter(c, Difference, false); }},
    {"TensorScatterUpdate", [](OpCase& c) { TensorScatter(c, Second, true); }},
    {"TopK", [](OpCase& c) { TopK(c, true); }},
    {"TopKV2", [](OpCase& c) { TopK(c, false); }},
    {"Unique", [](OpCase& c) { Unique(c, false, false); }},
    {"UniqueV2", [](OpCase& c) { Unique(c, true, false); }},
    {"UniqueWithCounts", [](OpCase& c) { Unique(c, false, true); }},
    {"UniqueWithCountsV2", [](OpCase& c) { Unique(c, true, true); }},
    {"UnsortedSegmentMax", Unsorted<Kind::kMax>},
    {"UnsortedSegmentMin", Unsorted<Kind::kMin>},
    {"UnsortedSegmentProd", Unsorted<Kind::kProd>},
    {"UnsortedSegmentSum", Unsorted<Kind::kSum>},
    {"UpperBound", [](OpCase& c) { Bound(c, true); }},
    {"Where", Where},
};

}  // namespace lowered_indices_test

std::span<const OpRow> IndexRows() { return lowered_indices_test::kRows; }

TEST(LoweredOps, Indices) { CheckRows(IndexRows()); }

}  // namespace liteforge
