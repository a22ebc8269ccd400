// SPDX-License-Identifier: Apache-2.0
// The pools with argmax, against a loop over every input pixel; and unpooling,
// by hand and as the inverse of both.
#include <limits>
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::max_pool_with_argmax_test {

struct Pool {
  int batches, height, width, channels;
  int filter_h, filter_w, stride_h, stride_w;
  bool same;
};

const Pool kPools[] = {
    {1, 4, 4, 1, 2, 2, 2, 2, true},  {2, 5, 7, 3, 3, 2, 2, 1, true},
    {1, 5, 5, 2, 2, 3, 1, 2, false}, {1, 6, 4, 1, 1, 1, 3, 3, true},
    {1, 3, 3, 2, 5, 5, 1, 1, true},  {1, 3, 3, 1, 3, 3, 1, 1, false},
};

CustomOptions FlexPool(const Pool& p, const std::string& padding,
                       bool with_batch = false) {
  return FlexMap("MaxPoolWithArgmax", [&](flexbuffers::Builder& b) {
    b.Bool("include_batch_in_index", with_batch);
    b.String("padding", padding);
    b.TypedVector("ksize", [&] {
      for (const int i : {1, p.filter_h, p.filter_w, 1}) b.Int(i);
    });
    b.TypedVector("strides", [&] {
      for (const int i : {1, p.stride_h, p.stride_w, 1}) b.Int(i);
    });
  });
}

CustomOptions RawPool(const std::string& name, const Pool& p,
                      int activation = 0) {
  return RawFields(name, {p.same ? 1 : 2, p.stride_w, p.stride_h, p.filter_w,
                          p.filter_h, activation, 0, 0, 0, 0});
}

struct Pooled {
  Shape shape;
  std::vector<float> values;
  std::vector<int32_t> plane;  // indices of each kind
  std::vector<float> window;
};

// Along one axis: output extent, and padding before.
std::pair<int, int> Extent(int input, int filter, int stride, bool same) {
  const int output =
      same ? (input + stride - 1) / stride : (input - filter) / stride + 1;
  return {output,
          same ? std::max(0, (output - 1) * stride + filter - input) / 2 : 0};
}

Pooled Expected(const Pool& p, const std::vector<float>& input) {
  const auto [out_h, top] = Extent(p.height, p.filter_h, p.stride_h, p.same);
  const auto [out_w, left] = Extent(p.width, p.filter_w, p.stride_w, p.same);
  Pooled pooled{{p.batches, out_h, out_w, p.channels}, {}, {}, {}};
  for (int n = 0; n < p.batches; ++n)
    for (int y = 0; y < out_h; ++y)
      for (int x = 0; x < out_w; ++x)
        for (int c = 0; c < p.channels; ++c) {
          float best = std::numeric_limits<float>::lowest();
          int plane = c, window = 0;
          for (int iy = 0; iy < p.height; ++iy)
            for (int ix = 0; ix < p.width; ++ix) {
              const int fy = iy - (y * p.stride_h - top);
              const int fx = ix - (x * p.stride_w - left);
              if (fy < 0 || fy >= p.filter_h || fx < 0 || fx >= p.filter_w)
                continue;
              const int at = (iy * p.width + ix) * p.channels + c;
              const float value = input[static_cast<size_t>(
                  n * p.height * p.width * p.channels + at)];
              if (!(value > best)) continue;
              best = value;
              plane = at;
              window = fy * p.filter_w + fx;
            }
          pooled.values.push_back(best);
          pooled.plane.push_back(plane);
          pooled.window.push_back(static_cast<float>(window) + 0.1f);
        }
  return pooled;
}

// Small integers: many are equal.
std::vector<float> Noise(const Pool& p, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values;
  for (int i = 0; i < p.batches * p.height * p.width * p.channels; ++i)
    values.push_back(static_cast<float>(static_cast<int>(random() % 9) - 4));
  return values;
}

KernelCase CaseOf(const Pool& p, const OpOptions& options,
                  const std::vector<float>& input) {
  KernelCase c{Op::kCustom, options};
  c.inputs = {KernelTensor::Of<float>(
      {p.batches, p.height, p.width, p.channels}, input)};
  c.outputs.resize(2);
  return c;
}

TEST(MaxPoolWithArgmax, AgreesWithTheDefinition) {
  for (const Pool& p : kPools) {
    const std::vector<float> input = Noise(p, 1);
    const Pooled pooled = Expected(p, input);
    KernelCase c = CaseOf(p, FlexPool(p, p.same ? "SAME" : "VALID"), input);
    ExpectValues<float>(c, pooled.values, pooled.shape, 0);
    ExpectValues<int32_t>(c, pooled.plane, pooled.shape, 1);
    c = CaseOf(p, RawPool("MaxPoolingWithArgmax2D", p), input);
    ExpectValues<float>(c, pooled.values, pooled.shape, 0);
    ExpectValues<float>(c, pooled.window, pooled.shape, 1);
  }
}

TEST(MaxPoolWithArgmax, ActivationsAndNan) {
  const Pool p{1, 1, 4, 1, 1, 1, 1, 1, true};
  const float nan = std::nanf("");
  const KernelCase c =
      CaseOf(p, RawPool("MaxPoolingWithArgmax2D", p, 3), {-1, 3, 9, nan});
  ExpectValues<float>(c, {0, 3, 6, 0});
  ExpectValues<float>(
      CaseOf(p, RawPool("MaxPoolingWithArgmax2D", p, 2), {-3, .5f, 9, nan}),
      {-1, .5f, 1, -1});
}

TEST(MaxPoolWithArgmax, EmptyInput) {
  const Pool p{0, 4, 4, 2, 2, 2, 2, 2, true};
  ExpectValues<float>(CaseOf(p, FlexPool(p, "SAME"), {}), {}, {0, 2, 2, 2});
  const Pool q{1, 4, 4, 0, 2, 2, 2, 2, false};
  ExpectValues<float>(CaseOf(q, FlexPool(q, "VALID"), {}), {}, {1, 2, 2, 0});
  const Pool r{1, 1, 1, 1, 2, 2, 2, 2, false};
  ExpectValues<float>(CaseOf(r, FlexPool(r, "VALID"), {5}), {}, {1, 0, 0, 1});
}

TEST(MaxPoolWithArgmax, OptionsAreChecked) {
  Pool p{1, 2, 2, 1, 2, 2, 2, 2, true};
  const std::vector<float> input(4);
  ExpectRefused(CaseOf(p, FlexPool(p, "EXPLICIT"), input), "infer", "EXPLICIT");
  ExpectRefused(CaseOf(p, FlexPool(p, "SAME", true), input), "infer",
                "include_batch_in_index");
  p.filter_h = 0;
  ExpectRefused(CaseOf(p, FlexPool(p, "SAME"), input), "infer", "ksize");
  ExpectRefused(CaseOf(p, RawPool("MaxPoolingWithArgmax2D", p), input), "infer",
                "filter height");
  p.filter_h = 2;
  p.stride_w = -1;
  ExpectRefused(CaseOf(p, FlexPool(p, "SAME"), input), "infer", "strides");
  ExpectRefused(CaseOf(p, RawPool("MaxPoolingWithArgmax2D", p), input), "infer",
                "stride width");
  p.stride_w = 1;
  ExpectRefused(CaseOf(p, RawPool("MaxPoolingWithArgmax2D", p, 4), input),
                "infer", "activation");
  ExpectRefused(
      CaseOf(p, RawFields("MaxPoolingWithArgmax2D", {0, 1, 1, 1, 1, 0}), input),
      "infer", "padding");
  ExpectRefused(CaseOf(p, RawFields("MaxPoolingWithArgmax2D", {1, 1}), input),
                "infer", "8 bytes");
  KernelCase c = CaseOf(p, FlexPool(p, "SAME"), input);
  c.inputs[0] = KernelTensor::Of<int8_t>({1, 2, 2, 1}, {1, 2, 3, 4});
  ExpectRefused(c, "prepare", "int8");
}

//------------------------------------------------------------------ unpooling

template <class Index>
KernelCase Unpool(const Pool& p, const Shape& shape,
                  const std::vector<float>& values,
                  const std::vector<Index>& indices) {
  KernelCase c{Op::kCustom, RawPool("MaxUnpooling2D", p)};
  c.inputs = {KernelTensor::Of<float>(shape, values),
              KernelTensor::Of<Index>(shape, indices)};
  return c;
}

TEST(MaxUnpooling2D, ByPlane) {
  const Pool p{2, 0, 0, 1, 2, 2, 2, 2, true};
  ExpectValues<float>(
      Unpool<int32_t>(p, {2, 1, 2, 1}, {5, 6, 7, 8}, {1, 6, 0, 7}),
      {0, 5, 0, 0, 0, 0, 6, 0, 7, 0, 0, 0, 0, 0, 0, 8}, {2, 2, 4, 1});
  // The last of equal places wins.
  ExpectValues<float>(Unpool<int32_t>(p, {1, 1, 2, 1}, {5, 6}, {3, 3}),
                      {0, 0, 0, 6, 0, 0, 0, 0}, {1, 2, 4, 1});
}

TEST(MaxUnpooling2D, ByPlaneValid) {
  const Pool p{1, 0, 0, 1, 3, 2, 1, 2, false};
  ExpectValues<float>(Unpool<int32_t>(p, {1, 1, 2, 1}, {5, 6}, {11, 2}),
                      {0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 5}, {1, 3, 4, 1});
}

TEST(MaxUnpooling2D, PlaneIndicesOutsideFail) {
  const Pool p{1, 0, 0, 1, 2, 2, 2, 2, true};
  for (const int32_t index : {-1, 8, std::numeric_limits<int32_t>::min()})
    ExpectRefused(Unpool<int32_t>(p, {1, 1, 2, 1}, {5, 6}, {0, index}), "eval",
                  "outside the output's plane");
}

TEST(MaxUnpooling2D, ByWindow) {
  const Pool p{1, 0, 0, 2, 2, 2, 2, 2, true};
  ExpectValues<float>(
      Unpool<float>(p, {1, 1, 2, 2}, {5, 6, 7, 8}, {0.1f, 3.1f, 1.1f, 2.1f}),
      {5, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 6, 0, 8, 0, 0}, {1, 2, 4, 2});
  const float inf = std::numeric_limits<float>::infinity();
  ExpectValues<float>(
      Unpool<float>(p, {1, 1, 3, 1}, {5, 6, 7}, {-1, std::nanf(""), inf}),
      std::vector<float>(12), {1, 2, 6, 1});
}

// Windows that do not overlap: what was pooled comes back, zeros elsewhere.
TEST(MaxUnpooling2D, UndoesThePools) {
  const Pool p{2, 4, 6, 3, 2, 3, 2, 3, true};
  std::vector<float> input;
  for (int i = 0; i < 2 * 4 * 6 * 3; ++i)
    input.push_back(static_cast<float>(1 + i * 37 % 144));
  const Pooled pooled = Expected(p, input);
  std::vector<float> expected(input.size());
  for (size_t i = 0; i < pooled.plane.size(); ++i) {
    const size_t batch = i / (pooled.plane.size() / 2);
    expected[batch * 72 + static_cast<size_t>(pooled.plane[i])] =
        pooled.values[i];
  }
  ExpectValues<float>(Unpool(p, pooled.shape, pooled.values, pooled.plane),
                      expected, {2, 4, 6, 3});
  ExpectValues<float>(Unpool(p, pooled.shape, pooled.values, pooled.window),
                      expected, {2, 4, 6, 3});
}

TEST(MaxUnpooling2D, IsChecked) {
  const Pool p{1, 0, 0, 1, 2, 2, 2, 2, true};
  KernelCase c = Unpool<int32_t>(p, {1, 1, 2, 1}, {5, 6}, {0, 1});
  c.inputs[1] = KernelTensor::Of<int32_t>({1, 2, 1, 1}, {0, 1});
  ExpectRefused(c, "infer", "dimension 1");
  c.inputs[1] = KernelTensor::Of<int64_t>({1, 1, 2, 1}, {0, 1});
  ExpectRefused(c, "prepare", "int64");
  const Pool large{1, 0, 0, 1, 2, 2, 1 << 30, 1 << 30, true};
  ExpectRefused(Unpool<int32_t>(large, {1, 1, 2, 1}, {5, 6}, {0, 1}), "infer",
                "dimension");
}

}  // namespace liteforge::max_pool_with_argmax_test
