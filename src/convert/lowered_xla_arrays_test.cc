// SPDX-License-Identifier: Apache-2.0
// XLA's operations that multiply, convolve, pad, slice and reduce.
#include <limits>

#include "convert/lowered_xla_testing.h"

namespace liteforge {
namespace lowered_xla_arrays_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;

//----------------------------------------------------------------- movement

void BroadcastHelper(OpCase& c) {
  const Shape wide = c.AnyShape(2, 4);
  const int rank = c.Int(0, wide.rank() - 1);
  Position dims, narrow;
  for (int axis = 0; static_cast<int>(dims.size()) < rank; ++axis) {
    const int left = wide.rank() - axis;
    if (left > rank - static_cast<int>(dims.size()) && c.Coin()) continue;
    dims.push_back(axis);
    narrow.push_back(wide[axis]);
  }
  const bool swap = c.Coin();
  const auto input = [&](bool is_wide) {
    return c.Input(is_wide ? wide : ToShape(narrow), -3, 3);
  };
  const NdArray a = input(!swap), b = input(swap);
  c.Ints(dims);
  Position put(static_cast<size_t>(wide.rank()), 1);
  for (const int axis : dims) put[static_cast<size_t>(axis)] = wide[axis];
  const auto expect = [&](const NdArray& x, bool is_wide) {
    // Scalars stay what they are.
    const bool stays = is_wide || rank == 0;
    c.Expect({stays ? x.shape : ToShape(put), x.v});
  };
  expect(a, !swap);
  expect(b, swap);
}

// Starts beyond what fits are brought to it.
Position Clamped(const Position& given, const Shape& shape,
                 const Shape& window) {
  Position starts;
  for (int axis = 0; axis < shape.rank(); ++axis)
    starts.push_back(std::clamp(given[static_cast<size_t>(axis)], 0,
                                shape[axis] - window[axis]));
  return starts;
}

Shape WindowIn(OpCase& c, const Shape& shape) {
  Position dims;
  for (const int dim : shape.dims()) dims.push_back(c.Int(1, dim));
  return ToShape(dims);
}

Position AnyStarts(OpCase& c, const Shape& shape) {
  NdArray starts = Filled({shape.rank()}, 0);
  for (int axis = 0; axis < shape.rank(); ++axis)
    starts({axis}) = c.Int(-2, shape[axis] + 1);
  c.Either(starts, c.Pick({kI32, DataType::kInt64}));
  return {starts.v.begin(), starts.v.end()};
}

Position Sum(const Position& a, const Position& b) {
  Position sum;
  for (size_t i = 0; i < a.size(); ++i) sum.push_back(a[i] + b[i]);
  return sum;
}

void DynamicSlice(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 4), -3, 3);
  const Shape window = WindowIn(c, x.shape);
  const Position starts = Clamped(AnyStarts(c, x.shape), x.shape, window);
  c.Ints(Dims(window));
  c.Expect(
      Made(window, [&](const Position& at) { return x(Sum(starts, at)); }));
}

void DynamicUpdateSlice(OpCase& c) {
  NdArray x = c.Input(c.AnyShape(1, 4), -3, 3);
  const NdArray update = c.Input(WindowIn(c, x.shape), -3, 3);
  const Position starts = Clamped(AnyStarts(c, x.shape), x.shape, update.shape);
  ForEachPosition(update.shape,
                  [&](const Position& at) { x(Sum(starts, at)) = update(at); });
  c.Expect(x);
}

void Pad(OpCase& c) {
  const DataType type = c.Pick({kF32, kI32});
  const NdArray x = c.Input(c.AnyShape(1, 4, 3), -3, 3, type);
  const double value = c.Int(-2, 2);
  c.Scalar(value, type);
  Position low, high, between, dims;
  for (const int dim : x.shape.dims()) {
    between.push_back(c.Pick({0, 0, 1, 2}));
    const int spread = (dim - 1) * (between.back() + 1) + 1;
    low.push_back(c.Int(-std::min(1, spread - 1), 2));
    high.push_back(c.Int(-std::min(1, spread + low.back() - 1), 2));
    dims.push_back(spread + low.back() + high.back());
  }
  c.Ints(low);
  c.Ints(high);
  c.Ints(between);
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  Position from;
                  for (size_t i = 0; i < at.size(); ++i) {
                    const int place = at[i] - low[i], step = between[i] + 1;
                    if (place < 0 || place % step != 0 ||
                        place / step >= x.dim(static_cast<int>(i)))
                      return value;
                    from.push_back(place / step);
                  }
                  return x(from);
                }),
           type);
}

