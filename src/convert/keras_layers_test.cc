// SPDX-License-Identifier: Apache-2.0
// Keras layers, converted and run, against their definitions computed here in
// double with plain loops over channels_last data.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::keras_layers_test {

struct Axis {
  int out;
  int before;
};

// TensorFlow's counting: SAME gives ceil(in / stride), the odd pixel of
// padding goes behind.
Axis Slide(int in, int size, int stride, int dilation, bool same) {
  const int reach = (size - 1) * dilation + 1;
  if (!same) return {(in - reach) / stride + 1, 0};
  const int out = (in + stride - 1) / stride;
  return {out, std::max(0, (out - 1) * stride + reach - in) / 2};
}

struct Spatial {
  int stride = 1;
  int dilation = 1;
  bool same = false;
};

// kernel [KH, KW, C / groups, O]
Array Convolve(const Array& x, const Array& kernel, const Array& bias,
               const Spatial& s, int groups) {
  const Axis h = Slide(x.dims[1], kernel.dims[0], s.stride, s.dilation, s.same);
  const Axis w = Slide(x.dims[2], kernel.dims[1], s.stride, s.dilation, s.same);
  const int outputs = kernel.dims[3], depth = kernel.dims[2];
  Array y = Zeros({x.dims[0], h.out, w.out, outputs});
  for (int n = 0; n < x.dims[0]; ++n)
    for (int i = 0; i < h.out; ++i)
      for (int j = 0; j < w.out; ++j)
        for (int o = 0; o < outputs; ++o) {
          double sum = bias.values[static_cast<size_t>(o)];
          for (int a = 0; a < kernel.dims[0]; ++a)
            for (int b = 0; b < kernel.dims[1]; ++b) {
              const int row = i * s.stride - h.before + a * s.dilation;
              const int column = j * s.stride - w.before + b * s.dilation;
              if (row < 0 || row >= x.dims[1] || column < 0 ||
                  column >= x.dims[2])
                continue;
              for (int c = 0; c < depth; ++c) {
                const int group = o / (outputs / groups);
                sum += x.at(n, row, column, group * depth + c) *
                       kernel.at(a, b, c, o);
              }
            }
          y.at(n, i, j, o) = sum;
        }
  return y;
}

std::string SpatialConfig(const Spatial& s, int size) {
  return R"("kernel_size":[)" + std::to_string(size) + "," +
         std::to_string(size) + R"(],"strides":[)" + std::to_string(s.stride) +
         "," + std::to_string(s.stride) + R"(],"dilation_rate":[)" +
         std::to_string(s.dilation) + "," + std::to_string(s.dilation) +
         R"(],"padding":")" + (s.same ? "same" : "valid") + "\"";
}

const Spatial kSpatial[] = {{1, 1, false}, {1, 1, true},  {2, 1, false},
                            {2, 1, true},  {1, 2, false}, {1, 2, true}};

TEST(KerasLayers, Conv2D) {
  for (const Spatial& s : kSpatial) {
    for (const int groups : {1, 2}) {
      for (const int size : {1, 2, 3}) {
        const Array x = Draw({2, 7, 6, 4}, 1);
        const Array kernel = Draw({size, size, 4 / groups, 6}, 2);
        const Array bias = Draw({6}, 3);
        ExpectLayer("Conv2D",
                    SpatialConfig(s, size) + R"(,"filters":6,"groups":)" +
                        std::to_string(groups),
                    {Weight("kernel", kernel), Weight("bias", bias)}, x,
                    Convolve(x, kernel, bias, s, groups));
      }
    }
  }
}

// kernel [KH, KW, C, M] as a convolution with a kernel that is zero across
// channels.
Array Spread(const Array& kernel) {
  const int channels = kernel.dims[2], multiplier = kernel.dims[3];
  Array dense =
      Zeros({kernel.dims[0], kernel.dims[1], channels, channels * multiplier});
  for (int a = 0; a < kernel.dims[0]; ++a)
    for (int b = 0; b < kernel.dims[1]; ++b)
      for (int c = 0; c < channels; ++c)
        for (int m = 0; m < multiplier; ++m)
          dense.at(a, b, c, c * multiplier + m) = kernel.at(a, b, c, m);
  return dense;
}

