// SPDX-License-Identifier: Apache-2.0
// AudioSpectrogram: samples [count, channels] f32 to [channels, frames,
// 1 + n / 2], n the least power of two from window_size on. Frame t is
//
//   |DFT of x[t stride + i] * (1/2 - cos(2 pi i / window_size) / 2)|
//
// over i < window_size, zeros up to n; squared with magnitude_squared. There
// are 1 + (count - window_size) / stride frames, none for fewer samples than a
// window. Source: tflite/kernels/audio_spectrogram.cc, internal/spectrogram.cc.
#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "kernels/flex_options.h"
#include "kernels/kernel.h"
#include "kernels/radix2_fft.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

constexpr int32_t kLargestWindow = 1 << 24;

struct Options {
  int32_t window = 0;
  int32_t stride = 0;
  bool squared = false;

  int32_t bins() const {
    return static_cast<int32_t>(std::bit_ceil(static_cast<uint32_t>(window)) /
                                2) +
           1;
  }
};

Result<Options> ReadOptions(const KernelContext& k) {
  TRY_ASSIGN(const FlexOptions flex,
             FlexOptions::Read(k.options<CustomOptions>().bytes));
  Options o;
  TRY_ASSIGN(o.window, flex.Int("window_size"));
  TRY_ASSIGN(o.stride, flex.Int("stride"));
  TRY_ASSIGN(o.squared, flex.Bool("magnitude_squared", false));
  if (o.window < 2) return InvalidModel("window_size must be 2 or more");
  if (o.window > kLargestWindow)
    return Unsupported("window_size is larger than 2^24");
  if (o.stride < 1) return InvalidModel("stride must be 1 or more");
  return o;
}

int32_t FramesOf(int32_t samples, const Options& o) {
  if (samples == Shape::kUnknownDim) return samples;
  return samples < o.window ? 0 : 1 + (samples - o.window) / o.stride;
}

Result<void> Infer(KernelContext& k, InferContext& c) {
  TRY_ASSIGN(const Options o, ReadOptions(k));
  TRY(NeedInputs(c, 1));
  TRY(NeedRank(c, 0, 2, "samples"));
  const Shape& input = c.input(0).shape;
  c.SetOutput(0, DataType::kFloat32,
              {DimOf(input, 1), FramesOf(DimOf(input, 0), o), o.bins()});
  return {};
}

struct State {
  Options options;
  std::vector<double> window;
  std::optional<Radix2Fft> fft;
};

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type != DataType::kFloat32)
    return Unsupported(std::string(Name(k.Input(0).type)) +
                       " is not supported");
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.options, ReadOptions(k));
  for (int i = 0; i < s.options.window; ++i)
    s.window.push_back(
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / s.options.window));
  s.fft.emplace(std::bit_ceil(static_cast<size_t>(s.options.window)));
  k.NeedScratch(0, s.fft->size() * sizeof(std::complex<double>));
  return {};
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const int64_t channels = k.Input(0).shape[1];
  const int64_t frames = k.Output(0).shape[1];
  const int64_t bins = k.Output(0).shape[2];
  auto* const work = k.Scratch<std::complex<double>>(0);
  float* to = k.Output(0).MutableData<float>();
  for (int64_t frame = 0; frame < channels * frames; ++frame) {
    const float* from = k.Input(0).Data<float>() + frame / frames +
                        frame % frames * s.options.stride * channels;
    for (size_t i = 0; i < s.window.size(); ++i, from += channels)
      work[i] = static_cast<double>(*from) * s.window[i];
    std::fill(work + s.window.size(), work + s.fft->size(), 0.0);
    s.fft->Forward(work);
    for (int64_t i = 0; i < bins; ++i) {
      const auto power = static_cast<float>(work[i].real() * work[i].real() +
                                            work[i].imag() * work[i].imag());
      *to++ = s.options.squared ? power : std::sqrt(power);
    }
  }
}

}  // namespace

extern const CustomKernel kAudioSpectrogram{
    "AudioSpectrogram", {Op::kCustom, "f32", Prepare, Eval, Infer}};

}  // namespace liteforge
