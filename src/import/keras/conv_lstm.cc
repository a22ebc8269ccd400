// SPDX-License-Identifier: Apache-2.0
// ConvLSTM1D to ConvLSTM3D: an LSTM whose products are convolutions. With
// * a convolution, . elementwise:
//   i, f, c~, o = split(x * W + b + h * U)     h * U keeps h's size
//   c' = a(f) . c + a(i) . g(c~),   h' = a(o) . g(c')
// kernel [H, W, C, 4 filters], recurrent_kernel [H, W, filters, 4 filters];
// with D in front for volumes, without H for rows.
// Source: keras/src/layers/rnn/conv_lstm.py.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/axes.h"
#include "import/keras/recurrent_cell.h"
#include "import/keras/spatial.h"
#include "import/keras/volumes.h"

namespace liteforge {
namespace {

Result<std::vector<WeightSpec>> ConvLstmWeights(const LayerConfig& config) {
  std::vector<WeightSpec> specs = {{"kernel"}, {"recurrent_kernel"}};
  TRY_ASSIGN(const bool use_bias, config.Bool("use_bias", true));
  if (use_bias) specs.push_back({"bias"});
  return specs;
}

// What a convolution leaves of an axis.
Result<int32_t> SlidSize(int32_t size, int32_t kernel, int32_t stride,
                         int32_t dilation, bool same) {
  if (size < 0) return Shape::kUnknownDim;
  const int64_t reach = (int64_t{kernel} - 1) * dilation + 1;
  const int64_t covered = same ? size : size - reach + 1;
  return CheckedDim(covered < 1 ? 0 : (covered + stride - 1) / stride);
}

template <int rank>
Result<Shape> StateShape(const LayerConfig& config, const Shape& x) {
  const std::vector<int32_t> ones(rank, 1);
  TRY_ASSIGN(const SpatialConfig spatial,
             ReadSpatial(config, rank, /*causal=*/false, ones));
  TRY_ASSIGN(const auto size, config.KernelSize(rank));
  TRY_ASSIGN(const int32_t filters, config.Int("filters"));
  if (filters < 1) return InvalidModel("'filters' must be positive");
  if (x.rank() != rank + 2)
    return InvalidModel("its steps " + x.ToString() + " must have " +
                        std::to_string(rank + 2) + " dimensions");
  Shape state;
  if (spatial.channels_first) state.Append(filters);
  for (int axis = 0; axis < rank; ++axis) {
    // SpatialConfig has two values where rank is 1, the first 1.
    const size_t at = static_cast<size_t>(axis) + spatial.strides.size() - rank;
    TRY_ASSIGN(const int32_t extent,
               SlidSize(x[axis + (spatial.channels_first ? 2 : 1)],
                        size[static_cast<size_t>(axis)], spatial.strides[at],
                        spatial.dilations[at], spatial.padding == "SAME"));
    state.Append(extent);
  }
  if (!spatial.channels_first) state.Append(filters);
  return state;
}

// As many places as a convolution leaves are those that its windows begin at,
// one channel of them for each filter.
template <int rank>
Result<Tensor> OpenZeros(const LayerConfig& config, const Tensor& x) {
  const std::vector<int32_t> ones(rank, 1);
  TRY_ASSIGN(const SpatialConfig spatial,
             ReadSpatial(config, rank, /*causal=*/false, ones));
  TRY_ASSIGN(const auto size, config.KernelSize(rank));
  TRY_ASSIGN(const int32_t filters, config.Int("filters"));
  const Range one{0, 1};
  std::vector<Range> ranges = {Range{}};
  if (spatial.channels_first) ranges.push_back(one);
  for (size_t axis = 0; axis < rank; ++axis) {
    const size_t at = axis + spatial.strides.size() - rank;
    const int64_t reach = (int64_t{size[axis]} - 1) * spatial.dilations[at] + 1;
    if (reach > INT32_MAX) return InvalidModel("its kernel is too large");
    Range range;
    range.stride = spatial.strides[at];
    if (spatial.padding != "SAME" && reach > 1)
      range.end = -static_cast<int32_t>(reach - 1);
    ranges.push_back(range);
  }
  if (!spatial.channels_first) ranges.push_back(one);
  std::vector<int32_t> times(rank + 2, 1);
  times[spatial.channels_first ? 1 : rank + 1] = filters;
  return Tile(ZerosLike(StridedSlice(x, ranges)), times);
}

struct Kernels {
  Tensor input, recurrent;
  std::vector<int32_t> size;
  int32_t filters;
};

Result<Kernels> KernelsOf(LayerContext& c, int rank) {
  Kernels kernels;
  TRY_ASSIGN(kernels.size, c.config.KernelSize(rank));
  TRY_ASSIGN(kernels.filters, c.config.Int("filters"));
  TRY_ASSIGN(kernels.input, Kernel(c, "kernel", kernels.size));
  TRY_ASSIGN(kernels.recurrent, Kernel(c, "recurrent_kernel", kernels.size));
  const int64_t columns = int64_t{4} * kernels.filters;
  if (kernels.input.dim(-1) != columns || kernels.recurrent.dim(-1) != columns)
    return InvalidModel("its kernel " + kernels.input.shape().ToString() +
                        " does not fit its filters");
  return kernels;
}

// x * W + b + h * U of rows and images.
Result<Tensor> SumOfImages(LayerContext& c, const Kernels& kernels,
                           const SpatialConfig& spatial, bool row, Tensor x,
                           Tensor h) {
  const bool first = spatial.channels_first;
  if (row) {
    x = AddHeight(x, first);
    h = AddHeight(h, first);
  }
  WindowAttributes same;
  same.strides = {1, 1};
  same.padding = "SAME";
  same.data_format = spatial.data_format();
  Tensor z = Conv2D(x, kernels.input, spatial.Window());
  TRY_ASSIGN(z, AddBias(c, z, 4 * kernels.filters, spatial));
  z = Add(z, Conv2D(h, kernels.recurrent, same));
  return row ? DropHeight(z, first) : z;
}

Result<Tensor> SumOfVolumes(LayerContext& c, const Kernels& kernels,
                            const SpatialConfig& spatial, Tensor x, Tensor h) {
  const std::vector<int32_t> ones(3, 1);
  const VolumeWindow window{kernels.size, spatial.strides, spatial.dilations,
                            spatial.padding};
  const VolumeWindow same{kernels.size, ones, ones, "SAME"};
  if (spatial.channels_first) {
    x = Transpose(x, ChannelsToLast(5));
    h = Transpose(h, ChannelsToLast(5));
  }
  TRY_ASSIGN(Tensor z, Conv3D(c, x, kernels.input, window));
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(const Tensor bias, c.Weight("bias", {4 * kernels.filters}));
    z = Add(z, bias);
  }
  TRY_ASSIGN(const Tensor of_h, Conv3D(c, h, kernels.recurrent, same));
  z = Add(z, of_h);
  return spatial.channels_first ? Transpose(z, ChannelsToFirst(5)) : z;
}

template <int rank>
LayerOutputs ConvLstmStep(LayerContext& c, const Tensor& x,
                          const std::vector<Tensor>& states) {
  const std::vector<int32_t> ones(rank, 1);
  TRY_ASSIGN(const SpatialConfig spatial,
             ReadSpatial(c.config, rank, /*causal=*/false, ones));
  TRY_ASSIGN(const Kernels kernels, KernelsOf(c, rank));
  TRY_ASSIGN(const Tensor z,
             rank == 3
                 ? SumOfVolumes(c, kernels, spatial, x, states[0])
                 : SumOfImages(c, kernels, spatial, rank == 1, x, states[0]));
  const bool first = spatial.channels_first;
  const auto gates = Split(z, first ? 1 : rank + 1, 4);
  TRY_ASSIGN(const Tensor i,
             ApplyActivation(c, gates[0], "recurrent_activation"));
  TRY_ASSIGN(const Tensor f,
             ApplyActivation(c, gates[1], "recurrent_activation"));
  TRY_ASSIGN(const Tensor candidate, ApplyActivation(c, gates[2]));
  TRY_ASSIGN(const Tensor o,
             ApplyActivation(c, gates[3], "recurrent_activation"));
  const Tensor carry = Add(Mul(f, states[1]), Mul(i, candidate));
  TRY_ASSIGN(const Tensor shown, ApplyActivation(c, carry));
  return std::vector<Tensor>{Mul(o, shown), carry};
}

}  // namespace

const RecurrentCell kConvLstm1D{"ConvLSTM1D",  ConvLstmWeights, 2,
                                StateShape<1>, ConvLstmStep<1>, OpenZeros<1>};
const RecurrentCell kConvLstm2D{"ConvLSTM2D",  ConvLstmWeights, 2,
                                StateShape<2>, ConvLstmStep<2>, OpenZeros<2>};
const RecurrentCell kConvLstm3D{"ConvLSTM3D",  ConvLstmWeights, 2,
                                StateShape<3>, ConvLstmStep<3>, OpenZeros<3>};

}  // namespace liteforge
