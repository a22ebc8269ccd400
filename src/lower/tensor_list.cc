// SPDX-License-Identifier: Apache-2.0
//   TensorListReserve(shape, n)         FILL [n, shape] with 0
//   TensorListFromTensor(x), Stack      x
//   TensorListGetItem(list, i)          GATHER
//   TensorListGather(list, indices)     GATHER
//   TensorListSetItem(list, i, x)       DYNAMIC_UPDATE_SLICE where the
//       element's shape is known; else SELECT_V2(RANGE(n) = i, x, list), which
//       broadcasts: the list's elements may begin as 1s
//   TensorListScatterIntoExistingList   x, for indices 0, 1, …; else as
//                                       TensorScatterUpdate
//   TensorListResize(list, n)           CONCATENATION with zeros, SLICE
//   TensorListLength(list)              SHAPE(list)[0]
//   EmptyTensorList                     FILL [0, shape]
//   TensorListPushBack(list, x)         CONCATENATION(list, [x])
//   TensorListPopBack(list)             GATHER of the last, SLICE before it
//   TensorListScatterV2(x, indices)     SCATTER_ND
//   TensorListConcatV2(list)            RESHAPE, joining the first two axes
//   TensorListSplit(x, shape, lengths)  RESHAPE, for equal lengths
// Source: tensorflow/core/ops/list_ops.cc.
#include "lower/tensor_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "lower/formula.h"
#include "lower/scatter.h"

namespace liteforge {

bool IsOpenList(const IrBuilder& ir, const Value* list) {
  return ir.OpenListCount(list) != nullptr;
}

Result<Value*> ListLike(IrBuilder& ir, const Value* open, const Shape& like) {
  std::vector<int32_t> element;
  for (int axis = 1; axis < like.rank(); ++axis)
    element.push_back(like[axis] < 0 ? 1 : like[axis]);
  TRY_ASSIGN(Value * count, ir.Reshape(ir.OpenListCount(open), {1}));
  TRY_ASSIGN(Value * dims, ir.Emit(Op::kConcatenation, ConcatenationOptions{},
                                   {count, ir.Int32s(std::move(element))}));
  TRY_ASSIGN(Value * zero, ir.Scalar(open->type, 0));
  return ir.Emit(Op::kFill, FillOptions{}, {dims, zero});
}

namespace {

// A scalar: how many elements.
Result<Value*> ListCount(IrBuilder& ir, Value* list) {
  if (Value* count = ir.OpenListCount(list)) return count;
  if (list->shape.has_rank() && list->shape[0] >= 0)
    return ir.Int32(list->shape[0]);
  TRY_ASSIGN(Value * shape, ir.ShapeOf(list, DataType::kInt32));
  return ir.Emit(Op::kGather, GatherOptions{}, {shape, ir.Int32(0)});
}

// `count` zeros of the element shape that input 0 says.
Result<void> EmitList(LowerContext& c, Value* count) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const DataType type, c.Attribute<DataType>("element_dtype"));
  TRY_ASSIGN(count, ir.Reshape(count, {1}));
  TRY_ASSIGN(Value * zero, ir.Scalar(type, 0));
  const auto element = ir.Known(c.input(0));
  const bool known =
      element && c.input(0)->shape.rank() == 1 &&
      std::ranges::all_of(*element, [](int64_t dim) { return dim >= 0; });
  Value* dims = count;
  if (known) {
    TRY_ASSIGN(Value * own, ir.AsInt32(c.input(0)));
    TRY_ASSIGN(dims, ir.Emit(Op::kConcatenation, ConcatenationOptions{},
                             {count, own}));
  }
  TRY_ASSIGN(Value * list, ir.Emit(Op::kFill, FillOptions{}, {dims, zero}));
  if (!known) {
    TRY_ASSIGN(count, ir.Reshape(count, Shape()));
    ir.NoteOpenList(list, count);
  }
  c.SetOutput(0, list);
  return {};
}

