// SPDX-License-Identifier: Apache-2.0
// Functions that move elements: reshaping, joining, slicing, resizing.
// Names: keras/src/ops/{numpy,core,image,nn}.py, TensorFlow's API, its
// operations.
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/axes.h"
#include "import/keras/function_call.h"

namespace liteforge {
namespace {

using nlohmann::json;

constexpr std::string_view kArray = "x tensor input value";

LayerOutputs ReshapeTo(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kArray));
  TRY_ASSIGN(const auto dims, call.DimsOf(1, "shape newshape"));
  Shape result;
  for (const int32_t dim : dims.known) {
    if (dim < -1) return InvalidModel("a dimension of the shape is negative");
    result.Append(dim);
  }
  if (dims.all_known && std::ranges::count(dims.known, -1) <= 1)
    return One(Reshape(x, dims.known));
  return One(Reshape(x, dims.tensor, result));
}

LayerOutputs ExpandAt(const FunctionCall& call) {
  TRY_ASSIGN(Tensor x, call.Operand(0, kArray));
  TRY_ASSIGN(auto axes, call.Ints(1, "axis dim"));
  if (axes.empty()) return InvalidModel("its argument 'axis' is missing");
  const int rank = x.rank() + static_cast<int>(axes.size());
  TRY(WrapAxes(axes, rank));
  std::ranges::sort(axes);
  for (const int32_t axis : axes) x = ExpandDims(x, axis);
  return One(x);
}

LayerOutputs SqueezeAt(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kArray));
  TRY_ASSIGN(auto axes, call.Ints(1, "axis squeeze_dims"));
  if (axes.empty()) {
    for (int32_t axis = 0; axis < x.rank(); ++axis)
      if (x.dim(axis) == 1) axes.push_back(axis);
  }
  TRY(WrapAxes(axes, x.rank()));
  return One(axes.empty() ? x : Squeeze(x, axes));
}

LayerOutputs TransposeBy(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x a"));
  TRY_ASSIGN(auto order, call.Ints(1, "axes perm"));
  if (order.empty()) {
    for (int32_t axis = x.rank(); axis-- > 0;) order.push_back(axis);
  }
  TRY(WrapAxes(order, x.rank()));
  if (static_cast<int>(order.size()) != x.rank())
    return InvalidModel("its order of axes does not fit its input " +
                        x.shape().ToString());
  return One(Transpose(x, order));
}

Result<std::vector<int32_t>> AllAxes(const Tensor& x) {
  std::vector<int32_t> order;
  for (int32_t axis = 0; axis < x.rank(); ++axis) order.push_back(axis);
  return order;
}

LayerOutputs SwapTwo(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kArray));
  TRY_ASSIGN(int32_t a, call.Int(1, "axis1"));
  TRY_ASSIGN(int32_t b, call.Int(2, "axis2"));
  TRY_ASSIGN(a, WrapAxis(a, x.rank(), "axis1"));
  TRY_ASSIGN(b, WrapAxis(b, x.rank(), "axis2"));
  TRY_ASSIGN(auto order, AllAxes(x));
  std::swap(order[static_cast<size_t>(a)], order[static_cast<size_t>(b)]);
  return One(Transpose(x, order));
}

LayerOutputs MoveAxis(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kArray));
  TRY_ASSIGN(int32_t from, call.Int(1, "source"));
  TRY_ASSIGN(int32_t to, call.Int(2, "destination"));
  TRY_ASSIGN(from, WrapAxis(from, x.rank(), "source"));
  TRY_ASSIGN(to, WrapAxis(to, x.rank(), "destination"));
  TRY_ASSIGN(auto order, AllAxes(x));
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return One(Transpose(x, order));
}

LayerOutputs Flattened(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kArray));
  return One(Reshape(x, {-1}));
}

//----------------------------------------------------------- joining, parting

LayerOutputs Join(const FunctionCall& call) {
  TRY_ASSIGN(const auto all, call.List(0, "xs values tensors"));
  TRY_ASSIGN(int32_t axis, call.Int(1, "axis", 0));
  TRY_ASSIGN(axis, WrapAxis(axis, all[0].rank(), "axis"));
  return One(all.size() == 1 ? all[0] : Concat(all, axis));
}

