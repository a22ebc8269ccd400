// SPDX-License-Identifier: Apache-2.0
// Operations on images, and Fourier transforms.
#include <array>
#include <complex>

#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_images_test {

constexpr DataType kF32 = DataType::kFloat32;

//------------------------------------------------------------------ resizing

// What rows a new row is made of, and with what weights.
using Weights = std::vector<std::pair<int, double>>;

double ScaleOf(int from, int to, bool align) {
  return align && to > 1 ? static_cast<double>(from - 1) / (to - 1)
                         : static_cast<double>(from) / to;
}

Weights Nearest(int i, int from, int to, bool align, bool half) {
  const double scale = ScaleOf(from, to, align);
  const double at = half ? (i + 0.5) * scale : i * scale;
  const double row = align ? std::round(at) : std::floor(at);
  return {{std::clamp(static_cast<int>(row), 0, from - 1), 1}};
}

Weights Linear(int i, int from, int to, bool align, bool half) {
  const double scale = ScaleOf(from, to, align);
  const double at = half ? (i + 0.5) * scale - 0.5 : i * scale;
  const int low = static_cast<int>(std::floor(at));
  const double part = at - low;
  return {{std::clamp(low, 0, from - 1), 1 - part},
          {std::clamp(low + 1, 0, from - 1), part}};
}

Weights Area(int i, int from, int to, bool align, bool) {
  const double scale = ScaleOf(from, to, align);
  Weights weights;
  for (int row = 0; row < (i + 1) * scale; ++row) {
    const double low = std::max<double>(row, i * scale);
    const double high = std::min<double>(row + 1, (i + 1) * scale);
    if (high > low)
      weights.emplace_back(std::min(row, from - 1), (high - low) / scale);
  }
  return weights;
}

// Keys' cubic in steps of 1/1024.
Weights Cubic(int i, int from, int to, bool align, bool half) {
  const double scale = ScaleOf(from, to, align);
  const double at = half ? (i + 0.5) * scale - 0.5 : i * scale;
  const double a = half ? -0.5 : -0.75;
  const int low = static_cast<int>(std::floor(at));
  const double part = std::nearbyint((at - low) * 1024) / 1024;
  Weights weights;
  double sum = 0;
  for (int k = -1; k <= 2; ++k) {
    const double x = std::abs(k - part);
    const double w = x <= 1 ? (a + 2) * x * x * x - (a + 3) * x * x + 1
                            : a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a;
    const bool inside = low + k >= 0 && low + k < from;
    if (half && !inside) continue;
    weights.emplace_back(std::clamp(low + k, 0, from - 1), w);
    sum += w;
  }
  if (half) {
    for (auto& [row, w] : weights) w /= sum;
  }
  return weights;
}

// An image, the size of which may be open while converting.
NdArray AnyImage(OpCase& c, bool may_be_open) {
  const NdArray x =
      c.Draw({c.Int(1, 2), c.Int(1, 6), c.Int(1, 6), c.Int(1, 3)}, -3, 3);
  if (!may_be_open || c.Coin()) return c.Given(x);
  return c.Open(x, {-1, c.Coin() ? -1 : x.dim(1), -1, x.dim(3)});
}

template <Weights (*weights)(int, int, int, bool, bool)>
void Resize(OpCase& c) {
  const bool by_formula = weights == Area || weights == Cubic;
  const NdArray x = AnyImage(c, by_formula);
  const int h = c.Int(1, 8), w = c.Int(1, 8);
  const NdArray size{{2}, {1.0 * h, 1.0 * w}};
  if (by_formula) {
    c.Either(size, DataType::kInt32);
  } else {
    c.Constant(size, DataType::kInt32);
  }
  const int mode = c.Int(0, 2);
  c.Attr("align_corners", mode == 1);
  if (weights != Area) c.Attr("half_pixel_centers", mode == 2);
  const bool half = mode == 2 && weights != Area;
  c.Expect(Made({x.dim(0), h, w, x.dim(3)},
                [&](const Position& at) {
                  double y = 0;
                  for (const auto& [row, a] :
                       weights(at[1], x.dim(1), h, mode == 1, half)) {
                    for (const auto& [column, b] :
                         weights(at[2], x.dim(2), w, mode == 1, half))
                      y += a * b * x({at[0], row, column, at[3]});
                  }
                  return y;
                }),
           kF32, 1e-4);
}