Result<void> LowerReserve(LowerContext& c) {
  TRY_ASSIGN(Value * count, c.ir().AsInt32(c.input(1)));
  return EmitList(c, count);
}

Result<void> LowerEmptyList(LowerContext& c) {
  return EmitList(c, c.ir().Int32(0));
}

Result<void> CheckWritten(const LowerContext& c, const Value* list) {
  if (!IsOpenList(c.ir(), list)) return {};
  return Unsupported(
      "the list is read before anything was written into it, and the shape of "
      "its elements is not known");
}

Result<void> LowerTensor(LowerContext& c) {
  TRY(CheckWritten(c, c.input(0)));
  c.SetOutput(0, c.input(0));
  return {};
}

Result<void> LowerGet(LowerContext& c) {
  TRY(CheckWritten(c, c.input(0)));
  TRY_ASSIGN(Value * index, c.ir().AsInt32(c.input(1)));
  return Finish(c,
                c.ir().Emit(Op::kGather, GatherOptions{}, {c.input(0), index}));
}

bool IsKnown(const Shape& list, const Shape& item) {
  if (list.rank() != item.rank() + 1 || !item.IsStatic()) return false;
  for (int axis = 0; axis < item.rank(); ++axis) {
    if (list[axis + 1] != item[axis]) return false;
  }
  return true;
}

// [1, item…]
Result<Value*> AsElement(IrBuilder& ir, Value* item) {
  return ir.Emit(Op::kExpandDims, ExpandDimsOptions{}, {item, ir.Int32(0)});
}

// An array that grows: zeros behind a list that is too short for an index.
Result<Value*> Grow(IrBuilder& ir, Value* list, const Value* index) {
  constexpr int64_t kLongest = 1 << 20;
  const auto at = ir.Known(index);
  if (!at || !AllKnown(*at) || at->size() != 1 || !list->shape.IsStatic() ||
      (*at)[0] < list->shape[0])
    return list;
  if ((*at)[0] >= kLongest)
    return InvalidModel(fmt::format("element {} of a list", (*at)[0]));
  Shape missing = list->shape;
  missing.set_dim(0, static_cast<int32_t>((*at)[0]) + 1 - list->shape[0]);
  TRY_ASSIGN(Value * zero, ir.Scalar(list->type, 0));
  const auto dims = missing.dims();
  TRY_ASSIGN(Value * zeros,
             ir.Emit(Op::kFill, FillOptions{},
                     {ir.Int32s({dims.begin(), dims.end()}), zero}));
  return ir.Emit(Op::kConcatenation, ConcatenationOptions{}, {list, zeros});
}

Result<Value*> Update(IrBuilder& ir, Value* list, Value* index, Value* item) {
  TRY_ASSIGN(Value * at, ir.Reshape(index, {1}));
  const int rank = item->shape.rank();
  if (rank > 0) {
    Value* zeros = ir.Int32s(std::vector<int32_t>(static_cast<size_t>(rank)));
    TRY_ASSIGN(
        at, ir.Emit(Op::kConcatenation, ConcatenationOptions{}, {at, zeros}));
  }
  TRY_ASSIGN(item, AsElement(ir, item));
  return ir.Emit(Op::kDynamicUpdateSlice, {}, {list, item, at});
}

Result<Value*> Choose(IrBuilder& ir, Value* list, Value* index, Value* item) {
  TRY_ASSIGN(Value * count, ListCount(ir, list));
  TRY_ASSIGN(Value * numbers, ir.Emit(Op::kRange, RangeOptions{},
                                      {ir.Int32(0), count, ir.Int32(1)}));
  TRY_ASSIGN(Value * here,
             ir.Emit(Op::kEqual, EqualOptions{}, {numbers, index}));
  std::vector<int32_t> dims(static_cast<size_t>(item->shape.rank() + 1), 1);
  dims[0] = -1;
  TRY_ASSIGN(here, ir.Emit(Op::kReshape, ReshapeOptions{},
                           {here, ir.Int32s(std::move(dims))}));
  Shape shape{list->shape.has_rank() ? list->shape[0] : Shape::kUnknownDim};
  for (const int32_t dim : item->shape.dims()) shape.Append(dim);
  TRY_ASSIGN(item, AsElement(ir, item));
  TRY_ASSIGN(Value * y,
             ir.Emit(Op::kSelectV2, SelectV2Options{}, {here, item, list}));
  y->shape = shape;
  return y;
}

