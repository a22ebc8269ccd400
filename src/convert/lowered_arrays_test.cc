// SPDX-License-Identifier: Apache-2.0
// Operations that make, move and join elements.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_arrays_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;

// Elements of any type that can be told apart.
NdArray AnyInput(OpCase& c, const Shape& shape, DataType& type) {
  type = c.Pick({kF32, kI32, kI64});
  return c.Input(shape, -50, 50, type);
}

//------------------------------------------------------------------- shapes

void Reshape(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4), type);
  const Position dims =
      c.Coin() ? Position{-1, x.dim(0)} : Position{x.dim(0), -1};
  c.Ints(dims);
  const int rest = static_cast<int>(x.size()) / x.dim(0);
  NdArray y = x;
  y.shape = dims[0] < 0 ? Shape{rest, x.dim(0)} : Shape{x.dim(0), rest};
  c.Expect(y, type);
}

void ExpandDims(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 3), type);
  const int axis = c.Int(-x.rank() - 1, x.rank());
  c.Scalar(axis);
  Position dims = Dims(x.shape);
  dims.insert(dims.begin() + (axis < 0 ? axis + x.rank() + 1 : axis), 1);
  c.Expect({ToShape(dims), x.v}, type);
}

void Squeeze(OpCase& c) {
  DataType type;
  Position dims = Dims(c.AnyShape(2, 4));
  dims[0] = 1;
  if (c.Coin()) dims.back() = 1;
  const NdArray x = AnyInput(c, ToShape(dims), type);
  if (c.Coin()) {
    c.Attr("squeeze_dims", std::vector<int64_t>{-x.rank()});
    dims.erase(dims.begin());
  } else {
    std::erase(dims, 1);
  }
  c.Expect({ToShape(dims), x.v}, type);
}

void Transpose(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4), type);
  Position order;
  for (int axis = 0; axis < x.rank(); ++axis)
    order.insert(order.begin() + c.Int(0, axis), axis);
  c.Ints(order);
  Position dims;
  for (const int axis : order) dims.push_back(x.dim(axis));
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  Position from(at.size());
                  for (size_t i = 0; i < at.size(); ++i)
                    from[static_cast<size_t>(order[i])] = at[i];
                  return x(from);
                }),
           type);
}

NdArray ShapeArray(const Shape& shape) {
  const Position dims = Dims(shape);
  return {{shape.rank()}, {dims.begin(), dims.end()}};
}

DataType OutType(OpCase& c) {
  const DataType type = c.Pick({kI32, kI64});
  c.Attr("out_type", type);
  return type;
}

void ShapeOp(OpCase& c) {
  const DataType type = OutType(c);
  c.Expect(ShapeArray(c.Input(c.AnyShape(0, 4), -1, 1).shape), type);
}
void ShapeN(OpCase& c) {
  const DataType type = OutType(c);
  for (int i = c.Int(1, 3); i >= 0; --i)
    c.Expect(ShapeArray(c.Input(c.AnyShape(), -1, 1).shape), type);
}
void Size(OpCase& c) {
  const DataType type = OutType(c);
  const NdArray x = c.Input(c.AnyShape(), -1, 1);
  c.Expect({Shape(), {static_cast<double>(x.size())}}, type);
}
void Rank(OpCase& c) {
  c.Expect({Shape(), {1.0 * c.Input(c.AnyShape(0, 4), -1, 1).rank()}}, kI32);
}

//----------------------------------------------------------------- joining

// Arrays that differ along one axis alone.
std::vector<NdArray> Parts(OpCase& c, int axis, const Shape& shape, int count,
                           DataType type) {
  std::vector<NdArray> parts;
  for (int i = 0; i < count; ++i) {
    Position dims = Dims(shape);
    dims[static_cast<size_t>(axis)] = c.Int(1, 3);
    parts.push_back(c.Input(ToShape(dims), -50, 50, type));
  }
  return parts;
}

NdArray Joined(const std::vector<NdArray>& parts, int axis) {
  Position dims = Dims(parts[0].shape);
  const auto along = static_cast<size_t>(axis);
  dims[along] = 0;
  for (const NdArray& part : parts) dims[along] += part.dim(axis);
  return Made(ToShape(dims), [&](const Position& at) {
    Position from = at;
    size_t i = 0;
    while (from[along] >= parts[i].dim(axis))
      from[along] -= parts[i++].dim(axis);
    return parts[i](from);
  });
}