void Same(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(), -3, 3);
  c.Expect(x);
}

void Barrier(OpCase& c) {
  const NdArray a = c.Input(c.AnyShape(), -3, 3);
  const NdArray b = c.Input(c.AnyShape(), -3, 3);
  c.Expect(a);
  c.Expect(b);
}

//------------------------------------------------------------------ products

void Dot(OpCase& c, int version) {
  const DataType type = c.Pick({kF32, kF32, kI32});
  const int batch = c.Int(0, 2), sum = c.Int(0, 2);
  const int left = c.Int(0, 2), right = c.Int(0, 2);
  // Dimensions in the order batch, sum, own.
  Position shared, a_dims, b_dims;
  for (int i = 0; i < batch + sum; ++i) shared.push_back(c.Int(1, 3));
  a_dims = b_dims = shared;
  for (int i = 0; i < left; ++i) a_dims.push_back(c.Int(1, 3));
  for (int i = 0; i < right; ++i) b_dims.push_back(c.Int(1, 3));
  const Position a_order = Shuffled(c, batch + sum + left);
  const Position b_order = Shuffled(c, batch + sum + right);
  const NdArray a = c.Draw(ToShape(a_dims), -3, 3, type);
  const NdArray b = c.Draw(ToShape(b_dims), -3, 3, type);
  c.Given(Placed(a, a_order), type);
  c.Either(Placed(b, b_order), type);
  tf::XlaDotDimensions dims;
  for (int i = 0; i < batch + sum; ++i) {
    const auto own = static_cast<size_t>(i);
    const bool of_batch = i < batch;
    (of_batch ? dims.mutable_lhs_batch_dimensions()
              : dims.mutable_lhs_contracting_dimensions())
        ->Add(a_order[own]);
    (of_batch ? dims.mutable_rhs_batch_dimensions()
              : dims.mutable_rhs_contracting_dimensions())
        ->Add(b_order[own]);
  }
  SetDimensions(c, dims);
  if (version == 2) c.Attr("preferred_element_type", type);
  // Own dimensions of the result stand in the order of the operand's places.
  const auto sorted = [&](const Position& order) {
    Position own;
    for (int i = batch + sum; i < static_cast<int>(order.size()); ++i)
      own.push_back(i);
    std::ranges::sort(own, {},
                      [&](int i) { return order[static_cast<size_t>(i)]; });
    return own;
  };
  const Position a_own = sorted(a_order), b_own = sorted(b_order);
  Position out(shared.begin(), shared.begin() + batch);
  for (const int i : a_own) out.push_back(a_dims[static_cast<size_t>(i)]);
  for (const int i : b_own) out.push_back(b_dims[static_cast<size_t>(i)]);
  const Position summed(shared.begin() + batch, shared.end());
  c.Expect(Made(ToShape(out),
                [&](const Position& at) {
                  double total = 0;
                  ForEachPosition(ToShape(summed), [&](const Position& s) {
                    Position ia(a_dims.size()), ib(b_dims.size());
                    for (size_t i = 0; i < shared.size(); ++i) {
                      const auto n = static_cast<size_t>(batch);
                      ia[i] = ib[i] = i < n ? at[i] : s[i - n];
                    }
                    size_t next = static_cast<size_t>(batch);
                    for (const int i : a_own)
                      ia[static_cast<size_t>(i)] = at[next++];
                    for (const int i : b_own)
                      ib[static_cast<size_t>(i)] = at[next++];
                    total += a(ia) * b(ib);
                  });
                  return total;
                }),
           type, 1e-5);
}

struct Line {
  int input, size, stride, low, high, spread, rate, output;
};

Line AnyLine(OpCase& c, bool spreads) {
  Line l{};
  l.input = c.Int(3, 6);
  l.size = c.Int(1, 3);
  l.spread = spreads ? c.Int(1, 3) : 1;
  const bool plain = spreads && c.Coin();  // what TRANSPOSE_CONV can say
  l.stride = plain ? 1 : c.Int(1, 2);
  l.rate = plain ? 1 : c.Int(1, 2);
  l.low = c.Int(-1, 2);
  l.high = c.Int(0, 3);
  const int reach = (l.size - 1) * l.rate + 1;
  const int whole = (l.input - 1) * l.spread + 1 + l.low + l.high;
  if (whole < reach) l.high += reach - whole;
  l.output = (std::max(whole, reach) - reach) / l.stride + 1;
  return l;
}