Result<void> LowerSet(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* list = c.input(0);
  Value* item = c.input(2);
  TRY_ASSIGN(Value * index, ir.AsInt32(c.input(1)));
  if (!item->shape.has_rank() || item->shape.rank() == Shape::kMaxRank)
    return Unsupported("an element of unknown rank");
  if (IsOpenList(ir, list)) {
    Shape like{Shape::kUnknownDim};
    for (const int32_t dim : item->shape.dims()) like.Append(dim);
    TRY_ASSIGN(list, ListLike(ir, list, like));
  }
  TRY_ASSIGN(list, Grow(ir, list, index));
  return Finish(c, IsKnown(list->shape, item->shape)
                       ? Update(ir, list, index, item)
                       : Choose(ir, list, index, item));
}

Result<void> LowerPushBack(LowerContext& c) {
  Value* list = c.input(0);
  Value* item = c.input(1);
  if (!item->shape.has_rank() || item->shape.rank() == Shape::kMaxRank)
    return Unsupported("an element of unknown rank");
  if (IsOpenList(c.ir(), list)) {
    Shape like{Shape::kUnknownDim};
    for (const int32_t dim : item->shape.dims()) like.Append(dim);
    TRY_ASSIGN(list, ListLike(c.ir(), list, like));
  }
  Formula f(c);
  return f.Finish(f.Concat({list, f.ExpandDims(item, 0)}, 0));
}

Result<void> LowerPopBack(LowerContext& c) {
  Value* list = c.input(0);
  TRY(CheckWritten(c, list));
  const int rank = list->shape.rank();
  if (rank < 1) return Unsupported("elements of unknown rank");
  Formula f(c);
  TRY_ASSIGN(Value * count, ListCount(c.ir(), list));
  Value* last = f.Sub(count, c.ir().Int32(1));
  std::vector<int32_t> rest(static_cast<size_t>(rank - 1), -1);
  Value* sizes = f.Reshape(last, {1});
  if (rank > 1) sizes = f.Concat({sizes, f.Ints(std::move(rest))}, 0);
  Value* begin = f.Ints(std::vector<int32_t>(static_cast<size_t>(rank)));
  Value* before = f.Emit(Op::kSlice, SliceOptions{}, {list, begin, sizes});
  Value* item = f.Gather(list, last);
  TRY(f.Check());
  c.SetOutput(0, before);
  c.SetOutput(1, item);
  return {};
}

// 0, 1, … as a constant, or RANGE from 0 by 1.
bool CountsUp(const IrBuilder& ir, const Value& indices) {
  if (const auto known = ir.Known(&indices)) {
    for (size_t i = 0; i < known->size(); ++i) {
      if ((*known)[i] != static_cast<int64_t>(i)) return false;
    }
    return true;
  }
  const ir::Node* producer = indices.producer();
  if (producer == nullptr || producer->op() != Op::kRange) return false;
  const auto is = [&](int input, int64_t value) {
    const auto known = ir.Known(producer->input(input));
    return known && known->size() == 1 && (*known)[0] == value;
  };
  return is(0, 0) && is(2, 1);
}

Result<void> LowerListScatter(LowerContext& c) {
  const bool open = IsOpenList(c.ir(), c.input(0));
  const Shape& list = c.input(0)->shape;
  const Shape& x = c.input(1)->shape;
  // A list may grow.
  const bool part = !open && list.IsStatic() && x.IsStatic() &&
                    list.rank() > 0 && x.rank() > 0 && x[0] < list[0];
  if (!part && CountsUp(c.ir(), *c.input(2))) {
    c.SetOutput(0, c.input(1));
    return {};
  }
  if (open)
    return Unsupported(
        "elements of a shape that is not known are scattered in another order "
        "than 0, 1, …");
  Formula f(c);
  Value* at = f.ExpandDims(f.Take(c.ir().AsInt32(c.input(2))), 1);
  return f.Finish(ScatterUpdate(f, c.input(0), at, c.input(1)));
}

