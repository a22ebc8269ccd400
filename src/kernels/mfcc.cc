// SPDX-License-Identifier: Apache-2.0
// Mfcc: mel-frequency cepstral coefficients of a spectrogram of squared
// magnitudes [channels, frames, bins] f32 at a sample rate (one int32).
//
//   mel(f)  = 1127 ln(1 + f / 700)
//   bands   triangles of magnitude, their corners evenly spaced in mel from
//           the lower to the upper frequency limit; bin i is at
//           f = i * rate / 2 / (bins - 1), and bin 0 counts for nothing
//   output  c[i] = sqrt(2 / B) sum over bands j of ln(max(band[j], 1e-12))
//           cos(pi i (j + 1/2) / B)
//
// in double. Zeros where the upper limit lies beyond the last bin, as in
// TensorFlow Lite. Source: tflite/kernels/mfcc.cc and
// kernels/internal/mfcc{,_dct,_mel_filterbank}.cc.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "kernels/flex_options.h"
#include "kernels/kernel.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

// Of cosines: 128 MB, thousands of times what speech takes.
constexpr int64_t kMostCosines = int64_t{1} << 24;
constexpr double kFloor = 1e-12;

struct Options {
  double lower = 0, upper = 0;  // Hz
  int32_t bands = 0;
  int32_t coefficients = 0;
};

Result<Options> ReadOptions(const KernelContext& k) {
  TRY_ASSIGN(const FlexOptions flex,
             FlexOptions::Read(k.options<CustomOptions>().bytes));
  Options o;
  // TensorFlow Lite reads the limits as integers.
  TRY_ASSIGN(o.lower, flex.Int("lower_frequency_limit"));
  TRY_ASSIGN(o.upper, flex.Int("upper_frequency_limit"));
  TRY_ASSIGN(o.bands, flex.Int("filterbank_channel_count"));
  TRY_ASSIGN(o.coefficients, flex.Int("dct_coefficient_count"));
  if (o.lower < 0 || o.upper <= o.lower)
    return InvalidModel(
        "lower_frequency_limit must be 0 or more and below "
        "upper_frequency_limit");
  if (o.coefficients < 1 || o.coefficients > o.bands)
    return InvalidModel(
        "dct_coefficient_count must be from 1 to filterbank_channel_count");
  if (int64_t{o.coefficients} * o.bands > kMostCosines)
    return Unsupported("filterbank_channel_count is too large");
  return o;
}

Result<void> Infer(KernelContext& k, InferContext& c) {
  TRY_ASSIGN(const Options o, ReadOptions(k));
  TRY(NeedInputs(c, 2));
  TRY(NeedRank(c, 0, 3, "spectrogram"));
  const Shape& input = c.input(0).shape;
  const int64_t rates = c.input(1).shape.elements();
  if (c.input(1).shape.IsStatic() && rates != 1)
    return InvalidModel("the sample rate must be one number");
  const int32_t bins = DimOf(input, 2);
  if (bins != Shape::kUnknownDim && bins < 2)
    return InvalidModel("the spectrogram must have 2 or more bins");
  c.SetOutput(0, DataType::kFloat32,
              {DimOf(input, 0), DimOf(input, 1), o.coefficients});
  return {};
}

double Mel(double frequency) { return 1127.0 * std::log1p(frequency / 700.0); }

struct State {
  Options options;
  std::vector<double> cosines;  // [coefficients, bands]
  std::vector<double> corners;  // of band i: corners i, i + 1, i + 2
  std::vector<double> logs;     // of each band, in one frame

