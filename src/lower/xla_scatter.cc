// SPDX-License-Identifier: Apache-2.0
// XlaScatter: windows of updates combined with an array at the given indices;
// a window that does not fit is left out as a whole.
//   the update        ScatterUpdate (scatter.h)
//   array + update    ADD and SCATTER_ND
//   other reducers    UNSORTED_SEGMENT_* of the updates by the number of their
//                     place
// What is left out goes to the nearest place that fits, and changes nothing
// there: 0 for sums, the lowest number for maxima …
#include <algorithm>
#include <limits>
#include <span>

#include "lower/scatter.h"
#include "lower/xla_indices.h"

namespace liteforge {
namespace {

using Axes = std::vector<int32_t>;

struct Scattering {
  XlaWindows w;
  Value* updates;  // [batch.., expanded.., rest..]
  Axes expanded;   // dimensions along which a window's places are indexed
  Axes rest;       // those that a window covers
};

struct Dimensions {
  Axes indexed, inserted, batched, batching, of_window;
};

Result<Dimensions> ReadDimensions(const LowerContext& c,
                                  const tf::XlaScatterDimensions& dims) {
  const int rank = c.input(0)->shape.rank();
  if (rank < 0 || c.input(2)->shape.rank() < 0)
    return Unsupported("an operand of unknown rank");
  Dimensions d;
  TRY_ASSIGN(d.indexed, XlaAxes(dims.scatter_dims_to_operand_dims(), rank));
  TRY_ASSIGN(d.inserted, XlaAxes(dims.inserted_window_dims(), rank));
  TRY_ASSIGN(d.batched, XlaAxes(dims.input_batching_dims(), rank));
  TRY_ASSIGN(d.batching, XlaAxes(dims.scatter_indices_batching_dims(),
                                 c.input(1)->shape.rank()));
  TRY_ASSIGN(d.of_window,
             XlaAxes(dims.update_window_dims(), c.input(2)->shape.rank()));
  if (d.inserted.size() + d.batched.size() + d.of_window.size() !=
      static_cast<size_t>(rank))
    return InvalidModel("'dimension_numbers' does not name every dimension");
  return d;
}

// The updates as [batch.., expanded.., rest..]; `axis_of` has where each
// dimension of the array stands in them, -1: nowhere.
Value* ArrangedUpdates(Formula& f, const Scattering& s, Value* updates,
                       const Axes& of_window, const Axes& axis_of) {
  Axes order;
  for (int32_t axis = 0; axis < updates->shape.rank(); ++axis) {
    if (!HasAxis(of_window, axis)) order.push_back(axis);
  }
  for (const Axes* axes : {&s.expanded, &s.rest}) {
    for (const int32_t d : *axes)
      order.push_back(axis_of[static_cast<size_t>(d)]);
  }
  return f.Take(f.ir().Transpose(updates, order));
}

// Dimensions that no index moves the window along, and that it does not cover,
// have the index 0.
void IndexPartOf(Formula& f, Scattering& s, int32_t axis) {
  Value* one = f.Gather(s.w.starts, f.Ints({0}), s.w.batch_rank());
  Value* zero = f.Mul(one, f.ir().Int32(0));
  s.w.starts = f.Concat({s.w.starts, zero}, s.w.batch_rank());
  s.w.indexed.push_back(axis);
}

Result<Scattering> ReadScattering(LowerContext& c, Formula& f) {
  TRY_ASSIGN(const auto dims, XlaDimensions<tf::XlaScatterDimensions>(c));
  TRY_ASSIGN(const Dimensions d, ReadDimensions(c, dims));
  Value* array = c.input(0);
  Value* updates = c.input(2);
  const int32_t rank = array->shape.rank();
  Axes window(static_cast<size_t>(rank), 1), axis_of(window.size(), -1);
  size_t next = 0;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (HasAxis(d.inserted, axis) || HasAxis(d.batched, axis)) continue;
    const int32_t own = d.of_window[next++];
    window[static_cast<size_t>(axis)] = updates->shape[own];
    axis_of[static_cast<size_t>(axis)] = own;
  }
  if (std::ranges::find(window, Shape::kUnknownDim) != window.end())
    return Unsupported("updates of unknown size");
  Scattering s{};
  TRY_ASSIGN(
      s.w, ReadXlaWindows(f, array, c.input(1), dims.index_vector_dim(),
                          d.indexed, d.batched, d.batching, std::move(window)));
  for (int32_t axis = 0; axis < rank; ++axis) {
    const auto at = static_cast<size_t>(axis);
    const bool covered = s.w.window[at] == array->shape[axis];
    if (!s.w.IsIndexed(axis)) {
      if (covered && axis_of[at] >= 0) {
        s.rest.push_back(axis);
        continue;
      }
      IndexPartOf(f, s, axis);
      TRY(f.Check());
    }
    if (axis_of[at] >= 0) s.expanded.push_back(axis);
  }
  s.updates = ArrangedUpdates(f, s, updates, d.of_window, axis_of);
  TRY(f.Check());
  return s;
}

//------------------------------------------------------------------ combining

// Whether each window fits, in a shape that broadcasts with the updates;
// nullptr when all do for certain.
Value* Fits(Formula& f, const Scattering& s) {
  Value* starts = s.w.starts;
  Value* all = f.Emit(Op::kLogicalAnd, LogicalAndOptions{},
                      {f.Compare(Op::kGreaterEqual, starts, f.ir().Int32(0)),
                       f.Compare(Op::kLessEqual, starts, LastStarts(f, s.w))});
  all = f.Emit(Op::kReduceAll, ReducerOptions{},
               {all, f.Ints({s.w.batch_rank()})});
  if (all == nullptr) return nullptr;
  if (all->is_constant() &&
      std::ranges::all_of(all->ToVector<uint8_t>(),
                          [](uint8_t fits) { return fits != 0; }))
    return nullptr;
  for (size_t i = 0; i < s.expanded.size() + s.rest.size(); ++i)
    all = f.ExpandDims(all, -1);
  return all;
}

double NeutralOf(Op op, DataType type) {
  const bool whole = type == DataType::kInt32 || type == DataType::kInt64;
  const double most = whole ? std::numeric_limits<int32_t>::max()
                            : std::numeric_limits<float>::max();
  switch (op) {
    case Op::kMul:
      return 1;
    case Op::kMaximum:
      return whole ? std::numeric_limits<int32_t>::min() : -most;
    case Op::kMinimum:
      return most;
    default:
      return 0;
  }
}

Value* Overwritten(Formula& f, Value* x, Value* places, Value* updates,
                   Value* fits) {
  if (fits == nullptr) return ScatterUpdate(f, x, places, updates);
  Value* shape = f.ShapeOf(x);
  const auto scatter = [&](Value* what) {
    what = f.Select(fits, what, f.Like(what, 0));
    return f.Emit(Op::kScatterNd, ScatterNdOptions{}, {places, what, shape});
  };
  Value* ones = f.Fill(f.ShapeOf(updates), f.ir().Int32(1));
  Value* hit = f.Compare(Op::kGreater, scatter(ones), f.ir().Int32(0));
  return f.Select(hit, scatter(updates), x);
}

Value* Combined(Formula& f, Op op, Value* x, Value* places, Value* updates) {
  switch (op) {
    case Op::kAdd:
      return f.Add(x, f.Emit(Op::kScatterNd, ScatterNdOptions{},
                             {places, updates, f.ShapeOf(x)}));
    case Op::kMul:
      return ScatterBySegment(f, Op::kUnsortedSegmentProd, op, x, places,
                              updates);
    case Op::kMaximum:
      return ScatterBySegment(f, Op::kUnsortedSegmentMax, op, x, places,
                              updates);
    case Op::kMinimum:
      return ScatterBySegment(f, Op::kUnsortedSegmentMin, op, x, places,
                              updates);
    default:
      return f.Fail({ErrorCode::kUnsupported,
                     "updates that are combined by another function than a "
                     "sum, product, maximum or minimum",
                     ""});
  }
}

Result<void> LowerXlaScatter(LowerContext& c) {
  TRY_ASSIGN(const XlaReducer reducer,
             ReadXlaReducer(c, "update_computation", c.input(0)->type));
  Formula f(c);
  TRY_ASSIGN(const Scattering s, ReadScattering(c, f));
  const std::vector<int32_t> order = IndexedFirst(s.w, s.rest);
  Value* x = f.Take(c.ir().Transpose(s.w.array, order));
  Value* fits = Fits(f, s);
  Value* places = PlacesOf(f, s.w, ClampedStarts(f, s.w), s.expanded);
  Value* updates = s.updates;
  TRY(f.Check());
  Value* y = nullptr;
  if (reducer.takes_second) {
    y = Overwritten(f, x, places, updates, fits);
  } else {
    const Op op = reducer.op.value_or(Op::kCustom);
    if (fits != nullptr)
      updates = f.Select(fits, updates,
                         f.Like(updates, NeutralOf(op, updates->type)));
    y = Combined(f, op, x, places, updates);
  }
  TRY(f.Check());
  std::vector<int32_t> back(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    back[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  return Finish(c, c.ir().Transpose(y, back));
}

}  // namespace

std::span<const TfOp> XlaScatterOps() {
  static constexpr TfOp kOps[] = {
      {"XlaScatter", 3, LowerXlaScatter},
  };
  return kOps;
}

}  // namespace liteforge