TEST(KerasLayers, DepthwiseConv2D) {
  for (const Spatial& s : kSpatial) {
    for (const int multiplier : {1, 2}) {
      const Array x = Draw({2, 7, 6, 3}, 4);
      const Array kernel = Draw({3, 3, 3, multiplier}, 5);
      const Array bias = Draw({3 * multiplier}, 6);
      ExpectLayer("DepthwiseConv2D",
                  SpatialConfig(s, 3) + R"(,"depth_multiplier":)" +
                      std::to_string(multiplier),
                  {Weight("depthwise_kernel", kernel), Weight("bias", bias)}, x,
                  Convolve(x, Spread(kernel), bias, s, 1));
    }
  }
}

TEST(KerasLayers, SeparableConv2D) {
  for (const Spatial& s : kSpatial) {
    const Array x = Draw({2, 7, 6, 3}, 7);
    const Array depthwise = Draw({3, 3, 3, 2}, 8);
    const Array pointwise = Draw({1, 1, 6, 5}, 9);
    const Array bias = Draw({5}, 10);
    const Array middle = Convolve(x, Spread(depthwise), Zeros({6}), s, 1);
    ExpectLayer("SeparableConv2D",
                SpatialConfig(s, 3) + R"(,"filters":5,"depth_multiplier":2)",
                {Weight("depthwise_kernel", depthwise),
                 Weight("pointwise_kernel", pointwise), Weight("bias", bias)},
                x, Convolve(middle, pointwise, bias, {}, 1));
  }
}

TEST(KerasLayers, Conv1D) {
  for (const Spatial& s : kSpatial) {
    const Array x = Draw({2, 9, 3}, 11);
    const Array kernel = Draw({3, 3, 4}, 12);
    const Array bias = Draw({4}, 13);
    Array rows = x, taps = kernel;
    rows.dims = {2, 9, 1, 3};
    taps.dims = {3, 1, 3, 4};
    Array y = Zeros({2, Slide(9, 3, s.stride, s.dilation, s.same).out, 4});
    y.values = Convolve(rows, taps, bias, s, 1).values;
    ExpectRuns(
        OneLayer(2, "Conv1D",
                 R"("filters":4,"kernel_size":[3],"strides":[)" +
                     std::to_string(s.stride) + R"(],"dilation_rate":[)" +
                     std::to_string(s.dilation) + R"(],"padding":")" +
                     (s.same ? "same" : "valid") + "\"",
                 "9,3", {Weight("kernel", kernel), Weight("bias", bias)}),
        {x}, y);
  }
}

TEST(KerasLayers, CausalConv1DLooksBackOnly) {
  const Array x = Draw({1, 5, 1}, 14);
  const Array kernel = Draw({2, 1, 1}, 15);
  Array y = Zeros({1, 5, 1});
  for (size_t t = 0; t < 5; ++t) {
    y.values[t] = kernel.values[1] * x.values[t] +
                  (t > 1 ? kernel.values[0] * x.values[t - 2] : 0.0);
  }
  ExpectRuns(OneLayer(2, "Conv1D",
                      R"("filters":1,"kernel_size":[2],"dilation_rate":[2],
                         "padding":"causal","use_bias":false)",
                      "5,1", {Weight("kernel", kernel)}),
             {x}, y);
}

