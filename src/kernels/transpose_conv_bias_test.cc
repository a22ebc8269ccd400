// SPDX-License-Identifier: Apache-2.0
// Against the definition read backwards: an output pixel gathers every input
// pixel whose filter reaches it.
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::transpose_conv_bias_test {

struct Geometry {
  int batches, height, width, in, out;
  int filter_h, filter_w, stride_h, stride_w;
  bool same;
  Shape output;
};

// Sizes worked out by hand.
const Geometry kGeometries[] = {
    {1, 2, 2, 1, 1, 2, 2, 2, 2, true, {1, 4, 4, 1}},
    {1, 2, 2, 1, 1, 2, 2, 2, 2, false, {1, 4, 4, 1}},
    {2, 3, 4, 3, 2, 3, 3, 2, 2, true, {2, 5, 8, 2}},
    {2, 3, 4, 3, 2, 3, 3, 2, 2, false, {2, 7, 9, 2}},
    {1, 3, 2, 2, 4, 4, 5, 3, 1, true, {1, 9, 2, 4}},
    {1, 1, 1, 1, 1, 3, 3, 1, 1, true, {1, 1, 1, 1}},
    {1, 2, 2, 1, 1, 1, 1, 3, 3, false, {1, 4, 4, 1}},
};

std::vector<float> Noise(int64_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> unit(-1, 1);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = unit(random);
  return values;
}

int PadBefore(int input, int filter, int stride, bool same) {
  return same ? std::max(0, filter - (input - 1) % stride - 1) / 2 : 0;
}

OpOptions OptionsOf(const Geometry& g) {
  return RawFields("Convolution2DTransposeBias",
                   {g.same ? 1 : 2, g.stride_w, g.stride_h});
}

TEST(TransposeConvBias, AgreesWithTheDefinition) {
  std::mt19937 random(1);
  for (const Geometry& g : kGeometries) {
    const auto input = Noise(g.batches * g.height * g.width * g.in, random);
    const auto filter = Noise(g.out * g.filter_h * g.filter_w * g.in, random);
    const auto bias = Noise(g.out, random);
    const int top = PadBefore(g.height, g.filter_h, g.stride_h, g.same);
    const int left = PadBefore(g.width, g.filter_w, g.stride_w, g.same);
    std::vector<float> expected;
    for (int n = 0; n < g.batches; ++n)
      for (int y = 0; y < g.output[1]; ++y)
        for (int x = 0; x < g.output[2]; ++x)
          for (int o = 0; o < g.out; ++o) {
            double sum = bias[static_cast<size_t>(o)];
            for (int fy = 0; fy < g.filter_h; ++fy)
              for (int fx = 0; fx < g.filter_w; ++fx) {
                const int from_y = y + top - fy, from_x = x + left - fx;
                if (from_y < 0 || from_y % g.stride_h != 0 || from_x < 0 ||
                    from_x % g.stride_w != 0)
                  continue;
                const int iy = from_y / g.stride_h, ix = from_x / g.stride_w;
                if (iy >= g.height || ix >= g.width) continue;
                for (int i = 0; i < g.in; ++i)
                  sum +=
                      double{input[static_cast<size_t>(
                          ((n * g.height + iy) * g.width + ix) * g.in + i)]} *
                      filter[static_cast<size_t>(
                          ((o * g.filter_h + fy) * g.filter_w + fx) * g.in +
                          i)];
              }
            expected.push_back(static_cast<float>(sum));
          }
    KernelCase c{Op::kCustom, OptionsOf(g)};
    c.inputs = {
        KernelTensor::Of<float>({g.batches, g.height, g.width, g.in}, input),
        KernelTensor::Of<float>({g.out, g.filter_h, g.filter_w, g.in}, filter),
        KernelTensor::Of<float>({g.out}, bias)};
    ExpectNear<float>(c, expected, 1e-5, g.output);
  }
}

TEST(TransposeConvBias, IsChecked) {
  const auto make = [](const Shape& input, const Shape& filter,
                       const Shape& bias, const OpOptions& options) {
    KernelCase c{Op::kCustom, options};
    for (const Shape& shape : {input, filter, bias})
      c.inputs.push_back(KernelTensor::Of<float>(
          shape, std::vector<float>(static_cast<size_t>(shape.elements()))));
    return c;
  };
  const OpOptions good = OptionsOf(kGeometries[0]);
  const auto raw = [](std::vector<int32_t> fields) -> OpOptions {
    return RawFields("Convolution2DTransposeBias", fields);
  };
  ExpectRefused(make({1, 2, 2, 3}, {1, 2, 2, 1}, {1}, good), "infer",
                "channels of input and filter");
  ExpectRefused(make({1, 2, 2, 1}, {2, 2, 2, 1}, {1}, good), "infer", "bias");
  ExpectRefused(make({2, 2, 1}, {1, 2, 2, 1}, {1}, good), "infer", "input");
  ExpectRefused(make({1, 0, 2, 1}, {1, 2, 2, 1}, {1}, good), "infer", "height");
  ExpectRefused(make({1, 2, 2, 1}, {1, 2, 2, 1}, {1}, raw({1, 0, 1})), "infer",
                "stride width");
  ExpectRefused(make({1, 2, 2, 1}, {1, 2, 2, 1}, {1}, raw({0, 1, 1})), "infer",
                "padding");
  ExpectRefused(make({1, 2, 2, 1}, {1, 2, 2, 1}, {1}, raw({1, 1})), "infer",
                "8 bytes");
  ExpectRefused(make({1, 3, 2, 1}, {1, 2, 2, 1}, {1}, raw({2, 1, 0x7fffffff})),
                "infer", "dimension");
  KernelCase c = make({0, 2, 2, 1}, {1, 2, 2, 1}, {1}, good);
  ExpectValues<float>(c, {}, {0, 4, 4, 1});
  c.inputs[2] = KernelTensor::Of<int32_t>({1}, {0});
  ExpectRefused(c, "prepare", "int32");
}

}  // namespace liteforge::transpose_conv_bias_test
