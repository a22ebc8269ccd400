// SPDX-License-Identifier: Apache-2.0
// AVERAGE_POOL_2D, MAX_POOL_2D, L2_POOL_2D over [N, H, W, C], each channel by
// itself. Only what lies inside the input counts: an average divides by the
// elements it saw. A PAD before MAX_POOL_2D (KernelContext::padding) puts zeros
// around it, of which a window that reaches out sees at least one.
//   AVERAGE_POOL_2D  f32 u8 i8 i16; integers round half away from zero
//   MAX_POOL_2D      f32 u8 i8 i16
//   L2_POOL_2D       f32: sqrt(mean of squares)
// Source: TFLite schema Pool2DOptions; tflite/kernels/pooling.cc and
// kernels/internal/reference/{pooling.h, integer_ops/pooling.h}.
#include <atomic>
#include <cmath>
#include <string>

#include "kernels/micro/pool.h"
#include "kernels/numerics.h"
#include "kernels/window.h"

namespace liteforge {
namespace {

struct State {
  Window window;
  Range<float> real{0, 0};
  Range<int32_t> steps{0, 0};
};

bool SameQuantization(const RuntimeTensor& a, const RuntimeTensor& b) {
  return std::abs(a.scale() - b.scale()) < 1e-6f &&
         a.zero_point() == b.zero_point();
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const auto& options = k.options<Pool2DOptions>();
  State& s = k.NewState<State>();
  const bool integer = input.type == DataType::kUInt8 ||
                       input.type == DataType::kInt8 ||
                       input.type == DataType::kInt16;
  if (k.Output(0).type != input.type) {
    return InvalidModel("the output must have the input's type");
  }
  if (input.type != DataType::kFloat32 &&
      !(integer && k.op() != Op::kL2Pool2D)) {
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  }
  s.window.stride_height = options.stride_h;
  s.window.stride_width = options.stride_w;
  s.window.SetShapes(input.shape, options.filter_height, options.filter_width,
                     k.Output(0).shape, k.padding());
  s.real = FloatActivationRange(options.fused_activation_function);
  if (!integer) return {};
  if (!SameQuantization(input, k.Output(0))) {
    return InvalidModel("input and output must have the same quantization");
  }
  TRY_ASSIGN(s.steps, QuantizedActivationRange(
                          options.fused_activation_function, k.Output(0)));
  return {};
}

// The reductions: what a channel starts from, how it takes a value, and what
// comes out after `count` values.
struct FloatAverage {
  using Sum = float;
  static constexpr float kStart = 0;
  static void Take(float& sum, float x) { sum += x; }
  static float Finish(float sum, int count) {
    return sum / static_cast<float>(count);
  }
};

struct FloatL2 {
  using Sum = float;
  static constexpr float kStart = 0;
  static void Take(float& sum, float x) { sum += x * x; }
  static float Finish(float sum, int count) {
    return std::sqrt(sum / static_cast<float>(count));
  }
};

struct IntegerAverage {
  using Sum = int32_t;
  static constexpr int32_t kStart = 0;
  static void Take(int32_t& sum, int32_t x) { sum += x; }
  static int32_t Finish(int32_t sum, int count) {
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
  }
};

template <class T>
struct Maximum {
  using Sum = T;
  static constexpr T kStart = std::numeric_limits<T>::lowest();
  static void Take(T& sum, T x) { sum = std::max(sum, x); }
  static T Finish(T sum, int) { return sum; }
};

// What `count` outputs see, each `step` numbers behind the one before.
template <class T>
struct Seen {
  const T* first;
  int64_t line;
  int rows, cols;
  int64_t channels;
  int64_t count, step;
};

// How micro/ computes it, where it does.
template <class Reduction, class T, class Limits>
bool PoolByVectors(const Seen<T>& seen, const Limits& limits, T* to) {
  constexpr bool kAverage = std::is_same_v<Reduction, FloatAverage> ||
                            std::is_same_v<Reduction, IntegerAverage>;
  constexpr bool kMaximum = std::is_same_v<Reduction, Maximum<T>>;
  if constexpr (sizeof(T) == 2 || !(kAverage || kMaximum)) return false;
  if constexpr (sizeof(T) != 2 && (kAverage || kMaximum)) {
    if (int64_t{seen.rows} * seen.cols > kMostPooled) return false;
    const PoolWindow<T> window{seen.first,
                               seen.line,
                               seen.rows,
                               seen.cols,
                               seen.channels,
                               static_cast<T>(limits.min),
                               static_cast<T>(limits.max),
                               seen.count,
                               seen.step};
    if constexpr (kAverage) AverageOfWindow(window, to);
    if constexpr (kMaximum) MaximumOfWindow(window, to);
    return true;
  }
}

// A few channels at a time, so that their sums stay in registers.
template <class Reduction, class T, class Limits>
void PoolPlainly(const Seen<T>& seen, const Limits& limits, T* to) {
  constexpr int64_t kTogether = 64;
  for (int64_t c = 0; c < seen.channels; c += kTogether) {
    const int64_t channels = std::min(kTogether, seen.channels - c);
    typename Reduction::Sum sums[kTogether];
    std::fill_n(sums, channels, Reduction::kStart);
    for (int i = 0; i < seen.rows; ++i) {
      for (int j = 0; j < seen.cols; ++j) {
        const T* at = seen.first + i * seen.line + j * seen.channels + c;
        for (int64_t m = 0; m < channels; ++m) Reduction::Take(sums[m], at[m]);
      }
    }
    for (int64_t m = 0; m < channels; ++m) {
      to[c + m] = static_cast<T>(
          Clamp(Reduction::Finish(sums[m], seen.rows * seen.cols), limits));
    }
  }
}

template <class Reduction, class T, class Limits>
void PoolOutputs(const KernelContext& k, Seen<T> seen, const Limits& limits,
                 T* to) {
  if (!k.reference() && PoolByVectors<Reduction>(seen, limits, to)) return;
  for (; seen.count > 0; --seen.count) {
    PoolPlainly<Reduction>(seen, limits, to);
    seen.first += seen.step;
    to += seen.channels;
  }
}

// Whether there are zeros around the input that count.
bool HasZerosAround(const KernelContext& k) {
  const KernelContext::Padding& p = k.padding();
  return p.top > 0 || p.bottom > 0 || p.left > 0 || p.right > 0;
}

// Those of a window that sees a zero too: max(x, 0) within [min, max] is x
// within [max(min, 0), max].
template <class Limits>
Limits WithZero(const KernelContext& k, Limits limits) {
  const auto zero = static_cast<decltype(limits.min)>(k.Input(0).zero_point());
  return {Clamp(zero, limits), limits.max};
}

// One output row; false when a window saw nothing. Outputs whose windows lie
// inside the input's left and right go together.
template <class Reduction, class T, class Limits>
bool PoolRow(const KernelContext& k, T* output, int n, int y,
             const Limits& limits) {
  const Window& w = k.State<State>().window;
  const T* input = k.Input(0).Data<T>();
  const int64_t channels = w.in_channels;
  const int top = y * w.stride_height - w.pad_top;
  const Taps rows = TapsInside(top, w.height, 1, w.in_height);
  const Inside inside = InsideOf(w);
  const bool zeros = HasZerosAround(k);
  for (int64_t x = 0, count; x < w.out_width; x += count) {
    T* to = output + ((int64_t{n} * w.out_height + y) * w.out_width + x) *
                         w.out_channels;
    count = x == inside.begin && inside.end > x ? inside.end - x : 1;
    const int left = static_cast<int>(x) * w.stride_width - w.pad_left;
    const Taps cols = TapsInside(left, w.width, 1, w.in_width);
    if (rows.begin == rows.end || cols.begin == cols.end) {
      if (!zeros) return false;
      std::fill_n(to, count * channels,
                  static_cast<T>(WithZero(k, limits).min));
      continue;
    }
    const int64_t pixel =
        (int64_t{n} * w.in_height + top + rows.begin) * w.in_width + left +
        cols.begin;
    const Seen<T> seen{input + pixel * channels,
                       w.in_width * channels,
                       rows.end - rows.begin,
                       cols.end - cols.begin,
                       channels,
                       count,
                       w.stride_width * channels};
    const bool reaches_out = seen.rows < w.height || seen.cols < w.width;
    PoolOutputs<Reduction>(
        k, seen, zeros && reaches_out ? WithZero(k, limits) : limits, to);
  }
  return true;
}

template <class Reduction, class T, class Limits>
void Pool(KernelContext& k, const Limits& limits) {
  const Window& w = k.State<State>().window;
  if (w.in_channels == 0) return;
  std::atomic<bool> empty_window = false;
  constexpr int64_t kLeastWork = 1 << 14;  // of a thread, in numbers seen
  const int64_t work = std::max<int64_t>(
      1, int64_t{w.out_width} * w.out_channels * w.height * w.width);
  k.threads().ParallelFor(w.out_rows(), (kLeastWork + work - 1) / work,
                          [&](int64_t begin, int64_t end) {
                            for (int64_t row = begin; row < end; ++row) {
                              const bool whole = PoolRow<Reduction>(
                                  k, k.Output(0).MutableData<T>(),
                                  static_cast<int>(row / w.out_height),
                                  static_cast<int>(row % w.out_height), limits);
                              if (!whole) empty_window = true;
                            }
                          });
  if (empty_window) k.FailEval("a window lies wholly outside the input");
}

void EvalAverage(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  switch (k.Input(0).type) {
    case DataType::kUInt8:
      return Pool<IntegerAverage, uint8_t>(k, s.steps);
    case DataType::kInt8:
      return Pool<IntegerAverage, int8_t>(k, s.steps);
    case DataType::kInt16:
      return Pool<IntegerAverage, int16_t>(k, s.steps);
    default:
      return Pool<FloatAverage, float>(k, s.real);
  }
}

template <class T>
Range<T> Narrow(Range<int32_t> range) {
  return {static_cast<T>(range.min), static_cast<T>(range.max)};
}

void EvalMax(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  switch (k.Input(0).type) {
    case DataType::kUInt8:
      return Pool<Maximum<uint8_t>, uint8_t>(k, Narrow<uint8_t>(s.steps));
    case DataType::kInt8:
      return Pool<Maximum<int8_t>, int8_t>(k, Narrow<int8_t>(s.steps));
    case DataType::kInt16:
      return Pool<Maximum<int16_t>, int16_t>(k, Narrow<int16_t>(s.steps));
    default:
      return Pool<Maximum<float>, float>(k, s.real);
  }
}

void EvalL2(KernelContext& k) noexcept {
  Pool<FloatL2, float>(k, k.State<State>().real);
}

}  // namespace

extern const Kernel kAveragePool2D{Op::kAveragePool2D, "f32 i8 u8 i16", Prepare,
                                   EvalAverage};
extern const Kernel kMaxPool2D{Op::kMaxPool2D, "f32 i8 u8 i16", Prepare,
                               EvalMax};
extern const Kernel kL2Pool2D{Op::kL2Pool2D, "f32", Prepare, EvalL2};

}  // namespace liteforge
