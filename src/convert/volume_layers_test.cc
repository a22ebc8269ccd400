// SPDX-License-Identifier: Apache-2.0
// Layers on volumes [N, D, H, W, C], Resizing, and layers that do nothing at
// inference, against their definitions.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::volume_layers_test {

struct Case {
  int size, stride, dilation;
  bool same;
};
const Case kCases[] = {{2, 1, 1, false}, {3, 1, 1, true},  {2, 2, 1, false},
                       {3, 2, 1, true},  {2, 1, 2, false}, {2, 1, 2, true}};

struct Axis {
  int out, before;
};

Axis Slide(int in, const Case& c) {
  const int reach = (c.size - 1) * c.dilation + 1;
  if (!c.same) return {(in - reach) / c.stride + 1, 0};
  const int out = (in + c.stride - 1) / c.stride;
  return {out, std::max(0, (out - 1) * c.stride + reach - in) / 2};
}

// The value at the tap of a window, and whether there is one.
bool Read(const Array& x, const Case& c, const Indices& to, const Indices& tap,
          int channel, double& value) {
  Indices from = {to[0], 0, 0, 0, channel};
  for (size_t axis = 1; axis <= 3; ++axis) {
    const Axis slide = Slide(x.dims[axis], c);
    from[axis] =
        to[axis] * c.stride - slide.before + tap[axis - 1] * c.dilation;
    if (from[axis] < 0 || from[axis] >= x.dims[axis]) return false;
  }
  value = x[from];
  return true;
}

Indices OutputDims(const Array& x, const Case& c, int channels) {
  return {x.dims[0], Slide(x.dims[1], c).out, Slide(x.dims[2], c).out,
          Slide(x.dims[3], c).out, channels};
}

std::string Three(int value) {
  const std::string one = std::to_string(value);
  return "[" + one + "," + one + "," + one + "]";
}

std::string Config(const Case& c, const std::string& size) {
  return "\"" + size + "\":" + Three(c.size) + R"(,"strides":)" +
         Three(c.stride) + R"(,"padding":")" + (c.same ? "same" : "valid") +
         "\"";
}

TEST(VolumeLayers, Conv3D) {
  const Array x = Draw({2, 4, 5, 6, 2}, 1), bias = Draw({3}, 3);
  for (const Case& c : kCases) {
    const Array kernel = Draw({c.size, c.size, c.size, 2, 3}, 2);
    const Array y = Filled(OutputDims(x, c, 3), [&](const Indices& at) {
      double sum = bias[{at[4]}];
      ForEach(kernel.dims, [&](const Indices& tap) {
        double value = 0;
        if (tap[4] == at[4] && Read(x, c, at, tap, tap[3], value))
          sum += value * kernel[tap];
      });
      return sum;
    });
    ExpectLayer("Conv3D",
                Config(c, "kernel_size") + R"(,"filters":3,"dilation_rate":)" +
                    Three(c.dilation),
                {Weight("kernel", kernel), Weight("bias", bias)}, x, y);
  }
}

TEST(VolumeLayers, Pooling3D) {
  const Array x = Draw({2, 4, 5, 6, 3}, 4);
  for (const Case& c : kCases) {
    if (c.dilation > 1) continue;
    for (const bool max : {true, false}) {
      const Array y = Filled(OutputDims(x, c, 3), [&](const Indices& at) {
        double sum = 0, largest = -1e30;
        int count = 0;
        ForEach({c.size, c.size, c.size}, [&](const Indices& tap) {
          double value = 0;
          if (!Read(x, c, at, tap, at[4], value)) return;
          sum += value;
          largest = std::max(largest, value);
          ++count;
        });
        return max ? largest : sum / count;
      });
      ExpectLayer(max ? "MaxPooling3D" : "AveragePooling3D",
                  Config(c, "pool_size"), {}, x, y);
    }
  }
}

TEST(VolumeLayers, GlobalPooling3D) {
  const Array x = Draw({2, 2, 3, 4, 3}, 5);
  for (const bool max : {true, false}) {
    for (const bool keep : {true, false}) {
      const Indices dims = keep ? Indices{2, 1, 1, 1, 3} : Indices{2, 3};
      const Array y = Filled(dims, [&](const Indices& at) {
        double sum = 0, largest = -1e30;
        ForEach({2, 3, 4}, [&](const Indices& p) {
          const double value = x[{at[0], p[0], p[1], p[2], at.back()}];
          sum += value;
          largest = std::max(largest, value);
        });
        return max ? largest : sum / 24;
      });
      ExpectLayer(max ? "GlobalMaxPooling3D" : "GlobalAveragePooling3D",
                  keep ? R"("keepdims":true)" : "", {}, x, y);
    }
  }
}

