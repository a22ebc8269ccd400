// SPDX-License-Identifier: Apache-2.0
// What is folded into 8-bit convolutions, and the PAD before any: the same
// numbers as by themselves, which keeping all tensors makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runtime/run_model_testing.h"
#include "runtime/test_model.h"

namespace liteforge::subgraph_fold_bytes_test {

using testing::HasSubstr;

enum class Convolution { kPlain, kDepthwise, kOneChannel };

struct Case {
  const char* what;
  DataType type = DataType::kInt8;
  Convolution convolution = Convolution::kPlain;
  int window = 1, channels = 8, stride = 1;
  bool adds = false;
  bool addend_first = true;  // among ADD's inputs
  Activation activation = Activation::kNone;
  std::vector<int32_t> paddings = {};  // [4, 2], none without
  bool hybrid = false;
  int fewer = 0;  // channels of the input, which is padded and added
};

constexpr int kHeight = 11, kWidth = 9;

class Builder {
 public:
  explicit Builder(const Case& c) : c_(c) {}

  int Tensor(const std::string& name, std::vector<int32_t> shape, float scale,
             int64_t zero_point) {
    const int index = m_.Tensor(name, c_.type, std::move(shape));
    if (c_.type != DataType::kFloat32) Quantize(index, {scale}, zero_point);
    return index;
  }

  // input -> [PAD] -> convolution -> [ADD of another convolution of the input]
  std::vector<std::byte> Build() {
    const int in_channels =
        c_.convolution == Convolution::kOneChannel ? 1 : c_.channels - c_.fewer;
    input = Tensor("input", {1, kHeight, kWidth, in_channels}, 0.05f, Zero(3));
    int from = input, height = kHeight, width = kWidth;
    if (!c_.paddings.empty()) {
      height += c_.paddings[2] + c_.paddings[3];
      width += c_.paddings[4] + c_.paddings[5];
      between =
          Tensor("padded", {1, height, width, in_channels}, 0.05f, Zero(3));
      const int paddings = m_.Constant<int32_t>("paddings", DataType::kInt32,
                                                {4, 2}, c_.paddings);
      m_.Node(Op::kPad, PadOptions(), {input, paddings}, {between});
      from = between;
    }
    int addend = -1;
    if (c_.adds && c_.fewer == 0)
      addend = Convolve("addend", from, height, width, 5, 0.11f);
    output = Convolve("convolved", from, height, width, 2, 0.07f);
    if (c_.fewer > 0) addend = Widen(input);
    if (c_.adds) {
      between = output;
      output =
          Tensor("sum", {1, height_, width_, c_.channels}, 0.13f, Zero(-9));
      AddOptions options;
      options.fused_activation_function = c_.activation;
      m_.Node(Op::kAdd, options,
              c_.addend_first ? std::vector<int32_t>{addend, between}
                              : std::vector<int32_t>{between, addend},
              {output});
    }
    m_.Border({input}, {output});
    return m_.Pack();
  }

  int input = -1, between = -1, output = -1;

 private:
  int64_t Zero(int64_t z) const {
    return c_.type == DataType::kUInt8 ? z + 128 : z;
  }
  void Quantize(int index, std::vector<float> scale, int64_t zero_point) {
    auto q = std::make_unique<tflite::QuantizationParametersT>();
    q->scale = std::move(scale);
    q->zero_point.assign(q->scale.size(), zero_point);
    m_.tensor(index).quantization = std::move(q);
  }

  // The PAD comes behind the convolution.
  int Widen(int from) {
    const int padded =
        Tensor("widened", {1, kHeight, kWidth, c_.channels}, 0.05f, Zero(3));
    const int paddings = m_.Constant<int32_t>(
        "channels", DataType::kInt32, {4, 2}, {0, 0, 0, 0, 0, 0, 0, c_.fewer});
    m_.Node(Op::kPad, PadOptions(), {from, paddings}, {padded});
    return padded;
  }

