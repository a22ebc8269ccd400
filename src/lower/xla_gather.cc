// SPDX-License-Identifier: Apache-2.0
// XlaGather: of an array the windows that begin at the given indices, each
// index brought to where the window fits. Dimensions of the result are those of
// the batch of indices, and in the places offset_dims those of the window but
// the collapsed ones, of extent 1.
//   one window               SLICE
//   rows along one dimension GATHER
//   otherwise                GATHER_ND with the place of every element
//                            (xla_indices.h), indexed dimensions in front
#include <algorithm>
#include <span>

#include "lower/axes.h"
#include "lower/xla_indices.h"

namespace liteforge {
namespace {

using Axes = std::vector<int32_t>;

struct Gathering {
  XlaWindows w;
  Axes collapsed;  // dimensions of the array that the result lacks
  Axes kept;       // the others
  Axes offsets;    // where in the result each of them stands

  int rank() const { return w.batch_rank() + static_cast<int>(kept.size()); }
};

// Dimensions of the batch are 0, 1, …; of the array these.
constexpr int32_t kOfArray = 2 * Shape::kMaxRank;

// What each dimension of the result is.
Axes Wanted(const Gathering& g) {
  Axes wanted;
  int32_t batch = 0;
  for (int32_t axis = 0; axis < g.rank(); ++axis) {
    const auto own = std::ranges::find(g.offsets, axis);
    wanted.push_back(
        own == g.offsets.end()
            ? batch++
            : kOfArray + g.kept[static_cast<size_t>(own - g.offsets.begin())]);
  }
  return wanted;
}

// y, whose dimensions are `has`, in the order that is wanted; collapsed
// dimensions go.
Value* ArrangedResult(Formula& f, const Gathering& g, Value* y, Axes has) {
  SqueezeOptions squeeze;
  for (size_t i = 0; i < has.size(); ++i) {
    if (HasAxis(g.collapsed, has[i] - kOfArray))
      squeeze.squeeze_dims.push_back(static_cast<int32_t>(i));
  }
  std::erase_if(has,
                [&](int32_t d) { return HasAxis(g.collapsed, d - kOfArray); });
  if (!squeeze.squeeze_dims.empty()) y = f.Emit(Op::kSqueeze, squeeze, {y});
  Axes order;
  for (const int32_t wanted : Wanted(g))
    order.push_back(
        static_cast<int32_t>(std::ranges::find(has, wanted) - has.begin()));
  return y == nullptr ? nullptr : f.Take(f.ir().Transpose(y, order));
}

Value* OneWindow(Formula& f, const Gathering& g, Value* starts) {
  Value* flat = f.Reshape(starts, {-1});
  Axes places;  // of each dimension among the indices, or the 0 behind them
  for (int32_t axis = 0; axis < g.w.array->shape.rank(); ++axis)
    places.push_back(static_cast<int32_t>(std::ranges::find(g.w.indexed, axis) -
                                          g.w.indexed.begin()));
  Value* begin = f.Gather(f.Concat({flat, f.Ints({0})}, 0), f.Ints(places));
  Value* y = f.Emit(Op::kSlice, SliceOptions{},
                    {g.w.array, begin, f.Ints(g.w.window)});
  Shape shape;
  for (const int32_t wanted : Wanted(g))
    shape.Append(wanted < kOfArray
                     ? 1
                     : g.w.window[static_cast<size_t>(wanted - kOfArray)]);
  return y == nullptr ? nullptr : f.Take(f.ir().Reshape(y, shape));
}

// The array cut to the window along dimensions that no index moves it along.
Value* CutToWindow(Formula& f, const XlaWindows& w) {
  Value* x = w.array;
  for (int32_t axis = 0; axis < w.array->shape.rank(); ++axis) {
    if (!w.IsIndexed(axis))
      x = SliceAxis(f, x, axis, 0, w.window[static_cast<size_t>(axis)]);
  }
  return x;
}

Value* Rows(Formula& f, const Gathering& g, Value* starts) {
  const int32_t axis = g.w.indexed[0];
  SqueezeOptions squeeze;
  squeeze.squeeze_dims = {g.w.batch_rank()};
  Value* rows = f.Emit(Op::kSqueeze, squeeze, {starts});
  Axes has;
  for (int32_t d = 0; d < g.w.array->shape.rank(); ++d) {
    if (d != axis) {
      has.push_back(kOfArray + d);
      continue;
    }
    for (int32_t batch = 0; batch < g.w.batch_rank(); ++batch)
      has.push_back(batch);
  }
  return ArrangedResult(f, g, f.Gather(CutToWindow(f, g.w), rows, axis), has);
}

Value* AnyWindows(Formula& f, const Gathering& g, Value* starts) {
  Axes expanded, rest, has;
  for (int32_t batch = 0; batch < g.w.batch_rank(); ++batch)
    has.push_back(batch);
  for (int32_t d = 0; d < g.w.array->shape.rank(); ++d) {
    if (!g.w.IsIndexed(d)) rest.push_back(d);
    if (g.w.IsIndexed(d) && !HasAxis(g.collapsed, d)) expanded.push_back(d);
  }
  for (const Axes* axes : {&expanded, &rest}) {
    for (const int32_t d : *axes) has.push_back(kOfArray + d);
  }
  Value* places = PlacesOf(f, g.w, starts, expanded);
  Value* x = CutToWindow(f, g.w);
  if (x == nullptr) return nullptr;
  x = f.Take(f.ir().Transpose(x, IndexedFirst(g.w, rest)));
  return ArrangedResult(f, g, f.GatherNd(x, places), has);
}

Result<Gathering> ReadGathering(LowerContext& c, Formula& f) {
  TRY_ASSIGN(const auto dims, XlaDimensions<tf::XlaGatherDimensions>(c));
  Value* array = c.input(0);
  const int rank = array->shape.rank();
  if (rank < 0) return Unsupported("an array of unknown rank");
  TRY_ASSIGN(Axes window, XlaIntegers(c, 2, "slice_sizes",
                                      static_cast<size_t>(rank), 0, 1 << 30));
  TRY_ASSIGN(const Axes indexed, XlaAxes(dims.start_index_map(), rank));
  TRY_ASSIGN(const Axes batched, XlaAxes(dims.operand_batching_dims(), rank));
  TRY_ASSIGN(const Axes batching, XlaAxes(dims.start_indices_batching_dims(),
                                          c.input(1)->shape.rank()));
  Gathering g;
  TRY_ASSIGN(g.collapsed, XlaAxes(dims.collapsed_slice_dims(), rank));
  g.collapsed.insert(g.collapsed.end(), batched.begin(), batched.end());
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (!HasAxis(g.collapsed, axis)) g.kept.push_back(axis);
  }
  for (const int32_t axis : g.collapsed) {
    if (window[static_cast<size_t>(axis)] != 1)
      return InvalidModel("a collapsed dimension's slice size is not 1");
  }
  TRY_ASSIGN(g.w,
             ReadXlaWindows(f, array, c.input(1), dims.index_vector_dim(),
                            indexed, batched, batching, std::move(window)));
  TRY_ASSIGN(g.offsets, XlaAxes(dims.offset_dims(), g.rank()));
  if (g.offsets.size() != g.kept.size())
    return InvalidModel("offset_dims does not name each dimension of a slice");
  return g;
}

Result<void> LowerXlaGather(LowerContext& c) {
  Formula f(c);
  TRY_ASSIGN(const Gathering g, ReadGathering(c, f));
  Value* starts = ClampedStarts(f, g.w);
  TRY(f.Check());
  const Shape batch(
      g.w.starts->shape.dims().first(static_cast<size_t>(g.w.batch_rank())));
  const bool rows =
      g.w.indexed.size() == 1 && HasAxis(g.collapsed, g.w.indexed[0]);
  if (batch.elements() == 1) return f.Finish(OneWindow(f, g, starts));
  if (rows) return f.Finish(Rows(f, g, starts));
  return f.Finish(AnyWindows(f, g, starts));
}

}  // namespace

std::span<const TfOp> XlaGatherOps() {
  static constexpr TfOp kOps[] = {
      {"XlaGather", 3, LowerXlaGather},
  };
  return kOps;
}

}  // namespace liteforge