void Concat(OpCase& c, bool axis_first) {
  const DataType type = c.Pick({kF32, kI32, kI64});
  const Shape shape = c.AnyShape(1, 4);
  const int axis = c.Axis(shape), plain = OpCase::Plain(axis, shape);
  if (axis_first) c.Scalar(plain);
  const auto parts = Parts(c, plain, shape, c.Int(1, 4), type);
  if (!axis_first) c.Scalar(axis);
  c.Expect(Joined(parts, plain), type);
}

void ParallelConcat(OpCase& c) {
  Position dims = Dims(c.AnyShape(1, 3));
  dims[0] = 1;
  std::vector<NdArray> parts;
  for (int i = c.Int(1, 4); i >= 0; --i)
    parts.push_back(c.Input(ToShape(dims), -3, 3));
  c.Expect(Joined(parts, 0));
}

void ConcatOffset(OpCase& c) {
  const int rank = c.Int(1, 4), axis = c.Int(0, rank - 1);
  c.Scalar(axis);
  double begin = 0;
  for (int i = c.Int(1, 3); i >= 0; --i) {
    const NdArray shape = c.Either(c.Draw({rank}, 1, 5, kI32), kI32);
    NdArray offset = Filled({rank}, 0);
    offset.v[static_cast<size_t>(axis)] = begin;
    begin += shape.v[static_cast<size_t>(axis)];
    c.Expect(offset, kI32);
  }
}

void Pack(OpCase& c) {
  DataType type = kF32;
  const Shape shape = c.AnyShape(0, 3);
  std::vector<NdArray> parts;
  type = c.Pick({kF32, kI32});
  for (int i = c.Int(1, 3); i >= 0; --i)
    parts.push_back(c.Input(shape, -50, 50, type));
  const int axis = c.Int(-shape.rank() - 1, shape.rank());
  c.Attr("axis", axis);
  c.Attr("N", static_cast<int>(parts.size()));
  const auto along =
      static_cast<size_t>(axis < 0 ? axis + shape.rank() + 1 : axis);
  Position dims = Dims(shape);
  dims.insert(dims.begin() + static_cast<ptrdiff_t>(along),
              static_cast<int>(parts.size()));
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  Position from = at;
                  from.erase(from.begin() + static_cast<ptrdiff_t>(along));
                  return parts[static_cast<size_t>(at[along])](from);
                }),
           type);
}

// Elements [begin, begin + length) along an axis.
NdArray Part(const NdArray& x, int axis, int begin, int length) {
  Position dims = Dims(x.shape);
  dims[static_cast<size_t>(axis)] = length;
  return Made(ToShape(dims), [&](const Position& at) {
    Position from = at;
    from[static_cast<size_t>(axis)] += begin;
    return x(from);
  });
}

void Unpack(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4), type);
  const int axis = c.Axis(x.shape), plain = OpCase::Plain(axis, x.shape);
  c.Attr("axis", axis);
  c.Attr("num", x.dim(axis));
  for (int i = 0; i < x.dim(axis); ++i) {
    NdArray part = Part(x, plain, i, 1);
    Position dims = Dims(part.shape);
    dims.erase(dims.begin() + plain);
    c.Expect({ToShape(dims), part.v}, type);
  }
}

void Split(OpCase& c) {
  Position dims = Dims(c.AnyShape(1, 4));
  const int count = c.Int(1, 3);
  const int axis = c.Axis(ToShape(dims));
  const int plain = OpCase::Plain(axis, ToShape(dims));
  dims[static_cast<size_t>(plain)] *= count;
  c.Scalar(axis);
  c.Attr("num_split", count);
  const NdArray x = c.Input(ToShape(dims), -50, 50);
  const int length = x.dim(plain) / count;
  for (int i = 0; i < count; ++i) c.Expect(Part(x, plain, i * length, length));
}

void SplitV(OpCase& c) {
  Position lengths, dims = Dims(c.AnyShape(1, 4));
  for (int i = c.Int(0, 2); i >= 0; --i) lengths.push_back(c.Int(1, 3));
  const int axis = c.Axis(ToShape(dims));
  const int plain = OpCase::Plain(axis, ToShape(dims));
  int whole = 0;
  for (const int length : lengths) whole += length;
  dims[static_cast<size_t>(plain)] = whole;
  const NdArray x = c.Input(ToShape(dims), -50, 50);
  Position given = lengths;
  if (c.Coin()) given[0] = -1;
  c.Ints(given);
  c.Scalar(axis);
  c.Attr("num_split", static_cast<int>(lengths.size()));
  int begin = 0;
  for (const int length : lengths) {
    c.Expect(Part(x, plain, begin, length));
    begin += length;
  }
}