TEST(KerasLayers, DenseOfEveryRank) {
  for (const std::vector<int>& dims :
       {std::vector<int>{3, 4}, {2, 5, 4}, {2, 3, 2, 4}}) {
    const Array x = Draw(dims, 16), kernel = Draw({4, 3}, 17);
    const Array bias = Draw({3}, 18);
    std::vector<int> out = dims;
    out.back() = 3;
    Array y = Zeros(out);
    for (size_t r = 0; r < x.values.size() / 4; ++r) {
      for (size_t o = 0; o < 3; ++o) {
        y.values[r * 3 + o] = bias.values[o];
        for (size_t i = 0; i < 4; ++i)
          y.values[r * 3 + o] += x.values[r * 4 + i] * kernel.values[i * 3 + o];
      }
    }
    ExpectRuns(OneLayer(2, "Dense", R"("units":3)", ShapeText(x),
                        {Weight("kernel", kernel), Weight("bias", bias)}),
               {x}, y);
  }
}

TEST(KerasLayers, BatchNormalizationAlongTheLastAxisOrTheFirst) {
  for (const std::vector<int>& dims :
       {std::vector<int>{3, 4}, {2, 5, 4}, {2, 3, 2, 4}}) {
    const Array x = Draw(dims, 19), gamma = Draw({4}, 20), beta = Draw({4}, 21);
    const Array mean = Draw({4}, 22);
    Array variance = Draw({4}, 23);
    for (double& v : variance.values) v = v * v + 0.5;
    Array y = x;
    for (size_t i = 0; i < y.values.size(); ++i) {
      const size_t c = i % 4;
      y.values[i] = gamma.values[c] * (x.values[i] - mean.values[c]) /
                        std::sqrt(variance.values[c] + 1e-3) +
                    beta.values[c];
    }
    const std::vector<KerasWeight> weights = {
        Weight("gamma", gamma), Weight("beta", beta),
        Weight("moving_mean", mean), Weight("moving_variance", variance)};
    ExpectRuns(OneLayer(2, "BatchNormalization", R"("axis":-1,"epsilon":0.001)",
                        ShapeText(x), weights),
               {x}, y);
    if (dims.size() != 4) continue;
    const Array first = ToChannelsFirst(x);
    ExpectRuns(
        OneLayer(2, "BatchNormalization", R"("axis":[1],"epsilon":0.001)",
                 ShapeText(first), weights),
        {first}, ToChannelsFirst(y));
  }
}

Array Pool(const Array& x, int size, const Spatial& s, bool max) {
  const Axis h = Slide(x.dims[1], size, s.stride, 1, s.same);
  const Axis w = Slide(x.dims[2], size, s.stride, 1, s.same);
  Array y = Zeros({x.dims[0], h.out, w.out, x.dims[3]});
  for (int n = 0; n < x.dims[0]; ++n)
    for (int i = 0; i < h.out; ++i)
      for (int j = 0; j < w.out; ++j)
        for (int c = 0; c < x.dims[3]; ++c) {
          double sum = 0, largest = -1e30;
          int count = 0;
          for (int a = 0; a < size; ++a)
            for (int b = 0; b < size; ++b) {
              const int row = i * s.stride - h.before + a;
              const int column = j * s.stride - w.before + b;
              if (row < 0 || row >= x.dims[1] || column < 0 ||
                  column >= x.dims[2])
                continue;
              sum += x.at(n, row, column, c);
              largest = std::max(largest, x.at(n, row, column, c));
              ++count;
            }
          y.at(n, i, j, c) = max ? largest : sum / count;
        }
  return y;
}

TEST(KerasLayers, Pooling2D) {
  for (const Spatial& s : kSpatial) {
    if (s.dilation > 1) continue;
    for (const bool max : {true, false}) {
      const Array x = Draw({2, 7, 6, 3}, 24);
      const std::string stride = std::to_string(s.stride);
      ExpectLayer(max ? "MaxPooling2D" : "AveragePooling2D",
                  R"("pool_size":[3,3],"strides":[)" + stride + "," + stride +
                      R"(],"padding":")" + (s.same ? "same" : "valid") + "\"",
                  {}, x, Pool(x, 3, s, max));
    }
  }
}