  // For `rate`: bins [first, last], the band on whose falling side each is (-1
  // for none: it is on the rising side of band 0), and its weight there.
  int32_t rate = 0;
  int64_t first = 0, last = 0;
  std::vector<int32_t> band;
  std::vector<double> weight;
};

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type != DataType::kFloat32)
    return Unsupported(std::string(Name(k.Input(0).type)) +
                       " is not supported");
  if (k.Input(1).type != DataType::kInt32)
    return InvalidModel("the sample rate must be int32, not " +
                        std::string(Name(k.Input(1).type)));
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.options, ReadOptions(k));
  const Options& o = s.options;
  const double norm = std::sqrt(2.0 / o.bands);
  const double angle = std::numbers::pi / o.bands;
  for (int i = 0; i < o.coefficients; ++i) {
    for (int j = 0; j < o.bands; ++j)
      s.cosines.push_back(norm * std::cos(i * angle * (j + 0.5)));
  }
  const double spacing = (Mel(o.upper) - Mel(o.lower)) / (o.bands + 1);
  s.corners.push_back(Mel(o.lower));
  for (int i = 1; i <= o.bands + 1; ++i)
    s.corners.push_back(Mel(o.lower) + spacing * i);
  s.logs.resize(static_cast<size_t>(o.bands));
  const auto bins = static_cast<size_t>(k.Input(0).shape[2]);
  s.band.resize(bins);
  s.weight.resize(bins);
  return {};
}

void LayOutBins(State& s, int32_t rate) {
  const auto bins = static_cast<int64_t>(s.band.size());
  const double step = 0.5 * rate / static_cast<double>(bins - 1);
  const auto clamped = [&](double bin) {
    return static_cast<int64_t>(std::min(bin, static_cast<double>(bins)));
  };
  s.rate = rate;
  s.first = clamped(1.5 + s.options.lower / step);
  s.last = clamped(s.options.upper / step);
  size_t corner = 1;  // the first at or above the bin; one past at the end
  for (int64_t i = s.first; i <= s.last && i < bins; ++i) {
    const double mel = Mel(static_cast<double>(i) * step);
    const auto bands = static_cast<size_t>(s.options.bands);
    while (corner <= bands && s.corners[corner] < mel) ++corner;
    const double low = s.corners[corner - 1];
    const double high = s.corners[corner];
    const auto at = static_cast<size_t>(i);
    s.band[at] = static_cast<int32_t>(corner) - 2;
    s.weight[at] = (high - mel) / (high - low);
  }
}

// Fills s.logs.
void TakeBands(State& s, const float* frame) {
  std::ranges::fill(s.logs, 0.0);
  for (int64_t i = s.first; i <= s.last; ++i) {
    const auto at = static_cast<size_t>(i);
    const double magnitude = std::sqrt(static_cast<double>(frame[i]));
    const double falling = magnitude * s.weight[at];
    const int32_t band = s.band[at];
    if (band >= 0) s.logs[static_cast<size_t>(band)] += falling;
    if (band + 1 < s.options.bands)
      s.logs[static_cast<size_t>(band + 1)] += magnitude - falling;
  }
  for (double& band : s.logs) band = std::log(band < kFloor ? kFloor : band);
}

void Eval(KernelContext& k) noexcept {
  State& s = k.State<State>();
  const int32_t rate = k.Input(1).Data<int32_t>()[0];
  if (rate <= 0)
    return k.FailEval("the sample rate is " + std::to_string(rate) +
                      "; it must be above 0");
  if (rate != s.rate) LayOutBins(s, rate);
  const RuntimeTensor& input = k.Input(0);
  float* to = k.Output(0).MutableData<float>();
  const int64_t bins = input.shape[2];
  if (s.last >= bins) {
    std::fill_n(to, k.Output(0).elements(), 0.0f);
    return;
  }
  for (int64_t frame = 0; frame < input.elements() / bins; ++frame) {
    TakeBands(s, input.Data<float>() + frame * bins);
    const double* cosine = s.cosines.data();
    for (int i = 0; i < s.options.coefficients; ++i) {
      double sum = 0;
      for (const double band : s.logs) sum += *cosine++ * band;
      *to++ = static_cast<float>(sum);
    }
  }
}

}  // namespace

extern const CustomKernel kMfcc{"Mfcc",
                                {Op::kCustom, "f32", Prepare, Eval, Infer}};

}  // namespace liteforge
