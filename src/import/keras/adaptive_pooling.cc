// SPDX-License-Identifier: Apache-2.0
// AdaptiveAveragePooling1D to 3D and AdaptiveMaxPooling1D to 3D: pooled to
// output_size. Output i of an axis of size n, pooled to m, looks at
//   floor(i n / m) … ceil((i + 1) n / m)
// A window is a product of intervals, so the axes are pooled one by one.
// Source: keras/src/backend/tensorflow/nn.py.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

using Reduction = Tensor (*)(Tensor, std::vector<int32_t>, bool);

Tensor PoolAxis(const Tensor& x, int32_t axis, int32_t count,
                Reduction reduce) {
  const int64_t size = x.dim(axis);
  if (size == count) return x;
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<Range> ranges(static_cast<size_t>(axis) + 1);
    ranges.back().begin = static_cast<int32_t>(i * size / count);
    ranges.back().end =
        static_cast<int32_t>(((i + 1) * size + count - 1) / count);
    parts.push_back(reduce(StridedSlice(x, ranges), {axis}, true));
  }
  return parts.size() == 1 ? parts[0] : Concat(parts, axis);
}

LayerOutputs BuildAdaptive(LayerContext& c, int rank, Reduction reduce) {
  TRY_ASSIGN(const auto sizes, c.config.Ints("output_size", rank, 1));
  TRY_ASSIGN(const bool first, c.config.ChannelsFirst());
  TRY_ASSIGN(Tensor x, c.FloatInput(rank + 2));
  for (int32_t i = 0; i < rank; ++i) {
    const int32_t axis = i + (first ? 2 : 1);
    if (x.dim(axis) < 1)
      return Unsupported("it needs to know the size of its input " +
                         x.shape().ToString() +
                         "; give the model's input a size");
    constexpr int32_t kMaxParts = 4096;
    if (sizes[static_cast<size_t>(i)] > kMaxParts)
      return Unsupported("its output_size is too large");
    x = PoolAxis(x, axis, sizes[static_cast<size_t>(i)], reduce);
  }
  return One(x);
}

template <int rank>
LayerOutputs BuildAdaptiveAverage(LayerContext& c) {
  return BuildAdaptive(c, rank, Mean);
}
template <int rank>
LayerOutputs BuildMax(LayerContext& c) {
  return BuildAdaptive(c, rank, Max);
}

}  // namespace

const KerasLayer kAdaptiveAveragePooling1DLayer{"AdaptiveAveragePooling1D",
                                                BuildAdaptiveAverage<1>};
const KerasLayer kAdaptiveAveragePooling2DLayer{"AdaptiveAveragePooling2D",
                                                BuildAdaptiveAverage<2>};
const KerasLayer kAdaptiveAveragePooling3DLayer{"AdaptiveAveragePooling3D",
                                                BuildAdaptiveAverage<3>};
const KerasLayer kAdaptiveMaxPooling1DLayer{"AdaptiveMaxPooling1D",
                                            BuildMax<1>};
const KerasLayer kAdaptiveMaxPooling2DLayer{"AdaptiveMaxPooling2D",
                                            BuildMax<2>};
const KerasLayer kAdaptiveMaxPooling3DLayer{"AdaptiveMaxPooling3D",
                                            BuildMax<3>};

}  // namespace liteforge