// Where output o sees the kernel's k; -1: a zero.
int Seen(const Line& l, int o, int k) {
  const int place = o * l.stride + k * l.rate - l.low;
  if (place < 0 || place % l.spread != 0) return -1;
  return place / l.spread < l.input ? place / l.spread : -1;
}

void Convolution(OpCase& c, int version) {
  const int spatial = c.Pick({1, 2, 2, 2, 3});
  const bool spreads = spatial < 3 && c.Coin();
  const int groups = spatial == 3 ? 1 : c.Pick({1, 1, 2});
  const int in = c.Int(1, 2), n = c.Int(1, 2);  // channels of a group
  const int out = groups * c.Int(1, 2);
  std::vector<Line> lines;
  Position x_dims = {n}, kernel_dims, y_dims = {n}, sizes;
  for (int i = 0; i < spatial; ++i) {
    const Line l = AnyLine(c, spreads);
    lines.push_back(l);
    x_dims.push_back(l.input);
    kernel_dims.push_back(l.size);
    y_dims.push_back(l.output);
  }
  sizes = kernel_dims;
  x_dims.push_back(in * groups);
  kernel_dims.push_back(in);
  kernel_dims.push_back(out);
  y_dims.push_back(out);
  const NdArray x = c.Draw(ToShape(x_dims), -2, 2);
  const NdArray kernel = c.Draw(ToShape(kernel_dims), -2, 2);
  const Position x_order = Shuffled(c, spatial + 2);
  const Position kernel_order = Shuffled(c, spatial + 2);
  const Position y_order = Shuffled(c, spatial + 2);
  c.Given(Placed(x, x_order));
  c.Floats(Placed(kernel, kernel_order));
  tf::XlaConvolutionDimensions dims;
  dims.set_input_batch_dimension(x_order[0]);
  dims.set_input_feature_dimension(x_order.back());
  dims.set_output_batch_dimension(y_order[0]);
  dims.set_output_feature_dimension(y_order.back());
  const auto count = static_cast<size_t>(spatial);
  dims.set_kernel_input_feature_dimension(kernel_order[count]);
  dims.set_kernel_output_feature_dimension(kernel_order[count + 1]);
  Position strides, padding, spread, rates;
  for (size_t i = 0; i < count; ++i) {
    dims.add_input_spatial_dimensions(x_order[i + 1]);
    dims.add_kernel_spatial_dimensions(kernel_order[i]);
    dims.add_output_spatial_dimensions(y_order[i + 1]);
    strides.push_back(lines[i].stride);
    padding.push_back(lines[i].low);
    padding.push_back(lines[i].high);
    spread.push_back(lines[i].spread);
    rates.push_back(lines[i].rate);
  }
  SetDimensions(c, dims);
  if (version == 2) {
    c.Attr("preferred_element_type", kF32);
    c.Attr("batch_group_count", 1);
  }
  c.Ints(strides);
  c.Constant({{spatial, 2}, {padding.begin(), padding.end()}}, kI32);
  c.Ints(spread);
  c.Ints(rates);
  c.Scalar(groups);
  const NdArray y = Made(ToShape(y_dims), [&](const Position& at) {
    double sum = 0;
    ForEachPosition(ToShape(sizes), [&](const Position& k) {
      Position from = {at[0]}, weight = k;
      for (size_t i = 0; i < count; ++i) {
        from.push_back(Seen(lines[i], at[i + 1], k[i]));
        if (from.back() < 0) return;
      }
      const int group = at.back() / (out / groups);
      from.push_back(0);
      weight.push_back(0);
      weight.push_back(at.back());
      for (int i = 0; i < in; ++i) {
        from.back() = group * in + i;
        weight[count] = i;
        sum += x(from) * kernel(weight);
      }
    });
    return sum;
  });
  c.Expect(Placed(y, y_order), kF32, 1e-5);
}

//---------------------------------------------------------------- reductions

struct Reducer {
  const char* op;
  double (*f)(double, double);
  double neutral;
};

