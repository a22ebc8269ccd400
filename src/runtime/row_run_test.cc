// SPDX-License-Identifier: Apache-2.0
// Blocks of convolutions computed some rows at a time: the numbers of one after
// the other, which keeping all tensors makes them. Floats may be added in
// another order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "runtime/run_model_testing.h"
#include "runtime/test_model.h"

namespace liteforge::row_run_test {

struct Case {
  const char* what;
  DataType type = DataType::kFloat32;
  int height = 64, width = 61;
  int in_channels = 8, between = 48, out_channels = 8;
  bool expands = true;
  int window = 3, stride = 1, dilation = 1;
  Padding padding = Padding::kSame;
  std::vector<int32_t> pad = {};  // [4, 2] of a PAD before the depthwise one
  bool adds = false, slope = false;
  bool runs = true;
};

struct Image {
  int tensor, height, width, channels;
};

class Builder {
 public:
  explicit Builder(const Case& c) : c_(c) {}

  // input -> [expand] -> [PAD] -> depthwise -> project -> [ADD] -> [PRELU]
  std::vector<std::byte> Build() {
    const Image in = Make("input", c_.height, c_.width,
                          c_.expands ? c_.in_channels : c_.between, 0.05f, 3);
    input = in.tensor;
    Image at = in;
    if (c_.expands)
      at = Pointwise("expand", at, c_.between, Activation::kRelu6);
    if (!c_.pad.empty()) at = Padded(at);
    at = Depthwise(at);
    between = at.tensor;
    at = Pointwise("project", at, c_.out_channels, Activation::kNone);
    if (c_.adds) at = Sum(at, in);
    if (c_.slope) at = Slope(at);
    output = at.tensor;
    m_.Border({input}, {output});
    return m_.Pack();
  }

  int input = -1, between = -1, output = -1;

 private:
  bool is_float() const { return c_.type == DataType::kFloat32; }

  void Quantize(int index, std::vector<float> scale, int64_t zero_point,
                int axis = 0) {
    auto q = std::make_unique<tflite::QuantizationParametersT>();
    q->scale = std::move(scale);
    q->zero_point.assign(q->scale.size(), zero_point);
    q->quantized_dimension = axis;
    m_.tensor(index).quantization = std::move(q);
  }
  Image Make(const std::string& name, int height, int width, int channels,
             float scale, int zero_point) {
    const int index = m_.Tensor(name, c_.type, {1, height, width, channels});
    if (c_.type == DataType::kUInt8) zero_point += 128;
    if (!is_float()) Quantize(index, {scale}, zero_point);
    return {index, height, width, channels};
  }
  int Filter(const std::string& name, const std::vector<int32_t>& shape,
             int axis, int seed) {
    int64_t count = 1;
    for (const int32_t size : shape) count *= size;
    if (is_float())
      return m_.Constant<float>(name, c_.type, shape,
                                Numbers<float>(count, seed));
    if (c_.type == DataType::kUInt8) {
      const int index = m_.Constant<uint8_t>(name, c_.type, shape,
                                             Numbers<uint8_t>(count, seed));
      Quantize(index, {0.01f}, 131);
      return index;
    }
    const int index =
        m_.Constant<int8_t>(name, c_.type, shape, Numbers<int8_t>(count, seed));
    const auto channels = static_cast<size_t>(shape[static_cast<size_t>(axis)]);
    std::vector<float> scales;
    for (size_t i = 0; i < channels; ++i)
      scales.push_back(0.01f + 0.001f * static_cast<float>(i % 5));
    Quantize(index, scales, 0, axis);
    return index;
  }
  int Bias(const std::string& name, int channels) {
    return is_float() ? m_.Constant<float>(name, DataType::kFloat32, {channels},
                                           Numbers<float>(channels, 4))
                      : m_.Constant<int32_t>(name, DataType::kInt32, {channels},
                                             Numbers<int32_t>(channels, 4));
  }