TEST(KerasLayers, GlobalPooling2D) {
  const Array x = Draw({2, 4, 4, 3}, 25);
  for (const bool max : {true, false}) {
    Array y = Pool(x, 4, {}, max);
    y.dims = {2, 3};
    ExpectLayer(max ? "GlobalMaxPooling2D" : "GlobalAveragePooling2D", "", {},
                x, y);
  }
}

TEST(KerasLayers, ZeroPaddingCroppingAndUpSampling2D) {
  const Array x = Draw({2, 4, 5, 3}, 26);
  Array padded = Zeros({2, 7, 9, 3}), cropped = Zeros({2, 2, 2, 3});
  Array large = Zeros({2, 8, 15, 3});
  for (int n = 0; n < 2; ++n)
    for (int h = 0; h < 4; ++h)
      for (int w = 0; w < 5; ++w)
        for (int c = 0; c < 3; ++c) {
          padded.at(n, h + 1, w + 3, c) = x.at(n, h, w, c);
          if (h >= 1 && h < 3 && w >= 2 && w < 4)
            cropped.at(n, h - 1, w - 2, c) = x.at(n, h, w, c);
          for (int a = 0; a < 2; ++a)
            for (int b = 0; b < 3; ++b)
              large.at(n, h * 2 + a, w * 3 + b, c) = x.at(n, h, w, c);
        }
  ExpectLayer("ZeroPadding2D", R"("padding":[[1,2],[3,1]])", {}, x, padded);
  ExpectLayer("Cropping2D", R"("cropping":[[1,1],[2,1]])", {}, x, cropped);
  ExpectLayer("UpSampling2D", R"("size":[2,3],"interpolation":"nearest")", {},
              x, large);
}

TEST(KerasLayers, FlattenPermuteAndReshape) {
  const Array x = Draw({2, 3, 4, 5}, 27);
  Array flat = x;
  flat.dims = {2, 60};
  ExpectRuns(OneLayer(2, "Flatten", "", "3,4,5"), {x}, flat);
  // Keras flattens channels_first images as if they were channels_last.
  ExpectRuns(
      OneLayer(2, "Flatten", R"("data_format":"channels_first")", "5,3,4"),
      {ToChannelsFirst(x)}, flat);
  Array shaped = x;
  shaped.dims = {2, 6, 10};
  ExpectRuns(OneLayer(2, "Reshape", R"("target_shape":[6,-1])", "3,4,5"), {x},
             shaped);
  ExpectRuns(OneLayer(2, "Permute", R"("dims":[3,1,2])", "3,4,5"), {x},
             ToChannelsFirst(x));
}

double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

struct ActivationRow {
  const char* name;
  int generation;
  double (*f)(double);
};

const ActivationRow kActivations[] = {
    {"linear", 2, [](double x) { return x; }},
    {"relu", 2, [](double x) { return std::max(x, 0.0); }},
    {"relu6", 3, [](double x) { return std::clamp(x, 0.0, 6.0); }},
    {"elu", 2, [](double x) { return x > 0 ? x : std::expm1(x); }},
    {"selu", 2,
     [](double x) {
       return 1.05070098735548049342 *
              (x > 0 ? x : 1.67326324235437728482 * std::expm1(x));
     }},
    {"sigmoid", 2, Sigmoid},
    {"hard_sigmoid", 2,
     [](double x) { return std::clamp(0.2 * x + 0.5, 0.0, 1.0); }},
    {"hard_sigmoid", 3,
     [](double x) { return std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }},
    {"tanh", 2, [](double x) { return std::tanh(x); }},
    {"softplus", 2, [](double x) { return std::log1p(std::exp(x)); }},
    {"softsign", 2, [](double x) { return x / (1.0 + std::abs(x)); }},
    {"swish", 2, [](double x) { return x * Sigmoid(x); }},
    {"silu", 3, [](double x) { return x * Sigmoid(x); }},
    {"gelu", 2,
     [](double x) { return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0))); }},
    {"exponential", 2, [](double x) { return std::exp(x); }},
    {"mish", 3,
     [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }},
    {"leaky_relu", 3, [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"hard_silu", 3,
     [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }},
};

