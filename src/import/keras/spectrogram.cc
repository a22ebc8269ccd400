// SPDX-License-Identifier: Apache-2.0
// STFTSpectrogram: the Fourier transform of overlapping frames, as two
// convolutions whose kernels are stored:
//   real, imag [N, frames, bins] of each channel of x [N, T, C]
//   mode real, imag, angle (of the two), stft (both, one after the other),
//   psd        power = real^2 + imag^2, twice that but for the first and last
//   magnitude  sqrt(max(power, 1e-7)),  log  log(max(magnitude, 1e-7))
// The result is [N, frames, C bins], or [N, frames, bins, C] with expand_dims;
// in channels_first [N, C bins, frames] or [N, C, frames, bins].
// Source: keras/src/layers/preprocessing/stft_spectrogram.py.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.config.epsilon()

Result<std::string> ModeOf(const LayerConfig& config) {
  return config.String("mode", "log");
}

Result<std::vector<WeightSpec>> SpectrogramWeights(const LayerConfig& config) {
  TRY_ASSIGN(const std::string mode, ModeOf(config));
  std::vector<WeightSpec> specs;
  if (mode != "imag") specs.push_back({"real_kernel"});
  if (mode != "real") specs.push_back({"imag_kernel"});
  return specs;
}

// x [M, T, 1] -> [M, frames, bins]
Result<Tensor> Transformed(LayerContext& c, const Tensor& x,
                           std::string_view name) {
  TRY_ASSIGN(const int32_t length, c.config.Int("frame_length", 256));
  TRY_ASSIGN(const int32_t step, c.config.Int("frame_step", length / 2));
  TRY_ASSIGN(const std::string padding, c.config.Padding());
  TRY_ASSIGN(ConstantValue kernel,
             c.WeightValue(name, {length, 1, Shape::kUnknownDim}));
  if (step < 1) return InvalidModel("'frame_step' must be positive");
  kernel.shape = {1, length, 1, kernel.shape[2]};
  WindowAttributes window;
  window.strides = {1, step};
  window.padding = padding;
  const Tensor y =
      Conv2D(ExpandDims(x, 1), c.Constant(name, std::move(kernel)), window);
  return Squeeze(y, {1});
}

Tensor Spectral(LayerContext& c, const std::string& mode, const Tensor& real,
                const Tensor& imag) {
  const Tensor power = Add(Square(real), Square(imag));
  if (mode == "psd") {
    const std::vector<Range> inner = {Range{}, Range{}, Range{1, -1, 1}};
    const Tensor twice =
        Pad(StridedSlice(power, inner), {{0, 0}, {0, 0}, {1, 1}});
    return Add(power, twice);
  }
  const Tensor least = c.Scalar(kEpsilon);
  const Tensor magnitude = Sqrt(Maximum(power, least));
  return mode == "magnitude" ? magnitude : Log(Maximum(magnitude, least));
}

Result<Tensor> OfMode(LayerContext& c, const Tensor& x) {
  TRY_ASSIGN(const std::string mode, ModeOf(c.config));
  Tensor real, imag;
  if (mode != "imag") {
    TRY_ASSIGN(real, Transformed(c, x, "real_kernel"));
  }
  if (mode != "real") {
    TRY_ASSIGN(imag, Transformed(c, x, "imag_kernel"));
  }
  if (mode == "real") return real;
  if (mode == "imag") return imag;
  if (mode == "stft") return Concat(std::vector<Tensor>{real, imag}, 2);
  if (mode == "angle") {
    return c.f.AddNode("Atan2", {imag, real},
                       Attributes().Type("T", real.type()), real.type(),
                       real.shape());
  }
  if (mode == "log" || mode == "magnitude" || mode == "psd")
    return Spectral(c, mode, real, imag);
  return InvalidModel("its mode '" + mode + "' is none of Keras'");
}

LayerOutputs BuildSpectrogram(LayerContext& c) {
  TRY_ASSIGN(const bool first, c.config.ChannelsFirst());
  TRY_ASSIGN(const bool expands, c.config.Bool("expand_dims", false));
  TRY_ASSIGN(Tensor x, c.FloatInput(3));
  if (!first) x = Transpose(x, {0, 2, 1});  // [N, C, T]
  const int32_t channels = x.dim(1), time = x.dim(2);
  if (channels < 1 || (channels > 1 && time < 1))
    return Unsupported("it needs to know the size of its input " +
                       c.inputs[0].shape().ToString());
  x = channels == 1 ? Transpose(x, {0, 2, 1}) : Reshape(x, {-1, time, 1});
  TRY_ASSIGN(Tensor y, OfMode(c, x));
  const int32_t frames = y.dim(1), bins = y.dim(2);
  y = channels == 1 ? ExpandDims(y, 1)
                    : Reshape(y, {-1, channels, frames, bins});
  if (expands) return One(first ? y : Transpose(y, {0, 2, 3, 1}));
  if (channels == 1) {
    y = Squeeze(y, {1});
  } else {
    y = Reshape(Transpose(y, {0, 2, 1, 3}), {-1, frames, channels * bins});
  }
  return One(first ? Transpose(y, {0, 2, 1}) : y);
}

}  // namespace

const KerasLayer kStftSpectrogramLayer{"STFTSpectrogram", BuildSpectrogram,
                                       SpectrogramWeights};

}  // namespace liteforge