// ConcatV2: the axis is the last operand.
LayerOutputs JoinByLast(const FunctionCall& call) {
  std::vector<Tensor> all;
  size_t place = 0;
  for (; call.Find(place + 1, "") != nullptr; ++place) {
    TRY_ASSIGN(all.emplace_back(), call.Operand(place, ""));
  }
  TRY_ASSIGN(int32_t axis, call.Int(place, "axis"));
  if (all.empty()) return InvalidModel("it joins nothing");
  TRY_ASSIGN(axis, WrapAxis(axis, all[0].rank(), "axis"));
  return One(Concat(all, axis));
}

LayerOutputs StackAll(const FunctionCall& call) {
  TRY_ASSIGN(const auto all, call.List(0, "x values"));
  TRY_ASSIGN(int32_t axis, call.Int(1, "axis", 0));
  TRY_ASSIGN(axis, WrapAxis(axis, all[0].rank() + 1, "axis"));
  return One(Pack(all, axis));
}

// Pack: every operand is one of them.
LayerOutputs PackOperands(const FunctionCall& call) {
  std::vector<Tensor> all;
  for (size_t place = 0; call.Find(place, "") != nullptr; ++place) {
    TRY_ASSIGN(all.emplace_back(),
               call.Operand(place, "", all.empty() ? Tensor() : all[0]));
  }
  if (all.empty()) return InvalidModel("it stacks nothing");
  TRY_ASSIGN(int32_t axis, call.Int(all.size(), "axis", 0));
  TRY_ASSIGN(axis, WrapAxis(axis, all[0].rank() + 1, "axis"));
  return One(Pack(all, axis));
}

Tensor Part(const Tensor& x, int32_t axis, int32_t begin, int32_t end) {
  std::vector<Range> ranges(static_cast<size_t>(axis) + 1);
  ranges.back() = {begin, end, 1};
  return StridedSlice(x, ranges);
}

// At these ends, the last one being that of the axis.
std::vector<Tensor> Parts(const Tensor& x, int32_t axis,
                          const std::vector<int32_t>& ends) {
  std::vector<Tensor> parts;
  int32_t begin = 0;
  for (const int32_t end : ends) {
    parts.push_back(Part(x, axis, begin, end));
    begin = end;
  }
  return parts;
}

// Where parts of these sizes end, one of them being perhaps -1: the rest.
std::vector<int32_t> EndsOf(const std::vector<int32_t>& sizes, int32_t whole) {
  int64_t known = 0;
  for (const int32_t size : sizes) known += size == -1 ? 0 : size;
  std::vector<int32_t> ends;
  int64_t end = 0;
  for (const int32_t size : sizes) {
    end += size == -1 ? whole - known : size;
    ends.push_back(
        static_cast<int32_t>(std::clamp<int64_t>(end, -1, INT32_MAX)));
  }
  return ends;
}

// The operation Split(axis, x).
LayerOutputs SplitOperands(const FunctionCall& call) {
  TRY_ASSIGN(int32_t axis, call.Int(0, "axis"));
  TRY_ASSIGN(const Tensor x, call.Operand(1, kArray));
  TRY_ASSIGN(const int32_t count, call.Int(9, "num_split"));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  if (count < 1 || count > kMaxListed)
    return InvalidModel("its axis does not split into equal parts");
  return Split(x, axis, count);
}

// Keras 3's list holds where to part, TensorFlow's the sizes.
LayerOutputs SplitAt(const FunctionCall& call) {
  constexpr std::string_view kHow = "indices_or_sections num_or_size_splits";
  if (call.Find(9, "num_split") != nullptr) return SplitOperands(call);
  TRY_ASSIGN(const Tensor x, call.Operand(0, kArray));
  TRY_ASSIGN(int32_t axis, call.Int(2, "axis", 0));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  const json* how = call.Find(1, kHow);
  if (how == nullptr) return InvalidModel("it does not say how to split");
  TRY_ASSIGN(std::vector<int32_t> list, call.Ints(1, kHow));
  if (!how->is_array()) {
    if (list.size() != 1 || list[0] < 1 || list[0] > kMaxListed ||
        x.dim(axis) < 0 || x.dim(axis) % list[0] != 0)
      return InvalidModel("its axis does not split into equal parts");
    return Split(x, axis, list[0]);
  }
  const bool sizes = call.c.config.generation() < 3;
  if (x.dim(axis) < 0) return Unsupported("an axis of unknown size is split");
  if (sizes) list = EndsOf(list, x.dim(axis));
  if (!sizes) list.push_back(x.dim(axis));
  if (!std::ranges::is_sorted(list) || list.empty() || list.front() < 0 ||
      list.back() != x.dim(axis))
    return InvalidModel("the parts do not fit the axis");
  return Parts(x, axis, list);
}