void CropAndResize(OpCase& c) {
  const NdArray x =
      c.Input({c.Int(1, 2), c.Int(1, 6), c.Int(1, 6), c.Int(1, 3)}, -3, 3);
  const int n = c.Int(1, 3), h = c.Int(1, 5), w = c.Int(1, 5);
  const NdArray boxes = c.Input({n, 4}, -0.3, 1.3);
  const NdArray image = c.Input({n}, 0, x.dim(0) - 1, DataType::kInt32);
  c.Int32s({h, w});
  const bool nearest = c.Coin();
  c.Attr("method", nearest ? "nearest" : "bilinear");
  const auto outside = static_cast<float>(c.Int(-5, 5));
  c.Attr("extrapolation_value", outside);
  const auto place = [&](int box, int axis, int i, int count, int size) {
    const double low = boxes({box, axis}), high = boxes({box, axis + 2});
    return count > 1 ? (low + i * (high - low) / (count - 1)) * (size - 1)
                     : 0.5 * (low + high) * (size - 1);
  };
  c.Expect(Made({n, h, w, x.dim(3)},
                [&](const Position& at) -> double {
                  const double row = place(at[0], 0, at[1], h, x.dim(1));
                  const double column = place(at[0], 1, at[2], w, x.dim(2));
                  if (row < 0 || row > x.dim(1) - 1 || column < 0 ||
                      column > x.dim(2) - 1)
                    return outside;
                  const auto pixel = [&](double i, double j) {
                    return x({static_cast<int>(image({at[0]})),
                              static_cast<int>(i), static_cast<int>(j), at[3]});
                  };
                  if (nearest)
                    return pixel(std::round(row), std::round(column));
                  const double down = row - std::floor(row);
                  const double right = column - std::floor(column);
                  const auto across = [&](double i) {
                    return (1 - right) * pixel(i, std::floor(column)) +
                           right * pixel(i, std::ceil(column));
                  };
                  return (1 - down) * across(std::floor(row)) +
                         down * across(std::ceil(row));
                }),
           kF32, 1e-4);
}

//-------------------------------------------------------------------- colours

using Color = std::array<double, 3>;

Color ToHsv(Color rgb) {
  const auto [r, g, b] = rgb;
  const double high = std::max({r, g, b});
  const double range = high - std::min({r, g, b});
  double h = 0;
  if (range > 0) {
    h = high == r   ? (g - b) / range
        : high == g ? 2 + (b - r) / range
                    : 4 + (r - g) / range;
    h /= 6;
    if (h < 0) h += 1;
  }
  return {h, high > 0 ? range / high : 0, high};
}

// By sectors of the colour wheel.
Color ToRgb(Color hsv) {
  const auto [h, s, v] = hsv;
  const double turned = h * 6;
  const double chroma = s * v;
  const double second = chroma * (1 - std::abs(std::fmod(turned, 2.0) - 1));
  const double base = v - chroma;
  Color y;
  switch (static_cast<int>(turned) % 6) {
    case 0:
      y = {chroma, second, 0};
      break;
    case 1:
      y = {second, chroma, 0};
      break;
    case 2:
      y = {0, chroma, second};
      break;
    case 3:
      y = {0, second, chroma};
      break;
    case 4:
      y = {second, 0, chroma};
      break;
    default:
      y = {chroma, 0, second};
  }
  for (double& part : y) part += base;
  return y;
}

void Colors(OpCase& c, Color (*f)(Color)) {
  Position dims = Dims(c.AnyShape(1, 3));
  dims.push_back(3);
  const NdArray x = c.Input(ToShape(dims), 0.01, 0.99);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  Color own;
                  for (int i = 0; i < 3; ++i) {
                    Position from = at;
                    from.back() = i;
                    own[static_cast<size_t>(i)] = x(from);
                  }
                  return f(own)[static_cast<size_t>(at.back())];
                }),
           kF32, 1e-5);
}

