// SPDX-License-Identifier: Apache-2.0
// Spectra of sounds, and what is heard of them, by their definitions.
#include <bit>
#include <complex>
#include <numbers>

#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_audio_test {

constexpr DataType kF32 = DataType::kFloat32;

// |DFT| of samples under Hann's window, zeros behind them.
void Spectrogram(OpCase& c) {
  const int window = c.Int(4, 20), stride = c.Int(1, 8);
  const NdArray x = c.Input(
      {window + c.Int(0, 3) * stride + c.Int(0, stride - 1), c.Int(1, 2)}, -1,
      1);
  const bool squared = c.Coin();
  c.Attr("window_size", window);
  c.Attr("stride", stride);
  c.Attr("magnitude_squared", squared);
  const auto size =
      static_cast<int>(std::bit_ceil(static_cast<uint32_t>(window)));
  const int frames = 1 + (x.dim(0) - window) / stride;
  c.Expect(Made({x.dim(1), frames, size / 2 + 1},
                [&](const Position& at) {
                  std::complex<double> sum = 0;
                  for (int i = 0; i < window; ++i) {
                    const double angle = 2 * std::numbers::pi * i;
                    const double hann = 0.5 - 0.5 * std::cos(angle / window);
                    sum += hann * x({at[1] * stride + i, at[0]}) *
                           std::polar(1.0, -angle * at[2] / size);
                  }
                  return squared ? std::norm(sum) : std::abs(sum);
                }),
           kF32, 1e-4);
}

double Mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }

// Magnitudes in bands evenly spaced in mel, their logarithms' cosine transform.
void Mfcc(OpCase& c) {
  const int bins = 129, bands = c.Int(5, 20), count = c.Int(1, 5);
  const double lower = c.Pick({20.0, 300.0}), upper = c.Pick({3000.0, 7000.0});
  const NdArray power = c.Input({c.Int(1, 2), c.Int(1, 3), bins}, 0.01, 10);
  const int rate = c.Pick({16000, 22050});
  c.Scalar(rate);
  c.Attr("dct_coefficient_count", count);
  c.Attr("filterbank_channel_count", bands);
  c.Attr("lower_frequency_limit", static_cast<float>(lower));
  c.Attr("upper_frequency_limit", static_cast<float>(upper));
  const double step = 0.5 * rate / (bins - 1);
  const double spacing = (Mel(upper) - Mel(lower)) / (bands + 1);
  const auto band = [&](const Position& at, int j) {
    double sum = 0;
    for (int i = static_cast<int>(1.5 + lower / step);
         i <= static_cast<int>(upper / step); ++i) {
      const double center = Mel(lower) + spacing * (j + 1);
      const double weight = 1 - std::abs(Mel(i * step) - center) / spacing;
      if (weight > 0) sum += weight * std::sqrt(power({at[0], at[1], i}));
    }
    return std::log(std::max(sum, 1e-12));
  };
  c.Expect(Made({power.dim(0), power.dim(1), count},
                [&](const Position& at) {
                  double sum = 0;
                  for (int j = 0; j < bands; ++j)
                    sum += band(at, j) * std::cos(std::numbers::pi * at[2] *
                                                  (j + 0.5) / bands);
                  return std::sqrt(2.0 / bands) * sum;
                }),
           kF32, 1e-4);
}

constexpr OpRow kRows[] = {
    {"AudioSpectrogram", Spectrogram},
    {"Mfcc", Mfcc},
};

}  // namespace lowered_audio_test

std::span<const OpRow> AudioRows() { return lowered_audio_test::kRows; }

TEST(LoweredOps, Audio) { CheckRows(AudioRows()); }

}  // namespace liteforge
