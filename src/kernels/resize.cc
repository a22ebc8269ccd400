// SPDX-License-Identifier: Apache-2.0
// RESIZE_NEAREST_NEIGHBOR (f32 u8 i8 i16), RESIZE_BILINEAR (f32 u8 i8 i16) of
// [N, H, W, C]. With scale = in / out, or (in - 1) / (out - 1) where
// align_corners and out > 1, output row y looks at
//   nearest:   floor(y scale), floor((y + 1/2) scale) with half pixels,
//              round(y scale) with align_corners
//   bilinear:  y scale, or (y + 1/2) scale - 1/2 with half pixels, between the
//              rows below and above
// Signed integer bilinear works in 10 fractional bits and rounds to nearest;
// uint8 in float, adding a half and dropping the fraction.
// Source: tflite/kernels/internal/reference/resize_{nearest_neighbor,
// bilinear}.h.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/micro/bilinear.h"
#include "kernels/move_elements.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

// Scratch slot: for each share of the rows, two rows of the input, weighted.
constexpr int kMixed = 0;

struct State {
  std::vector<int32_t> rows, columns;  // nearest
  // Of columns, where micro/ computes it.
  std::vector<BilinearPlace<int32_t>> fixed;
  std::vector<BilinearPlace<float>> real;
  int shares = 1;
};

struct Geometry {
  bool align_corners = false;
  bool half_pixel_centers = false;
};

Geometry GeometryOf(const KernelContext& k) {
  if (k.op() == Op::kResizeBilinear) {
    const auto& o = k.options<ResizeBilinearOptions>();
    return {o.align_corners, o.half_pixel_centers};
  }
  const auto& o = k.options<ResizeNearestNeighborOptions>();
  return {o.align_corners, o.half_pixel_centers};
}

float ScaleOf(int32_t in, int32_t out, const Geometry& g) {
  return g.align_corners && out > 1
             ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
             : static_cast<float>(in) / static_cast<float>(out);
}

int32_t NearestRow(int32_t at, int32_t in, int32_t out, const Geometry& g) {
  const float scale = ScaleOf(in, out, g);
  const float offset = g.half_pixel_centers ? 0.5f : 0.0f;
  const float place = (static_cast<float>(at) + offset) * scale;
  const auto row = static_cast<int32_t>(g.align_corners ? std::round(place)
                                                        : std::floor(place));
  return std::clamp(row, 0, in - 1);
}

void PrepareNearest(const Shape& in, const Shape& out, const Geometry& g,
                    State& s) {
  for (int32_t y = 0; y < out[1]; ++y)
    s.rows.push_back(NearestRow(y, in[1], out[1], g));
  for (int32_t x = 0; x < out[2]; ++x)
    s.columns.push_back(NearestRow(x, in[2], out[2], g));
}

// Calls body(n, y) for every output row, shared among the threads.
template <class Body>
void ForEachRow(KernelContext& k, const Body& body) {
  const Shape& out = k.Output(0).shape;
  constexpr int64_t kLeastWork = 1 << 13;  // of a thread, in numbers
  const int64_t work = std::max<int64_t>(1, int64_t{out[2]} * out[3]);
  k.threads().ParallelFor(int64_t{out[0]} * out[1],
                          (kLeastWork + work - 1) / work,
                          [&](int64_t begin, int64_t end) {
                            for (int64_t row = begin; row < end; ++row)
                              body(static_cast<int32_t>(row / out[1]),
                                   static_cast<int32_t>(row % out[1]));
                          });
}