constexpr double kLowest = std::numeric_limits<float>::lowest();
const Reducer kReducers[] = {
    {"AddV2", [](double a, double b) { return a + b; }, 0},
    {"Mul", [](double a, double b) { return a * b; }, 1},
    {"Maximum", [](double a, double b) { return std::max(a, b); }, kLowest},
    {"Minimum", [](double a, double b) { return std::min(a, b); }, -kLowest},
    {"", [](double a, double b) { return std::hypot(a, b); }, 0},
};

// Gives the reducer to the case: one operation, or sqrt(a a + b b).
Reducer AnyReducer(OpCase& c, const char* attribute) {
  const Reducer& reducer = kReducers[c.Int(0, 4)];
  if (*reducer.op != 0) {
    c.Function(attribute, reducer.op, kF32);
    return reducer;
  }
  TestFunction f;
  f.Input("a", {}).Input("b", {});
  f.Node("Square", "aa", {"a"}).Node("Square", "bb", {"b"});
  f.Node("AddV2", "s", {"aa", "bb"}).Node("Sqrt", "y", {"s"}).Output("y", "y");
  c.Function(attribute, std::move(f));
  return reducer;
}

Position AnyAxes(OpCase& c, int rank) {
  Position axes;
  for (int axis = 0; axis < rank; ++axis) {
    if (c.Coin()) axes.push_back(axis);
  }
  return axes;
}

// The dimensions that are left, and the place in them of `at`.
Position Without(const Position& at, const Position& axes) {
  Position left;
  for (size_t i = 0; i < at.size(); ++i) {
    if (!Has(axes, static_cast<int>(i))) left.push_back(at[i]);
  }
  return left;
}

void Reduce(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 4, 5), 0.5, 2);
  const Reducer reducer = AnyReducer(c, "reducer");
  const double initial = c.Coin() ? reducer.neutral : 1.5;
  c.Scalar(initial, kF32);
  const Position axes = AnyAxes(c, x.rank());
  c.Attr("dimensions_to_reduce",
         std::vector<int64_t>(axes.begin(), axes.end()));
  NdArray y = Filled(ToShape(Without(Dims(x.shape), axes)), initial);
  ForEachPosition(x.shape, [&](const Position& at) {
    double& own = y(Without(at, axes));
    own = reducer.f(own, x(at));
  });
  c.Expect(y, kF32, 1e-5);
}

void ReduceTruth(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 3), 0, 1, DataType::kBool);
  const bool all = c.Coin();
  c.Function("reducer", all ? "LogicalAnd" : "LogicalOr", DataType::kBool);
  const double initial = c.Coin() ? 1 : 0;
  c.Scalar(initial, DataType::kBool);
  const Position axes = AnyAxes(c, x.rank());
  c.Attr("dimensions_to_reduce",
         std::vector<int64_t>(axes.begin(), axes.end()));
  NdArray y = Filled(ToShape(Without(Dims(x.shape), axes)), initial);
  ForEachPosition(x.shape, [&](const Position& at) {
    double& own = y(Without(at, axes));
    own = all ? std::min(own, x(at)) : std::max(own, x(at));
  });
  c.Expect(y, DataType::kBool);
}

// The largest value and its place, the first of equal ones.
void ArgMaxByFunction(OpCase& c) {
  const Shape shape = c.AnyShape(1, 3, 6);
  const NdArray x = c.Input(shape, -3, 3, kI32);
  const int axis = c.Int(0, shape.rank() - 1);
  const NdArray places = c.Given(
      Made(shape,
           [&](const Position& at) { return at[static_cast<size_t>(axis)]; }),
      kI32);
  c.Scalar(-100);
  c.Scalar(100);
  TestFunction f;
  for (const char* name : {"v0", "i0", "v1", "i1"}) f.Input(name, {}, kI32);
  f.Node("Greater", "more", {"v0", "v1"}).Node("Equal", "same", {"v0", "v1"});
  f.Node("Less", "before", {"i0", "i1"});
  f.Node("LogicalAnd", "tie", {"same", "before"});
  f.Node("LogicalOr", "first", {"more", "tie"});
  f.Node("SelectV2", "v", {"first", "v0", "v1"}).Output("v", "v");
  f.Node("SelectV2", "i", {"first", "i0", "i1"}).Output("i", "i");
  c.Function("reducer", std::move(f));
  c.Attr("dimensions_to_reduce", std::vector<int64_t>{axis});
  const Shape left = ToShape(Without(Dims(shape), {axis}));
  NdArray best = Filled(left, -100), at_place = Filled(left, 100);
  ForEachPosition(shape, [&](const Position& at) {
    const Position own = Without(at, {axis});
    if (x(at) <= best(own)) return;
    best(own) = x(at);
    at_place(own) = at[static_cast<size_t>(axis)];
  });
  c.Expect(best, kI32);
  c.Expect(at_place, kI32);
}