TEST(KerasLayers, EveryActivationByName) {
  Array x = Draw({3, 8}, 28);
  for (double& v : x.values) v *= 4.0;
  x.values[0] = 0.0;
  for (const ActivationRow& row : kActivations) {
    SCOPED_TRACE(row.name);
    Array y = x;
    for (double& v : y.values) v = row.f(v);
    ExpectRuns(
        OneLayer(row.generation, "Activation",
                 R"("activation":")" + std::string(row.name) + "\"", "8"),
        {x}, y, 2e-5);
  }
}

TEST(KerasLayers, ActivationLayersWithTheirOptions) {
  Array x = Draw({3, 8}, 29);
  for (double& v : x.values) v *= 4.0;
  const auto expect = [&](const char* name, const char* config, auto f) {
    SCOPED_TRACE(name);
    Array y = x;
    for (double& v : y.values) v = f(v);
    ExpectRuns(OneLayer(2, name, config, "8"), {x}, y, 1e-5);
  };
  expect("ReLU", R"("max_value":2.5,"negative_slope":0.1,"threshold":0.5)",
         [](double v) {
           return v >= 2.5 ? 2.5 : v >= 0.5 ? v : 0.1 * (v - 0.5);
         });
  expect("ReLU", R"("max_value":6.0)",
         [](double v) { return std::clamp(v, 0.0, 6.0); });
  expect("LeakyReLU", R"("alpha":0.3)",
         [](double v) { return v > 0 ? v : 0.3 * v; });
  expect("ELU", R"("alpha":0.5)",
         [](double v) { return v > 0 ? v : 0.5 * std::expm1(v); });
  expect("ThresholdedReLU", R"("theta":1.0)",
         [](double v) { return v > 1.0 ? v : 0.0; });
}

TEST(KerasLayers, SoftmaxAlongTheLastAxis) {
  const Array x = Draw({3, 5}, 30);
  Array y = x;
  for (size_t r = 0; r < 3; ++r) {
    double sum = 0;
    for (size_t i = 0; i < 5; ++i) sum += std::exp(x.values[r * 5 + i]);
    for (size_t i = 0; i < 5; ++i)
      y.values[r * 5 + i] = std::exp(x.values[r * 5 + i]) / sum;
  }
  ExpectRuns(OneLayer(2, "Softmax", R"("axis":-1)", "5"), {x}, y);
  ExpectRuns(OneLayer(2, "Activation", R"("activation":"softmax")", "5"), {x},
             y);
}

TEST(KerasLayers, MergingLayers) {
  const Array a = Draw({2, 2, 3}, 31), b = Draw({2, 2, 3}, 32);
  const auto expect = [&](const char* name, auto f) {
    SCOPED_TRACE(name);
    Array y = a;
    for (size_t i = 0; i < y.values.size(); ++i)
      y.values[i] = f(a.values[i], b.values[i]);
    ExpectRuns(ManyInputs(2, name, "", {"2,3", "2,3"}), {a, b}, y);
  };
  expect("Add", [](double x, double y) { return x + y; });
  expect("Subtract", [](double x, double y) { return x - y; });
  expect("Multiply", [](double x, double y) { return x * y; });
  expect("Average", [](double x, double y) { return (x + y) / 2; });
  expect("Maximum", [](double x, double y) { return std::max(x, y); });
  expect("Minimum", [](double x, double y) { return std::min(x, y); });
  Array joined = Zeros({2, 2, 6});
  for (size_t r = 0; r < 4; ++r)
    for (size_t i = 0; i < 3; ++i) {
      joined.values[r * 6 + i] = a.values[r * 3 + i];
      joined.values[r * 6 + 3 + i] = b.values[r * 3 + i];
    }
  ExpectRuns(ManyInputs(2, "Concatenate", R"("axis":-1)", {"2,3", "2,3"}),
             {a, b}, joined);
}

