// SPDX-License-Identifier: Apache-2.0
// ConvLSTM1D, ConvLSTM2D: an LSTM whose products are convolutions. With
// * a convolution, . elementwise:
//   i, f, c~, o = split(x * W + b + h * U)     h * U keeps h's size
//   c' = a(f) . c + a(i) . g(c~),   h' = a(o) . g(c')
// kernel [H, W, C, 4 filters], recurrent_kernel [H, W, filters, 4 filters].
// Source: keras/src/layers/rnn/conv_lstm.py.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/axes.h"
#include "import/keras/recurrent_cell.h"
#include "import/keras/spatial.h"

namespace liteforge {
namespace {

Result<std::vector<WeightSpec>> ConvLstmWeights(const LayerConfig& config) {
  std::vector<WeightSpec> specs = {{"kernel"}, {"recurrent_kernel"}};
  TRY_ASSIGN(const bool use_bias, config.Bool("use_bias", true));
  if (use_bias) specs.push_back({"bias"});
  return specs;
}

// What a convolution leaves of an axis.
Result<int32_t> Slid(int32_t size, int32_t kernel, int32_t stride,
                     int32_t dilation, bool same) {
  if (size < 0)
    return Unsupported(
        "it needs to know the size of its images; give the "
        "model's input a size");
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
    // SpatialConfig has two values each, the first 1 where rank is 1.
    const auto two = static_cast<size_t>(axis + 2 - rank);
    TRY_ASSIGN(const int32_t extent,
               Slid(x[axis + (spatial.channels_first ? 2 : 1)],
                    size[static_cast<size_t>(axis)], spatial.strides[two],
                    spatial.dilations[two], spatial.padding == "SAME"));
    state.Append(extent);
  }
  if (!spatial.channels_first) state.Append(filters);
  return state;
}

template <int rank>
LayerOutputs Step(LayerContext& c, const Tensor& step,
                  const std::vector<Tensor>& states) {
  const std::vector<int32_t> ones(rank, 1);
  TRY_ASSIGN(const SpatialConfig spatial,
             ReadSpatial(c.config, rank, /*causal=*/false, ones));
  TRY_ASSIGN(const auto size, c.config.KernelSize(rank));
  TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
  TRY_ASSIGN(const Tensor kernel, Kernel(c, "kernel", size));
  TRY_ASSIGN(const Tensor recurrent, Kernel(c, "recurrent_kernel", size));
  if (kernel.dim(3) != int64_t{4} * filters ||
      recurrent.dim(3) != int64_t{4} * filters)
    return InvalidModel("its kernel " + kernel.shape().ToString() +
                        " does not fit its filters");
  const bool first = spatial.channels_first;
  Tensor x = step, h = states[0];
  if (rank == 1) {
    x = AddHeight(x, first);
    h = AddHeight(h, first);
  }
  WindowAttributes same;
  same.strides = {1, 1};
  same.padding = "SAME";
  same.data_format = spatial.data_format();
  Tensor z = Conv2D(x, kernel, spatial.Window());
  TRY_ASSIGN(z, AddBias(c, z, 4 * filters, spatial));
  z = Add(z, Conv2D(h, recurrent, same));
  if (rank == 1) z = DropHeight(z, first);
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

const RecurrentCell kConvLstm1D{"ConvLSTM1D", ConvLstmWeights, 2, StateShape<1>,
                                Step<1>};
const RecurrentCell kConvLstm2D{"ConvLSTM2D", ConvLstmWeights, 2, StateShape<2>,
                                Step<2>};

}  // namespace liteforge