void IdentityN(OpCase& c) {
  for (int i = c.Int(0, 2); i >= 0; --i) c.Expect(c.Input(c.AnyShape(), -3, 3));
}

//---------------------------------------------------------------- creation

void Tile(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4, 3), type);
  Position times, dims;
  for (int axis = 0; axis < x.rank(); ++axis) {
    times.push_back(c.Int(1, 3));
    dims.push_back(times.back() * x.dim(axis));
  }
  c.Ints(times);
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  Position from = at;
                  for (int axis = 0; axis < x.rank(); ++axis)
                    from[static_cast<size_t>(axis)] %= x.dim(axis);
                  return x(from);
                }),
           type);
}

void Range(OpCase& c) {
  const DataType type = c.Pick({kF32, kI32});
  const double step = c.Pick({-2, -1, 1, 3});
  const double start = c.Int(-5, 5), limit = start + step * c.Int(1, 6);
  const bool known = c.Coin();
  for (const double v : {start, limit, step}) {
    if (known) {
      c.Scalar(v, type);
    } else {
      c.Given({Shape(), {v}}, type);
    }
  }
  std::vector<double> values;
  for (double v = start; step > 0 ? v < limit : v > limit; v += step)
    values.push_back(v);
  c.Expect({{static_cast<int32_t>(values.size())}, values}, type);
}

void Fill(OpCase& c) {
  const DataType type = c.Pick({kF32, kI32, kI64});
  const Shape shape = c.AnyShape();
  c.Ints(Dims(shape));
  const NdArray value = c.Input(Shape(), -9, 9, type);
  c.Expect(Filled(shape, value.v[0]), type);
}
void Empty(OpCase& c) {
  const Shape shape = c.AnyShape();
  c.Attr("dtype", kF32);
  c.Ints(Dims(shape));
  c.Expect(Filled(shape, 0));
}
void Like(OpCase& c, double value) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(), type);
  c.Expect(Filled(x.shape, value), type);
}
void LinSpace(OpCase& c) {
  const double start = static_cast<float>(c.Real(-3, 3));
  const double stop = static_cast<float>(c.Real(-3, 3));
  const int count = c.Int(1, 7);
  c.Given({Shape(), {start}});
  c.Given({Shape(), {stop}});
  c.Scalar(count);
  c.Expect(Made({count}, [&](const Position& at) {
    return count == 1 ? start : start + at[0] * (stop - start) / (count - 1);
  }));
}
void BroadcastTo(OpCase& c) {
  const Shape shape = c.AnyShape(1, 4);
  DataType type;
  const NdArray x = AnyInput(c, c.Narrower(shape), type);
  c.Ints(Dims(shape));
  c.Expect(Made(shape, [&](const Position& at) { return Spread(x, at); }),
           type);
}
void BroadcastArgs(OpCase& c) {
  const Shape shape = c.AnyShape(2, 4);
  c.Constant(ShapeArray(c.Narrower(shape)), kI32);
  c.Given(ShapeArray(shape), kI32);
  c.Expect(ShapeArray(shape), kI32);
}
void InvertPermutation(OpCase& c) {
  Position order;
  const int n = c.Int(1, 6);
  for (int i = 0; i < n; ++i) order.insert(order.begin() + c.Int(0, i), i);
  NdArray x{{n}, {order.begin(), order.end()}}, y = x;
  c.Either(x, kI32);
  for (int i = 0; i < n; ++i)
    y.v[static_cast<size_t>(order[static_cast<size_t>(i)])] = i;
  c.Expect(y, kI32);
}
void SparseToDense(OpCase& c) {
  const int n = c.Int(3, 6);
  Position places;
  for (int i = 0; i < n; ++i) {
    if (c.Coin()) places.push_back(i);
  }
  if (places.empty()) places.push_back(0);
  c.Constant({{static_cast<int32_t>(places.size()), 1},
              {places.begin(), places.end()}},
             kI32);
  c.Int32s({n});
  const NdArray values = c.Input({static_cast<int32_t>(places.size())}, -3, 3);
  c.Scalar(-7, kF32);
  NdArray y = Filled({n}, -7);
  for (size_t i = 0; i < places.size(); ++i)
    y.v[static_cast<size_t>(places[i])] = values.v[i];
  c.Expect(y);
}