// One pixel a case: what the scalar does is a function of it.
void Adjust(OpCase& c, bool hue) {
  const NdArray x = c.Input({1, 1, 3}, 0.05, 0.95);
  const double by = static_cast<float>(hue ? c.Real(-1, 1) : c.Real(0, 2));
  c.Scalar(by, kF32);
  Color hsv = ToHsv({x.v[0], x.v[1], x.v[2]});
  if (hue) {
    hsv[0] += by - std::floor(hsv[0] + by);
  } else {
    hsv[1] = std::clamp(hsv[1] * by, 0.0, 1.0);
  }
  const Color y = ToRgb(hsv);
  c.Expect({x.shape, {y[0], y[1], y[2]}}, kF32, 1e-5);
}

void AdjustContrast(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(3, 4), -3, 3);
  const double by = static_cast<float>(c.Real(0, 2));
  c.Scalar(by, kF32);
  const int rows = x.dim(-3), columns = x.dim(-2);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  double mean = 0;
                  for (int i = 0; i < rows * columns; ++i) {
                    Position from = at;
                    from[from.size() - 3] = i / columns;
                    from[from.size() - 2] = i % columns;
                    mean += x(from) / (rows * columns);
                  }
                  return (x(at) - mean) * by + mean;
                }),
           kF32, 1e-5);
}

//------------------------------------------------------------------- windows

void Lrn(OpCase& c) {
  const NdArray x = c.Input({1, c.Int(1, 3), c.Int(1, 3), c.Int(1, 9)}, -3, 3);
  const int radius = c.Int(0, 5);
  const auto bias = static_cast<float>(c.Real(0.5, 2));
  const auto alpha = static_cast<float>(c.Real(0.1, 1));
  const auto beta = static_cast<float>(c.Real(0.3, 1));
  c.Attr("depth_radius", radius);
  c.Attr("bias", bias);
  c.Attr("alpha", alpha);
  c.Attr("beta", beta);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  double sum = 0;
                  for (int k = -radius; k <= radius; ++k) {
                    Position from = at;
                    from[3] += k;
                    if (from[3] >= 0 && from[3] < x.dim(3))
                      sum += x(from) * x(from);
                  }
                  return x(at) / std::pow(bias + alpha * sum, beta);
                }),
           kF32, 1e-5);
}

// Windows on images, random ones, and what each place of them sees.
struct Sight {
  NdArray x;
  int kh, kw, step, rate, top, left, h, w;

  // Where place (i, j) of the window at (row, column) lies.
  int Row(int row, int i) const { return row * step + i * rate - top; }
  int Column(int column, int j) const {
    return column * step + j * rate - left;
  }
  bool Has(int row, int column) const {
    return row >= 0 && row < x.dim(1) && column >= 0 && column < x.dim(2);
  }
};

Sight DrawSight(OpCase& c, const NdArray& x, bool dilates) {
  Sight s{x, c.Int(1, 3), c.Int(1, 3), c.Int(1, 2), 1, 0, 0, 0, 0};
  if (dilates) s.rate = c.Int(1, 2);
  const bool same = c.Coin();
  c.Attr("strides", std::vector<int64_t>{1, s.step, s.step, 1});
  if (dilates) c.Attr("rates", std::vector<int64_t>{1, s.rate, s.rate, 1});
  c.Attr("padding", same ? "SAME" : "VALID");
  const auto axis = [&](int size, int k, int& before) {
    const int reach = (k - 1) * s.rate + 1;
    const int count =
        same ? (size + s.step - 1) / s.step : (size - reach) / s.step + 1;
    before = same ? std::max(0, (count - 1) * s.step + reach - size) / 2 : 0;
    return count;
  };
  s.h = axis(x.dim(1), s.kh, s.top);
  s.w = axis(x.dim(2), s.kw, s.left);
  return s;
}