LayerOutputs UnstackAlong(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kArray));
  TRY_ASSIGN(int32_t axis, call.Int(2, "axis", 0));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  if (x.dim(axis) < 0 || x.dim(axis) > kMaxListed)
    return Unsupported("an axis of unknown size is taken apart");
  std::vector<Tensor> parts;
  for (int32_t i = 0; i < x.dim(axis); ++i) parts.push_back(Index(x, axis, i));
  return parts;
}

//------------------------------------------------------------------- indexing

// The items of x[…]: integers, slices, null for a new axis, an ellipsis.
struct Item {
  enum { kInt, kSlice, kNewAxis, kEllipsis } kind = kSlice;
  Range range;
};

Range Single(int32_t at) {
  const bool last = at == -1 || at == INT32_MAX;
  return {at, last ? Range::kToEnd : at + 1, 1};
}

Result<int32_t> Bound(const json& slice, const char* name, int32_t fallback) {
  const auto found = slice.find(name);
  if (found == slice.end() || found->is_null()) return fallback;
  if (found->is_object())
    return Unsupported("it is indexed with a computed number");
  const json one = {{"index", *found}};
  return LayerConfig(one, 3).Int("index");
}

bool IsOfClass(const json& value, std::string_view class_name) {
  if (!value.is_object()) return false;
  const auto found = value.find("class_name");
  return found != value.end() && *found == class_name;
}

Result<Item> ItemOf(const json& wrapped) {
  Item item;
  if (wrapped.is_null()) {
    item.kind = Item::kNewAxis;
    return item;
  }
  if (IsOfClass(wrapped, "__ellipsis__") || wrapped == "...") {
    item.kind = Item::kEllipsis;
    return item;
  }
  const json& value =
      IsOfClass(wrapped, "__slice__") && wrapped.contains("config")
          ? wrapped["config"]
          : wrapped;
  if (value.is_object() &&
      (value.contains("start") || value.contains("stop"))) {
    TRY_ASSIGN(item.range.stride, Bound(value, "step", 1));
    const bool down = item.range.stride < 0;
    TRY_ASSIGN(item.range.begin, Bound(value, "start", down ? -1 : 0));
    TRY_ASSIGN(item.range.end, Bound(value, "stop", Range::kToEnd));
    if (item.range.stride == 0) return InvalidModel("a slice has step 0");
    return item;
  }
  if (!value.is_number_integer())
    return Unsupported("it is indexed with " + std::string(value.type_name()) +
                       ", only integers and slices are supported");
  const json one = {{"index", value}};
  TRY_ASSIGN(item.range.begin, LayerConfig(one, 3).Int("index"));
  item.kind = Item::kInt;
  item.range = Single(item.range.begin);
  return item;
}

LayerOutputs Indexed(const Tensor& x, const std::vector<Item>& items) {
  int taken = 0;
  for (const Item& item : items)
    taken += item.kind == Item::kInt || item.kind == Item::kSlice;
  if (taken > x.rank())
    return InvalidModel("it is indexed with more than its " +
                        std::to_string(x.rank()) + " axes");
  std::vector<Range> ranges;
  std::vector<int32_t> dropped, added;
  int32_t place = 0;  // in the result before axes are dropped
  for (const Item& item : items) {
    if (item.kind == Item::kNewAxis) {
      added.push_back(place - static_cast<int32_t>(dropped.size()) +
                      static_cast<int32_t>(added.size()));
      continue;
    }
    if (item.kind == Item::kEllipsis) {
      for (int i = taken; i < x.rank(); ++i, ++place) ranges.emplace_back();
      continue;
    }
    if (item.kind == Item::kInt) dropped.push_back(place);
    ranges.push_back(item.range);
    ++place;
  }
  Tensor y = ranges.empty() ? x : StridedSlice(x, ranges);
  if (!dropped.empty()) y = Squeeze(y, dropped);
  for (const int32_t axis : added) y = ExpandDims(y, axis);
  return One(y);
}

LayerOutputs GetItem(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x tensor"));
  const json* key = call.Find(1, "key slice_spec");
  const json all = key == nullptr    ? json::array({nullptr})
                   : key->is_array() ? *key
                                     : json::array({*key});
  std::vector<Item> items;
  for (const json& each : all) {
    TRY_ASSIGN(items.emplace_back(), ItemOf(each));
  }
  return Indexed(x, items);
}