  Image Pointwise(const std::string& name, const Image& from, int channels,
                  Activation activation) {
    const Image to = Make(name, from.height, from.width, channels, 0.07f, -5);
    Conv2DOptions options;
    options.stride_h = options.stride_w = 1;
    options.fused_activation_function = activation;
    const int filter =
        Filter(name + "/filter", {channels, 1, 1, from.channels}, 0, channels);
    m_.Node(Op::kConv2D, options,
            {from.tensor, filter, Bias(name + "/bias", channels)}, {to.tensor});
    return to;
  }
  Image Padded(const Image& from) {
    const Image to = Make("padded", from.height + c_.pad[2] + c_.pad[3],
                          from.width + c_.pad[4] + c_.pad[5], from.channels,
                          c_.expands ? 0.07f : 0.05f, c_.expands ? -5 : 3);
    const int paddings =
        m_.Constant<int32_t>("paddings", DataType::kInt32, {4, 2}, c_.pad);
    m_.Node(Op::kPad, PadOptions(), {from.tensor, paddings}, {to.tensor});
    return to;
  }
  Image Depthwise(const Image& from) {
    const int reach = (c_.window - 1) * c_.dilation + 1;
    const auto size = [&](int in) {
      return c_.padding == Padding::kSame ? (in + c_.stride - 1) / c_.stride
                                          : (in - reach) / c_.stride + 1;
    };
    const Image to = Make("depthwise", size(from.height), size(from.width),
                          from.channels, 0.11f, 9);
    DepthwiseConv2DOptions options;
    options.padding = c_.padding;
    options.stride_h = options.stride_w = c_.stride;
    options.dilation_h_factor = options.dilation_w_factor = c_.dilation;
    options.depth_multiplier = 1;
    options.fused_activation_function = Activation::kRelu6;
    const int filter = Filter("depthwise/filter",
                              {1, c_.window, c_.window, from.channels}, 3, 2);
    m_.Node(Op::kDepthwiseConv2D, options,
            {from.tensor, filter, Bias("depthwise/bias", from.channels)},
            {to.tensor});
    return to;
  }
  Image Sum(const Image& from, const Image& other) {
    const Image to =
        Make("sum", from.height, from.width, from.channels, 0.2f, 1);
    m_.Node(Op::kAdd, AddOptions(), {other.tensor, from.tensor}, {to.tensor});
    return to;
  }
  Image Slope(const Image& from) {
    const Image to =
        Make("slope", from.height, from.width, from.channels, 0.2f, 1);
    const int alpha =
        m_.Constant<float>("alpha", DataType::kFloat32, {1, 1, from.channels},
                           Numbers<float>(from.channels, 7));
    m_.Node(Op::kPrelu, OpOptions(), {from.tensor, alpha}, {to.tensor});
    return to;
  }

  const Case& c_;
  TestModel m_;
};

class RowRun : public testing::TestWithParam<Case> {};

TEST_P(RowRun, SameNumbers) {
  const Case& c = GetParam();
  Builder builder(c);
  const std::vector<std::byte> file = builder.Build();
  const Interpreter apart = RunModel(file, {.preserve_all_tensors = true});
  const auto want = apart.GetTensor(builder.output);
  ASSERT_TRUE(want);
  for (const int threads : {1, 2, 3}) {
    const Interpreter together = RunModel(file, {.num_threads = threads});
    const auto got = together.GetTensor(builder.output);
    ASSERT_TRUE(got);
    if (c.type == DataType::kFloat32) {
      const auto* a = reinterpret_cast<const float*>(got->data());
      const auto* b = reinterpret_cast<const float*>(want->data());
      for (size_t i = 0; i < got->size() / sizeof(float); ++i)
        ASSERT_NEAR(a[i], b[i], 1e-5 * std::max(10.0f, std::abs(b[i])));
    } else {
      EXPECT_TRUE(std::ranges::equal(*got, *want)) << threads << " threads";
    }
    const auto between = together.GetTensor(builder.between);
    const bool is_there =
        between ||
        between.error().message.find("computed as one") == std::string::npos;
    EXPECT_EQ(is_there, !c.runs);
  }
}

const Case kBytes{.what = "",
                  .type = DataType::kInt8,
                  .height = 113,
                  .width = 112,
                  .between = 64};

Case Bytes(const char* what, DataType type, int stride, bool adds) {
  Case c = kBytes;
  c.what = what;
  c.type = type;
  c.stride = stride;
  c.adds = adds;
  return c;
}

INSTANTIATE_TEST_SUITE_P(
    All, RowRun,
    testing::Values(
        Case{.what = "Float"}, Case{.what = "FloatAdd", .adds = true},
        Case{.what = "FloatAddPrelu", .adds = true, .slope = true},
        Case{.what = "FloatStride2", .stride = 2},
        Case{.what = "FloatOddHeight", .height = 71, .stride = 2},
        Case{.what = "FloatWindow5", .window = 5},
        Case{.what = "FloatWindow5Stride2", .window = 5, .stride = 2},
        Case{.what = "FloatDilated", .dilation = 2},
        Case{.what = "FloatStrideAboveWindow", .window = 2, .stride = 3},
        Case{.what = "FloatValid", .window = 4, .padding = Padding::kValid},
        Case{.what = "FloatPadded",
             .stride = 2,
             .padding = Padding::kValid,
             .pad = {0, 0, 1, 1, 1, 1, 0, 0}},
        Case{.what = "FloatDepthwiseFirst", .expands = false},
        Case{.what = "FloatSmall", .height = 16, .width = 16, .runs = false},
        Bytes("Int8", DataType::kInt8, 1, true),
        Bytes("Int8Stride2", DataType::kInt8, 2, false),
        Bytes("UInt8", DataType::kUInt8, 1, true),
        Bytes("UInt8Stride2", DataType::kUInt8, 2, false)),
    [](const auto& info) { return info.param.what; });

}  // namespace liteforge::row_run_test
