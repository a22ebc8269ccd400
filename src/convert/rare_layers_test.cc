// SPDX-License-Identifier: Apache-2.0
// Keras layers that few models have, converted and run, against their
// definitions computed here in double.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::rare_layers_test {

//--------------------------------------------------------- LocallyConnected

// x [N, H, W, C], kernel [P, KH KW C, F], bias [H', W', F]
Array LocallyConnected(const Array& x, const Array& kernel, const Array& bias,
                       int rows, int columns, int stride, bool first) {
  const int channels = x.dims[3];
  Indices dims = bias.dims;
  dims.insert(dims.begin(), x.dims[0]);
  return Filled(dims, [&](const Indices& at) {
    const int place = at[1] * dims[2] + at[2];
    double sum = bias[{at[1], at[2], at[3]}];
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j)
        for (int c = 0; c < channels; ++c) {
          const int tap = first ? (c * rows + i) * columns + j
                                : (i * columns + j) * channels + c;
          sum += x.at(at[0], at[1] * stride + i, at[2] * stride + j, c) *
                 kernel[{place, tap, at[3]}];
        }
    return sum;
  });
}

TEST(RareLayers, LocallyConnected2D) {
  for (const int stride : {1, 2}) {
    for (const bool first : {false, true}) {
      const int height = (5 - 2) / stride + 1, width = (6 - 3) / stride + 1;
      const Array x = Draw({2, 5, 6, 3}, 1);
      const Array kernel = Draw({height * width, 2 * 3 * 3, 2}, 2);
      const Array bias = Draw({height, width, 2}, 3);
      const Array want = LocallyConnected(x, kernel, bias, 2, 3, stride, first);
      const Array input = first ? ToChannelsFirst(x) : x;
      const std::string text = std::to_string(stride);
      ExpectRuns(OneLayer(2, "LocallyConnected2D",
                          R"("filters":2,"kernel_size":[2,3],"strides":[)" +
                              text + "," + text + R"(],"implementation":1,
                        "data_format":"channels_)" +
                              (first ? "first\"" : "last\""),
                          ShapeText(input),
                          {Weight("kernel", kernel), Weight("bias", bias)}),
                 {input}, first ? ToChannelsFirst(want) : want);
    }
  }
}

TEST(RareLayers, LocallyConnected1D) {
  const Array x = Draw({2, 1, 7, 3}, 4);
  const Array kernel = Draw({3, 3 * 3, 2}, 5);
  const Array bias = Draw({1, 3, 2}, 6);
  Array want = LocallyConnected(x, kernel, bias, 1, 3, 2, false);
  Array input = x, row = bias;
  input.dims = {2, 7, 3};
  row.dims = {3, 2};
  want.dims = {2, 3, 2};
  ExpectRuns(OneLayer(2, "LocallyConnected1D",
                      R"("filters":2,"kernel_size":[3],"strides":[2])", "7,3",
                      {Weight("kernel", kernel), Weight("bias", row)}),
             {input}, want);
}

TEST(RareLayers, LocallyConnectedOfOtherImplementationsIsRefused) {
  EXPECT_NE(
      ErrorOf(OneLayer(2, "LocallyConnected1D",
                       R"("filters":2,"kernel_size":[3],"implementation":3)",
                       "7,3",
                       {CountingWeight("kernel", {3, 9, 2}),
                        CountingWeight("bias", {3, 2})}))
          .find("implementation=1"),
      std::string::npos);
}

//---------------------------------------------------- RandomFourierFeatures

TEST(RareLayers, RandomFourierFeatures) {
  const Array x = Draw({3, 4}, 7), kernel = Draw({4, 5}, 8),
              bias = Draw({5}, 9);
  for (const bool trainable : {false, true}) {
    std::vector<KerasWeight> weights = {Weight("unscaled_kernel", kernel),
                                        Weight("bias", bias)};
    weights.insert(trainable ? weights.begin() : weights.end(),
                   Weight("kernel_scale", {{}, {2.5}}));
    ExpectRuns(OneLayer(2, "RandomFourierFeatures",
                        std::string(R"("output_dim":5,"trainable":)") +
                            (trainable ? "true" : "false"),
                        "4", weights),
               {x}, Filled({3, 5}, [&](const Indices& at) {
                 double sum = bias[{at[1]}];
                 for (int i = 0; i < 4; ++i)
                   sum += x[{at[0], i}] * kernel[{i, at[1]}] / 2.5;
                 return std::cos(sum);
               }));
  }
}

//---------------------------------------------------------- Deconvolution2D