LayerOutputs SliceByMasks(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "input_ input"));
  TRY_ASSIGN(const auto begin, call.Ints(1, "begin"));
  TRY_ASSIGN(const auto end, call.Ints(2, "end"));
  TRY_ASSIGN(auto strides, call.Ints(3, "strides"));
  strides.resize(begin.size(), 1);
  if (begin.size() != end.size() || begin.size() > 31)
    return InvalidModel("its begin and end do not go together");
  int32_t masks[5];
  size_t which = 0;
  for (const char* name : {"begin_mask", "end_mask", "ellipsis_mask",
                           "new_axis_mask", "shrink_axis_mask"}) {
    TRY_ASSIGN(masks[which], call.Int(4 + which, name, 0));
    ++which;
  }
  std::vector<Item> items;
  for (size_t i = 0; i < begin.size(); ++i) {
    const auto set = [&](size_t mask) { return (masks[mask] >> i & 1) != 0; };
    Item item;
    item.kind = set(2)   ? Item::kEllipsis
                : set(3) ? Item::kNewAxis
                : set(4) ? Item::kInt
                         : Item::kSlice;
    item.range = {begin[i], end[i], strides[i]};
    if (set(0)) item.range.begin = strides[i] < 0 ? -1 : 0;
    if (set(1)) item.range.end = Range::kToEnd;
    if (set(4)) item.range = Single(begin[i]);
    if (strides[i] == 0) return InvalidModel("a slice has step 0");
    items.push_back(item);
  }
  return Indexed(x, items);
}

LayerOutputs SliceBySize(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "input_ input inputs"));
  TRY_ASSIGN(const auto begin, call.Ints(1, "begin start_indices"));
  TRY_ASSIGN(const auto size, call.Ints(2, "size shape"));
  if (begin.size() != size.size() || static_cast<int>(begin.size()) != x.rank())
    return InvalidModel("its begin and size do not fit its input " +
                        x.shape().ToString());
  std::vector<Range> ranges;
  for (size_t i = 0; i < begin.size(); ++i) {
    const bool rest = size[i] == -1;
    if (!rest && size[i] < 0) return InvalidModel("a size is negative");
    TRY_ASSIGN(const int32_t end,
               CheckedDim(int64_t{begin[i]} + std::max(size[i], 1)));
    ranges.push_back({begin[i], rest ? Range::kToEnd : end, 1});
  }
  return One(StridedSlice(x, ranges));
}

LayerOutputs TakeAt(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x params"));
  const json* where = call.Find(1, "indices");
  if (where == nullptr) return InvalidModel("its indices are missing");
  const Tensor like = call.c.f.Constant(IntScalar(0));
  TRY_ASSIGN(const Tensor indices, call.Operand(1, "indices", like));
  if (call.c.config.generation() >= 3 && call.Find(9, "axis") == nullptr)
    return One(Gather(Reshape(x, {-1}), Cast(indices, DataType::kInt32), 0));
  TRY_ASSIGN(int32_t axis, call.Int(2, "axis", 0));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  TRY_ASSIGN(const int32_t batch, call.Int(9, "batch_dims", 0));
  if (batch != 0) return Unsupported("batch_dims is not supported");
  return One(Gather(x, Cast(indices, DataType::kInt32), axis));
}

LayerOutputs Reversed(const FunctionCall& call) {
  TRY_ASSIGN(Tensor x, call.Operand(0, "x tensor"));
  TRY_ASSIGN(const auto axes, call.Axes(1, "axis", x.rank()));
  for (const int32_t axis : axes) x = Reverse(x, axis);
  return One(x);
}

//------------------------------------------------------------------ repeating

LayerOutputs TileBy(const FunctionCall& call) {
  TRY_ASSIGN(Tensor x, call.Operand(0, "x input"));
  TRY_ASSIGN(auto times, call.Ints(1, "repeats multiples"));
  if (times.size() > static_cast<size_t>(Shape::kMaxRank))
    return InvalidModel("it repeats more axes than there can be");
  while (static_cast<int>(times.size()) < x.rank())
    times.insert(times.begin(), 1);
  while (!x.empty() && x.rank() < static_cast<int>(times.size()))
    x = ExpandDims(x, 0);
  return One(Tile(x, times));
}