  int Filter(const std::string& name, const std::vector<int32_t>& shape,
             int seed) {
    int64_t count = 1;
    for (const int32_t size : shape) count *= size;
    const bool float_filter = c_.type == DataType::kFloat32 && !c_.hybrid;
    if (float_filter) {
      return m_.Constant<float>(name, DataType::kFloat32, shape,
                                Numbers<float>(count, seed));
    }
    if (c_.type == DataType::kUInt8) {
      const int index = m_.Constant<uint8_t>(name, c_.type, shape,
                                             Numbers<uint8_t>(count, seed));
      Quantize(index, {0.01f}, 131);
      return index;
    }
    const int index = m_.Constant<int8_t>(name, DataType::kInt8, shape,
                                          Numbers<int8_t>(count, seed));
    Quantize(index, {0.01f}, 0);
    return index;
  }

  int Bias(const std::string& name) {
    if (c_.type == DataType::kFloat32) {
      return m_.Constant<float>(name, DataType::kFloat32, {c_.channels},
                                Numbers<float>(c_.channels, 4));
    }
    const int index =
        m_.Constant<int32_t>(name, DataType::kInt32, {c_.channels},
                             Numbers<int32_t>(c_.channels, 4));
    Quantize(index, {0.05f * 0.01f}, 0);
    return index;
  }

  int Convolve(const std::string& name, int from, int height, int width,
               int seed, float scale) {
    height_ = (height - c_.window) / c_.stride + 1;
    width_ = (width - c_.window) / c_.stride + 1;
    const int to =
        Tensor(name, {1, height_, width_, c_.channels}, scale, Zero(seed));
    const int bias = Bias(name + "/bias");
    if (c_.convolution == Convolution::kPlain) {
      Conv2DOptions options;
      options.padding = Padding::kValid;
      options.stride_h = options.stride_w = c_.stride;
      const int filter = Filter(
          name + "/filter",
          {c_.channels, c_.window, c_.window, c_.channels - c_.fewer}, seed);
      m_.Node(Op::kConv2D, options, {from, filter, bias}, {to});
    } else {
      DepthwiseConv2DOptions options;
      options.padding = Padding::kValid;
      options.stride_h = options.stride_w = c_.stride;
      options.depth_multiplier =
          c_.convolution == Convolution::kOneChannel ? c_.channels : 1;
      const int filter = Filter(name + "/filter",
                                {1, c_.window, c_.window, c_.channels}, seed);
      m_.Node(Op::kDepthwiseConv2D, options, {from, filter, bias}, {to});
    }
    return to;
  }

  const Case& c_;
  TestModel m_;
  int height_ = 0, width_ = 0;
};

// Padded, floats may be added in another order.
void ExpectNear(const std::vector<float>& got, const std::vector<float>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-4);
}

class FoldedBytes : public testing::TestWithParam<Case> {};

TEST_P(FoldedBytes, SameNumbers) {
  Builder builder(GetParam());
  const std::vector<std::byte> file = builder.Build();
  for (const int threads : {1, 2}) {
    const Interpreter folded = RunModel(file, {.num_threads = threads});
    const Interpreter apart =
        RunModel(file, {.num_threads = threads, .preserve_all_tensors = true});
    const auto got = folded.GetTensor(builder.output);
    const auto want = apart.GetTensor(builder.output);
    ASSERT_TRUE(got && want);
    if (GetParam().type == DataType::kFloat32) {
      ExpectNear(folded.Tensor<float>(builder.output),
                 apart.Tensor<float>(builder.output));
    } else {
      EXPECT_TRUE(std::ranges::equal(*got, *want));
    }
    EXPECT_TRUE(apart.GetTensor(builder.between));
    const auto between = folded.GetTensor(builder.between);
    // What is padded for two is padded once.
    if (GetParam().adds && !GetParam().paddings.empty()) continue;
    ASSERT_FALSE(between);
    EXPECT_THAT(between.error().message, HasSubstr("preserve_all_tensors"));
  }
}

constexpr DataType kU8 = DataType::kUInt8, kF32 = DataType::kFloat32;

