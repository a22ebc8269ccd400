// SPDX-License-Identifier: Apache-2.0
// Keras' transposed convolutions against their definition: every input is
// added, times the kernel, at the places that a convolution would have read.
#include <algorithm>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::transposed_layers_test {

struct Case {
  int kernel, stride;
  bool same;
  int output_padding = -1;  // -1: not given
  int dilation = 1;
};

// keras/src/backend/common/backend_utils.py.
int OutputSize(int n, const Case& c) {
  const int reach = (c.kernel - 1) * c.dilation + 1;
  if (c.output_padding >= 0) {
    return (n - 1) * c.stride + (c.same ? reach % 2 : reach) + c.output_padding;
  }
  return c.same ? n * c.stride : (n - 1) * c.stride + std::max(reach, c.stride);
}

// Zeros that the convolution of the output would put in front: none in VALID,
// half (rounded down) of what is missing in SAME.
int Before(int n, int out, const Case& c) {
  const int reach = (c.kernel - 1) * c.dilation + 1;
  return c.same ? std::max(0, (n - 1) * c.stride + reach - out) / 2 : 0;
}

// kernel [KH, KW, out, in]
Array Transposed(const Array& x, const Array& kernel, const Array& bias,
                 const Case& c) {
  const int rows = OutputSize(x.dims[1], c), columns = OutputSize(x.dims[2], c);
  const int top = Before(x.dims[1], rows, c);
  const int left = Before(x.dims[2], columns, c);
  Array y = Filled({x.dims[0], rows, columns, kernel.dims[2]},
                   [&](const Indices& at) { return bias[{at[3]}]; });
  ForEach(x.dims, [&](const Indices& at) {
    ForEach({kernel.dims[0], kernel.dims[1], kernel.dims[2]},
            [&](const Indices& tap) {
              const int row = at[1] * c.stride - top + tap[0] * c.dilation;
              const int column = at[2] * c.stride - left + tap[1] * c.dilation;
              if (row < 0 || row >= rows || column < 0 || column >= columns)
                return;
              y[{at[0], row, column, tap[2]}] +=
                  x[at] * kernel[{tap[0], tap[1], tap[2], at[3]}];
            });
  });
  return y;
}

std::string Config(const Case& c, int rank) {
  const auto all = [&](int value) {
    std::string text = std::to_string(value);
    for (int i = 1; i < rank; ++i) text += "," + std::to_string(value);
    return "[" + text + "]";
  };
  std::string config = R"("filters":3,"kernel_size":)" + all(c.kernel) +
                       R"(,"strides":)" + all(c.stride) +
                       R"(,"dilation_rate":)" + all(c.dilation) +
                       R"(,"padding":")" + (c.same ? "same" : "valid") + "\"";
  if (c.output_padding >= 0)
    config += R"(,"output_padding":)" + all(c.output_padding);
  return config;
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const int kernel : {1, 2, 3, 5}) {
    for (const int stride : {1, 2, 3}) {
      for (const bool same : {false, true}) {
        for (int padding = -1; padding < stride; ++padding)
          cases.push_back({kernel, stride, same, padding});
      }
    }
  }
  cases.push_back({3, 1, false, -1, 2});
  cases.push_back({3, 1, true, -1, 2});
  return cases;
}

// A convolution of the output must give the input's size again; TensorFlow
// refuses the rest.
bool Possible(int n, const Case& c) {
  const int out = OutputSize(n, c);
  const int reach = (c.kernel - 1) * c.dilation + 1;
  const int back =
      c.same ? (out + c.stride - 1) / c.stride : (out - reach) / c.stride + 1;
  return out > 0 && back == n;
}

TEST(TransposedLayers, Conv2DTranspose) {
  const Array x = Draw({2, 4, 5, 2}, 1), bias = Draw({3}, 3);
  for (const Case& c : Cases()) {
    if (!Possible(4, c) || !Possible(5, c)) continue;
    const Array kernel = Draw({c.kernel, c.kernel, 3, 2}, 2);
    ExpectLayer("Conv2DTranspose", Config(c, 2),
                {Weight("kernel", kernel), Weight("bias", bias)}, x,
                Transposed(x, kernel, bias, c));
  }
}

TEST(TransposedLayers, Conv2DTransposeOfUnknownSize) {
  const Array x = Draw({2, 4, 5, 2}, 4), bias = Draw({3}, 6);
  for (const Case& c : Cases()) {
    if (!Possible(4, c) || !Possible(5, c)) continue;
    SCOPED_TRACE(Config(c, 2));
    const Array kernel = Draw({c.kernel, c.kernel, 3, 2}, 5);
    ExpectRuns(OneLayer(2, "Conv2DTranspose", Config(c, 2), "null,null,2",
                        {Weight("kernel", kernel), Weight("bias", bias)}),
               {x}, Transposed(x, kernel, bias, c));
  }
}

TEST(TransposedLayers, Conv1DTranspose) {
  const Array x = Draw({2, 6, 2}, 7), bias = Draw({3}, 9);
  for (const Case& c : Cases()) {
    if (!Possible(6, c)) continue;
    const Array kernel = Draw({c.kernel, 3, 2}, 8);
    const int out = OutputSize(6, c), before = Before(6, out, c);
    Array y =
        Filled({2, out, 3}, [&](const Indices& at) { return bias[{at[2]}]; });
    ForEach({2, 6, 2, c.kernel, 3}, [&](const Indices& at) {
      const int to = at[1] * c.stride - before + at[3] * c.dilation;
      if (to >= 0 && to < out)
        y[{at[0], to, at[4]}] +=
            x[{at[0], at[1], at[2]}] * kernel[{at[3], at[4], at[2]}];
    });
    for (const char* shape : {"6,2", "null,2"}) {
      SCOPED_TRACE(Config(c, 1) + " " + shape);
      ExpectRuns(OneLayer(2, "Conv1DTranspose", Config(c, 1), shape,
                          {Weight("kernel", kernel), Weight("bias", bias)}),
                 {x}, y);
    }
  }
}

TEST(TransposedLayers, Conv3DTranspose) {
  const Array x = Draw({2, 3, 2, 4, 2}, 10), bias = Draw({3}, 12);
  for (const Case& c : Cases()) {
    if (!Possible(2, c) || !Possible(3, c) || !Possible(4, c)) continue;
    const Array kernel = Draw({c.kernel, c.kernel, c.kernel, 3, 2}, 11);
    Indices dims = x.dims;
    int before[3];
    for (size_t axis = 1; axis <= 3; ++axis) {
      dims[axis] = OutputSize(x.dims[axis], c);
      before[axis - 1] = Before(x.dims[axis], dims[axis], c);
    }
    dims[4] = 3;
    Array y = Filled(dims, [&](const Indices& at) { return bias[{at[4]}]; });
    ForEach(x.dims, [&](const Indices& at) {
      ForEach({c.kernel, c.kernel, c.kernel, 3}, [&](const Indices& tap) {
        Indices to = {at[0], 0, 0, 0, tap[3]};
        for (size_t axis = 1; axis <= 3; ++axis) {
          to[axis] = at[axis] * c.stride - before[axis - 1] +
                     tap[axis - 1] * c.dilation;
          if (to[axis] < 0 || to[axis] >= dims[axis]) return;
        }
        y[to] += x[at] * kernel[{tap[0], tap[1], tap[2], tap[3], at[4]}];
      });
    });
    ExpectLayer("Conv3DTranspose", Config(c, 3),
                {Weight("kernel", kernel), Weight("bias", bias)}, x, y, 2e-5);
  }
}

}  // namespace liteforge::transposed_layers_test
