// SPDX-License-Identifier: Apache-2.0
// XLA's operations that gather, scatter and sort.
#include <cstdlib>

#include "convert/lowered_xla_testing.h"

namespace liteforge {
namespace lowered_xla_indices_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;

// Windows of an array and where they begin: what a gather and a scatter share.
struct Windows {
  Shape array, batch;
  Position size;     // of a window, along every dimension of the array
  Position indexed;  // the array's dimension of each index
  Position dropped;  // dimensions of extent 1 that windows are shown without
  Position batched, batching;  // of the array, and of the batch
  NdArray indices;             // [batch.., indexed.size()]
  Position offsets;  // where a window's dimensions stand among the batch's

  Position kept() const {
    Position kept;
    for (int axis = 0; axis < array.rank(); ++axis) {
      if (!Has(dropped, axis) && !Has(batched, axis)) kept.push_back(axis);
    }
    return kept;
  }
  // The shape of all windows together.
  Shape together() const {
    Position dims;
    const Position inner = kept();
    const int rank = batch.rank() + static_cast<int>(inner.size());
    int next = 0;
    for (int axis = 0; axis < rank; ++axis) {
      const auto own = std::ranges::find(offsets, axis);
      dims.push_back(
          own == offsets.end()
              ? batch[next++]
              : size[static_cast<size_t>(
                    inner[static_cast<size_t>(own - offsets.begin())])]);
    }
    return ToShape(dims);
  }
  // The place in the array of a place in all windows; with `clamps`, of a
  // window brought to where it fits, otherwise maybe outside.
  Position PlaceOf(const Position& at, bool clamps, bool& fits) const {
    Position place(static_cast<size_t>(array.rank())), of_batch;
    const Position inner = kept();
    for (size_t axis = 0; axis < at.size(); ++axis) {
      const auto own = std::ranges::find(offsets, static_cast<int>(axis));
      if (own == offsets.end())
        of_batch.push_back(at[axis]);
      else
        place[static_cast<size_t>(
            inner[static_cast<size_t>(own - offsets.begin())])] = at[axis];
    }
    for (size_t i = 0; i < batched.size(); ++i)
      place[static_cast<size_t>(batched[i])] =
          of_batch[static_cast<size_t>(batching[i])];
    fits = true;
    for (size_t i = 0; i < indexed.size(); ++i) {
      const auto axis = static_cast<size_t>(indexed[i]);
      Position of_index = of_batch;
      of_index.push_back(static_cast<int>(i));
      const int start = static_cast<int>(indices(of_index));
      const int last = array[indexed[i]] - size[axis];
      fits = fits && start >= 0 && start <= last;
      place[axis] += clamps ? std::clamp(start, 0, last) : start;
    }
    return place;
  }
};

Windows AnyWindows(OpCase& c) {
  Windows w;
  w.array = c.AnyShape(1, 4, 4);
  Position batch;
  for (int i = c.Int(0, 2); i > 0; --i) batch.push_back(c.Int(1, 3));
  const int rank = w.array.rank();
  Position axes = Shuffled(c, rank);
  const size_t count = static_cast<size_t>(c.Int(1, rank));
  w.indexed.assign(axes.begin(), axes.begin() + static_cast<ptrdiff_t>(count));
  for (int axis = 0; axis < rank; ++axis) {
    const int dim = w.array[axis];
    const bool whole = !Has(w.indexed, axis) && c.Int(0, 3) > 0;
    w.size.push_back(whole ? dim : c.Int(1, dim));
    const bool can_drop = w.size.back() == 1 || Has(w.indexed, axis);
    if (can_drop && c.Coin()) {
      w.size.back() = 1;
      w.dropped.push_back(axis);
    }
  }
  // A dimension that no index moves may be counted by the batch.
  for (int axis = 0; axis < rank && w.batched.empty(); ++axis) {
    if (Has(w.indexed, axis) || Has(w.dropped, axis) || c.Coin()) continue;
    w.batched = {axis};
    w.batching = {c.Int(0, static_cast<int>(batch.size()))};
    w.size[static_cast<size_t>(axis)] = 1;
    batch.insert(batch.begin() + w.batching[0], w.array[axis]);
  }
  w.batch = ToShape(batch);
  Position dims = batch;
  dims.push_back(static_cast<int>(count));
  w.indices = Filled(ToShape(dims), 0);
  for (size_t i = 0; i < w.indices.v.size(); ++i)
    w.indices.v[i] = c.Int(-1, w.array[w.indexed[i % count]]);
  Position all =
      Shuffled(c, w.batch.rank() + static_cast<int>(w.kept().size()));
  w.offsets.assign(all.begin(),
                   all.begin() + static_cast<ptrdiff_t>(w.kept().size()));
  std::ranges::sort(w.offsets);
  return w;
}

// The indices, their vectors along any dimension; which.
int GiveIndices(OpCase& c, const Windows& w) {
  const int last = w.batch.rank();
  NdArray given = w.indices;
  int vector = last;
  if (w.indexed.size() == 1 && c.Coin()) {
    given.shape = w.batch;  // single indices
  } else {
    vector = c.Int(0, last);
    Position order(static_cast<size_t>(last + 1));
    for (int axis = 0; axis < last; ++axis)
      order[static_cast<size_t>(axis)] = axis + (axis >= vector ? 1 : 0);
    order.back() = vector;
    given = Placed(given, order);
  }
  c.Either(given, c.Pick({kI32, DataType::kInt64}));
  return vector;
}

Position BatchingOf(const Windows& w, int vector) {
  Position batching;
  for (const int axis : w.batching)
    batching.push_back(axis + (axis >= vector ? 1 : 0));
  return batching;
}

void Gather(OpCase& c) {
  const Windows w = AnyWindows(c);
  const NdArray x = c.Input(w.array, -3, 3);
  const int vector = GiveIndices(c, w);
  c.Ints(w.size);
  tf::XlaGatherDimensions dims;
  AddAll(*dims.mutable_offset_dims(), w.offsets);
  AddAll(*dims.mutable_collapsed_slice_dims(), w.dropped);
  AddAll(*dims.mutable_start_index_map(), w.indexed);
  AddAll(*dims.mutable_operand_batching_dims(), w.batched);
  AddAll(*dims.mutable_start_indices_batching_dims(), BatchingOf(w, vector));
  dims.set_index_vector_dim(vector);
  SetDimensions(c, dims);
  c.Expect(Made(w.together(), [&](const Position& at) {
    bool fits = false;
    return x(w.PlaceOf(at, true, fits));
  }));
}

void Scatter(OpCase& c) {
  const Windows w = AnyWindows(c);
  NdArray y = c.Input(w.array, 1, 3);
  const int vector = GiveIndices(c, w);
  const NdArray updates = c.Input(w.together(), 1, 3);
  tf::XlaScatterDimensions dims;
  AddAll(*dims.mutable_update_window_dims(), w.offsets);
  AddAll(*dims.mutable_inserted_window_dims(), w.dropped);
  AddAll(*dims.mutable_scatter_dims_to_operand_dims(), w.indexed);
  AddAll(*dims.mutable_input_batching_dims(), w.batched);
  AddAll(*dims.mutable_scatter_indices_batching_dims(), BatchingOf(w, vector));
  dims.set_index_vector_dim(vector);
  SetDimensions(c, dims);
  // Places that several updates meet at: no order is promised.
  NdArray hits = Filled(w.array, 0);
  bool clash = false;
  const auto visit =
      [&](const std::function<void(double&, double&, double)>& f) {
        ForEachPosition(updates.shape, [&](const Position& at) {
          bool fits = false;
          const Position place = w.PlaceOf(at, false, fits);
          if (fits) f(y(place), hits(place), updates(at));
        });
      };
  visit([&](double&, double& hit, double) { clash = clash || ++hit > 1; });
  const int choice = c.Int(clash ? 1 : 0, 4);
  if (choice == 0) {
    TestFunction second;
    second.Input("a", {}).Input("b", {}).Node("Identity", "y", {"b"});
    second.Output("y", "y");
    c.Function("update_computation", std::move(second));
  } else {
    const char* kOps[] = {"AddV2", "Mul", "Maximum", "Minimum"};
    c.Function("update_computation", kOps[choice - 1], kF32);
  }
  visit([&](double& own, double&, double update) {
    const double all[] = {update, own + update, own * update,
                          std::max(own, update), std::min(own, update)};
    own = all[choice];
  });
  c.Expect(y, kF32, 1e-5);
}

//------------------------------------------------------------------- sorting

// The places along `axis`, in the order that `less` says.
NdArray SortedPlaces(
    const NdArray& x, int axis,
    const std::function<bool(const Position&, const Position&)>& less) {
  NdArray places = Filled(x.shape, 0);
  const auto along = static_cast<size_t>(axis);
  ForEachPosition(x.shape, [&](const Position& at) {
    if (at[along] != 0) return;
    std::vector<Position> all;
    for (int i = 0; i < x.dim(axis); ++i) {
      all.push_back(at);
      all.back()[along] = i;
    }
    std::vector<Position> sorted = all;
    std::ranges::stable_sort(sorted, less);
    for (size_t i = 0; i < all.size(); ++i) places(all[i]) = sorted[i][along];
  });
  return places;
}

NdArray InOrder(const NdArray& x, int axis, const NdArray& places) {
  return Made(x.shape, [&](const Position& at) {
    Position from = at;
    from[static_cast<size_t>(axis)] = static_cast<int>(places(at));
    return x(from);
  });
}

void Sort(OpCase& c, bool with_values) {
  const DataType type = c.Pick({kF32, kI32, DataType::kInt64, DataType::kInt8});
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -4, 4, type);
  const int last = x.rank() - 1;
  const NdArray places = SortedPlaces(
      x, last,
      [&](const Position& a, const Position& b) { return x(a) < x(b); });
  c.Expect(InOrder(x, last, places), type);
  if (!with_values) return;
  const NdArray values = c.Input(x.shape, -4, 4);
  c.Expect(InOrder(values, last, places));
}

