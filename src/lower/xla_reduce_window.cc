// SPDX-License-Identifier: Apache-2.0
// XlaReduceWindow: each window of an array, which is padded with the initial
// value, reduced to one element.
//   maxima, sums of images    MAX_POOL_2D; AVERAGE_POOL_2D times the window's
//                             size
//   sums up to each element   CUMSUM
//   otherwise                 axis by axis, windows of 2, 4, 8 … at every place
//                             combined to the one asked for:
//     W_1(i) = x[i], W_2n(i) = f(W_n(i), W_n(i + n rate)),
//     W_5(i) = f(W_1(i), W_4(i + rate)); then every stride-th of them
#include <algorithm>
#include <span>

#include "lower/axes.h"
#include "lower/xla.h"

namespace liteforge {
namespace {

// One axis.
struct WindowAxis {
  int32_t input = 1, size = 1, stride = 1;
  int32_t low = 0, high = 0, spread = 1, rate = 1;

  bool is_untouched() const {
    return size == 1 && stride == 1 && low == 0 && high == 0 && spread == 1;
  }
  bool IsSame() const {
    if (input < 0) return false;
    const int32_t output = (input + stride - 1) / stride;
    const int32_t missing = std::max(0, (output - 1) * stride + size - input);
    return low == missing / 2 && high == missing - low;
  }
};
using WindowAxes = std::vector<WindowAxis>;

Result<WindowAxes> ReadWindowAxes(const LowerContext& c) {
  constexpr int32_t kMost = 1 << 24;
  const Shape& shape = c.input(0)->shape;
  if (!shape.has_rank()) return Unsupported("an input of unknown rank");
  const auto rank = static_cast<size_t>(shape.rank());
  TRY_ASSIGN(const auto size,
             XlaIntegers(c, 2, "window_dimensions", rank, 1, kMost));
  TRY_ASSIGN(const auto stride,
             XlaIntegers(c, 3, "window_strides", rank, 1, kMost));
  TRY_ASSIGN(const auto spread,
             XlaIntegers(c, 4, "base_dilations", rank, 1, kMost));
  TRY_ASSIGN(const auto rate,
             XlaIntegers(c, 5, "window_dilations", rank, 1, kMost));
  TRY_ASSIGN(const auto padding,
             XlaIntegers(c, 6, "padding", 2 * rank, -kMost, kMost));
  WindowAxes axes;
  for (size_t i = 0; i < rank; ++i)
    axes.push_back({shape[static_cast<int>(i)], size[i], stride[i],
                    padding[2 * i], padding[2 * i + 1], spread[i], rate[i]});
  return axes;
}

Value* PaddedArray(Formula& f, Value* x, const WindowAxes& axes,
                   Value* initial) {
  EdgePadding edges(static_cast<int>(axes.size()));
  for (size_t i = 0; i < axes.size(); ++i) {
    edges.low[i] = axes[i].low;
    edges.high[i] = axes[i].high;
  }
  return PadEdges(f, x, edges, initial);
}

//---------------------------------------------------------------- operators

// Whether the windows are those of a pool of images [N, H, W, C].
bool IsPool(const WindowAxes& axes) {
  return axes.size() == 4 && axes[0].is_untouched() && axes[3].is_untouched() &&
         std::ranges::all_of(axes, [](const WindowAxis& a) {
           return a.spread == 1 && a.rate == 1;
         });
}

Value* PoolWindows(Formula& f, Op op, Value* x, const WindowAxes& axes,
                   Value* initial) {
  const bool same =
      op == Op::kMaximum && std::ranges::all_of(axes, &WindowAxis::IsSame);
  Pool2DOptions options;
  options.padding = same ? Padding::kSame : Padding::kValid;
  options.filter_height = axes[1].size;
  options.filter_width = axes[2].size;
  options.stride_h = axes[1].stride;
  options.stride_w = axes[2].stride;
  if (!same) x = PaddedArray(f, x, axes, initial);
  if (op == Op::kMaximum) return f.Emit(Op::kMaxPool2D, options, {x});
  Value* mean = f.Emit(Op::kAveragePool2D, options, {x});
  const double size = static_cast<double>(axes[1].size) * axes[2].size;
  return f.Mul(mean, f.Number(DataType::kFloat32, size));
}

// Which axis a sum runs along, over all elements up to each; -1: none.
int32_t CumulativeAxis(const WindowAxes& axes, bool& reverse) {
  int32_t found = -1;
  for (size_t i = 0; i < axes.size(); ++i) {
    const WindowAxis& a = axes[i];
    if (a.is_untouched()) continue;
    const bool whole = a.size == a.input && a.stride == 1 && a.spread == 1 &&
                       a.rate == 1 && a.low + a.high == a.size - 1;
    if (!whole || found >= 0 || (a.low > 0 && a.high > 0)) return -1;
    reverse = a.high > 0;
    found = static_cast<int32_t>(i);
  }
  return found;
}

//------------------------------------------------------------------ functions

class Windows {
 public:
  Windows(LowerContext& c, Formula& f, const XlaReducer& reducer)
      : c_(c), f_(f), reducer_(reducer) {}