// A type of the pixel's size, where there is one, spares a call for each.
template <class Pixel>
void CopyPixels(const std::byte* from, const std::vector<int32_t>& columns,
                std::byte* to) {
  for (const int32_t column : columns) {
    std::memcpy(to, from + static_cast<size_t>(column) * sizeof(Pixel),
                sizeof(Pixel));
    to += sizeof(Pixel);
  }
}
void CopyRuns(const std::byte* from, const std::vector<int32_t>& columns,
              size_t run, std::byte* to) {
  switch (run) {
    case 1:
      return CopyPixels<uint8_t>(from, columns, to);
    case 3:
      return CopyPixels<std::array<uint8_t, 3>>(from, columns, to);
    case 4:
      return CopyPixels<uint32_t>(from, columns, to);
    case 12:
      return CopyPixels<std::array<uint32_t, 3>>(from, columns, to);
    case 16:
      return CopyPixels<std::array<uint64_t, 2>>(from, columns, to);
    default:
      break;
  }
  for (const int32_t column : columns) {
    std::memcpy(to, from + static_cast<size_t>(column) * run, run);
    to += run;
  }
}

void EvalNearest(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const size_t run = ElementBytes(k.Input(0)) * static_cast<size_t>(in[3]);
  if (run == 0) return;
  const size_t line = run * static_cast<size_t>(in[2]);
  const size_t out_line = run * static_cast<size_t>(out[2]);
  ForEachRow(k, [&](int32_t n, int32_t y) {
    const int64_t row = int64_t{n} * in[1] + s.rows[static_cast<size_t>(y)];
    const int64_t out_row = int64_t{n} * out[1] + y;
    CopyRuns(k.Input(0).data + static_cast<size_t>(row) * line, s.columns, run,
             k.Output(0).data + static_cast<size_t>(out_row) * out_line);
  });
}

// The two rows an output row lies between, and how far above the lower one.
struct Between {
  float at;
  int32_t low, high;
};

Between FloatPlace(int32_t y, int32_t in, int32_t out, const Geometry& g) {
  const float scale = ScaleOf(in, out, g);
  const float at = g.half_pixel_centers
                       ? (static_cast<float>(y) + 0.5f) * scale - 0.5f
                       : static_cast<float>(y) * scale;
  const float low = std::floor(at);
  // Rounding may take the last of very many rows past the end.
  return {at, std::clamp(static_cast<int32_t>(low), 0, in - 1),
          std::min(static_cast<int32_t>(std::ceil(at)), in - 1)};
}

template <class T>
void FloatPixel(const T* image, const Shape& in, const Between& y,
                const Between& x, T* to) {
  constexpr float kRounding = std::is_integral_v<T> ? 0.5f : 0.0f;
  const int64_t channels = in[3];
  const auto at = [&](int32_t row, int32_t column) {
    return image + (int64_t{row} * in[2] + column) * channels;
  };
  const float dy = y.at - static_cast<float>(y.low);
  const float dx = x.at - static_cast<float>(x.low);
  const T *ll = at(y.low, x.low), *hl = at(y.high, x.low);
  const T *lh = at(y.low, x.high), *hh = at(y.high, x.high);
  for (int64_t c = 0; c < channels; ++c) {
    const auto mix = [&](T value, float in_y, float in_x) {
      return static_cast<float>(value) * in_y * in_x;
    };
    to[c] =
        static_cast<T>(mix(ll[c], 1 - dy, 1 - dx) + mix(hl[c], dy, 1 - dx) +
                       mix(lh[c], 1 - dy, dx) + mix(hh[c], dy, dx) + kRounding);
  }
}

template <class T>
T* RowOf(KernelContext& k, int32_t n, int32_t y) {
  const Shape& out = k.Output(0).shape;
  return k.Output(0).MutableData<T>() +
         (int64_t{n} * out[1] + y) * out[2] * out[3];
}

template <class T>
const T* ImageOf(const KernelContext& k, int32_t n) {
  const Shape& in = k.Input(0).shape;
  return k.Input(0).Data<T>() + int64_t{n} * in[1] * in[2] * in[3];
}

template <class T>
void EvalFloat(KernelContext& k) {
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const Geometry g = GeometryOf(k);
  ForEachRow(k, [&](int32_t n, int32_t y) {
    T* to = RowOf<T>(k, n, y);
    const Between row = FloatPlace(y, in[1], out[1], g);
    for (int32_t x = 0; x < out[2]; ++x, to += in[3]) {
      FloatPixel(ImageOf<T>(k, n), in, row, FloatPlace(x, in[2], out[2], g),
                 to);
    }
  });
}

