// SPDX-License-Identifier: Apache-2.0
// MelSpectrogram: x [N, T] -> [N, mel bins, frames]
//   frames     of fft_length samples, sequence_stride apart, the signal
//              reflected at both ends by fft_length / 2, times the window in
//              the middle of the frame
//   spectrum   |RFFT(frame)| ^ mag_exp
//   mel        spectrum * M; column m of M is a triangle that rises from the
//              mel frequency m to m + 1 and falls to m + 2, of those evenly
//              spaced between min_freq and max_freq; mel(f) = 1127 ln(1 +
//              f/700)
//   decibels   d = 10 log10(max(mel, min_power)) - 10 log10(max(|ref_power|,
//              min_power)), at least max(d) - top_db over the whole batch
// Source: keras/src/layers/preprocessing/mel_spectrogram.py,
// keras/src/backend/tensorflow/math.py (stft).
#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

struct Framing {
  int32_t fft, stride, length;
  int32_t bins() const { return fft / 2 + 1; }
  int32_t frames(int32_t time) const {
    return 1 + (time + fft / 2 * 2 - fft) / stride;
  }
};

Result<Framing> ReadFraming(const LayerConfig& config) {
  Framing framing;
  TRY_ASSIGN(framing.fft, config.Int("fft_length", 2048));
  TRY_ASSIGN(framing.stride, config.Int("sequence_stride", 512));
  TRY_ASSIGN(framing.length, config.Int("sequence_length", framing.fft));
  if (framing.fft < 2 || framing.stride < 1 || framing.length < 1 ||
      framing.length > framing.fft)
    return InvalidModel(
        "'sequence_stride' and 'sequence_length' must be positive, the second "
        "not above 'fft_length'");
  return framing;
}

// Of the whole frame, as scipy.signal.get_window() makes them.
Result<std::vector<float>> WindowOf(const LayerConfig& config,
                                    const Framing& framing) {
  const auto* named = config.Find("window");
  const std::string name = named == nullptr     ? "rectangular"
                           : named->is_string() ? named->get<std::string>()
                                                : "";
  const double least = name == "hann" ? 0.5 : name == "hamming" ? 0.54 : 1;
  if (least == 1 && name != "rectangular")
    return Unsupported("'window' is neither hann nor hamming");
  std::vector<float> window(static_cast<size_t>(framing.fft));
  const int32_t before = (framing.fft - framing.length) / 2;
  for (int32_t i = 0; i < framing.length; ++i) {
    window[static_cast<size_t>(before + i)] = static_cast<float>(
        least - (1 - least) * std::cos(2 * M_PI * i / framing.length));
  }
  return window;
}

// [frames, fft]: where each sample of each frame stands in the signal.
ConstantValue Positions(const Framing& framing, int32_t time) {
  const int32_t frames = framing.frames(time), last = time - 1;
  std::vector<int32_t> positions;
  for (int32_t frame = 0; frame < frames; ++frame) {
    for (int32_t i = 0; i < framing.fft; ++i) {
      const int32_t at = std::abs(frame * framing.stride + i - framing.fft / 2);
      positions.push_back(at > last ? 2 * last - at : at);
    }
  }
  return IntConstant({frames, framing.fft}, std::move(positions));
}