  // All windows along one axis, which is padded.
  Result<Value*> Along(Value* x, int32_t axis, const WindowAxis& a) {
    const int64_t reach = int64_t{a.size - 1} * a.rate;
    const int64_t count = x->shape[axis] - reach;
    if (x->shape[axis] < 0)
      return Unsupported("windows along an unknown dimension");
    if (count < 1) return InvalidModel("a window is larger than its array");
    const auto places = static_cast<int32_t>(count);
    Value* doubled = x;  // windows of `width`
    Value* y = nullptr;  // windows of all widths before, `offset` long
    int32_t offset = 0;
    for (int32_t width = 1; width <= a.size; width *= 2) {
      if ((a.size & width) != 0) {
        Value* part = SliceAxis(f_, doubled, axis, offset, offset + places);
        TRY_ASSIGN(y, y == nullptr ? Result<Value*>(part) : Combine(y, part));
        offset += width * a.rate;
      }
      if (width > a.size / 2) break;
      const int32_t step = width * a.rate;
      Value* first = SliceAxis(f_, doubled, axis, 0, -step);
      TRY_ASSIGN(doubled,
                 Combine(first, SliceAxis(f_, doubled, axis, step, kAxisEnd)));
    }
    return SliceAxis(f_, y, axis, 0, kAxisEnd, a.stride);
  }

 private:
  Result<Value*> Combine(Value* a, Value* b) {
    TRY(f_.Check());
    return ApplyReducer(c_, reducer_, a, b);
  }

  LowerContext& c_;
  Formula& f_;
  const XlaReducer& reducer_;
};

Result<Value*> WindowsByFunction(LowerContext& c, Formula& f,
                                 const XlaReducer& reducer,
                                 const WindowAxes& axes) {
  Value* x = c.input(0);
  Value* initial = c.input(1);
  for (size_t i = 0; i < axes.size(); ++i)
    x = SpreadAxis(f, x, static_cast<int32_t>(i), axes[i].spread - 1, initial);
  x = PaddedArray(f, x, axes, initial);
  Windows windows(c, f, reducer);
  for (size_t i = 0; i < axes.size(); ++i) {
    TRY(f.Check());
    if (axes[i].size == 1 && axes[i].stride == 1) continue;
    TRY_ASSIGN(x, windows.Along(x, static_cast<int32_t>(i), axes[i]));
  }
  return x;
}

Result<void> LowerReduceWindow(LowerContext& c) {
  Value* x = c.input(0);
  Value* initial = c.input(1);
  TRY_ASSIGN(const XlaReducer reducer,
             ReadXlaReducer(c, "computation", x->type));
  TRY_ASSIGN(const WindowAxes axes, ReadWindowAxes(c));
  const bool neutral = reducer.op && IsNeutral(*reducer.op, *initial);
  const bool is_sum = reducer.op == Op::kAdd;
  Formula f(c);
  if (neutral && IsPool(axes) && x->type == DataType::kFloat32 &&
      (is_sum || reducer.op == Op::kMaximum))
    return f.Finish(PoolWindows(f, *reducer.op, x, axes, initial));
  CumsumOptions options;
  const int32_t axis = CumulativeAxis(axes, options.reverse);
  if (neutral && is_sum && axis >= 0)
    return f.Finish(f.Emit(Op::kCumsum, options, {x, c.ir().Int32(axis)}));
  TRY_ASSIGN(Value * y, WindowsByFunction(c, f, reducer, axes));
  TRY(f.Check());
  if (neutral) return f.Finish(y);
  Value* start = f.Fill(f.ShapeOf(y), initial);
  TRY(f.Check());
  return Finish(c, ApplyReducer(c, reducer, start, y));
}

}  // namespace

std::span<const TfOp> XlaReduceWindowOps() {
  static constexpr TfOp kOps[] = {
      {"XlaReduceWindow", 7, LowerReduceWindow},
  };
  return kOps;
}

}  // namespace liteforge
