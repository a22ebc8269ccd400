// SPDX-License-Identifier: Apache-2.0
// Against the formula: triangles evaluated bin by bin, each band by itself.
#include <cmath>
#include <numbers>
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::mfcc_test {

struct Config {
  double lower = 20, upper = 4000;
  int bands = 40, coefficients = 13;
};

KernelCase Mfcc(const Config& s, const Shape& shape,
                const std::vector<float>& spectrogram, int32_t rate) {
  KernelCase c{Op::kCustom, FlexMap("Mfcc", [&](flexbuffers::Builder& b) {
                 b.Float("lower_frequency_limit", static_cast<float>(s.lower));
                 b.Float("upper_frequency_limit", static_cast<float>(s.upper));
                 b.Int("filterbank_channel_count", s.bands);
                 b.Int("dct_coefficient_count", s.coefficients);
               })};
  c.inputs = {KernelTensor::Of<float>(shape, spectrogram),
              KernelTensor::Of<int32_t>({}, {rate})};
  return c;
}

double Mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }

std::vector<float> Expected(const Config& s, int frames, int bins,
                            const std::vector<float>& power, int rate) {
  const double step = 0.5 * rate / (bins - 1);
  const double low = Mel(s.lower);
  const double spacing = (Mel(s.upper) - low) / (s.bands + 1);
  std::vector<float> result;
  for (int frame = 0; frame < frames; ++frame) {
    std::vector<double> logs;
    for (int band = 0; band < s.bands; ++band) {
      const double center = low + spacing * (band + 1);
      double sum = 0;
      for (int i = 1; i < bins; ++i) {
        if (i < static_cast<int>(1.5 + s.lower / step) ||
            i > static_cast<int>(s.upper / step))
          continue;
        const double weight = 1 - std::abs(Mel(i * step) - center) / spacing;
        if (weight > 0)
          sum +=
              weight *
              std::sqrt(double{power[static_cast<size_t>(frame * bins + i)]});
      }
      logs.push_back(std::log(std::max(sum, 1e-12)));
    }
    for (int i = 0; i < s.coefficients; ++i) {
      double sum = 0;
      for (int j = 0; j < s.bands; ++j)
        sum += logs[static_cast<size_t>(j)] *
               std::cos(std::numbers::pi * i * (j + 0.5) / s.bands);
      result.push_back(static_cast<float>(std::sqrt(2.0 / s.bands) * sum));
    }
  }
  return result;
}

std::vector<float> Noise(int count) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> unit(0.01f, 10);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = unit(random);
  return values;
}

TEST(Mfcc, AgreesWithTheFormula) {
  const Config setups[] = {{}, {0, 8000, 20, 20}, {300, 3000, 5, 1}};
  for (const Config& s : setups) {
    for (const int rate : {16000, 22050}) {
      const auto power = Noise(2 * 3 * 257);
      ExpectNear<float>(Mfcc(s, {2, 3, 257}, power, rate),
                        Expected(s, 6, 257, power, rate), 1e-5,
                        {2, 3, s.coefficients});
    }
  }
}

// More bands than bins: some hear nothing and are at the floor.
TEST(Mfcc, BandsWithoutBins) {
  const Config s{20, 4000, 40, 3};
  const auto power = Noise(17);
  ExpectNear<float>(Mfcc(s, {1, 1, 17}, power, 16000),
                    Expected(s, 1, 17, power, 16000), 1e-5, {1, 1, 3});
}

TEST(Mfcc, LimitBeyondTheSpectrumGivesZeros) {
  const auto power = Noise(257);
  ExpectValues<float>(Mfcc({20, 4000, 40, 4}, {1, 1, 257}, power, 4000),
                      {0, 0, 0, 0});
  ExpectValues<float>(Mfcc({2e9 - 1000, 2e9, 40, 4}, {1, 1, 257}, power, 1),
                      {0, 0, 0, 0});
}

TEST(Mfcc, IsChecked) {
  const auto power = Noise(257);
  const Shape shape{1, 1, 257};
  for (const int rate : {0, -16000})
    ExpectRefused(Mfcc({}, shape, power, rate), "eval", "sample rate");
  ExpectRefused(Mfcc({-1, 4000}, shape, power, 16000), "infer", "lower");
  ExpectRefused(Mfcc({4000, 4000}, shape, power, 16000), "infer", "lower");
  ExpectRefused(Mfcc({20, 4000, 10, 11}, shape, power, 16000), "infer", "dct");
  ExpectRefused(Mfcc({20, 4000, 10, 0}, shape, power, 16000), "infer", "dct");
  ExpectRefused(Mfcc({20, 4000, 1 << 30, 1}, shape, power, 16000), "infer",
                "too large");
  ExpectRefused(Mfcc({}, {1, 257}, power, 16000), "infer", "spectrogram");
  ExpectRefused(Mfcc({}, {257, 1, 1}, power, 16000), "infer", "bins");
  ExpectValues<float>(Mfcc({}, {0, 4, 257}, {}, 16000), {}, {0, 4, 13});
  KernelCase c = Mfcc({}, shape, power, 16000);
  c.inputs[1] = KernelTensor::Of<float>({}, {16000});
  ExpectRefused(c, "prepare", "int32");
  c.inputs[1] = KernelTensor::Of<int32_t>({2}, {16000, 16000});
  ExpectRefused(c, "infer", "one number");
}

}  // namespace liteforge::mfcc_test
