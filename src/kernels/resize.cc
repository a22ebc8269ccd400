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
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

#include "kernels/move_elements.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

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
  return {};
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

void EvalNearest(KernelContext& k) noexcept {
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const Geometry g = GeometryOf(k);
  const size_t run = ElementBytes(k.Input(0)) * static_cast<size_t>(in[3]);
  if (run == 0) return;
  const std::byte* from = k.Input(0).data;
  std::byte* to = k.Output(0).data;
  for (int32_t n = 0; n < out[0]; ++n) {
    for (int32_t y = 0; y < out[1]; ++y) {
      const int64_t row = int64_t{n} * in[1] + NearestRow(y, in[1], out[1], g);
      for (int32_t x = 0; x < out[2]; ++x, to += run) {
        const int64_t at = row * in[2] + NearestRow(x, in[2], out[2], g);
        std::memcpy(to, from + static_cast<size_t>(at) * run, run);
      }
    }
  }
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
void EvalFloat(KernelContext& k) {
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const Geometry g = GeometryOf(k);
  const int64_t image = int64_t{in[1]} * in[2] * in[3];
  T* to = k.Output(0).MutableData<T>();
  for (int32_t n = 0; n < out[0]; ++n) {
    for (int32_t y = 0; y < out[1]; ++y) {
      const Between row = FloatPlace(y, in[1], out[1], g);
      for (int32_t x = 0; x < out[2]; ++x, to += in[3]) {
        FloatPixel(k.Input(0).Data<T>() + n * image, in, row,
                   FloatPlace(x, in[2], out[2], g), to);
      }
    }
  }
}

constexpr int32_t kOne = 1 << 10;

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
void EvalFixed(KernelContext& k) {
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const Geometry g = GeometryOf(k);
  const int64_t channels = in[3];
  T* to = k.Output(0).MutableData<T>();
  for (int32_t n = 0; n < out[0]; ++n) {
    const T* image =
        k.Input(0).Data<T>() + int64_t{n} * in[1] * in[2] * channels;
    const auto at = [&](int32_t row, int32_t column) {
      return image + (int64_t{row} * in[2] + column) * channels;
    };
    for (int32_t y = 0; y < out[1]; ++y) {
      int32_t dy = 0;
      const Between row = FixedPlace(y, in[1], out[1], g, dy);
      for (int32_t x = 0; x < out[2]; ++x, to += channels) {
        int32_t dx = 0;
        const Between column = FixedPlace(x, in[2], out[2], g, dx);
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t sum =
              int64_t{at(row.low, column.low)[c]} * (kOne - dy) * (kOne - dx) +
              int64_t{at(row.high, column.low)[c]} * dy * (kOne - dx) +
              int64_t{at(row.low, column.high)[c]} * (kOne - dy) * dx +
              int64_t{at(row.high, column.high)[c]} * dy * dx;
          const int64_t half = sum > 0 ? kOne * kOne / 2 : -kOne * kOne / 2;
          to[c] = static_cast<T>((sum + half) / (kOne * kOne));
        }
      }
    }
  }
}

void EvalBilinear(KernelContext& k) noexcept {
  switch (k.Input(0).type) {
    case DataType::kInt8:
      return EvalFixed<int8_t>(k);
    case DataType::kUInt8:
      return EvalFloat<uint8_t>(k);
    case DataType::kInt16:
      return EvalFixed<int16_t>(k);
    default:
      return EvalFloat<float>(k);
  }
}

}  // namespace

extern const Kernel kResizeNearestNeighbor{
    Op::kResizeNearestNeighbor, "f32 i8 u8 i16", Prepare, EvalNearest};
extern const Kernel kResizeBilinear{Op::kResizeBilinear, "f32 i8 u8 i16",
                                    Prepare, EvalBilinear};

}  // namespace liteforge
