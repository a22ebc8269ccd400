// SPDX-License-Identifier: Apache-2.0
// Sorting along one axis, brought to the end.
//   by one operand   TOPK_V2 of all its elements, which leaves equal ones in
//                    their order; ascending of -x, of integers of -1 - x,
//                    which has no overflow
//   by a function    each element's place is the number of those before it,
//                      sum_j less(j, i) or (not less(i, j) and j < i),
//                    of all pairs
// and the other operands in the same order.
#include <algorithm>
#include <numeric>
#include <span>

#include "lower/xla.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

using Values = std::vector<Value*>;

bool SortsFloats(const Value& x) { return x.type == DataType::kFloat32; }

// Greater where x is smaller.
Value* Descending(Formula& f, Value* x) {
  return SortsFloats(*x) ? f.Of(Op::kNeg, x) : f.Sub(f.Like(x, -1), x);
}

Value* LastDim(Formula& f, Value* x) { return f.DimOf(x, x->shape.rank() - 1); }

// Numbers of the elements along the last axis, sorted.
Value* SortKeys(Formula& f, Value* keys, bool ascending) {
  if (keys == nullptr) return nullptr;
  // Narrow kernels would take them for quantized numbers.
  if (!SortsFloats(*keys) && keys->type != DataType::kInt64)
    keys = f.Cast(keys, DataType::kInt32);
  if (ascending) keys = Descending(f, keys);
  if (keys == nullptr) return nullptr;
  return f.EmitMany(Op::kTopKV2, TopKV2Options{}, {keys, LastDim(f, keys)},
                    2)[1];
}

Value* InOrder(Formula& f, Value* x, Value* order) {
  GatherOptions options;
  options.axis = x->shape.rank() - 1;
  options.batch_dims = options.axis;
  return f.Emit(Op::kGather, options, {x, order});
}

// By any comparator of 2 N scalars: the places that elements go to.
Result<Value*> PlacesBySort(LowerContext& c, Formula& f,
                            const std::string& function, const Values& arrays) {
  constexpr int32_t kMost = 2048;
  const int32_t rank = arrays[0]->shape.rank();
  const int32_t count = arrays[0]->shape[rank - 1];
  if (count < 0 || count > kMost)
    return Unsupported(
        "a comparator other than < or > of one operand, for more than 2048 "
        "elements");
  // less(j, i) at [.., i, j].
  Values arguments;
  for (Value* x : arrays) {
    Value* row = f.ExpandDims(x, rank - 1);
    Value* column = f.ExpandDims(x, rank);
    const auto square = [&](Value* from) {
      Value* shape = f.Concat({f.ShapeOf(x), f.Ints({count})}, 0);
      return f.Emit(Op::kBroadcastTo, BroadcastToOptions{}, {from, shape});
    };
    arguments.push_back(square(row));
    arguments.push_back(square(column));
  }
  TRY(f.Check());
  TRY_ASSIGN(const Values less, ApplyElementwise(c, function, arguments));
  if (less.size() != 1 || less[0]->type != DataType::kBool)
    return InvalidModel("the comparator gives other than one truth value");
  std::vector<int32_t> turned(static_cast<size_t>(rank + 1));
  std::iota(turned.begin(), turned.end(), 0);
  std::swap(turned[turned.size() - 1], turned[turned.size() - 2]);
  std::vector<uint8_t> earlier;
  for (int32_t i = 0; i < count; ++i) {
    for (int32_t j = 0; j < count; ++j) earlier.push_back(j < i ? 1 : 0);
  }
  Value* first = c.ir().Constant(DataType::kBool, {count, count},
                                 Blob::Own(std::move(earlier)), "earlier");
  Value* greater = f.Take(c.ir().Transpose(less[0], turned));
  Value* tied = f.Emit(Op::kLogicalAnd, LogicalAndOptions{},
                       {f.Of(Op::kLogicalNot, greater), first});
  Value* before = f.Emit(Op::kLogicalOr, LogicalOrOptions{}, {less[0], tied});
  Value* places = f.Sum(f.Cast(before, DataType::kInt32), {rank});
  TRY(f.Check());
  return places;
}

//----------------------------------------------------------------- operations

Result<void> CheckArrays(const Values& arrays) {
  for (const Value* x : arrays) {
    if (x->shape.rank() < 1) return Unsupported("an input of unknown rank");
    if (x->shape.rank() != arrays[0]->shape.rank())
      return InvalidModel("the operands have different shapes");
  }
  return {};
}

// Along the last axis, ascending by the first operand.
Result<void> LowerSort(LowerContext& c) {
  TRY(CheckArrays(c.inputs()));
  Formula f(c);
  Value* order = SortKeys(f, c.input(0), true);
  for (int i = 0; i < c.input_count(); ++i) {
    Value* y = InOrder(f, c.input(i), order);
    TRY(f.Check());
    c.SetOutput(i, y);
  }
  return {};
}

// Which operand decides alone, and how; -1: the function as a whole.
struct Key {
  int operand = -1;
  bool ascending = true;
};

Result<Key> KeyOf(LowerContext& c, const Values& arrays) {
  if (arrays.size() != 1) return Key{};
  TRY_ASSIGN(const XlaReducer reducer,
             ReadXlaReducer(c, "comparator", arrays[0]->type));
  if (reducer.op == Op::kLess) return Key{0, true};
  if (reducer.op == Op::kGreater) return Key{0, false};
  return Key{};
}

Result<void> LowerVariadicSort(LowerContext& c) {
  Values arrays(c.inputs().begin(), c.inputs().end() - 1);
  TRY(CheckArrays(arrays));
  TRY_ASSIGN(const int64_t dimension,
             c.IntegerOf(c.input_count() - 1, "dimension"));
  TRY_ASSIGN(const int axis,
             NormalizeAxis(dimension, arrays[0]->shape.rank(), "dimension"));
  std::vector<int32_t> swapped(static_cast<size_t>(arrays[0]->shape.rank()));
  std::iota(swapped.begin(), swapped.end(), 0);
  std::swap(swapped.back(), swapped[static_cast<size_t>(axis)]);
  for (Value*& x : arrays) {
    TRY_ASSIGN(x, c.ir().Transpose(x, swapped));
  }
  TRY_ASSIGN(const auto function, c.FunctionName("comparator"));
  TRY_ASSIGN(const Key key, KeyOf(c, arrays));
  Formula f(c);
  Value* order = nullptr;
  if (key.operand >= 0) {
    order =
        SortKeys(f, arrays[static_cast<size_t>(key.operand)], key.ascending);
  } else {
    TRY_ASSIGN(Value * places, PlacesBySort(c, f, function, arrays));
    order = SortKeys(f, places, true);
  }
  for (size_t i = 0; i < arrays.size(); ++i) {
    Value* y = InOrder(f, arrays[i], order);
    TRY(f.Check());
    TRY_ASSIGN(y, c.ir().Transpose(y, swapped));
    c.SetOutput(static_cast<int>(i), y);
  }
  return {};
}

}  // namespace

std::span<const TfOp> XlaSortOps() {
  static constexpr TfOp kOps[] = {
      {"XlaKeyValueSort", 2, LowerSort},
      {"XlaSort", 1, LowerSort},
      {"XlaVariadicSort", 2, LowerVariadicSort},
  };
  return kOps;
}

}  // namespace liteforge