// y[i s + a, j s + b, f] += x[i, j, c] kernel[a, b, c, f]: as Keras 1 has it.
TEST(RareLayers, Deconvolution2DOfKeras1) {
  const Array x = Draw({2, 3, 4, 3}, 10), kernel = Draw({3, 2, 3, 2}, 11),
              bias = Draw({2}, 12);
  Array want =
      Filled({2, 7, 8, 2}, [&](const Indices& at) { return bias[{at[3]}]; });
  ForEach(x.dims, [&](const Indices& at) {
    ForEach({3, 2, 2}, [&](const Indices& tap) {
      want.at(at[0], at[1] * 2 + tap[0], at[2] * 2 + tap[1], tap[2]) +=
          x[at] * kernel.at(tap[0], tap[1], at[3], tap[2]);
    });
  });
  const std::string config =
      R"("nb_filter":2,"nb_row":3,"nb_col":2,"subsample":[2,2],
         "border_mode":"valid","output_shape":[null,7,8,2],
         "activation":"linear","bias":true,"dim_ordering":)";
  ExpectRuns(OneLayer(1, "Deconvolution2D", config + "\"tf\"", "3,4,3",
                      {Weight("l_W", kernel), Weight("l_b", bias)}),
             {x}, want);
  // Theano's order: [filters, channels, rows, columns].
  ExpectRuns(OneLayer(1, "Deconvolution2D", config + "\"th\"", "3,3,4",
                      {Weight("l_W", Permuted(kernel, {3, 2, 0, 1})),
                       Weight("l_b", bias)}),
             {ToChannelsFirst(x)}, ToChannelsFirst(want));
}

//----------------------------------------------------------- MelSpectrogram

struct MelCase {
  int fft, stride, length, mels, time;
  double rate, low, high, exponent;
  bool decibels;
};

double Mel(double frequency) { return 1127 * std::log(1 + frequency / 700); }

// What a bin adds to a band: a triangle between three of the mels + 2 edges.
double Triangle(const MelCase& c, int bin, int band) {
  const double f = Mel(c.rate / 2 * bin / (c.fft / 2));
  const auto edge = [&](int i) {
    return Mel(c.low) + (Mel(c.high) - Mel(c.low)) * i / (c.mels + 1);
  };
  const double up = (f - edge(band)) / (edge(band + 1) - edge(band));
  const double down = (edge(band + 2) - f) / (edge(band + 2) - edge(band + 1));
  return bin == 0 ? 0 : std::max(0.0, std::min(up, down));
}

Array MelSpectrogram(const MelCase& c, const Array& x) {
  const int frames = 1 + (c.time + c.fft / 2 * 2 - c.fft) / c.stride;
  Array y = Zeros({x.dims[0], c.mels, frames});
  for (int n = 0; n < x.dims[0]; ++n)
    for (int t = 0; t < frames; ++t)
      for (int bin = 0; bin <= c.fft / 2; ++bin) {
        double real = 0, imag = 0;
        for (int i = 0; i < c.length; ++i) {
          const int slot = (c.fft - c.length) / 2 + i;
          int at = std::abs(t * c.stride + slot - c.fft / 2);
          if (at >= c.time) at = 2 * (c.time - 1) - at;
          const double value =
              x[{n, at}] * (0.5 - 0.5 * std::cos(2 * M_PI * i / c.length));
          real += value * std::cos(2 * M_PI * bin * slot / c.fft);
          imag -= value * std::sin(2 * M_PI * bin * slot / c.fft);
        }
        const double power =
            std::pow(std::sqrt(real * real + imag * imag), c.exponent);
        for (int band = 0; band < c.mels; ++band)
          y[{n, band, t}] += power * Triangle(c, bin, band);
      }
  if (!c.decibels) return y;
  for (double& value : y.values)
    value = 10 * std::log10(std::max(value, 1e-10));
  const double top = *std::max_element(y.values.begin(), y.values.end());
  for (double& value : y.values) value = std::max(value, top - 80);
  return y;
}

TEST(RareLayers, MelSpectrogram) {
  constexpr MelCase kCases[] = {{32, 8, 32, 6, 100, 1000, 20, 500, 2, false},
                                {32, 16, 20, 5, 90, 1000, 50, 400, 1, false},
                                {64, 16, 64, 8, 200, 8000, 20, 4000, 2, true}};
  for (const MelCase& c : kCases) {
    const Array x = Draw({2, c.time}, 13);
    const auto text = [](double value) { return std::to_string(value); };
    const std::string config =
        "\"fft_length\":" + std::to_string(c.fft) +
        ",\"sequence_stride\":" + std::to_string(c.stride) +
        ",\"sequence_length\":" + std::to_string(c.length) +
        ",\"window\":\"hann\",\"sampling_rate\":" + text(c.rate) +
        ",\"num_mel_bins\":" + std::to_string(c.mels) +
        ",\"min_freq\":" + text(c.low) + ",\"max_freq\":" + text(c.high) +
        ",\"mag_exp\":" + text(c.exponent) +
        ",\"power_to_db\":" + (c.decibels ? "true" : "false");
    ExpectRuns(OneLayer(3, "MelSpectrogram", config, std::to_string(c.time)),
               {x}, MelSpectrogram(c, x), c.decibels ? 2e-3 : 1e-4);
  }
}

//----------------------------------------------------------------- Pipeline

TEST(RareLayers, PipelineRunsItsLayersInOrder) {
  const Array x = Draw({2, 4, 4, 3}, 14);
  const std::string layers =
      R"("layers":[{"class_name":"RandomFlip","config":{"name":"f"}},
        {"class_name":"Rescaling","config":{"name":"r","scale":2,"offset":1}},
        {"class_name":"Rescaling","config":{"name":"s","scale":3,
         "offset":0}}])";
  ExpectRuns(
      OneLayer(3, "Pipeline", layers, "4,4,3"), {x},
      Filled(x.dims, [&](const Indices& at) { return (x[at] * 2 + 1) * 3; }));
}

}  // namespace liteforge::rare_layers_test