// To a list of `count` elements; -1: of as many as the indices ask for.
Result<void> ScatterTo(LowerContext& c, int64_t count) {
  Value* x = c.input(0);
  if (!x->shape.IsStatic() || x->shape.rank() < 1)
    return Unsupported("elements of unknown shape");
  const bool whole = count < 0 || count == x->shape[0];
  if (whole && CountsUp(c.ir(), *c.input(1))) {
    c.SetOutput(0, x);
    return {};
  }
  TRY_ASSIGN(const auto indices, c.IntegersOf(1, "indices"));
  int64_t length = std::max<int64_t>(count, 0);
  for (const int64_t index : indices) length = std::max(length, index + 1);
  constexpr int64_t kLongest = 1 << 20;
  if (length > kLongest) return InvalidModel("a list of so many elements");
  Formula f(c);
  std::vector<int32_t> shape(x->shape.dims().begin(), x->shape.dims().end());
  shape[0] = static_cast<int32_t>(length);
  Value* at = f.ExpandDims(f.Take(c.ir().AsInt32(c.input(1))), 1);
  return f.Finish(f.Emit(Op::kScatterNd, ScatterNdOptions{},
                         {at, x, f.Ints(std::move(shape))}));
}

Result<void> LowerScatterV1(LowerContext& c) { return ScatterTo(c, -1); }

Result<void> LowerScatterV2(LowerContext& c) {
  TRY_ASSIGN(const int64_t count, c.IntegerOf(3, "num_elements"));
  return ScatterTo(c, count);
}

// Cut, or filled up with zeros.
Result<void> LowerResize(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* list = c.input(0);
  Formula f(c);
  Value* size = f.Take(ir.AsInt32(c.input(1)));
  TRY(f.Check());
  if (IsOpenList(ir, list)) {
    TRY_ASSIGN(size, ir.Reshape(size, Shape()));
    Value* y = f.Fill(f.Reshape(size, {1}), f.Like(list, 0));
    TRY(f.Check());
    ir.NoteOpenList(y, size);
    return f.Finish(y);
  }
  const int rank = list->shape.rank();
  if (rank < 1) return Unsupported("elements of unknown rank");
  TRY_ASSIGN(Value * count, ListCount(ir, list));
  Value* missing = f.Max(f.Sub(size, count), ir.Int32(0));
  std::vector<int32_t> axes;
  for (int32_t axis = 1; axis < rank; ++axis) axes.push_back(axis);
  Value* dims = f.Reshape(missing, {1});
  std::vector<int32_t> whole(axes.size(), -1);
  Value* sizes = f.Reshape(size, {1});
  if (rank > 1) {
    dims = f.Concat({dims, f.Gather(f.ShapeOf(list), f.Ints(axes))}, 0);
    sizes = f.Concat({sizes, f.Ints(std::move(whole))}, 0);
  }
  Value* longer = f.Concat({list, f.Fill(dims, f.Like(list, 0))}, 0);
  Value* begin = f.Ints(std::vector<int32_t>(static_cast<size_t>(rank)));
  return f.Finish(f.Emit(Op::kSlice, SliceOptions{}, {longer, begin, sizes}));
}

// One list behind the other.
Result<void> LowerConcatLists(LowerContext& c) {
  TRY(CheckWritten(c, c.input(0)));
  TRY(CheckWritten(c, c.input(1)));
  Formula f(c);
  return f.Finish(f.Concat({c.input(0), c.input(1)}, 0));
}

