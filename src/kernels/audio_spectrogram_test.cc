// SPDX-License-Identifier: Apache-2.0
// Against the sums of the definition.
#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::audio_spectrogram_test {

KernelCase Spectrogram(int window, int stride, bool squared, const Shape& shape,
                       const std::vector<float>& samples) {
  KernelCase c{Op::kCustom,
               FlexMap("AudioSpectrogram", [&](flexbuffers::Builder& b) {
                 b.Int("window_size", window);
                 b.Int("stride", stride);
                 b.Bool("magnitude_squared", squared);
               })};
  c.inputs = {KernelTensor::Of<float>(shape, samples)};
  return c;
}

struct Geometry {
  int samples, channels, window, stride;
  int frames, length;  // of the transform
};

TEST(AudioSpectrogram, AgreesWithTheDefinition) {
  const Geometry geometries[] = {{8, 1, 8, 2, 1, 8},      {20, 2, 8, 2, 7, 8},
                                 {13, 3, 6, 4, 2, 8},     {7, 1, 8, 1, 0, 8},
                                 {100, 1, 33, 50, 2, 64}, {3, 1, 2, 1, 2, 2}};
  std::mt19937 random(1);
  std::uniform_real_distribution<float> unit(-1, 1);
  for (const Geometry& g : geometries) {
    std::vector<float> samples(static_cast<size_t>(g.samples * g.channels));
    for (float& sample : samples) sample = unit(random);
    for (const bool squared : {false, true}) {
      std::vector<float> expected;
      for (int c = 0; c < g.channels; ++c)
        for (int frame = 0; frame < g.frames; ++frame)
          for (int bin = 0; bin <= g.length / 2; ++bin) {
            std::complex<double> sum = 0;
            for (int i = 0; i < g.window; ++i) {
              const double x = samples[static_cast<size_t>(
                  (frame * g.stride + i) * g.channels + c)];
              const double hann =
                  std::pow(std::sin(std::numbers::pi * i / g.window), 2);
              sum +=
                  x * hann *
                  std::polar(1.0, -2 * std::numbers::pi * i * bin / g.length);
            }
            expected.push_back(
                static_cast<float>(squared ? std::norm(sum) : std::abs(sum)));
          }
      ExpectNear<float>(Spectrogram(g.window, g.stride, squared,
                                    {g.samples, g.channels}, samples),
                        expected, 1e-6,
                        {g.channels, g.frames, g.length / 2 + 1});
    }
  }
}

TEST(AudioSpectrogram, IsChecked) {
  const std::vector<float> samples(16);
  ExpectRefused(Spectrogram(1, 1, true, {16, 1}, samples), "infer",
                "window_size");
  ExpectRefused(Spectrogram((1 << 24) + 1, 1, true, {16, 1}, samples), "infer",
                "window_size");
  ExpectRefused(Spectrogram(8, 0, true, {16, 1}, samples), "infer", "stride");
  ExpectRefused(Spectrogram(8, 1, true, {16}, samples), "infer", "samples");
  ExpectValues<float>(Spectrogram(8, 1, true, {16, 0}, {}), {}, {0, 9, 5});
  ExpectValues<float>(Spectrogram(8, 1, true, {0, 2}, {}), {}, {2, 0, 5});
  KernelCase c = Spectrogram(8, 1, true, {16, 1}, samples);
  c.inputs[0] = KernelTensor::Of<int16_t>({16, 1}, std::vector<int16_t>(16));
  ExpectRefused(c, "prepare", "int16");
}

}  // namespace liteforge::audio_spectrogram_test