constexpr int32_t kOne = 1 << kBilinearBits;

// The same with 10 fractional bits.
Between FixedPlace(int32_t y, int32_t in, int32_t out, const Geometry& g,
                   int32_t& fraction) {
  const bool corners = g.align_corners && out > 1;
  const int32_t scale = corners ? (kOne * (in - 1) + (out - 1) / 2) / (out - 1)
                                : (kOne * in + out / 2) / out;
  const int32_t at =
      g.half_pixel_centers ? y * scale + scale / 2 - kOne / 2 : y * scale;
  const int32_t low = at < 0 ? 0 : std::min(at / kOne, in - 1);
  const int32_t high = std::clamp((at + kOne - 1) / kOne, 0, in - 1);
  fraction = at - kOne * low;
  return {0, low, std::max(high, 0)};
}

template <class T>
void FixedPixel(const T* image, const Shape& in, const Between& row, int32_t dy,
                const Between& column, int32_t dx, T* to) {
  const int64_t channels = in[3];
  const auto at = [&](int32_t y, int32_t x) {
    return image + (int64_t{y} * in[2] + x) * channels;
  };
  const T *ll = at(row.low, column.low), *hl = at(row.high, column.low);
  const T *lh = at(row.low, column.high), *hh = at(row.high, column.high);
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t sum = int64_t{ll[c]} * (kOne - dy) * (kOne - dx) +
                        int64_t{hl[c]} * dy * (kOne - dx) +
                        int64_t{lh[c]} * (kOne - dy) * dx +
                        int64_t{hh[c]} * dy * dx;
    const int64_t half = sum > 0 ? kOne * kOne / 2 : -kOne * kOne / 2;
    to[c] = static_cast<T>((sum + half) / (kOne * kOne));
  }
}

template <class T>
void EvalFixed(KernelContext& k) {
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const Geometry g = GeometryOf(k);
  ForEachRow(k, [&](int32_t n, int32_t y) {
    T* to = RowOf<T>(k, n, y);
    int32_t dy = 0, dx = 0;
    const Between row = FixedPlace(y, in[1], out[1], g, dy);
    for (int32_t x = 0; x < out[2]; ++x, to += in[3]) {
      const Between column = FixedPlace(x, in[2], out[2], g, dx);
      FixedPixel(ImageOf<T>(k, n), in, row, dy, column, dx, to);
    }
  });
}

// Whether whole rows of the input are weighted first: not where most of their
// columns are passed over, nor where 32 bits may not do.
bool IsFast(KernelContext& k) {
  constexpr int32_t kMostFixed = 4096;
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  if (k.reference() || k.Input(0).type == DataType::kInt16) return false;
  if (k.Input(0).type == DataType::kInt8 &&
      std::max({in[1], in[2], out[1], out[2]}) > kMostFixed)
    return false;
  return in[2] <= 4 * int64_t{out[2]};
}

void PrepareBilinear(KernelContext& k, const Geometry& g, State& s) {
  if (!IsFast(k)) return;
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const int64_t channels = in[3], line = in[2] * channels;
  const bool fixed = k.Input(0).type == DataType::kInt8;
  for (int32_t x = 0; x < out[2]; ++x) {
    if (fixed) {
      int32_t dx = 0;
      const Between at = FixedPlace(x, in[2], out[2], g, dx);
      s.fixed.push_back({at.low * channels, at.high * channels, dx});
    } else {
      const Between at = FloatPlace(x, in[2], out[2], g);
      s.real.push_back({at.low * channels, at.high * channels,
                        at.at - static_cast<float>(at.low)});
    }
  }
  s.shares = k.threads().threads();
  k.NeedScratch(kMixed, static_cast<size_t>(s.shares) *
                            static_cast<size_t>(line) * (fixed ? 4 : 8));
}

