// SPDX-License-Identifier: Apache-2.0
// LocallyConnected1D, LocallyConnected2D: a convolution, without padding, whose
// kernel is another one at each place:
//   y[n, p, f] = activation(sum_k patch[n, p, k] kernel[p, k, f] + bias[p, f])
// p counts the places [H', W'], k what a patch [KH, KW, C] holds, or
// [C, KH, KW] in channels_first. kernel [P, K, filters], bias [H', W',
// filters]: the layers' implementation 1, which is what they do by default.
// Source: tf_keras/layers/locally_connected (Keras 2).
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

// Two values each; the first 1 of sequences.
struct Places {
  std::vector<int32_t> in, out, size, strides;
  int32_t count() const { return out[0] * out[1]; }
  int32_t taps() const { return size[0] * size[1]; }
};

// Of x [N, H, W, C].
Result<Places> PlacesOf(const LayerConfig& config, const Tensor& x, int rank) {
  const std::vector<int32_t> ones(static_cast<size_t>(rank), 1);
  Places places;
  places.in = {x.dim(1), x.dim(2)};
  TRY_ASSIGN(places.size, config.KernelSize(rank));
  TRY_ASSIGN(places.strides, config.Ints("strides", rank, 1, ones));
  if (rank == 1) {
    places.size.insert(places.size.begin(), 1);
    places.strides.insert(places.strides.begin(), 1);
  }
  for (size_t axis = 0; axis < 2; ++axis) {
    const int32_t left = places.in[axis] - places.size[axis];
    if (left < 0)
      return InvalidModel("its input " + x.shape().ToString() +
                          " is of unknown size or smaller than its kernel");
    places.out.push_back(left / places.strides[axis] + 1);
  }
  const int64_t read =
      int64_t{places.out[0]} * places.out[1] * places.size[0] * places.size[1];
  if (read > kMaxListed) return Unsupported("it has too many places");
  return places;
}

// [P, taps]: where each tap of each place stands in [H W].
ConstantValue PositionsOf(const Places& places) {
  std::vector<int32_t> positions;
  for (int32_t row = 0; row < places.out[0]; ++row)
    for (int32_t column = 0; column < places.out[1]; ++column)
      for (int32_t i = 0; i < places.size[0]; ++i)
        for (int32_t j = 0; j < places.size[1]; ++j)
          positions.push_back((row * places.strides[0] + i) * places.in[1] +
                              column * places.strides[1] + j);
  return IntConstant({places.count(), places.taps()}, std::move(positions));
}

Result<void> CheckImplementation(const LayerConfig& config) {
  TRY_ASSIGN(const int32_t implementation, config.Int("implementation", 1));
  TRY_ASSIGN(const std::string padding, config.Padding());
  if (implementation == 1 && padding == "VALID") return {};
  return Unsupported("only implementation=1 with padding='valid' is supported");
}

// x [N, H, W, C] -> [N, H', W', filters]
Result<Tensor> Connected(LayerContext& c, const Tensor& x, int rank,
                         bool first) {
  TRY_ASSIGN(const Places places, PlacesOf(c.config, x, rank));
  TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
  const int32_t channels = x.dim(3), count = places.count();
  if (channels < 1) return InvalidModel("its input has unknown channels");
  const int32_t held = places.taps() * channels;
  TRY_ASSIGN(const Tensor kernel, c.Weight("kernel", {count, held, filters}));
  const Tensor pixels = Reshape(x, {-1, places.in[0] * places.in[1], channels});
  Tensor patches =
      Gather(pixels, c.Constant("positions", PositionsOf(places)), 1);
  if (first) patches = Transpose(patches, {0, 1, 3, 2});
  patches = Transpose(Reshape(patches, {-1, count, held}), {1, 0, 2});
  const Tensor y = Transpose(BatchMatMul(patches, kernel), {1, 0, 2});
  return Reshape(y, {-1, places.out[0], places.out[1], filters});
}

LayerOutputs BuildLocallyConnected(LayerContext& c, int rank) {
  TRY(CheckImplementation(c.config));
  TRY_ASSIGN(const bool first, c.config.ChannelsFirst());
  TRY_ASSIGN(Tensor x, c.FloatInput(rank + 2));
  if (first) x = Transpose(x, ChannelsToLast(rank + 2));
  if (rank == 1) x = ExpandDims(x, 1);
  TRY_ASSIGN(Tensor y, Connected(c, x, rank, first));
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(ConstantValue bias, c.WeightValue("bias", Shape::UnknownRank()));
    const Shape wanted{y.dim(1), y.dim(2), y.dim(3)};
    if (bias.shape.elements() != wanted.elements())
      return InvalidModel("its bias is " + bias.shape.ToString());
    bias.shape = wanted;
    y = Add(y, c.Constant("bias", std::move(bias)));
  }
  TRY_ASSIGN(y, ApplyActivation(c, y));
  if (rank == 1) y = Squeeze(y, {1});
  return One(first ? Transpose(y, ChannelsToFirst(rank + 2)) : y);
}

LayerOutputs BuildLocallyConnected1D(LayerContext& c) {
  return BuildLocallyConnected(c, 1);
}
LayerOutputs BuildLocallyConnected2D(LayerContext& c) {
  return BuildLocallyConnected(c, 2);
}

}  // namespace

const KerasLayer kLocallyConnected1DLayer{
    "LocallyConnected1D", BuildLocallyConnected1D, KernelAndBias};
const KerasLayer kLocallyConnected2DLayer{
    "LocallyConnected2D", BuildLocallyConnected2D, KernelAndBias};

}  // namespace liteforge