//---------------------------------------------------------------- movement

void ReverseAxes(OpCase& c, bool marked) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4), type);
  std::vector<bool> turned(static_cast<size_t>(x.rank()));
  // TFLite reverses neighbouring axes.
  const int first = c.Int(0, x.rank() - 1), last = c.Int(first, x.rank() - 1);
  Position axes;
  for (int axis = first; axis <= last; ++axis) {
    turned[static_cast<size_t>(axis)] = true;
    axes.push_back(axis);
  }
  if (marked) {
    NdArray marks = Filled({x.rank()}, 0);
    for (const int axis : axes) marks.v[static_cast<size_t>(axis)] = 1;
    c.Constant(marks, DataType::kBool);
  } else {
    c.Ints(axes);
  }
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  Position from = at;
                  for (int axis = 0; axis < x.rank(); ++axis) {
                    const auto i = static_cast<size_t>(axis);
                    if (turned[i]) from[i] = x.dim(axis) - 1 - from[i];
                  }
                  return x(from);
                }),
           type);
}

void ReverseSequence(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(2, 4), -3, 3);
  const int batch = c.Int(0, x.rank() - 1);
  const int sequence = (batch + c.Int(1, x.rank() - 1)) % x.rank();
  c.Attr("batch_dim", batch);
  c.Attr("seq_dim", sequence);
  const NdArray lengths =
      c.Input({x.dim(batch)}, 1, x.dim(sequence), c.Pick({kI32, kI64}));
  c.Expect(Made(x.shape, [&](const Position& at) {
    const auto length =
        static_cast<int>(lengths({at[static_cast<size_t>(batch)]}));
    Position from = at;
    int& i = from[static_cast<size_t>(sequence)];
    if (i < length) i = length - 1 - i;
    return x(from);
  }));
}

void Roll(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4, 5), type);
  const bool several = c.Coin();
  const int axis = c.Axis(x.shape), other = c.Axis(x.shape);
  const NdArray shift = c.Draw(several ? Shape{2} : Shape(), -6, 6, kI32);
  c.Either(shift, kI32);
  if (several) {
    c.Int32s({axis, other});
  } else {
    c.Scalar(axis);
  }
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  Position from = at;
                  for (size_t k = 0; k < shift.size(); ++k) {
                    const int along =
                        OpCase::Plain(k == 0 ? axis : other, x.shape);
                    const int n = x.dim(along);
                    int& i = from[static_cast<size_t>(along)];
                    i = ((i - static_cast<int>(shift.v[k])) % n + n) % n;
                  }
                  return x(from);
                }),
           type);
}

constexpr OpRow kRows[] = {
    {"BroadcastArgs", BroadcastArgs},
    {"BroadcastTo", BroadcastTo},
    {"Concat", [](OpCase& c) { Concat(c, true); }},
    {"ConcatOffset", ConcatOffset},
    {"ConcatV2", [](OpCase& c) { Concat(c, false); }},
    {"Empty", Empty},
    {"ExpandDims", ExpandDims},
    {"Fill", Fill},
    {"IdentityN", IdentityN},
    {"InvertPermutation", InvertPermutation},
    {"LinSpace", LinSpace},
    {"OnesLike", [](OpCase& c) { Like(c, 1); }},
    {"Pack", Pack},
    {"ParallelConcat", ParallelConcat},
    {"Range", Range},
    {"Rank", Rank},
    {"Reshape", Reshape},
    {"Reverse", [](OpCase& c) { ReverseAxes(c, true); }},
    {"ReverseSequence", ReverseSequence},
    {"ReverseV2", [](OpCase& c) { ReverseAxes(c, false); }},
    {"Roll", Roll},
    {"Shape", ShapeOp},
    {"ShapeN", ShapeN},
    {"Size", Size},
    {"SparseToDense", SparseToDense},
    {"Split", Split},
    {"SplitV", SplitV},
    {"Squeeze", Squeeze},
    {"Tile", Tile},
    {"Transpose", Transpose},
    {"Unpack", Unpack},
    {"ZerosLike", [](OpCase& c) { Like(c, 0); }},
};

}  // namespace lowered_arrays_test

std::span<const OpRow> ArrayRows() { return lowered_arrays_test::kRows; }

TEST(LoweredOps, Arrays) { CheckRows(ArrayRows()); }

}  // namespace liteforge