Result<void> LowerElementShape(LowerContext& c) {
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>("shape_type", DataType::kInt32));
  TRY(CheckWritten(c, c.input(0)));
  const int rank = c.input(0)->shape.rank();
  if (rank < 1) return Unsupported("elements of unknown rank");
  Formula f(c);
  std::vector<int32_t> axes(static_cast<size_t>(rank - 1));
  for (int32_t axis = 1; axis < rank; ++axis)
    axes[static_cast<size_t>(axis - 1)] = axis;
  Value* dims = f.Gather(f.ShapeOf(c.input(0)), f.Ints(std::move(axes)));
  return f.Finish(f.Cast(dims, type));
}

Result<void> LowerLength(LowerContext& c) {
  return Finish(c, ListCount(c.ir(), c.input(0)));
}

Result<void> LowerListConcat(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* list = c.input(0);
  TRY(CheckWritten(c, list));
  const Shape& from = list->shape;
  if (from.rank() < 2) return Unsupported("elements of unknown rank");
  Shape shape{from[0] < 0 || from[1] < 0 ? Shape::kUnknownDim
                                         : from[0] * from[1]};
  for (int axis = 2; axis < from.rank(); ++axis) shape.Append(from[axis]);
  if (!CanReshapeTo(shape))
    return Unsupported("elements of more than one unknown dimension");
  TRY_ASSIGN(Value * joined, ir.Reshape(list, shape));
  TRY_ASSIGN(Value * count, ListCount(ir, list));
  TRY_ASSIGN(count, ir.Reshape(count, {1}));
  TRY_ASSIGN(Value * sizes, ir.ShapeOf(list, DataType::kInt32));
  TRY_ASSIGN(Value * length,
             ir.Emit(Op::kGather, GatherOptions{}, {sizes, ir.Int32(1)}));
  TRY_ASSIGN(Value * lengths,
             ir.Emit(Op::kFill, FillOptions{}, {count, length}));
  TRY_ASSIGN(lengths, ir.Cast(lengths, DataType::kInt64));
  c.SetOutput(0, joined);
  c.SetOutput(1, lengths);
  return {};
}

Result<void> LowerListSplit(LowerContext& c) {
  Value* x = c.input(0);
  TRY_ASSIGN(const auto lengths, c.IntegersOf(2, "lengths"));
  if (lengths.empty() || x->shape.rank() < 1 ||
      std::ranges::any_of(lengths, [&](int64_t n) { return n != lengths[0]; }))
    return Unsupported("parts of different lengths");
  Shape shape{static_cast<int32_t>(lengths.size()),
              static_cast<int32_t>(lengths[0])};
  for (int axis = 1; axis < x->shape.rank(); ++axis)
    shape.Append(x->shape[axis]);
  if (!CanReshapeTo(shape))
    return Unsupported("parts of more than one unknown dimension");
  return Finish(c, c.ir().Reshape(x, shape));
}

}  // namespace

std::span<const TfOp> TensorListOps() {
  static constexpr TfOp kOps[] = {
      {"EmptyTensorList", 1, LowerEmptyList},
      {"TensorListConcat", 1, LowerListConcat},
      {"TensorListConcatLists", 2, LowerConcatLists},
      {"TensorListConcatV2", 1, LowerListConcat},
      {"TensorListElementShape", 1, LowerElementShape},
      {"TensorListFromTensor", 1, LowerTensor},
      {"TensorListGather", 2, LowerGet},
      {"TensorListGetItem", 2, LowerGet},
      {"TensorListLength", 1, LowerLength},
      {"TensorListPopBack", 1, LowerPopBack},
      {"TensorListPushBack", 2, LowerPushBack},
      {"TensorListReserve", 2, LowerReserve},
      {"TensorListResize", 2, LowerResize},
      {"TensorListScatter", 2, LowerScatterV1},
      {"TensorListScatterIntoExistingList", 3, LowerListScatter},
      {"TensorListScatterV2", 4, LowerScatterV2},
      {"TensorListSetItem", 3, LowerSet},
      {"TensorListSplit", 3, LowerListSplit},
      {"TensorListStack", 1, LowerTensor},
  };
  return kOps;
}

}  // namespace liteforge