LayerOutputs RepeatEach(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x input"));
  TRY_ASSIGN(const int32_t times, call.Int(1, "repeats"));
  TRY_ASSIGN(int32_t axis, call.Int(2, "axis"));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  if (times < 1) return InvalidModel("it repeats nothing");
  if (x.dim(axis) < 0)
    return Unsupported("an axis of unknown size is repeated");
  TRY_ASSIGN(const int32_t count, CheckedDim(int64_t{x.dim(axis)} * times));
  if (count > kMaxListed) return Unsupported("its output is too large");
  std::vector<int32_t> which;
  for (int32_t i = 0; i < count; ++i) which.push_back(i / times);
  return One(Gather(x, call.c.f.Constant(IntVector(std::move(which))), axis));
}

LayerOutputs PadAround(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x tensor input"));
  TRY_ASSIGN(std::string mode, call.String(2, "mode", "constant"));
  if (mode != "constant" && mode != "CONSTANT")
    return Unsupported("padding mode '" + mode + "' is not supported");
  TRY_ASSIGN(const double value, call.Float(3, "constant_values", 0));
  const json* widths = call.Find(1, "pad_width paddings");
  if (widths == nullptr || !widths->is_array() ||
      static_cast<int>(widths->size()) != x.rank())
    return InvalidModel("its paddings do not fit its input " +
                        x.shape().ToString());
  std::vector<std::pair<int32_t, int32_t>> pairs;
  for (const json& width : *widths) {
    const json one = {{"padding", width}};
    TRY_ASSIGN(const auto both, LayerConfig(one, 2).Ints("padding", 2, 0));
    pairs.emplace_back(both[0], both[1]);
  }
  return One(Pad(x, std::move(pairs), static_cast<float>(value)));
}

LayerOutputs BroadcastShape(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x input"));
  TRY_ASSIGN(const auto dims, call.DimsOf(1, "shape"));
  Shape shape;
  for (const int32_t dim : dims.known) shape.Append(dim);
  return One(call.c.f.AddNode(
      "BroadcastTo", {x, dims.tensor},
      Attributes().Type("T", x.type()).Type("Tidx", DataType::kInt32), x.type(),
      shape));
}

LayerOutputs ShapeOfTensor(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "input x"));
  return One(ShapeOf(x));
}

LayerOutputs OneHotOf(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x indices"));
  TRY_ASSIGN(const int32_t depth, call.Int(1, "num_classes depth"));
  TRY_ASSIGN(const double on, call.Float(2, "on_value", 1));
  TRY_ASSIGN(const double off, call.Float(3, "off_value", 0));
  TRY_ASSIGN(const int32_t axis, call.Int(4, "axis", -1));
  if (axis != -1 || depth < 1 || x.rank() >= Shape::kMaxRank)
    return Unsupported("only a new last axis of known size");
  Shape shape = x.shape();
  shape.Append(depth);
  LayerContext& c = call.c;
  return One(
      c.f.AddNode("OneHot",
                  {Cast(x, DataType::kInt32), c.f.Constant(IntScalar(depth)),
                   c.Scalar(on), c.Scalar(off)},
                  Attributes()
                      .Type("T", DataType::kFloat32)
                      .Type("TI", DataType::kInt32)
                      .Int("axis", -1),
                  DataType::kFloat32, shape));
}

}  // namespace

std::span<const KerasFunction> ShapeFunctions() {
  static constexpr KerasFunction kFunctions[] = {
      {"BroadcastTo broadcast_to", BroadcastShape},
      {"Concatenate concat concatenate", Join},
      {"ConcatV2", JoinByLast},
      {"ExpandDims expand_dims", ExpandAt},
      {"Flip ReverseV2 reverse", Reversed},
      {"GatherV2 Take gather", TakeAt},
      {"GetItem getitem", GetItem},
      {"Moveaxis", MoveAxis},
      {"OneHot one_hot", OneHotOf},
      {"Pack", PackOperands},
      {"Pad PadV2 pad", PadAround},
      {"Ravel", Flattened},
      {"Repeat repeat", RepeatEach},
      {"Reshape reshape", ReshapeTo},
      {"Shape shape", ShapeOfTensor},
      {"Slice slice", SliceBySize},
      {"Split SplitV split", SplitAt},
      {"Squeeze squeeze", SqueezeAt},
      {"Stack stack", StackAll},
      {"StridedSlice strided_slice", SliceByMasks},
      {"Swapaxes", SwapTwo},
      {"Tile tile", TileBy},
      {"Transpose transpose", TransposeBy},
      {"Unpack Unstack unstack", UnstackAlong},
  };
  return kFunctions;
}

}  // namespace liteforge
