// SPDX-License-Identifier: Apache-2.0
// Layers of sequences [N, T, C] beside those of images, and layers that no
// other file runs, against their definitions.
#include "convert/layer_testing.h"

namespace liteforge::sequence_layers_test {

const Array kX = Draw({2, 7, 3}, 90);

TEST(SequenceLayers, PaddingCroppingAndRepeating) {
  ExpectLayer("ZeroPadding1D", R"("padding":[1,2])", {}, kX,
              Filled({2, 10, 3}, [](const Indices& at) {
                const int t = at[1] - 1;
                return t < 0 || t >= 7 ? 0 : kX[{at[0], t, at[2]}];
              }));
  ExpectLayer("ZeroPadding1D", R"("padding":2)", {}, kX,
              Filled({2, 11, 3}, [](const Indices& at) {
                const int t = at[1] - 2;
                return t < 0 || t >= 7 ? 0 : kX[{at[0], t, at[2]}];
              }));
  ExpectLayer("Cropping1D", R"("cropping":[2,1])", {}, kX,
              Filled({2, 4, 3}, [](const Indices& at) {
                return kX[{at[0], at[1] + 2, at[2]}];
              }));
  ExpectLayer("UpSampling1D", R"("size":3)", {}, kX,
              Filled({2, 21, 3}, [](const Indices& at) {
                return kX[{at[0], at[1] / 3, at[2]}];
              }));
}

// Of a window along time: how many steps come out, and what is put in front.
struct Window {
  int kernel, stride, dilation;
  std::string padding;

  int reach() const { return (kernel - 1) * dilation + 1; }
  int steps() const {
    const bool valid = padding == "valid";
    return ((valid ? 7 - reach() + 1 : 7) + stride - 1) / stride;
  }
  int before() const {
    if (padding == "valid") return 0;
    if (padding == "causal") return reach() - 1;
    return std::max(0, (steps() - 1) * stride + reach() - 7) / 2;
  }
  std::string Config() const {
    return R"("kernel_size":[)" + std::to_string(kernel) + R"(],"strides":[)" +
           std::to_string(stride) + R"(],"dilation_rate":[)" +
           std::to_string(dilation) + R"(],"padding":")" + padding + '"';
  }
};

// kernel [k, C, M] -> [N, T', C M]
Array Depthwise(const Window& w, const Array& kernel) {
  const int multiplier = kernel.dims[2];
  return Filled({2, w.steps(), 3 * multiplier}, [&](const Indices& at) {
    double sum = 0;
    for (int k = 0; k < w.kernel; ++k) {
      const int t = at[1] * w.stride + k * w.dilation - w.before();
      if (t < 0 || t >= 7) continue;
      const int channel = at[2] / multiplier;
      sum += kX[{at[0], t, channel}] * kernel[{k, channel, at[2] % multiplier}];
    }
    return sum;
  });
}

const Window kWindows[] = {
    {3, 1, 1, "valid"},  {3, 1, 1, "same"},   {2, 2, 1, "valid"},
    {3, 2, 1, "same"},   {3, 1, 2, "same"},   {2, 1, 3, "valid"},
    {3, 1, 1, "causal"}, {2, 1, 2, "causal"},
};

TEST(SequenceLayers, DepthwiseConv1D) {
  for (const Window& w : kWindows) {
    for (const int multiplier : {1, 2}) {
      const Array kernel = Draw({w.kernel, 3, multiplier}, 91);
      const Array bias = Draw({3 * multiplier}, 92);
      Array want = Depthwise(w, kernel);
      ForEach(want.dims, [&](const Indices& at) { want[at] += bias[{at[2]}]; });
      ExpectLayer(
          "DepthwiseConv1D",
          w.Config() + R"(,"depth_multiplier":)" + std::to_string(multiplier),
          {Weight("depthwise_kernel", kernel), Weight("bias", bias)}, kX, want);
    }
  }
}

TEST(SequenceLayers, SeparableConv1D) {
  for (const Window& w : kWindows) {
    const Array kernel = Draw({w.kernel, 3, 2}, 93);
    const Array points = Draw({1, 6, 4}, 94), bias = Draw({4}, 95);
    const Array middle = Depthwise(w, kernel);
    ExpectLayer("SeparableConv1D",
                w.Config() + R"(,"filters":4,"depth_multiplier":2)",
                {Weight("depthwise_kernel", kernel),
                 Weight("pointwise_kernel", points), Weight("bias", bias)},
                kX, Filled({2, w.steps(), 4}, [&](const Indices& at) {
                  double sum = bias[{at[2]}];
                  for (int c = 0; c < 6; ++c)
                    sum += middle[{at[0], at[1], c}] * points[{0, c, at[2]}];
                  return sum;
                }));
  }
}

