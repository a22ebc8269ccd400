// SPDX-License-Identifier: Apache-2.0
// Slices and padding.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_slices_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;

// Elements of any type that can be told apart.
NdArray AnyInput(OpCase& c, const Shape& shape, DataType& type) {
  type = c.Pick({kF32, kI32, kI64});
  return c.Input(shape, -50, 50, type);
}

//------------------------------------------------------------------ slices

void Slice(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4, 5), type);
  Position begin, size, dims;
  for (int axis = 0; axis < x.rank(); ++axis) {
    begin.push_back(c.Int(0, x.dim(axis) - 1));
    const int length = c.Int(1, x.dim(axis) - begin.back());
    const bool rest = length == x.dim(axis) - begin.back() && c.Coin();
    size.push_back(rest ? -1 : length);
    dims.push_back(length);
  }
  c.Ints(begin);
  c.Ints(size);
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  Position from = at;
                  for (size_t i = 0; i < from.size(); ++i) from[i] += begin[i];
                  return x(from);
                }),
           type);
}

// x[begin:end:stride, …], an axis kept, taken at one place or added, as Python
// has it.
void StridedSlice(OpCase& c) {
  DataType type;
  const NdArray x = AnyInput(c, c.AnyShape(1, 4, 6), type);
  Position begins, ends, strides, dims;
  int begin_mask = 0, end_mask = 0, shrink = 0, added = 0;
  std::vector<Position> places;  // along each axis of x
  int bit = 0;
  const bool ellipsis = c.Coin();
  const int given = ellipsis ? c.Int(0, x.rank()) : x.rank();
  for (int axis = 0; axis < given; ++axis, ++bit) {
    if (c.Int(0, 4) == 0) {  // a new axis in front
      added |= 1 << bit++;
      for (Position* list : {&begins, &ends, &strides}) list->push_back(1);
      dims.push_back(1);
    }
    const int n = x.dim(axis);
    if (c.Int(0, 3) == 0) {
      shrink |= 1 << bit;
      const int at = c.Int(-n, n - 1);
      begins.push_back(at);
      ends.push_back(at + 1);
      strides.push_back(1);
      places.push_back({at < 0 ? at + n : at});
      continue;
    }
    const int stride = c.Pick({1, 1, 2, 3, -1, -2});
    strides.push_back(stride);
    begins.push_back(c.Int(-n - 1, n + 1));
    ends.push_back(c.Int(-n - 1, n + 1));
    if (c.Coin()) begin_mask |= 1 << bit;
    if (c.Coin()) end_mask |= 1 << bit;
    // Python's slice(begin, end, stride).indices(n)
    const int low = stride > 0 ? 0 : -1, high = stride > 0 ? n : n - 1;
    const auto held = [&](int i) {
      return std::clamp(i < 0 ? i + n : i, low, high);
    };
    const int from = (begin_mask >> bit & 1) != 0 ? (stride > 0 ? low : high)
                                                  : held(begins.back());
    const int to = (end_mask >> bit & 1) != 0 ? (stride > 0 ? high : low)
                                              : held(ends.back());
    Position own;
    for (int i = from; stride > 0 ? i < to : i > to; i += stride)
      own.push_back(i);
    if (own.empty()) {  // tests of no elements are elsewhere
      begin_mask |= 1 << bit;
      end_mask |= 1 << bit;
      for (int i = stride > 0 ? 0 : n - 1; i >= 0 && i < n; i += stride)
        own.push_back(i);
    }
    dims.push_back(static_cast<int>(own.size()));
    places.push_back(own);
  }
  if (ellipsis) {
    c.Attr("ellipsis_mask", 1 << bit);
    for (Position* list : {&begins, &ends, &strides}) list->push_back(1);
    for (int axis = given; axis < x.rank(); ++axis) {
      dims.push_back(x.dim(axis));
      Position all(static_cast<size_t>(x.dim(axis)));
      for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
      places.push_back(all);
    }
  }
  c.Attr("begin_mask", begin_mask);
  c.Attr("end_mask", end_mask);
  c.Attr("shrink_axis_mask", shrink);
  c.Attr("new_axis_mask", added);
  c.Int32s(begins);
  c.Int32s(ends);
  c.Int32s(strides);
  Position picked;
  for (const Position& own : places)
    picked.push_back(static_cast<int>(own.size()));
  const NdArray elements = Made(ToShape(picked), [&](const Position& at) {
    Position from;
    for (size_t i = 0; i < at.size(); ++i)
      from.push_back(places[i][static_cast<size_t>(at[i])]);
    return x(from);
  });
  c.Expect({ToShape(dims), elements.v}, type);
}

//----------------------------------------------------------------- padding

void Pad(OpCase& c, const char* mode, bool valued) {
  const NdArray x = c.Input(c.AnyShape(1, 4), -3, 3);
  const std::string_view kind = mode;
  const int edge = kind == "REFLECT" ? 1 : 0;
  NdArray amounts = Filled({x.rank(), 2}, 0);
  Position dims, before;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const int most = kind.empty() ? 3 : x.dim(axis) - edge;
    for (int side = 0; side < 2; ++side)
      amounts({axis, side}) = c.Int(0, std::min(most, 3));
    before.push_back(static_cast<int>(amounts({axis, 0})));
    dims.push_back(before.back() + x.dim(axis) +
                   static_cast<int>(amounts({axis, 1})));
  }
  c.Constant(amounts, c.Pick({kI32, kI64}));
  const double value = valued ? static_cast<float>(c.Real(-3, 3)) : 0;
  if (valued) c.Scalar(value, kF32);
  if (!kind.empty()) c.Attr("mode", mode);
  c.Expect(Made(ToShape(dims), [&](const Position& at) {
    Position from = at;
    for (int axis = 0; axis < x.rank(); ++axis) {
      int& i = from[static_cast<size_t>(axis)];
      i -= before[static_cast<size_t>(axis)];
      const int n = x.dim(axis);
      if (kind.empty() && (i < 0 || i >= n)) return value;
      if (i < 0) i = -i - 1 + edge;
      if (i >= n) i = 2 * n - 1 - i - edge;
    }
    return x(from);
  }));
}
void MirrorPad(OpCase& c) { Pad(c, c.Pick({"REFLECT", "SYMMETRIC"}), false); }

constexpr OpRow kRows[] = {
    {"MirrorPad", MirrorPad},
    {"Pad", [](OpCase& c) { Pad(c, "", false); }},
    {"PadV2", [](OpCase& c) { Pad(c, "", true); }},
    {"Slice", Slice},
    {"StridedSlice", StridedSlice},
};

}  // namespace lowered_slices_test

std::span<const OpRow> SliceRows() { return lowered_slices_test::kRows; }

TEST(LoweredOps, Slices) { CheckRows(SliceRows()); }

}  // namespace liteforge
