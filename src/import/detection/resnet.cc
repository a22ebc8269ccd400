// SPDX-License-Identifier: Apache-2.0
// ResNet: convolution 7x7, pooling, four stages of bottleneck blocks (1x1, 3x3,
// 1x1 to four times the filters, sum with the shortcut).
//
// V1 normalizes after each convolution; the stride is in the first one of a
// stage's first block. V2 normalizes before, and strides in the 3x3 of a
// stage's *last* block. Keras sorts layers by their distance from the output,
// which puts a first block's shortcut (conv 0) in front of its last
// convolution (3):
//   V1 first block   1_conv 1_bn 2_conv 2_bn 0_conv 3_conv 0_bn 3_bn
//   V1 other blocks  1_conv 1_bn 2_conv 2_bn 3_conv 3_bn
//   V2 first block   preact_bn 1_conv 1_bn 2_conv 2_bn 0_conv 3_conv
//   V2 other blocks  preact_bn 1_conv 1_bn 2_conv 2_bn 3_conv
// Source: tensorflow/python/keras/applications/resnet.py and
// object_detection/models/keras_models/resnet_v1.py.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "import/detection/backbones.h"

namespace liteforge {
namespace {

constexpr int kStages = 4;
constexpr int32_t kStageFilters[kStages] = {64, 128, 256, 512};
constexpr int32_t kBottleneckExpansion = 4;

struct Depth {
  int depth;
  std::array<int, kStages> blocks;
};
constexpr Depth kDepths[] = {
    {50, {3, 4, 6, 3}}, {101, {3, 4, 23, 3}}, {152, {3, 8, 36, 3}}};

const Depth* FindDepth(int depth) {
  const auto* found = std::ranges::find(kDepths, depth, &Depth::depth);
  return found == std::end(kDepths) ? nullptr : found;
}

class Bottlenecks {
 public:
  Bottlenecks(const Network& net, std::string_view path,
              const ResNetOptions& options)
      : net_(net), path_(path), options_(options) {}

  int32_t Filters(int32_t filters) const {
    return std::max(static_cast<int32_t>(static_cast<float>(filters) *
                                         options_.depth_multiplier),
                    options_.min_depth);
  }
  Tensor Conv(Tensor x, int i, int32_t filters, int32_t kernel, int32_t stride,
              bool bias) const {
    const bool pads = kernel > 1 && stride > 1;
    return net_.Conv(x, LayerPath(path_, i),
                     {filters, kernel, stride, bias,
                      pads ? ConvPadding::kFixed : ConvPadding::kSame});
  }
  Tensor Norm(Tensor x, int i) const {
    return net_.BatchNorm(x, LayerPath(path_, i), options_.params.batch_norm);
  }
  Tensor Act(Tensor x) const { return Activate(x, options_.params.activation); }

  Tensor Stem(Tensor image, bool normalized) {
    Tensor x = Conv(image, next_++, Filters(64), 7, 2, options_.conv_bias);
    if (normalized) x = Act(Norm(x, next_++));
    if (!options_.same_pool) x = PadForKernel(x, 3);
    constexpr int32_t kWindow[] = {3, 3};
    return MaxPool(x, kWindow,
                   {{2, 2}, {}, options_.same_pool ? "SAME" : "VALID", "NHWC"});
  }

  Tensor BlockV1(Tensor x, int32_t base, int32_t stride, bool first) {
    const int i = next_;
    const bool bias = options_.conv_bias;
    const int32_t filters = Filters(base);
    const int32_t wide = Filters(kBottleneckExpansion * base);
    Tensor y = Act(Norm(Conv(x, i, filters, 1, stride, bias), i + 1));
    y = Act(Norm(Conv(y, i + 2, filters, 3, 1, bias), i + 3));
    Tensor shortcut = x;
    if (first) {
      shortcut = Norm(Conv(x, i + 4, wide, 1, stride, bias), i + 6);
      y = Norm(Conv(y, i + 5, wide, 1, 1, bias), i + 7);
    } else {
      y = Norm(Conv(y, i + 4, wide, 1, 1, bias), i + 5);
    }
    next_ += first ? 8 : 6;
    return Act(Add(shortcut, y));
  }

  Tensor BlockV2(Tensor x, int32_t filters, int32_t stride, bool first) {
    const int i = next_;
    const Tensor before = Act(Norm(x, i));
    Tensor y = Act(Norm(Conv(before, i + 1, filters, 1, 1, false), i + 2));
    y = Act(Norm(Conv(y, i + 3, filters, 3, stride, false), i + 4));
    const int32_t wide = kBottleneckExpansion * filters;
    Tensor shortcut = x;
    if (first) {
      shortcut = Conv(before, i + 5, wide, 1, 1, true);
    } else if (stride > 1) {
      constexpr int32_t kOne[] = {1, 1};
      shortcut = MaxPool(x, kOne, {{stride, stride}, {}, "VALID", "NHWC"});
    }
    y = Conv(y, first ? i + 6 : i + 5, wide, 1, 1, true);
    next_ += first ? 7 : 6;
    return Add(shortcut, y);
  }

 private:
  const Network& net_;
  std::string path_;
  const ResNetOptions& options_;
  int next_ = 0;
};

// Of Keras' own models.
constexpr float kKerasEpsilon = 1.001e-5f;

}  // namespace

bool IsResNetDepth(int depth) { return FindDepth(depth) != nullptr; }

FeatureMaps ResNetV1(const Network& net, Tensor image, std::string_view path,
                     const ResNetOptions& options) {
  const FunctionBuilder::Scope scope(net.f(), "ResNetV1");
  Bottlenecks layers(net, path, options);
  FeatureMaps maps;
  Tensor x = layers.Stem(image, true);
  const Depth& depth = *FindDepth(options.depth);
  for (int stage = 0; stage < kStages; ++stage) {
    for (int block = 0; block < depth.blocks[stage]; ++block) {
      x = layers.BlockV1(x, kStageFilters[stage],
                         block == 0 && stage > 0 ? 2 : 1, block == 0);
    }
    maps[fmt::format("conv{}_out", stage + 2)] = x;
  }
  return maps;
}

Tensor ResNetV2(const Network& net, Tensor image, std::string_view path,
                int depth) {
  const FunctionBuilder::Scope scope(net.f(), "ResNetV2");
  ResNetOptions options;
  options.depth = depth;
  options.params = {od::Hyperparams::RELU, BatchNormParams{kKerasEpsilon},
                    false};
  options.conv_bias = true;  // of the stem
  options.same_pool = false;
  Bottlenecks layers(net, path, options);
  Tensor x = layers.Stem(image, false);
  const auto& blocks = FindDepth(depth)->blocks;
  for (int stage = 0; stage < kStages; ++stage) {
    for (int block = 0; block < blocks[stage]; ++block) {
      const bool halves = stage + 1 < kStages && block + 1 == blocks[stage];
      x = layers.BlockV2(x, kStageFilters[stage], halves ? 2 : 1, block == 0);
    }
  }
  return x;
}

}  // namespace liteforge