// One operand by < or >; or two by the first, then the second downwards.
void VariadicSort(OpCase& c) {
  const int kind = c.Int(0, 2);
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -2, 2, kI32);
  const int axis = c.Axis(x.shape), plain = OpCase::Plain(axis, x.shape);
  if (kind < 2) {
    c.Function("comparator", kind == 0 ? "Less" : "Greater", kI32);
    c.Scalar(axis);
    const NdArray places =
        SortedPlaces(x, plain, [&](const Position& a, const Position& b) {
          return kind == 0 ? x(a) < x(b) : x(a) > x(b);
        });
    c.Expect(InOrder(x, plain, places), kI32);
    return;
  }
  const NdArray z = c.Input(x.shape, -2, 2);
  c.Scalar(axis);
  TestFunction f;
  f.Input("x0", {}, kI32).Input("x1", {}, kI32).Input("z0", {}).Input("z1", {});
  f.Node("Less", "x", {"x0", "x1"}).Node("Equal", "same", {"x0", "x1"});
  f.Node("Greater", "z", {"z0", "z1"}).Node("LogicalAnd", "tie", {"same", "z"});
  f.Node("LogicalOr", "y", {"x", "tie"}).Output("y", "y");
  c.Function("comparator", std::move(f));
  const NdArray places =
      SortedPlaces(x, plain, [&](const Position& a, const Position& b) {
        return x(a) < x(b) || (x(a) == x(b) && z(a) > z(b));
      });
  c.Expect(InOrder(x, plain, places), kI32);
  c.Expect(InOrder(z, plain, places));
}

constexpr OpRow kRows[] = {
    {"XlaGather", Gather},
    {"XlaKeyValueSort", [](OpCase& c) { Sort(c, true); }},
    {"XlaScatter", Scatter},
    {"XlaSort", [](OpCase& c) { Sort(c, false); }},
    {"XlaVariadicSort", VariadicSort},
};

}  // namespace lowered_xla_indices_test

std::span<const OpRow> XlaIndexRows() {
  return lowered_xla_indices_test::kRows;
}

TEST(LoweredOps, XlaIndices) { CheckRows(XlaIndexRows()); }

}  // namespace liteforge
