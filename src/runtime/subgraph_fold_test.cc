// SPDX-License-Identifier: Apache-2.0
// Operators folded into the convolution before: the same numbers as by
// themselves, which keeping all tensors makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::subgraph_fold_test {

using testing::HasSubstr;

struct Case {
  const char* what;
  int window, channels;
  bool depthwise = false;
  bool relu_first = false, adds = false, relu_last = false, slope = false;
  bool addend_first = true;  // among ADD's inputs
};

// Numbers that are no round ones.
std::vector<float> Numbers(int count, int seed) {
  std::vector<float> numbers;
  for (int i = 0; i < count; ++i)
    numbers.push_back(static_cast<float>((i * 37 + seed * 11) % 101 - 50) /
                      23.0f);
  return numbers;
}

constexpr int kSize = 13;

// input -> [convolution "addend"] -> convolution -> what the case says; the
// last tensor is the output.
struct Built {
  std::vector<std::byte> file;
  int input, convolved, output;
};

Built Build(const Case& c) {
  TestModel m;
  const std::vector<int32_t> shape{1, kSize, kSize, c.channels};
  const auto tensor = [&](const std::string& name) {
    return m.Tensor(name, DataType::kFloat32, shape);
  };
  const int per_channel = c.window * c.window;
  const auto convolve = [&](const std::string& name, int from, int seed,
                            bool depthwise) {
    const int to = tensor(name);
    const std::vector<int32_t> filter_shape =
        depthwise
            ? std::vector<int32_t>{1, c.window, c.window, c.channels}
            : std::vector<int32_t>{c.channels, c.window, c.window, c.channels};
    const int size = per_channel * c.channels * (depthwise ? 1 : c.channels);
    const int filter = m.Constant<float>(name + "/filter", DataType::kFloat32,
                                         filter_shape, Numbers(size, seed));
    const int bias = m.Constant<float>(name + "/bias", DataType::kFloat32,
                                       {c.channels}, Numbers(c.channels, seed));
    if (depthwise) {
      DepthwiseConv2DOptions options;
      options.stride_h = options.stride_w = 1;
      m.Node(Op::kDepthwiseConv2D, options, {from, filter, bias}, {to});
    } else {
      Conv2DOptions options;
      options.stride_h = options.stride_w = 1;
      m.Node(Op::kConv2D, options, {from, filter, bias}, {to});
    }
    return to;
  };
  Built built{};
  built.input = tensor("input");
  const int addend =
      c.adds ? convolve("addend", built.input, 3, false) : built.input;
  int last = built.convolved =
      convolve("convolved", built.input, 5, c.depthwise);
  const auto follow = [&](const std::string& name, Op op,
                          std::vector<int32_t> inputs) {
    const int to = tensor(name);
    m.Node(op, OpOptions(), std::move(inputs), {to});
    last = to;
  };
  if (c.relu_first) follow("relu", Op::kRelu, {last});
  if (c.adds) {
    follow("sum", Op::kAdd,
           c.addend_first ? std::vector<int32_t>{addend, last}
                          : std::vector<int32_t>{last, addend});
  }
  if (c.relu_last) follow("relu6", Op::kRelu6, {last});
  if (c.slope) {
    const int slope =
        m.Constant<float>("slope", DataType::kFloat32, {1, 1, c.channels},
                          Numbers(c.channels, 7));
    follow("prelu", Op::kPrelu, {last, slope});
  }
  built.output = last;
  m.Border({built.input}, {built.output});
  built.file = m.Pack();
  return built;
}

Interpreter RunModel(const Built& built, const InterpreterOptions& options) {
  auto interpreter = Interpreter::FromBuffer(built.file, options);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  auto done = interpreter->AllocateTensors();
  EXPECT_TRUE(done) << done.error().ToString();
  const TensorDetails input = interpreter->InputDetails()[0];
  const std::vector<float> values =
      Numbers(static_cast<int>(input.shape.elements()), 1);
  EXPECT_TRUE(interpreter->SetTensor(built.input, DataType::kFloat32,
                                     input.shape,
                                     std::as_bytes(std::span(values))));
  done = interpreter->Invoke();
  EXPECT_TRUE(done) << done.error().ToString();
  return *std::move(interpreter);
}

