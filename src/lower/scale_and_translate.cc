// SPDX-License-Identifier: Apache-2.0
// ScaleAndTranslate, what tf.image.resize is with antialias=True: a pixel is
// the mean of those around its place p = (i + 1/2 - translation) / scale,
// weighted by kernel((j + 1/2 - p) / s), s = 1, or 1 / scale where that is
// larger and antialias is asked for. Places outside the image are 0.
//   box           1 for |x| < 1/2, 1/2 at it
//   triangle      1 - |x|
//   gaussian      e^(-2 x^2) for |x| < 3/2
//   lanczosR      R sin(pi x) sin(pi x / R) / (pi x)^2 for |x| <= R
//   keyscubic     Keys' cubic of a = -1/2
//   mitchellcubic Mitchell and Netravali's of B = C = 1/3
// Source: tensorflow/core/kernels/image/scale_and_translate_op.cc,
// sampling_kernels.h.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "lower/resample.h"

namespace liteforge {
namespace {

struct Kernel {
  std::string_view name;
  float radius;
  float (*at)(float distance);  // of a distance >= 0
};

float Box(float x) { return x < 0.5f ? 1.0f : x == 0.5f ? 0.5f : 0.0f; }

float Triangle(float x) { return std::max(0.0f, 1 - x); }

float Gaussian(float x) { return x >= 1.5f ? 0 : std::exp(-2 * x * x); }

template <int radius>
float Lanczos(float x) {
  constexpr auto kPi = static_cast<float>(M_PI);
  if (x > radius) return 0;
  if (x <= 1e-3f) return 1;
  return radius * std::sin(kPi * x) * std::sin(kPi * x / radius) /
         (kPi * kPi * x * x);
}

float KeysCubic(float x) {
  if (x >= 2) return 0;
  if (x >= 1) return ((-0.5f * x + 2.5f) * x - 4) * x + 2;
  return (1.5f * x - 2.5f) * x * x + 1;
}

float MitchellCubic(float x) {
  if (x >= 2) return 0;
  if (x >= 1) return ((-7.0f / 18 * x + 2) * x - 10.0f / 3) * x + 16.0f / 9;
  return (7.0f / 6 * x - 2) * x * x + 8.0f / 9;
}

constexpr Kernel kKernels[] = {
    {"lanczos3", 3, Lanczos<3>}, {"lanczos1", 1, Lanczos<1>},
    {"lanczos5", 5, Lanczos<5>}, {"box", 0.5f, Box},
    {"triangle", 1, Triangle},   {"gaussian", 1.5f, Gaussian},
    {"keyscubic", 2, KeysCubic}, {"mitchellcubic", 2, MitchellCubic},
};

struct Axis {
  int32_t from, to;
  float scale, translation;
};

ResampleWeights WeightsOf(const Axis& axis, const Kernel& kernel,
                          bool antialias) {
  const float step = 1 / axis.scale;
  const float stretch = antialias ? std::max(step, 1.0f) : 1.0f;
  const float reach = kernel.radius * stretch;
  const auto columns = static_cast<size_t>(axis.from);
  ResampleWeights weights(columns * static_cast<size_t>(axis.to));
  for (int32_t row = 0; row < axis.to; ++row) {
    const float place =
        (static_cast<float>(row) + 0.5f) * step - step * axis.translation;
    if (place < 0 || place > static_cast<float>(axis.from)) continue;
    const int32_t last = axis.from - 1;
    const auto begin = std::clamp(
        static_cast<int32_t>(std::ceil(place - reach - 0.5f)), 0, last);
    const auto end = std::clamp(
        static_cast<int32_t>(std::floor(place + reach - 0.5f)), 0, last);
    const auto own =
        std::span(weights).subspan(columns * static_cast<size_t>(row), columns);
    float sum = 0;
    for (int32_t i = begin; i <= end; ++i) {
      float& weight = own[static_cast<size_t>(i)];
      const float offset = static_cast<float>(i) + 0.5f - place;
      weight = kernel.at(std::abs(offset / stretch));
      sum += weight;
    }
    if (std::abs(sum) < 1000 * std::numeric_limits<float>::min()) continue;
    for (float& weight : own) weight /= sum;
  }
  return weights;
}

Result<std::pair<float, float>> PairOf(const Value& value) {
  if (!value.is_constant() || value.type != DataType::kFloat32 ||
      value.shape.elements() != 2)
    return Unsupported("a scale or translation that is not constant");
  const auto values = value.ToVector<float>();
  return std::pair(values[0], values[1]);
}

Result<void> LowerScaleAndTranslate(LowerContext& c) {
  std::vector<std::string_view> names;
  for (const Kernel& kernel : kKernels) names.push_back(kernel.name);
  TRY_ASSIGN(const size_t choice, c.Choice("kernel_type", names, 0));
  TRY_ASSIGN(const bool antialias, c.Attribute<bool>("antialias", true));
  TRY_ASSIGN(const ResampleSize size, ReadResampleSize(c));
  TRY_ASSIGN(const auto scale, PairOf(*c.input(2)));
  TRY_ASSIGN(const auto moved, PairOf(*c.input(3)));
  if (!(scale.first > 0) || !(scale.second > 0))
    return InvalidModel("a scale that is not positive");
  const Kernel& kernel = kKernels[choice];
  return LowerByWeights(
      c, size,
      WeightsOf({size.from[0], size.to[0], scale.first, moved.first}, kernel,
                antialias),
      WeightsOf({size.from[1], size.to[1], scale.second, moved.second}, kernel,
                antialias));
}

constexpr TfOp kOps[] = {
    {"ScaleAndTranslate", 4, LowerScaleAndTranslate},
};

}  // namespace

std::span<const TfOp> ScaleAndTranslateOps() { return kOps; }

}  // namespace liteforge
