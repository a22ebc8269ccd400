// SPDX-License-Identifier: Apache-2.0
// MobileNet V1: convolution, then 13 pairs of depthwise and pointwise ones.
// MobileNet V2: convolution, 17 inverted residual blocks (expand 1x1, depthwise
// 3x3, project 1x1, sum), convolution.
//
// Every convolution is SAME, has no bias and is followed by a batch
// normalization; both count as weighted layers.
// Source: object_detection/models/keras_models/mobilenet_v{1,2}.py and
// tensorflow/python/keras/applications/mobilenet{,_v2}.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "import/detection/backbones.h"

namespace liteforge {
namespace {

constexpr int32_t kMobileNetStem = 32;

class MobileNet {
 public:
  MobileNet(const Network& net, std::string_view path,
            const MobileNetOptions& options)
      : net_(net), path_(path), options_(options) {}

  // Convolution and normalization; no activation.
  Tensor Conv(Tensor x, int32_t filters, int32_t kernel, int32_t stride) {
    const int i = Advance();
    x = net_.Conv(x, LayerPath(path_, i), Shaped(filters, kernel, stride));
    return Norm(x, i);
  }
  Tensor Depthwise(Tensor x, int32_t stride) {
    const int i = Advance();
    x = net_.DepthwiseConv(x, LayerPath(path_, i), Shaped(0, 3, stride));
    return Act(Norm(x, i));
  }
  Tensor Act(Tensor x) const { return Activate(x, options_.params.activation); }
  int32_t AtLeastMinDepth(int32_t filters) const {
    return std::max(filters, options_.min_depth);
  }

 private:
  int Advance() {
    next_ += 2;
    return next_ - 2;
  }
  Tensor Norm(Tensor x, int i) const {
    return net_.BatchNorm(x, LayerPath(path_, i + 1),
                          options_.params.batch_norm);
  }
  ConvShape Shaped(int32_t filters, int32_t kernel, int32_t stride) const {
    return {filters, kernel, stride, false,
            options_.explicit_padding && kernel > 1 ? ConvPadding::kFixed
                                                    : ConvPadding::kSame};
  }

  const Network& net_;
  std::string path_;
  const MobileNetOptions& options_;
  int next_ = 0;
};

struct InvertedBlock {
  int32_t filters;
  int32_t stride;
};

constexpr InvertedBlock kBlocks[] = {
    {16, 1}, {24, 2},  {24, 1},  {32, 2},  {32, 1}, {32, 1},
    {64, 2}, {64, 1},  {64, 1},  {64, 1},  {96, 1}, {96, 1},
    {96, 1}, {160, 2}, {160, 1}, {160, 1}, {320, 1}};

constexpr int32_t kLastFilters = 1280;
constexpr int32_t kExpansion = 6;

}  // namespace

std::string LayerPath(std::string_view path, int i) {
  return fmt::format("{}/layer_with_weights-{}", path, i);
}

int32_t MakeDivisible(double value) {
  constexpr int32_t kDivisor = 8;
  const auto rounded =
      static_cast<int32_t>((value + kDivisor / 2.0) / kDivisor) * kDivisor;
  const int32_t result = std::max(kDivisor, rounded);
  return result < 0.9 * value ? result + kDivisor : result;
}

FeatureMaps MobileNetV2(const Network& net, Tensor image, std::string_view path,
                        const MobileNetOptions& options) {
  const FunctionBuilder::Scope scope(net.f(), "MobilenetV2");
  MobileNet layers(net, path, options);
  const double alpha = options.alpha;
  FeatureMaps maps;
  Tensor x = layers.Act(layers.Conv(
      image, layers.AtLeastMinDepth(MakeDivisible(kMobileNetStem * alpha)), 3,
      2));
  for (int b = 0; b < static_cast<int>(std::size(kBlocks)); ++b) {
    if (x.empty()) return maps;
    const auto [filters, stride] = kBlocks[b];
    const Tensor input = x;
    // As Keras does: the product loses its fraction first.
    const int32_t out = MakeDivisible(static_cast<int32_t>(filters * alpha));
    if (b > 0) {
      x = layers.Act(layers.Conv(x, kExpansion * input.dim(-1), 1, 1));
      maps[fmt::format("block_{}_expand_relu", b)] = x;
    }
    x = layers.Depthwise(x, stride);
    x = layers.Conv(x, layers.AtLeastMinDepth(out), 1, 1);
    maps[fmt::format("block_{}_project_BN", b)] = x;
    if (stride == 1 && input.dim(-1) == out) {
      x = Add(input, x);
      maps[fmt::format("block_{}_add", b)] = x;
    }
  }
  const int32_t last =
      alpha >= 1 ? kLastFilters : MakeDivisible(kLastFilters * alpha);
  maps["out_relu"] =
      layers.Act(layers.Conv(x, layers.AtLeastMinDepth(last), 1, 1));
  return maps;
}

FeatureMaps MobileNetV1(const Network& net, Tensor image, std::string_view path,
                        const MobileNetOptions& options) {
  const FunctionBuilder::Scope scope(net.f(), "MobilenetV1");
  constexpr int32_t kFilters[] = {64,  128, 128, 256, 256,  512, 512,
                                  512, 512, 512, 512, 1024, 1024};
  MobileNet layers(net, path, options);
  // Keras multiplies, and the detector's override once more.
  const auto depth = [&](int32_t filters) {
    const auto once = static_cast<int32_t>(filters * options.alpha);
    return layers.AtLeastMinDepth(static_cast<int32_t>(once * options.alpha));
  };
  FeatureMaps maps;
  Tensor x = layers.Act(layers.Conv(image, depth(kMobileNetStem), 3, 2));
  for (int k = 1; k <= static_cast<int>(std::size(kFilters)); ++k) {
    int32_t filters = depth(kFilters[k - 1]);
    if (k == 12 && options.penultimate_filters > 0)
      filters = layers.AtLeastMinDepth(
          static_cast<int32_t>(options.penultimate_filters * options.alpha));
    if (k == 13 && options.last_filters > 0)
      filters = layers.AtLeastMinDepth(
          static_cast<int32_t>(options.last_filters * options.alpha));
    const bool halves = k == 2 || k == 4 || k == 6 || k == 12;
    x = layers.Depthwise(x, halves ? 2 : 1);
    x = layers.Act(layers.Conv(x, filters, 1, 1));
    maps[fmt::format("conv_pw_{}_relu", k)] = x;
  }
  return maps;
}

}  // namespace liteforge