class Folded : public testing::TestWithParam<Case> {};

TEST_P(Folded, SameNumbers) {
  const Built built = Build(GetParam());
  for (const int threads : {1, 2}) {
    const Interpreter folded = RunModel(built, {.num_threads = threads});
    const Interpreter apart =
        RunModel(built, {.num_threads = threads, .preserve_all_tensors = true});
    const auto got = folded.GetTensor(built.output);
    const auto want = apart.GetTensor(built.output);
    ASSERT_TRUE(got && want);
    EXPECT_TRUE(std::ranges::equal(*got, *want));
    EXPECT_TRUE(apart.GetTensor(built.convolved));
    const auto between = folded.GetTensor(built.convolved);
    ASSERT_FALSE(between);
    EXPECT_THAT(between.error().message, HasSubstr("preserve_all_tensors"));
    // What the tensor is can be asked all the same.
    EXPECT_EQ(folded.DetailsOf(built.convolved)->shape,
              apart.DetailsOf(built.convolved)->shape);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Folded,
    testing::Values(
        Case{.what = "Relu", .window = 1, .channels = 8, .relu_first = true},
        Case{.what = "Add", .window = 1, .channels = 8, .adds = true},
        Case{.what = "AddAfter",
             .window = 1,
             .channels = 37,
             .adds = true,
             .addend_first = false},
        Case{.what = "ReluAddRelu",
             .window = 1,
             .channels = 19,
             .relu_first = true,
             .adds = true,
             .relu_last = true},
        Case{.what = "AddPrelu",
             .window = 1,
             .channels = 33,
             .adds = true,
             .slope = true},
        Case{.what = "WindowAddPrelu",
             .window = 3,
             .channels = 7,
             .adds = true,
             .slope = true},
        Case{.what = "WinogradAddPrelu",
             .window = 3,
             .channels = 16,
             .adds = true,
             .slope = true},
        Case{.what = "WinogradPrelu",
             .window = 3,
             .channels = 20,
             .slope = true},
        Case{.what = "DepthwiseAddRelu",
             .window = 3,
             .channels = 12,
             .depthwise = true,
             .adds = true,
             .relu_last = true},
        Case{.what = "DepthwisePrelu",
             .window = 3,
             .channels = 5,
             .depthwise = true,
             .slope = true}),
    [](const auto& info) { return info.param.what; });

// A result that the caller or another operator sees is computed.
TEST(FoldedNot, WhatOthersSee) {
  TestModel m;

  const auto shape = std::vector<int32_t>{1, 2, 2, 1};
  const int input = m.Tensor("input", DataType::kFloat32, shape);
  const int filter =
      m.Constant<float>("filter", DataType::kFloat32, {1, 1, 1, 1}, {-2.0f});
  const int result = m.Tensor("result", DataType::kFloat32, shape);
  const int relu = m.Tensor("relu", DataType::kFloat32, shape);
  const int twice = m.Tensor("twice", DataType::kFloat32, shape);
  Conv2DOptions options;
  options.stride_h = options.stride_w = 1;
  m.Node(Op::kConv2D, options, {input, filter, -1}, {result});
  m.Node(Op::kRelu, OpOptions(), {result}, {relu});
  m.Node(Op::kAdd, OpOptions(), {relu, result}, {twice});
  m.Border({input}, {relu, twice});
  const Built built{m.Pack(), input, result, twice};
  const Interpreter ran = RunModel(built, {});
  const auto got = ran.GetTensor(built.output);
  ASSERT_TRUE(got);
  const std::vector<float> x = Numbers(4, 1);
  for (size_t i = 0; i < x.size(); ++i) {
    float y;
    std::memcpy(&y, got->data() + i * sizeof(y), sizeof(y));
    EXPECT_EQ(y, std::max(-2 * x[i], 0.0f) - 2 * x[i]);
  }
}

}  // namespace liteforge::subgraph_fold_test