// x [N, T] -> [N, frames, bins]
Result<Tensor> Spectrum(LayerContext& c, const Tensor& x,
                        const Framing& framing) {
  const int32_t time = x.dim(1);
  if (time < 0)
    return Unsupported("it needs to know the length of its input " +
                       x.shape().ToString());
  if (time <= framing.fft / 2 ||
      int64_t{framing.frames(time)} * framing.fft > kMaxListed)
    return Unsupported("an input of " + std::to_string(time) +
                       " samples is too short or too long for its frames");
  TRY_ASSIGN(std::vector<float> window, WindowOf(c.config, framing));
  const Tensor frames = Mul(
      Gather(x, c.Constant("positions", Positions(framing, time)), 1),
      c.Constant("window", FloatConstant({framing.fft}, std::move(window))));
  const Shape shape{x.dim(0), framing.frames(time), framing.bins()};
  const Tensor waves = c.f.AddNode(
      "RFFT", {frames, c.f.Constant(IntConstant({1}, {framing.fft}))},
      Attributes()
          .Type("Treal", DataType::kFloat32)
          .Type("Tcomplex", DataType::kComplex64),
      DataType::kComplex64, shape);
  const Tensor size = c.f.AddNode("ComplexAbs", {waves},
                                  Attributes()
                                      .Type("T", DataType::kComplex64)
                                      .Type("Tout", DataType::kFloat32),
                                  DataType::kFloat32, shape);
  TRY_ASSIGN(const double exponent, c.config.Float("mag_exp", 2));
  return exponent == 1   ? size
         : exponent == 2 ? Square(size)
                         : Pow(size, c.Scalar(exponent));
}

double Mel(double frequency) { return 1127 * std::log1p(frequency / 700); }

Result<ConstantValue> MelMatrix(const LayerConfig& config, int32_t bins) {
  TRY_ASSIGN(const int32_t mels, config.Int("num_mel_bins", 128));
  TRY_ASSIGN(const double rate, config.Float("sampling_rate", 16000));
  TRY_ASSIGN(const double low, config.Float("min_freq", 20));
  TRY_ASSIGN(const double high, config.Float("max_freq", rate / 2));
  if (mels < 1 || int64_t{mels} * bins > kMaxMadeElements || !(low >= 0) ||
      !(low < high))
    return InvalidModel(
        "'num_mel_bins' must be positive, 'min_freq' below 'max_freq'");
  std::vector<float> matrix;
  const double apart = (Mel(high) - Mel(low)) / (mels + 1);
  for (int32_t bin = 0; bin < bins; ++bin) {
    const double mel = Mel(rate / 2 * bin / (bins - 1));
    for (int32_t m = 0; m < mels; ++m) {
      const double place = (mel - Mel(low)) / apart - m;
      matrix.push_back(static_cast<float>(
          bin == 0 ? 0 : std::max(0.0, std::min(place, 2 - place))));
    }
  }
  return FloatConstant({bins, mels}, std::move(matrix));
}

Result<Tensor> Decibels(LayerContext& c, const Tensor& x) {
  TRY_ASSIGN(const double least, c.config.Float("min_power", 1e-10));
  TRY_ASSIGN(const double reference, c.config.Float("ref_power", 1));
  TRY_ASSIGN(const double range, c.config.Float("top_db", 80));
  const double zero = 10 * std::log10(std::max(std::abs(reference), least));
  const Tensor d =
      Sub(Mul(Log(Maximum(x, c.Scalar(least))), c.Scalar(10 / std::log(10))),
          c.Scalar(zero));
  return Maximum(d,
                 Sub(Max(d, {0, 1, 2}, /*keep_dims=*/true), c.Scalar(range)));
}

LayerOutputs BuildMelSpectrogram(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput(2));
  TRY_ASSIGN(const Framing framing, ReadFraming(c.config));
  TRY_ASSIGN(Tensor y, Spectrum(c, x, framing));
  TRY_ASSIGN(ConstantValue matrix, MelMatrix(c.config, framing.bins()));
  const int32_t frames = y.dim(1), mels = matrix.shape[1];
  y = MatMul(Reshape(y, {-1, framing.bins()}),
             c.Constant("mel_matrix", std::move(matrix)));
  y = Reshape(y, {-1, frames, mels});
  TRY_ASSIGN(const bool decibels, c.config.Bool("power_to_db", true));
  if (decibels) {
    TRY_ASSIGN(y, Decibels(c, y));
  }
  return One(Transpose(y, {0, 2, 1}));
}

}  // namespace

const KerasLayer kMelSpectrogramLayer{"MelSpectrogram", BuildMelSpectrogram};

}  // namespace liteforge