// Calls body(n, y, what is mixed there) for every output row.
template <class T, class Body>
void ForEachMixedRow(KernelContext& k, int64_t mixed_count, const Body& body) {
  const State& s = k.State<State>();
  const Shape& out = k.Output(0).shape;
  const int64_t rows = int64_t{out[0]} * out[1];
  k.threads().ParallelFor(s.shares, 1, [&](int64_t begin, int64_t end) {
    for (int64_t share = begin; share < end; ++share) {
      T* mixed = k.Scratch<T>(kMixed) + share * mixed_count;
      const int64_t rows_end = (share + 1) * rows / s.shares;
      for (int64_t row = share * rows / s.shares; row < rows_end; ++row)
        body(static_cast<int32_t>(row / out[1]),
             static_cast<int32_t>(row % out[1]), mixed);
    }
  });
}

void FastFixed(KernelContext& k) {
  const State& s = k.State<State>();
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const Geometry g = GeometryOf(k);
  const int64_t line = int64_t{in[2]} * in[3];
  ForEachMixedRow<int32_t>(k, line, [&](int32_t n, int32_t y, int32_t* mixed) {
    int32_t dy = 0;
    const Between row = FixedPlace(y, in[1], out[1], g, dy);
    const int8_t* image = ImageOf<int8_t>(k, n);
    MixRows(image + row.low * line, image + row.high * line, dy, line, mixed);
    MixColumns(mixed, s.fixed.data(), out[2], in[3], RowOf<int8_t>(k, n, y));
  });
}

template <class T>
void FastFloat(KernelContext& k) {
  const State& s = k.State<State>();
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const Geometry g = GeometryOf(k);
  const int64_t line = int64_t{in[2]} * in[3];
  ForEachMixedRow<float>(k, 2 * line, [&](int32_t n, int32_t y, float* mixed) {
    const Between row = FloatPlace(y, in[1], out[1], g);
    const T* image = ImageOf<T>(k, n);
    MixRows(image + row.low * line, image + row.high * line,
            row.at - static_cast<float>(row.low), line, mixed);
    MixColumns(mixed, line, s.real.data(), out[2], in[3], RowOf<T>(k, n, y));
  });
}

void EvalBilinear(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  switch (k.Input(0).type) {
    case DataType::kInt8:
      return s.fixed.empty() ? EvalFixed<int8_t>(k) : FastFixed(k);
    case DataType::kUInt8:
      return s.real.empty() ? EvalFloat<uint8_t>(k) : FastFloat<uint8_t>(k);
    case DataType::kInt16:
      return EvalFixed<int16_t>(k);
    default:
      return s.real.empty() ? EvalFloat<float>(k) : FastFloat<float>(k);
  }
}

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Input(0).type;
  const Geometry geometry = GeometryOf(k);
  if (k.Output(0).type != type) {
    return InvalidModel("the output must have the input's type");
  }
  if (type != DataType::kFloat32 && type != DataType::kInt8 &&
      type != DataType::kUInt8 && type != DataType::kInt16) {
    return Unsupported(std::string(Name(type)) + " is not supported");
  }
  if (k.Input(0).elements() == 0 && k.Output(0).elements() > 0) {
    return InvalidModel("the input has no pixels");
  }
  if (geometry.align_corners && geometry.half_pixel_centers) {
    return InvalidModel(
        "align_corners and half_pixel_centers exclude "
        "each other");
  }
  // Tables are no longer than what the output has room for.
  State& s = k.NewState<State>();
  if (k.Output(0).elements() == 0) return {};
  if (k.op() == Op::kResizeBilinear) {
    PrepareBilinear(k, geometry, s);
  } else {
    PrepareNearest(k.Input(0).shape, k.Output(0).shape, geometry, s);
  }
  return {};
}

}  // namespace

extern const Kernel kResizeNearestNeighbor{
    Op::kResizeNearestNeighbor, "f32 i8 u8 i16", Prepare, EvalNearest};
extern const Kernel kResizeBilinear{Op::kResizeBilinear, "f32 i8 u8 i16",
                                    Prepare, EvalBilinear};

}  // namespace liteforge