TEST(VolumeLayers, PaddingCroppingAndRepeating) {
  const Array x = Draw({2, 3, 4, 5, 2}, 8);
  const auto inside = [&](const Indices& at) {
    for (size_t axis = 0; axis < at.size(); ++axis)
      if (at[axis] < 0 || at[axis] >= x.dims[axis]) return false;
    return true;
  };
  ExpectLayer(
      "ZeroPadding3D", R"("padding":[[1,0],[2,1],[0,3]])", {}, x,
      Filled({2, 4, 7, 8, 2}, [&](const Indices& at) {
        const Indices from = {at[0], at[1] - 1, at[2] - 2, at[3], at[4]};
        return inside(from) ? x[from] : 0;
      }));
  ExpectLayer(
      "ZeroPadding3D", R"("padding":[1,0,2])", {}, x,
      Filled({2, 5, 4, 9, 2}, [&](const Indices& at) {
        const Indices from = {at[0], at[1] - 1, at[2], at[3] - 2, at[4]};
        return inside(from) ? x[from] : 0;
      }));
  ExpectLayer("Cropping3D", R"("cropping":[[1,0],[1,2],[0,3]])", {}, x,
              Filled({2, 2, 1, 2, 2}, [&](const Indices& at) {
                return x[{at[0], at[1] + 1, at[2] + 1, at[3], at[4]}];
              }));
  ExpectLayer("UpSampling3D", R"("size":[2,1,3])", {}, x,
              Filled({2, 6, 4, 15, 2}, [&](const Indices& at) {
                return x[{at[0], at[1] / 2, at[2], at[3] / 3, at[4]}];
              }));
}

TEST(VolumeLayers, AdaptivePooling) {
  const Array x = Draw({2, 7, 6, 3}, 9);
  for (const bool max : {true, false}) {
    const Array y = Filled({2, 3, 6, 3}, [&](const Indices& at) {
      const int begin = at[1] * 7 / 3, end = (at[1] * 7 + 7 + 2) / 3;
      double sum = 0, largest = -1e30;
      for (int row = begin; row < end; ++row) {
        sum += x[{at[0], row, at[2], at[3]}];
        largest = std::max(largest, x[{at[0], row, at[2], at[3]}]);
      }
      return max ? largest : sum / (end - begin);
    });
    ExpectLayer(max ? "AdaptiveMaxPooling2D" : "AdaptiveAveragePooling2D",
                R"("output_size":[3,6])", {}, x, y);
  }
}

TEST(VolumeLayers, CenterCropAndResizingKeepTheShapeOfThings) {
  const Array x = Draw({2, 6, 9, 3}, 10);
  ExpectLayer("CenterCrop", R"("height":3,"width":4)", {}, x,
              Filled({2, 3, 4, 3}, [&](const Indices& at) {
                return x[{at[0], at[1] + 1, at[2] + 2, at[3]}];
              }));
  // The middle 6 of 9 columns have the shape of 2 x 2.
  ExpectLayer("Resizing",
              R"("height":2,"width":2,"interpolation":"nearest",
                 "crop_to_aspect_ratio":true)",
              {}, x, Filled({2, 2, 2, 3}, [&](const Indices& at) {
                const int row = static_cast<int>((at[1] + 0.5) * 3);
                const int column = static_cast<int>((at[2] + 0.5) * 3);
                return x[{at[0], row, 1 + column, at[3]}];
              }));
  // 9 x 9 with 1 row of sevens above and 2 below.
  ExpectLayer("Resizing",
              R"("height":9,"width":9,"interpolation":"nearest",
                 "pad_to_aspect_ratio":true,"fill_value":7.0)",
              {}, x, Filled({2, 9, 9, 3}, [&](const Indices& at) {
                const int row = at[1] - 1;
                return row < 0 || row > 5 ? 7.0 : x[{at[0], row, at[2], at[3]}];
              }));
}

TEST(VolumeLayers, CategoriesFromNumbers) {
  Array x = Zeros({2, 3});
  x.values = {1, 3, 1, 0, 2, 2};
  const auto count = [&](const Indices& at) {
    double n = 0;
    for (int i = 0; i < 3; ++i) n += x[{at[0], i}] == at[1] ? 1 : 0;
    return n;
  };
  ExpectRuns(OneLayer(2, "CategoryEncoding",
                      R"("num_tokens":4,"output_mode":"count")", "3"),
             {x}, Filled({2, 4}, count));
  ExpectRuns(OneLayer(2, "CategoryEncoding",
                      R"("num_tokens":4,"output_mode":"multi_hot")", "3"),
             {x}, Filled({2, 4}, [&](const Indices& at) {
               return std::min(count(at), 1.0);
             }));
  Array values = Zeros({4, 1});
  values.values = {-3, 0.5, 1, 9};
  Array bins = Zeros({4, 3});
  for (const Indices& at : {Indices{0, 0}, {1, 1}, {2, 2}, {3, 2}})
    bins[at] = 1;
  ExpectRuns(
      OneLayer(2, "Discretization",
               R"("bin_boundaries":[0.0,1.0],"output_mode":"one_hot")", "1"),
      {values}, bins);
}

// The pixel that lies under the middle of pixel i of `out` when `in` pixels
// are spread as wide.
double Under(int i, int in, int out) { return (i + 0.5) * in / out - 0.5; }