Shape SightShape(OpCase& c) {
  return {c.Int(1, 2), c.Int(5, 8), c.Int(5, 8), c.Int(1, 2)};
}

void Patches(OpCase& c) {
  const Sight s = DrawSight(c, c.Input(SightShape(c), -3, 3), true);
  c.Attr("ksizes", std::vector<int64_t>{1, s.kh, s.kw, 1});
  const int d = s.x.dim(3);
  c.Expect(
      Made({s.x.dim(0), s.h, s.w, s.kh * s.kw * d}, [&](const Position& at) {
        const int place = at[3] / d;
        const int row = s.Row(at[1], place / s.kw);
        const int column = s.Column(at[2], place % s.kw);
        return s.Has(row, column) ? s.x({at[0], row, column, at[3] % d}) : 0;
      }));
}

void Dilation(OpCase& c) {
  const Sight s = DrawSight(c, c.Input(SightShape(c), -3, 3), true);
  const NdArray filter = c.Either(c.Draw({s.kh, s.kw, s.x.dim(3)}, -1, 1));
  c.Expect(Made({s.x.dim(0), s.h, s.w, s.x.dim(3)}, [&](const Position& at) {
    double most = -std::numeric_limits<double>::infinity();
    ForEachPosition({s.kh, s.kw}, [&](const Position& k) {
      const int row = s.Row(at[1], k[0]), column = s.Column(at[2], k[1]);
      if (s.Has(row, column))
        most = std::max(most, s.x({at[0], row, column, at[3]}) +
                                  filter({k[0], k[1], at[3]}));
    });
    return most;
  }));
}

// Few different numbers: the first of equal ones counts.
void ArgMaxPool(OpCase& c) {
  const NdArray x = c.Given(c.Draw(SightShape(c), -2, 2, DataType::kInt32));
  const Sight s = DrawSight(c, x, false);
  const DataType type = c.Pick({DataType::kInt32, DataType::kInt64});
  const bool with_batch = c.Coin();
  c.Attr("ksize", std::vector<int64_t>{1, s.kh, s.kw, 1});
  c.Attr("Targmax", type);
  c.Attr("include_batch_in_index", with_batch);
  const Shape shape{x.dim(0), s.h, s.w, x.dim(3)};
  NdArray index = Filled(shape, 0);
  c.Expect(Made(shape, [&](const Position& at) {
    double most = -std::numeric_limits<double>::infinity();
    ForEachPosition({s.kh, s.kw}, [&](const Position& k) {
      const Position from = {at[0], s.Row(at[1], k[0]), s.Column(at[2], k[1]),
                             at[3]};
      if (!s.Has(from[1], from[2]) || x(from) <= most) return;
      most = x(from);
      Position counted = from;
      if (!with_batch) counted[0] = 0;
      index(at) = static_cast<double>(x.Offset(counted));
    });
    return most;
  }));
  c.Expect(index, type);
}

constexpr OpRow kRows[] = {
    {"AdjustContrastv2", AdjustContrast},
    {"AdjustHue", [](OpCase& c) { Adjust(c, true); }},
    {"AdjustSaturation", [](OpCase& c) { Adjust(c, false); }},
    {"CropAndResize", CropAndResize},
    {"Dilation2D", Dilation},
    {"ExtractImagePatches", Patches},
    {"HSVToRGB", [](OpCase& c) { Colors(c, ToRgb); }},
    {"LRN", Lrn},
    {"MaxPoolWithArgmax", ArgMaxPool},
    {"RGBToHSV", [](OpCase& c) { Colors(c, ToHsv); }},
    {"ResizeArea", Resize<Area>},
    {"ResizeBicubic", Resize<Cubic>},
    {"ResizeBilinear", Resize<Linear>},
    {"ResizeNearestNeighbor", Resize<Nearest>},
};

}  // namespace lowered_images_test

std::span<const OpRow> ImageRows() { return lowered_images_test::kRows; }

TEST(LoweredOps, Images) { CheckRows(ImageRows()); }

}  // namespace liteforge