// Output i of an axis of n, pooled to m, sees floor(i n / m) to
// ceil((i + 1) n / m).
TEST(SequenceLayers, AdaptivePooling) {
  const Array volume = Draw({2, 5, 4, 6, 2}, 96);
  for (const bool max : {true, false}) {
    const auto pooled = [&](const Array& x, size_t axis, int to) {
      Indices dims = x.dims;
      const int n = dims[axis];
      dims[axis] = to;
      return Filled(dims, [&](const Indices& at) {
        const int begin = at[axis] * n / to;
        const int end = ((at[axis] + 1) * n + to - 1) / to;
        double sum = 0, largest = -1e30;
        Indices from = at;
        for (from[axis] = begin; from[axis] < end; ++from[axis]) {
          sum += x[from];
          largest = std::max(largest, x[from]);
        }
        return max ? largest : sum / (end - begin);
      });
    };
    const std::string name =
        max ? "AdaptiveMaxPooling" : "AdaptiveAveragePooling";
    ExpectLayer(name + "1D", R"("output_size":[3])", {}, kX, pooled(kX, 1, 3));
    ExpectLayer(name + "3D", R"("output_size":[2,3,4])", {}, volume,
                pooled(pooled(pooled(volume, 1, 2), 2, 3), 3, 4));
  }
}

TEST(SequenceLayers, Normalization) {
  const Array mean = Draw({3}, 97);
  const Array variance =
      Filled({3}, [](const Indices& at) { return 0.25 * (at[0] + 1); });
  const Array count = Filled({}, [](const Indices&) { return 7; });
  const auto want = [&](bool invert) {
    return Filled(kX.dims, [&, invert](const Indices& at) {
      const double deviation = std::sqrt(variance[{at[2]}]);
      return invert ? kX[at] * deviation + mean[{at[2]}]
                    : (kX[at] - mean[{at[2]}]) / deviation;
    });
  };
  const std::vector<KerasWeight> adapted = {Weight("mean", mean),
                                            Weight("variance", variance),
                                            Weight("count", count)};
  ExpectLayer("Normalization", R"("axis":[-1])", adapted, kX, want(false));
  ExpectLayer("Normalization", R"("axis":-1,"invert":true)", adapted, kX,
              want(true));
  ExpectLayer(
      "Normalization", R"("axis":null,"mean":0.5,"variance":4.0)", {}, kX,
      Filled(kX.dims, [](const Indices& at) { return (kX[at] - 0.5) / 2; }));
}

TEST(SequenceLayers, SpectralNormalizationIsItsLayer) {
  const Array kernel = Draw({3, 2}, 98), bias = Draw({2}, 99);
  ExpectLayer("SpectralNormalization",
              R"("layer":{"class_name":"Dense","config":{"name":"d",
                 "units":2,"activation":"linear","use_bias":true}})",
              {Weight("kernel", kernel), Weight("bias", bias),
               Weight("vector_u", Draw({1, 2}, 100))},
              kX, Filled({2, 7, 2}, [&](const Indices& at) {
                double sum = bias[{at[2]}];
                for (int c = 0; c < 3; ++c)
                  sum += kX[{at[0], at[1], c}] * kernel[{c, at[2]}];
                return sum;
              }));
}

TEST(SequenceLayers, WhatDoesNothingAtInference) {
  ExpectLayer("ActivityRegularization", R"("l1":0.1,"l2":0.2)", {}, kX, kX);
  const Array volume = Draw({2, 2, 3, 4, 2}, 101);
  ExpectLayer("SpatialDropout3D", R"("rate":0.5)", {}, volume, volume);
}

// Of words, and back to them by the same table or by one of its own.
TEST(SequenceLayers, ReversibleEmbedding) {
  const Array table = Draw({5, 3}, 102), back = Draw({3, 5}, 103);
  const Array words =
      Filled({2, 4}, [](const Indices& at) { return (at[0] + 2 * at[1]) % 5; });
  ExpectRuns(
      OneLayer(3, "ReversibleEmbedding", R"("input_dim":5,"output_dim":3)", "4",
               {Weight("embeddings", table)}),
      {words}, Filled({2, 4, 3}, [&](const Indices& at) {
        return table[{static_cast<int>(words[{at[0], at[1]}]), at[2]}];
      }));
  for (const bool tied : {true, false}) {
    const std::string layer =
        R"({"class_name":"ReversibleEmbedding","name":"l","config":{"name":"l",
            "input_dim":5,"output_dim":3,"tie_weights":)" +
        std::string(tied ? "true" : "false") +
        R"(},"inbound_nodes":[[["a",0,0,{"reverse":true}]]]})";
    std::vector<KerasWeight> weights = {Weight("embeddings", table)};
    if (!tied) weights.push_back(Weight("reverse_embeddings", back));
    ExpectRuns(FunctionalModel(2, {InputLayer("a", "7,3")}, {layer}, "l",
                               {{"l", std::move(weights)}}),
               {kX}, Filled({2, 7, 5}, [&](const Indices& at) {
                 double sum = 0;
                 for (int c = 0; c < 3; ++c)
                   sum += kX[{at[0], at[1], c}] *
                          (tied ? table[{at[2], c}] : back[{c, at[2]}]);
                 return sum;
               }));
  }
}

}  // namespace liteforge::sequence_layers_test
