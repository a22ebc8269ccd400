// SPDX-License-Identifier: Apache-2.0
// EfficientNet: seven stacks of inverted residual blocks with squeeze and
// excitation,
//   expand 1x1, depthwise k, x * sigmoid(W2 swish(W1 mean(x))), project 1x1
// widened and deepened by version. All SAME, swish, epsilon 0.001.
// Source: official/vision/image_classification/efficientnet/
// efficientnet_model.py of github.com/tensorflow/models; Tan and Le,
// arXiv:1905.11946.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "import/detection/backbones.h"

namespace liteforge {
namespace {

struct Stack {
  int32_t in, out, kernel, repeats, expansion, stride;
};
constexpr Stack kStacks[] = {{32, 16, 3, 1, 1, 1},  {16, 24, 3, 2, 6, 2},
                             {24, 40, 5, 2, 6, 2},  {40, 80, 3, 3, 6, 2},
                             {80, 112, 5, 3, 6, 1}, {112, 192, 5, 4, 6, 2},
                             {192, 320, 3, 1, 6, 1}};
constexpr int32_t kStemFilters = 32;
constexpr float kSqueeze = 0.25f;

struct Scaling {
  double width, depth;
};
constexpr Scaling kVersions[] = {{1.0, 1.0}, {1.0, 1.1}, {1.1, 1.2},
                                 {1.2, 1.4}, {1.4, 1.8}, {1.6, 2.2},
                                 {1.8, 2.6}, {2.0, 3.1}};

// The layers that detectors tap; the same in every version, also where a stack
// has more blocks.
struct Tap {
  int stack, block;
  const char* name;
};
constexpr Tap kTaps[] = {{2, 1, "level_3"}, {4, 2, "level_4"}};
constexpr Tap kProjectionTap = {6, 0, "level_5"};

class MobileBlocks {
 public:
  MobileBlocks(const Network& net, std::string_view path)
      : net_(net), path_(path) {}

  Tensor Conv(Tensor x, int32_t filters, int32_t kernel, int32_t stride) {
    x = net_.Conv(x, Next(), {filters, kernel, stride});
    return net_.BatchNorm(x, Next(), BatchNormParams{});
  }
  Tensor Act(Tensor x) const { return Activate(x, od::Hyperparams::SWISH); }

  struct Block {
    Tensor projection, output;
  };
  Block Run(Tensor input, const Stack& s) {
    if (input.empty()) return {};
    Tensor x = input;
    if (s.expansion != 1) x = Act(Conv(x, s.in * s.expansion, 1, 1));
    x = net_.DepthwiseConv(x, Next(), {0, s.kernel, s.stride});
    x = Act(net_.BatchNorm(x, Next(), BatchNormParams{}));
    x = Excite(x, std::max(1, static_cast<int32_t>(static_cast<float>(s.in) *
                                                   kSqueeze)));
    const Tensor projection = Conv(x, s.out, 1, 1);
    const bool adds = s.stride == 1 && s.in == s.out;
    return {projection, adds ? Add(projection, input) : projection};
  }

 private:
  Tensor Excite(Tensor x, int32_t reduced) {
    if (x.empty()) return x;
    const int32_t filters = x.dim(-1);
    Tensor s = Mean(x, {1, 2}, /*keep_dims=*/true);
    s = Act(net_.Conv(s, Next(), {reduced, 1, 1, /*bias=*/true}));
    s = Sigmoid(net_.Conv(s, Next(), {filters, 1, 1, /*bias=*/true}));
    return Mul(x, s);
  }
  std::string Next() { return LayerPath(path_, next_++); }

  const Network& net_;
  std::string path_;
  int next_ = 0;
};

}  // namespace

FeatureMaps EfficientNet(const Network& net, Tensor image,
                         std::string_view path, int version) {
  const FunctionBuilder::Scope scope(net.f(), "EfficientNet");
  const Scaling& scaling = kVersions[version];
  const auto filters = [&](int32_t count) {
    return MakeDivisible(count * scaling.width);
  };
  MobileBlocks layers(net, path);
  FeatureMaps maps;
  Tensor x = layers.Act(layers.Conv(image, filters(kStemFilters), 3, 2));
  for (int stack = 0; stack < static_cast<int>(std::size(kStacks)); ++stack) {
    Stack s = kStacks[stack];
    s.in = filters(s.in);
    s.out = filters(s.out);
    const auto repeats = static_cast<int>(std::ceil(s.repeats * scaling.depth));
    for (int block = 0; block < repeats; ++block) {
      const auto made = layers.Run(x, s);
      x = made.output;
      for (const Tap& tap : kTaps) {
        if (tap.stack == stack && tap.block == block) maps[tap.name] = x;
      }
      // What follows the last tap is the classifier's.
      if (stack == kProjectionTap.stack && block == kProjectionTap.block) {
        maps[kProjectionTap.name] = made.projection;
        return maps;
      }
      s.in = s.out;
      s.stride = 1;
    }
  }
  return maps;
}

}  // namespace liteforge