// Windows of any array, or those of a pool, or sums up to each element.
std::vector<Line> AnyWindows(OpCase& c) {
  const int kind = c.Int(0, 3);
  std::vector<Line> lines;
  const int rank = kind == 1 ? 4 : c.Int(1, 4);
  const int cumulative = c.Int(0, rank - 1);
  for (int axis = 0; axis < rank; ++axis) {
    const bool untouched =
        kind == 1 ? axis == 0 || axis == 3 : kind == 2 && axis != cumulative;
    Line l = AnyLine(c, kind == 0);
    if (kind == 1) l = {l.input, l.size, l.stride, 0, 0, 1, 1, 0};
    if (kind == 1 && c.Coin()) {
      const int out = (l.input + l.stride - 1) / l.stride;
      const int missing = std::max(0, (out - 1) * l.stride + l.size - l.input);
      l.low = missing / 2;
      l.high = missing - l.low;
    }
    if (kind == 2) l = {l.input, l.input, 1, 0, l.input - 1, 1, 1, 0};
    if (kind == 2 && c.Coin()) std::swap(l.low, l.high);
    if (kind == 3) l = {9, 7, l.stride, 2, 1, 1, 1, 0};
    if (untouched) l = {l.input, 1, 1, 0, 0, 1, 1, 0};
    const int whole = (l.input - 1) * l.spread + 1 + l.low + l.high;
    l.output = (whole - (l.size - 1) * l.rate - 1) / l.stride + 1;
    lines.push_back(l);
  }
  return lines;
}

void ReduceWindow(OpCase& c) {
  const std::vector<Line> lines = AnyWindows(c);
  Position in, out, sizes, strides, spreads, rates, padding;
  for (const Line& l : lines) {
    in.push_back(l.input);
    out.push_back(l.output);
    sizes.push_back(l.size);
    strides.push_back(l.stride);
    spreads.push_back(l.spread);
    rates.push_back(l.rate);
    padding.push_back(l.low);
    padding.push_back(l.high);
  }
  const NdArray x = c.Input(ToShape(in), 0.8, 1.2);
  const Reducer reducer = AnyReducer(c, "computation");
  c.Scalar(reducer.neutral, kF32);
  for (const Position* values : {&sizes, &strides, &spreads, &rates})
    c.Ints(*values);
  c.Constant({{x.rank(), 2}, {padding.begin(), padding.end()}}, kI32);
  c.Expect(Made(ToShape(out),
                [&](const Position& at) {
                  double y = reducer.neutral;
                  ForEachPosition(ToShape(sizes), [&](const Position& k) {
                    Position from;
                    for (size_t i = 0; i < k.size(); ++i) {
                      from.push_back(Seen(lines[i], at[i], k[i]));
                      if (from.back() < 0) return;
                    }
                    y = reducer.f(y, x(from));
                  });
                  return y;
                }),
           kF32, 1e-4);
}

constexpr OpRow kRows[] = {
    {"XlaBroadcastHelper", BroadcastHelper},
    {"XlaConv", [](OpCase& c) { Convolution(c, 1); }},
    {"XlaConvV2", [](OpCase& c) { Convolution(c, 2); }},
    {"XlaDot", [](OpCase& c) { Dot(c, 1); }},
    {"XlaDotV2", [](OpCase& c) { Dot(c, 2); }},
    {"XlaDynamicSlice", DynamicSlice},
    {"XlaDynamicUpdateSlice", DynamicUpdateSlice},
    {"XlaOptimizationBarrier", Barrier},
    {"XlaPad", Pad},
    {"XlaReduce", Reduce},
    {"XlaReduce", ReduceTruth},
    {"XlaReduceWindow", ReduceWindow},
    {"XlaSetBound", Same},
    {"XlaSharding", Same},
    {"XlaVariadicReduce", ArgMaxByFunction},
    {"XlaVariadicReduceV2", ArgMaxByFunction},
};

}  // namespace lowered_xla_arrays_test

std::span<const OpRow> XlaArrayRows() { return lowered_xla_arrays_test::kRows; }

TEST(LoweredOps, XlaArrays) { CheckRows(XlaArrayRows()); }

}  // namespace liteforge