TEST(VolumeLayers, Resizing) {
  const Array x = Draw({2, 4, 6, 3}, 6);
  const int sizes[][2] = {{8, 12}, {2, 3}, {5, 7}, {4, 6}};
  for (const auto& size : sizes) {
    const Indices dims = {2, size[0], size[1], 3};
    const std::string config = R"("height":)" + std::to_string(size[0]) +
                               R"(,"width":)" + std::to_string(size[1]) +
                               R"(,"interpolation":)";
    ExpectLayer("Resizing", config + R"("bilinear")", {}, x,
                Filled(dims, [&](const Indices& at) {
                  const double row = std::max(0.0, Under(at[1], 4, size[0]));
                  const double col = std::max(0.0, Under(at[2], 6, size[1]));
                  const int r = static_cast<int>(row);
                  const int c = static_cast<int>(col);
                  const auto pixel = [&](int a, int b) {
                    return x[{at[0], std::min(a, 3), std::min(b, 5), at[3]}];
                  };
                  const double down = row - r, right = col - c;
                  return (1 - down) * ((1 - right) * pixel(r, c) +
                                       right * pixel(r, c + 1)) +
                         down * ((1 - right) * pixel(r + 1, c) +
                                 right * pixel(r + 1, c + 1));
                }));
    ExpectLayer("Resizing", config + R"("nearest")", {}, x,
                Filled(dims, [&](const Indices& at) {
                  const int r =
                      static_cast<int>(std::floor((at[1] + 0.5) * 4 / size[0]));
                  const int c =
                      static_cast<int>(std::floor((at[2] + 0.5) * 6 / size[1]));
                  return x[{at[0], r, c, at[3]}];
                }));
  }
}

// x as [2, height, width, 3] with every pixel of a row and column weighted by
// weight(distance from its middle to that of the place), the sums being 1.
Array Weighted(const Array& x, int height, int width,
               const std::function<double(double)>& weight) {
  const auto share = [&](int to, int from, int of, int made) {
    double sum = 0;
    for (int i = 0; i < of; ++i) sum += weight(i - Under(to, of, made));
    return weight(from - Under(to, of, made)) / sum;
  };
  return Filled({2, height, width, 3}, [&](const Indices& at) {
    double sum = 0;
    for (int r = 0; r < x.dims[1]; ++r) {
      for (int c = 0; c < x.dims[2]; ++c)
        sum += x[{at[0], r, c, at[3]}] * share(at[1], r, x.dims[1], height) *
               share(at[2], c, x.dims[2], width);
    }
    return sum;
  });
}

TEST(VolumeLayers, ResizingByOtherInterpolations) {
  const Array x = Draw({2, 4, 6, 3}, 6);
  const auto expect = [&](int height, int width, const std::string& how,
                          const std::function<double(double)>& weight) {
    ExpectLayer("Resizing",
                R"("height":)" + std::to_string(height) + R"(,"width":)" +
                    std::to_string(width) + R"(,"interpolation":)" + how,
                {}, x, Weighted(x, height, width, weight));
  };
  // At the same size these give what was there.
  const auto same = [](double d) { return d == 0 ? 1.0 : 0.0; };
  for (const char* how : {"bicubic", "area", "lanczos3", "lanczos5"})
    expect(4, 6, '"' + std::string(how) + '"', same);
  expect(4, 6, R"("gaussian")",
         [](double d) { return std::abs(d) < 1.5 ? std::exp(-2 * d * d) : 0; });
  expect(4, 6, R"("mitchellcubic")", [](double d) {
    return d == 0 ? 8.0 / 9 : std::abs(d) == 1 ? 1.0 / 18 : 0;
  });
  ExpectLayer("UpSampling2D", R"("size":[2,2],"interpolation":"gaussian")", {},
              x, Weighted(x, 8, 12, [](double d) {
                return std::abs(d) < 1.5 ? std::exp(-2 * d * d) : 0;
              }));
  // Halved: a triangle of twice the width, and the mean of two by two.
  expect(2, 3, R"("bilinear","antialias":true)",
         [](double d) { return std::max(0.0, 1 - std::abs(d) / 2); });
  expect(2, 3, R"("area")",
         [](double d) { return std::abs(d) < 1 ? 1.0 : 0.0; });
}

TEST(VolumeLayers, AugmentationDoesNothing) {
  const Array x = Draw({2, 4, 5, 3}, 7);
  for (const char* name :
       {"RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast",
        "RandomBrightness", "RandomTranslation", "RandomHeight", "RandomWidth",
        "GaussianNoise", "Dropout", "SpatialDropout2D"}) {
    SCOPED_TRACE(name);
    // An output that is the input itself is refused, hence the addition.
    const KerasFile file = TestFile(
        2, R"({"class_name":"Sequential","config":[{"class_name":")" +
               std::string(name) +
               R"(","config":{"name":"r","batch_input_shape":[null,4,5,3]}},
               {"class_name":"Rescaling","config":{"name":"s","scale":2.0}}]})");
    Array y = x;
    for (double& value : y.values) value *= 2;
    ExpectRuns(file, {x}, y);
  }
}

}  // namespace liteforge::volume_layers_test
