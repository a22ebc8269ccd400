// SPDX-License-Identifier: Apache-2.0
// The PAD before a MAX_POOL_2D: the same numbers as by itself, which keeping
// all tensors makes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runtime/run_model_testing.h"
#include "runtime/test_model.h"

namespace liteforge::subgraph_fold_pool_test {

struct Case {
  const char* what;
  DataType type = DataType::kFloat32;
  int window_h = 3, window_w = 3, stride = 2;
  std::vector<int32_t> paddings = {0, 0, 1, 1, 1, 1, 0, 0};
  Activation activation = Activation::kNone;
  Padding padding = Padding::kValid;
  bool folds = true;
};

constexpr int kHeight = 10, kWidth = 7, kChannels = 5;

// Mostly negative, so that the zeros around them are seen.
std::vector<std::byte> Bytes(DataType type) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < kHeight * kWidth * kChannels; ++i) {
    const int n = i * 37 % 101 - 80;
    const auto append = [&](auto value) {
      const auto* at = reinterpret_cast<const std::byte*>(&value);
      bytes.insert(bytes.end(), at, at + sizeof(value));
    };
    if (type == DataType::kFloat32) append(static_cast<float>(n) / 7.0f);
    if (type == DataType::kInt8) append(static_cast<int8_t>(n));
    if (type == DataType::kUInt8) append(static_cast<uint8_t>(n + 128));
    if (type == DataType::kInt16) append(static_cast<int16_t>(n * 300));
  }
  return bytes;
}

int64_t ZeroPointOf(DataType type) {
  return type == DataType::kInt8 ? -4 : type == DataType::kUInt8 ? 131 : 0;
}

struct Built {
  std::vector<std::byte> file;
  int input, padded, output;
};

Built Build(const Case& c) {
  TestModel m;
  const auto tensor = [&](const char* name, std::vector<int32_t> shape) {
    const int index = m.Tensor(name, c.type, std::move(shape));
    if (c.type != DataType::kFloat32) {
      auto q = std::make_unique<tflite::QuantizationParametersT>();
      q->scale = {0.25f};
      q->zero_point = {ZeroPointOf(c.type)};
      m.tensor(index).quantization = std::move(q);
    }
    return index;
  };
  Built built{};
  const int height = kHeight + c.paddings[2] + c.paddings[3];
  const int width = kWidth + c.paddings[4] + c.paddings[5];
  built.input = tensor("input", {1, kHeight, kWidth, kChannels});
  built.padded = tensor("padded", {1, height, width, kChannels});
  const auto out = [&](int size, int window) {
    return c.padding == Padding::kSame ? (size + c.stride - 1) / c.stride
                                       : (size - window) / c.stride + 1;
  };
  built.output = tensor("output", {1, out(height, c.window_h),
                                   out(width, c.window_w), kChannels});
  const int paddings =
      m.Constant<int32_t>("paddings", DataType::kInt32, {4, 2}, c.paddings);
  m.Node(Op::kPad, PadOptions(), {built.input, paddings}, {built.padded});
  Pool2DOptions options;
  options.padding = c.padding;
  options.stride_h = options.stride_w = c.stride;
  options.filter_height = c.window_h;
  options.filter_width = c.window_w;
  options.fused_activation_function = c.activation;
  m.Node(Op::kMaxPool2D, options, {built.padded}, {built.output});
  m.Border({built.input}, {built.output});
  built.file = m.Pack();
  return built;
}

class PaddedPool : public testing::TestWithParam<Case> {};

TEST_P(PaddedPool, SameNumbers) {
  const Built built = Build(GetParam());
  const std::vector<std::byte> input = Bytes(GetParam().type);
  const Interpreter apart =
      RunModel(built.file, {.preserve_all_tensors = true}, input);
  const auto want = apart.GetTensor(built.output);
  ASSERT_TRUE(want);
  for (const bool reference : {false, true}) {
    const Interpreter folded =
        RunModel(built.file, {.reference_kernels = reference}, input);
    const auto got = folded.GetTensor(built.output);
    ASSERT_TRUE(got);
    EXPECT_TRUE(std::ranges::equal(*got, *want));
    EXPECT_EQ(folded.GetTensor(built.padded).has_value(), !GetParam().folds);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PaddedPool,
    testing::Values(
        Case{.what = "Float"},
        Case{.what = "FloatRelu6", .activation = Activation::kRelu6},
        Case{.what = "FloatReluN1To1", .activation = Activation::kReluN1To1},
        Case{.what = "Int8", .type = DataType::kInt8},
        Case{.what = "Int8Relu",
             .type = DataType::kInt8,
             .activation = Activation::kRelu},
        Case{.what = "UInt8", .type = DataType::kUInt8, .stride = 1},
        Case{.what = "Int16", .type = DataType::kInt16},
        Case{.what = "OneSide", .paddings = {0, 0, 0, 2, 3, 0, 0, 0}},
        Case{.what = "WhollyOutside",
             .type = DataType::kInt8,
             .window_h = 2,
             .window_w = 2,
             .paddings = {0, 0, 4, 5, 5, 4, 0, 0}},
        Case{.what = "Lines",
             .window_h = 1,
             .window_w = 4,
             .stride = 3,
             .paddings = {0, 0, 0, 0, 2, 1, 0, 0}},
        Case{.what = "PaddedTwice",
             .paddings = {0, 0, 1, 1, 1, 1, 0, 0},
             .padding = Padding::kSame,
             .folds = false}),
    [](const auto& info) { return info.param.what; });

}  // namespace liteforge::subgraph_fold_pool_test
