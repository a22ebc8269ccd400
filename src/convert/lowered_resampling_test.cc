// SPDX-License-Identifier: Apache-2.0
// ScaleAndTranslate by its definition: every pixel of the image weighted by
// the kernel at its distance, all of it in double.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_resampling_test {

struct Kernel {
  const char* name;
  double (*at)(double distance);
};

double Sinc(double x) { return x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x); }

template <int radius>
double Lanczos(double x) {
  return std::abs(x) > radius ? 0 : Sinc(x) * Sinc(x / radius);
}

// The family of cubics with two parameters (Mitchell and Netravali, 1988).
double Cubic(double x, double b, double c) {
  x = std::abs(x);
  if (x >= 2) return 0;
  if (x >= 1)
    return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x +
            (-12 * b - 48 * c) * x + 8 * b + 24 * c) /
           6;
  return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x +
          6 - 2 * b) /
         6;
}

const Kernel kKernels[] = {
    {"lanczos1", Lanczos<1>},
    {"lanczos3", Lanczos<3>},
    {"lanczos5", Lanczos<5>},
    {"triangle", [](double x) { return std::max(0.0, 1 - std::abs(x)); }},
    {"gaussian",
     [](double x) { return std::abs(x) < 1.5 ? std::exp(-2 * x * x) : 0; }},
    {"keyscubic", [](double x) { return Cubic(x, 0, 0.5); }},
    {"mitchellcubic", [](double x) { return Cubic(x, 1.0 / 3, 1.0 / 3); }},
};

struct Axis {
  double scale, translation;
  bool antialias;
  const Kernel* kernel;

  // The weights of all pixels in pixel `i` of the result.
  std::vector<double> Weights(int i, int size) const {
    std::vector<double> weights(static_cast<size_t>(size));
    const double place = (i + 0.5 - translation) / scale;
    if (place < 0 || place > size) return weights;
    const double stretch = antialias ? std::max(1.0, 1 / scale) : 1;
    double sum = 0;
    for (int j = 0; j < size; ++j) {
      double& weight = weights[static_cast<size_t>(j)];
      weight = kernel->at((j + 0.5 - place) / stretch);
      sum += weight;
    }
    for (double& weight : weights) weight /= sum;
    return weights;
  }
};

void ScaleAndTranslate(OpCase& c) {
  const NdArray x =
      c.Draw({c.Int(1, 2), c.Int(2, 7), c.Int(2, 7), c.Int(1, 3)}, -2, 2);
  const bool open = c.Coin();
  c.Open(x, open ? Shape{-1, -1, -1, x.dim(3)} : x.shape);
  const int h = c.Int(1, 9), w = c.Int(1, 9);
  const Kernel& kernel = kKernels[c.Int(0, 6)];
  const bool antialias = c.Coin();
  const NdArray size{{2}, {1.0 * h, 1.0 * w}};
  c.Either(size, DataType::kInt32);
  // What no pixel's edge falls on by accident.
  const auto any = [&](double low, double high) {
    return static_cast<double>(static_cast<float>(c.Real(low, high)));
  };
  const Axis rows{any(0.3, 2.5), any(-0.4, 0.4), antialias, &kernel};
  const Axis columns{any(0.3, 2.5), any(-0.4, 0.4), antialias, &kernel};
  c.Either({{2}, {rows.scale, columns.scale}});
  c.Either({{2}, {rows.translation, columns.translation}});
  c.Attr("kernel_type", kernel.name);
  c.Attr("antialias", antialias);
  c.Expect(Made({x.dim(0), h, w, x.dim(3)},
                [&](const Position& at) {
                  const auto by_row = rows.Weights(at[1], x.dim(1));
                  const auto by_column = columns.Weights(at[2], x.dim(2));
                  double sum = 0;
                  for (int i = 0; i < x.dim(1); ++i) {
                    for (int j = 0; j < x.dim(2); ++j)
                      sum += by_row[static_cast<size_t>(i)] *
                             by_column[static_cast<size_t>(j)] *
                             x({at[0], i, j, at[3]});
                  }
                  return sum;
                }),
           DataType::kFloat32, 1e-4);
}

constexpr OpRow kRows[] = {
    {"ScaleAndTranslate", ScaleAndTranslate},
};

}  // namespace lowered_resampling_test

std::span<const OpRow> ResamplingRows() {
  return lowered_resampling_test::kRows;
}

TEST(LoweredOps, Resampling) { CheckRows(ResamplingRows()); }

}  // namespace liteforge