INSTANTIATE_TEST_SUITE_P(
    All, FoldedBytes,
    testing::Values(
        Case{.what = "Add", .adds = true},
        Case{.what = "AddWide", .channels = 70, .adds = true},
        Case{.what = "AddRelu",
             .channels = 19,
             .adds = true,
             .addend_first = false,
             .activation = Activation::kRelu},
        Case{.what = "AddUnsigned", .type = kU8, .channels = 33, .adds = true},
        Case{.what = "WindowAdd", .window = 3, .channels = 7, .adds = true},
        Case{.what = "WindowAddUnsigned",
             .type = kU8,
             .window = 3,
             .channels = 16,
             .adds = true,
             .addend_first = false},
        Case{.what = "StridedAdd", .channels = 12, .stride = 2, .adds = true},
        Case{.what = "DepthwiseAdd",
             .convolution = Convolution::kDepthwise,
             .window = 3,
             .channels = 21,
             .adds = true},
        Case{.what = "OneChannelAdd",
             .convolution = Convolution::kOneChannel,
             .window = 3,
             .channels = 10,
             .adds = true},
        Case{.what = "Pad", .window = 3, .paddings = {0, 0, 1, 1, 1, 1, 0, 0}},
        Case{.what = "PadUnevenly",
             .window = 3,
             .stride = 2,
             .paddings = {0, 0, 0, 1, 2, 0, 0, 0}},
        Case{.what = "PadPointwise", .paddings = {0, 0, 1, 0, 0, 3, 0, 0}},
        Case{.what = "PadUnsigned",
             .type = kU8,
             .window = 3,
             .channels = 13,
             .paddings = {0, 0, 1, 1, 1, 1, 0, 0}},
        Case{.what = "PadDepthwise",
             .convolution = Convolution::kDepthwise,
             .window = 3,
             .channels = 24,
             .stride = 2,
             .paddings = {0, 0, 0, 1, 1, 1, 0, 0}},
        Case{.what = "PadDepthwiseFar",
             .convolution = Convolution::kDepthwise,
             .window = 3,
             .channels = 5,
             .paddings = {0, 0, 7, 4, 5, 20, 0, 0}},
        Case{.what = "PadFloat",
             .type = kF32,
             .window = 5,
             .channels = 9,
             .stride = 2,
             .paddings = {0, 0, 1, 2, 2, 1, 0, 0}},
        Case{.what = "PadWinograd",
             .type = kF32,
             .window = 3,
             .channels = 20,
             .paddings = {0, 0, 1, 1, 4, 1, 0, 0}},
        Case{.what = "PadFloatDepthwise",
             .type = kF32,
             .convolution = Convolution::kDepthwise,
             .window = 3,
             .channels = 8,
             .stride = 2,
             .paddings = {0, 0, 0, 1, 0, 1, 0, 0}},
        Case{.what = "PadHybrid",
             .type = kF32,
             .window = 3,
             .channels = 8,
             .paddings = {0, 0, 1, 1, 1, 1, 0, 0},
             .hybrid = true},
        Case{.what = "PadForTwo",
             .window = 3,
             .adds = true,
             .paddings = {0, 0, 1, 1, 1, 1, 0, 0}}),
    [](const auto& info) { return info.param.what; });

// A PAD of channels stays.
TEST(FoldedBytesNot, PaddedChannels) {
  TestModel m;
  const int input = m.Tensor("input", DataType::kFloat32, {1, 2, 2, 1});
  const int padded = m.Tensor("padded", DataType::kFloat32, {1, 2, 2, 2});
  const int output = m.Tensor("output", DataType::kFloat32, {1, 2, 2, 1});
  const int paddings = m.Constant<int32_t>("paddings", DataType::kInt32, {4, 2},
                                           {0, 0, 0, 0, 0, 0, 1, 0});
  const int filter = m.Constant<float>("filter", DataType::kFloat32,
                                       {1, 1, 1, 2}, {5.0f, -2.0f});
  Conv2DOptions options;
  options.stride_h = options.stride_w = 1;
  m.Node(Op::kPad, PadOptions(), {input, paddings}, {padded});
  m.Node(Op::kConv2D, options, {padded, filter, -1}, {output});
  m.Border({input}, {output});
  const Interpreter ran = RunModel(m.Pack(), {});
  const std::vector<float> got = ran.Tensor<float>(output);
  const std::vector<float> x = Numbers<float>(4, 1);
  ASSERT_EQ(got.size(), x.size());
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(got[i], -2 * x[i]);
}

}  // namespace liteforge::subgraph_fold_bytes_test
