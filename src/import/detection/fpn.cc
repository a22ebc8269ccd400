// SPDX-License-Identifier: Apache-2.0
// The feature pyramid, from coarse to fine:
//   P_top = W_top C_top                         (1x1, no activation)
//   P_l   = act(norm(conv3(W_l C_l + twice(P_{l+1}))))
// A block of layers lies in a list, so padding by hand, which is a layer there,
// moves the others' numbers up by one.
// Source: object_detection/models/feature_map_generators.py; Lin et al.,
// arXiv:1612.03144.
#include <fmt/format.h>

#include <algorithm>

#include "import/detection/pyramids.h"

namespace liteforge {
namespace {

constexpr int32_t kKernel = 3;

// [padding,] convolution, normalization, activation.
Tensor ConvBlock(const Network& net, Tensor x, std::string_view path,
                 int32_t stride, const FpnOptions& o) {
  const int first = o.explicit_padding ? 1 : 0;
  const ConvShape shape{
      o.depth, kKernel, stride, o.params.use_bias,
      o.explicit_padding ? ConvPadding::kFixed : ConvPadding::kSame};
  const std::string conv = fmt::format("{}/{}", path, first);
  x = o.depthwise ? net.SeparableConv(x, conv, shape)
                  : net.Conv(x, conv, shape);
  x = net.BatchNorm(x, fmt::format("{}/{}", path, first + 1),
                    o.params.batch_norm);
  return Activate(x, o.params.activation);
}

// `coarse`, twice as large, on `fine`.
Tensor SumUpsampled(const Network& net, Tensor coarse, Tensor fine,
                    bool may_crop) {
  if (coarse.empty() || fine.empty()) return {};
  Tensor up = UpsampleTwice(coarse);
  const int32_t rows = fine.dim(1), cols = fine.dim(2);
  if (may_crop && up.dim(1) >= rows && up.dim(2) >= cols) {
    if (up.dim(1) > rows || up.dim(2) > cols)
      up = StridedSlice(up, {{}, {0, rows}, {0, cols}, {}});
  } else if (up.dim(1) != rows || up.dim(2) != cols) {
    return net.f().Fail(
        {ErrorCode::kInvalidModel,
         fmt::format("the pyramid's maps {} and, twice as large, {} do not "
                     "have one size; the image's height and width must be "
                     "multiples of 32",
                     fine.shape().ToString(), up.shape().ToString()),
         ""});
  }
  return Add(up, fine);
}

}  // namespace

std::vector<Tensor> TopDownPyramid(const Network& net,
                                   std::span<const Tensor> maps,
                                   std::string_view path, const FpnOptions& o) {
  const FunctionBuilder::Scope scope(net.f(), "FeatureMaps");
  const auto project = [&](Tensor x, const std::string& where) {
    return net.Conv(x, fmt::format("{}/{}", path, where),
                    {o.depth, 1, 1, /*bias=*/true});
  };
  std::vector<Tensor> levels = {project(maps.back(), "top_layers/0")};
  for (int j = 0; j + 1 < static_cast<int>(maps.size()); ++j) {
    const Tensor lateral =
        project(maps[maps.size() - 2 - static_cast<size_t>(j)],
                fmt::format("residual_blocks/{}/0", j));
    const Tensor sum =
        SumUpsampled(net, levels.back(), lateral, o.explicit_padding);
    levels.push_back(
        ConvBlock(net, sum, fmt::format("{}/conv_layers/{}", path, j), 1, o));
  }
  std::ranges::reverse(levels);
  return levels;
}

std::vector<Tensor> CoarserMaps(const Network& net, Tensor top, int count,
                                std::string_view path, const FpnOptions& o) {
  const FunctionBuilder::Scope scope(net.f(), "BottomUp");
  std::vector<Tensor> maps;
  for (int i = 0; i < count; ++i) {
    top = ConvBlock(net, top, fmt::format("{}/{}", path, i), 2, o);
    maps.push_back(top);
  }
  return maps;
}

std::vector<Tensor> GeneratedMaps(const Network& net, Tensor last,
                                  std::string_view path,
                                  const GeneratedMapsOptions& o) {
  const FunctionBuilder::Scope scope(net.f(), "FeatureMaps");
  constexpr int kOfBackbone = 2;
  std::vector<Tensor> maps;
  Tensor x = last;
  for (size_t i = 0; i < o.depths.size(); ++i) {
    const auto at = [&](int layer) {
      return fmt::format("{}/convolutions/{}/{}", path,
                         static_cast<int>(i) + kOfBackbone, layer);
    };
    const auto finish = [&](Tensor y, int layer) {
      y = net.BatchNorm(y, at(layer), o.params.batch_norm);
      return Activate(y, o.params.activation);
    };
    x = finish(net.Conv(x, at(0), {o.halves[i], 1, 1, o.params.use_bias}), 1);
    const int next = o.explicit_padding ? 4 : 3;
    const ConvShape shape{
        o.depths[i], kKernel, 2, o.params.use_bias,
        o.explicit_padding ? ConvPadding::kFixed : ConvPadding::kSame};
    if (o.depthwise) {
      x = finish(net.DepthwiseConv(x, at(next), shape), next + 1);
      x = finish(
          net.Conv(x, at(next + 3), {o.depths[i], 1, 1, o.params.use_bias}),
          next + 4);
    } else {
      x = finish(net.Conv(x, at(next), shape), next + 1);
    }
    maps.push_back(x);
  }
  return maps;
}

}  // namespace liteforge
