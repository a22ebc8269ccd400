// SPDX-License-Identifier: Apache-2.0
// The Model Optimization toolkit's wrappers: the rounding of weights and
// outputs by the formula of TensorFlow's FakeQuant operations.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::optimization_layers_test {

// The grid of 8 bits, its lowest step unused where narrow, over [low, high],
// moved so that 0 is on it.
double OnGrid(double x, double low, double high, bool narrow) {
  const double first = narrow ? 1 : 0, scale = (high - low) / (255 - first);
  const double zero = std::clamp(std::round(first - low / scale), first, 255.0);
  const double step = std::clamp(std::round(x / scale) + zero, first, 255.0);
  return (step - zero) * scale;
}

Array Scalar(double value) {
  Array array = Zeros({});
  array.values = {value};
  return array;
}

Array Dense(const Array& x, const Array& kernel, const Array& bias) {
  return Filled({x.dims[0], kernel.dims[1]}, [&](const Indices& at) {
    double sum = bias[{at[1]}];
    for (int i = 0; i < x.dims[1]; ++i)
      sum += x[{at[0], i}] * kernel[{i, at[1]}];
    return std::max(sum, 0.0);
  });
}

const Array kX = Draw({3, 4}, 1), kKernel = Draw({4, 5}, 2),
            kBias = Draw({5}, 3);

std::string Wrapped(const std::string& activation) {
  return R"("quantize_config":{"class_name":"Default8BitQuantizeConfig"},
            "layer":{"class_name":"Dense","config":{"name":"d","units":5,
            "activation":)" +
         activation + "}}";
}

std::vector<KerasWeight> QuantizedWeights(const Array& low, const Array& high) {
  return {Weight("l/optimizer_step:0", Scalar(3)),
          Weight("d/kernel:0", kKernel),
          Weight("d/bias:0", kBias),
          Weight("l/kernel_min:0", low),
          Weight("l/kernel_max:0", high),
          Weight("l/post_activation_min:0", Scalar(-0.5)),
          Weight("l/post_activation_max:0", Scalar(1.5))};
}

TEST(OptimizationLayers, QuantizedWeightsAndActivations) {
  const Array lows =
      Filled({5}, [](const Indices& at) { return -0.5 - 0.1 * at[0]; });
  for (const bool per_channel : {false, true}) {
    SCOPED_TRACE(per_channel);
    const auto low = [&](int c) { return per_channel ? lows[{c}] : -0.75; };
    const Array kernel = Filled(kKernel.dims, [&](const Indices& at) {
      return OnGrid(kKernel[at], low(at[1]), -low(at[1]), true);
    });
    Array want = Dense(kX, kernel, kBias);
    for (double& v : want.values) v = OnGrid(v, -0.5, 1.5, false);
    Array highs = lows;
    for (double& v : highs.values) v = -v;
    const auto weights = per_channel
                             ? QuantizedWeights(lows, highs)
                             : QuantizedWeights(Scalar(-0.75), Scalar(0.75));
    // Half a step of the output's grid may fall either way.
    const double step = 2.0 / 255;
    ExpectRuns(OneLayer(2, "QuantizeWrapperV2",
                        Wrapped(R"({"class_name":"QuantizeAwareActivation",
                                    "config":{"activation":"relu"}})"),
                        "4", weights),
               {kX}, want, step * 1.01);
    const auto function = Imported(
        OneLayer(2, "QuantizeWrapperV2", Wrapped(R"("relu")"), "4", weights));
    EXPECT_EQ(NodesOf(function, "FakeQuantWithMinMaxVars").size(), 1u);
  }
}

TEST(OptimizationLayers, QuantizeLayer) {
  Array want = kX;
  for (double& v : want.values) v = OnGrid(v, -0.8, 0.9, false);
  ExpectRuns(OneLayer(2, "QuantizeLayer",
                      R"("quantizer":{"class_name":"AllValuesQuantizer",
                         "config":{"num_bits":8,"narrow_range":false}})",
                      "4",
                      {Weight("l/quantize_layer_min:0", Scalar(-0.8)),
                       Weight("l/quantize_layer_max:0", Scalar(0.9)),
                       Weight("l/optimizer_step:0", Scalar(1))}),
             {kX}, want);
}

TEST(OptimizationLayers, PruningLeavesTheLayer) {
  ExpectRuns(
      OneLayer(2, "PruneLowMagnitude",
               R"("layer":{"class_name":"Dense","config":{"name":"d",
                         "units":5,"activation":"relu"}})",
               "4",
               {Weight("l/kernel:0", kKernel), Weight("l/bias:0", kBias),
                Weight("l/mask:0", kKernel), Weight("l/threshold:0", Scalar(0)),
                Weight("l/pruning_step:0", Scalar(1))}),
      {kX}, Dense(kX, kKernel, kBias));
}

TEST(OptimizationLayers, ClustersAreLookedUp) {
  const Array centroids = Draw({3}, 4);
  std::vector<int64_t> which;
  for (int i = 0; i < 20; ++i) which.push_back(i % 3);
  const Array kernel = Filled({4, 5}, [&](const Indices& at) {
    return centroids[{(at[0] * 5 + at[1]) % 3}];
  });
  ExpectRuns(OneLayer(2, "ClusterWeights",
                      R"("number_of_clusters":3,"layer":{"class_name":"Dense",
                         "config":{"name":"d","units":5,"activation":"relu"}})",
                      "4",
                      {Weight("l/bias:0", kBias),
                       Weight("l/cluster_centroids_kernel:0", centroids),
                       {"l/pulling_indices_kernel:0", DataType::kInt64,
                        Shape{4, 5}, Blob::Own(std::move(which))}}),
             {kX}, Dense(kX, kernel, kBias));
}

// Weights of half precision are computed with in float32.
TEST(OptimizationLayers, MixedPrecision) {
  const std::string dtype =
      R"("dtype":{"class_name":"Policy","config":{"name":"mixed_float16"}},)";
  ExpectRuns(OneLayer(2, "Dense", dtype + R"("units":5,"activation":"relu")",
                      "4", {Weight("k", kKernel), Weight("b", kBias)}),
             {kX}, Dense(kX, kKernel, kBias));
  // 0.5, -2 and 1.5 as IEEE half precision: sign, exponent + 15, mantissa.
  std::vector<uint16_t> halves = {0x3800, 0xC000, 0x3E00};
  Array kernel = Zeros({1, 3});
  kernel.values = {0.5, -2, 1.5};
  Array x = Zeros({2, 1});
  x.values = {1, -3};
  ExpectRuns(OneLayer(2, "Dense", R"("units":3,"use_bias":false,
                      "activation":"relu")",
                      "1",
                      {{"k", DataType::kFloat16, Shape{1, 3},
                        Blob::Own(std::move(halves))}}),
             {x}, Dense(x, kernel, Zeros({3})));
}

}  // namespace liteforge::optimization_layers_test