TEST(KerasLayers, UnknownSpatialDimensionsStayUnknownAndRun) {
  const Array kernel = Draw({3, 3, 2, 4}, 33), bias = Draw({4}, 34);
  const KerasFile file = OneLayer(
      2, "Conv2D", R"("filters":4,"kernel_size":[3,3],"padding":"same")",
      "null,null,2", {Weight("kernel", kernel), Weight("bias", bias)});
  const auto function = ImportKeras(file);
  ASSERT_TRUE(function) << function.error().ToString();
  const auto bytes = Compile(*function);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter);
  EXPECT_EQ(interpreter->InputDetails()[0].shape_signature,
            (Shape{-1, -1, -1, 2}));
  EXPECT_EQ(interpreter->OutputDetails()[0].shape_signature,
            (Shape{-1, -1, -1, 4}));
  for (const int size : {3, 8}) {
    const Array x = Draw({2, size, size + 1, 2}, 35);
    ExpectRuns(file, {x}, Convolve(x, kernel, bias, {1, 1, true}, 1));
  }
}

TEST(KerasLayers, TernaryDense) {
  const Array x = Draw({3, 4}, 36), kernel = Draw({4, 3}, 37);
  double mean = 0;
  for (const double v : kernel.values) mean += std::abs(v) / 12;
  const auto expect = [&](const char* config, double threshold, double scale) {
    ExpectRuns(
        OneLayer(3, "TernaryDense", config, "4", {Weight("kernel", kernel)}),
        {x}, Filled({3, 3}, [&](const Indices& at) {
          double sum = 0;
          for (int i = 0; i < 4; ++i) {
            const double w = kernel[{i, at[1]}];
            if (std::abs(w) > threshold)
              sum += x[{at[0], i}] * (w > 0 ? scale : -scale);
          }
          return sum;
        }));
  };
  expect(R"("units":3,"use_bias":false)", mean / 2, mean);
  expect(R"("units":3,"use_bias":false,"threshold":0.3)", 0.3, 1);
}

// Frames of 4 every 2, of 3 bins each.
TEST(KerasLayers, StftSpectrogram) {
  const Array x = Draw({2, 9, 2}, 38);
  const Array real = Draw({4, 1, 3}, 39), imag = Draw({4, 1, 3}, 40);
  const auto bin = [&](const Array& kernel, int n, int t, int c, int f) {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += x[{n, t * 2 + i, c}] * kernel[{i, 0, f}];
    return sum;
  };
  const auto magnitude = [&](const Indices& at) {  // n, t, c, f
    const double a = bin(real, at[0], at[1], at[2], at[3]);
    const double b = bin(imag, at[0], at[1], at[2], at[3]);
    return std::sqrt(std::max(a * a + b * b, 1e-7));
  };
  const std::string config = R"("frame_length":4,"fft_length":4,"mode":")";
  const std::vector<KerasWeight> weights = {Weight("real", real),
                                            Weight("imag", imag)};
  ExpectRuns(
      OneLayer(3, "STFTSpectrogram", config + "magnitude\"", "9,2", weights),
      {x}, Filled({2, 3, 6}, [&](const Indices& at) {
        return magnitude({at[0], at[1], at[2] / 3, at[2] % 3});
      }));
  ExpectRuns(OneLayer(3, "STFTSpectrogram",
                      config + R"(log","expand_dims":true)", "9,2", weights),
             {x}, Filled({2, 3, 3, 2}, [&](const Indices& at) {
               return std::log(magnitude({at[0], at[1], at[3], at[2]}));
             }));
  ExpectRuns(OneLayer(3, "STFTSpectrogram", config + "real\"", "9,2",
                      {Weight("real", real)}),
             {x}, Filled({2, 3, 6}, [&](const Indices& at) {
               return bin(real, at[0], at[1], at[2] / 3, at[2] % 3);
             }));
}

}  // namespace liteforge::keras_layers_test
