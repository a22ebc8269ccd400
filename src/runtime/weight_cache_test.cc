// SPDX-License-Identifier: Apache-2.0
// Models with a file for their weights: the same numbers whatever it holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::weight_cache_test {

namespace fs = std::filesystem;

std::vector<float> Numbers(int count, int seed) {
  std::vector<float> numbers;
  for (int i = 0; i < count; ++i)
    numbers.push_back(static_cast<float>((i * 37 + seed * 11) % 101 - 50) /
                      23.0f);
  return numbers;
}

// A 3x3 convolution, which goes by Winograd's products, a 1x1 one and a dense
// layer of quantized weights: three layouts.
std::vector<std::byte> Model(int seed) {
  constexpr int kSize = 16, kChannels = 16, kOutputs = 10;
  TestModel m;
  const auto tensor = [&](const std::string& name) {
    return m.Tensor(name, DataType::kFloat32, {1, kSize, kSize, kChannels});
  };
  const auto convolve = [&](int window, int from) {
    const int filter = m.Constant<float>(
        "filter", DataType::kFloat32, {kChannels, window, window, kChannels},
        Numbers(window * window * kChannels * kChannels, seed + window));
    const int to = tensor("convolved");
    Conv2DOptions options;
    options.stride_h = options.stride_w = 1;
    m.Node(Op::kConv2D, options, {from, filter}, {to});
    return to;
  };
  const int input = tensor("input");
  const int features = convolve(1, convolve(3, input));
  std::vector<int8_t> weights(kOutputs * kChannels);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<int8_t>(i * 53 + static_cast<size_t>(seed));
  const int dense =
      m.Constant("weights", DataType::kInt8, {kOutputs, kChannels}, weights);
  m.tensor(dense).quantization =
      std::make_unique<tflite::QuantizationParametersT>();
  m.tensor(dense).quantization->scale = {0.02f};
  m.tensor(dense).quantization->zero_point = {0};
  const int output =
      m.Tensor("output", DataType::kFloat32, {kSize * kSize, kOutputs});
  m.Node(Op::kFullyConnected, FullyConnectedOptions{}, {features, dense},
         {output});
  m.Border({input}, {output});
  return m.Pack();
}

class WeightCache : public testing::Test {
 protected:
  WeightCache() { fs::create_directories(folder_); }
  ~WeightCache() override { fs::remove_all(folder_); }

  fs::path Write(const std::string& name, const std::vector<std::byte>& bytes) {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }
  std::string Cached() const {
    std::ifstream stream(cache_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void SetCached(const std::string& bytes) const {
    std::ofstream(cache_, std::ios::binary | std::ios::trunc) << bytes;
  }

  static std::vector<float> Run(const fs::path& model,
                                const InterpreterOptions& options) {
    auto interpreter = Interpreter::FromFile(model, options);
    EXPECT_TRUE(interpreter);
    if (!interpreter) return {};
    const auto allocated = interpreter->AllocateTensors();
    EXPECT_TRUE(allocated) << allocated.error().ToString();
    const TensorDetails input = interpreter->InputDetails()[0];
    const std::vector<float> values =
        Numbers(static_cast<int>(input.shape.elements()), 1);
    EXPECT_TRUE(
        interpreter->SetTensor(input.index, std::span<const float>(values)));
    EXPECT_TRUE(interpreter->Invoke());
    return interpreter->Tensor<float>(interpreter->OutputDetails()[0].index);
  }
  std::vector<float> Run(const fs::path& model) const {
    return Run(model, {.weight_cache = cache_});
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "weight_cache_test";
  const fs::path cache_ = folder_ / "weights";
};

TEST_F(WeightCache, ChangesNoNumber) {
  const fs::path model = Write("model.tflite", Model(1));
  const std::vector<float> wanted = Run(model, {});
  ASSERT_FALSE(wanted.empty());
  EXPECT_EQ(Run(model), wanted);  // which makes it
  const std::string made = Cached();
  EXPECT_GT(made.size(), 36u * 16 * 16 * sizeof(float));
  EXPECT_EQ(Run(model), wanted);  // from it
  EXPECT_EQ(Cached(), made);
}

TEST_F(WeightCache, OfAnotherModelIsMadeAgain) {
  const fs::path first = Write("first.tflite", Model(1));
  const fs::path second = Write("second.tflite", Model(2));
  const std::vector<float> wanted = Run(second, {});
  Run(first);
  const std::string of_first = Cached();
  EXPECT_EQ(Run(second), wanted);
  EXPECT_NE(Cached(), of_first);
  EXPECT_EQ(Run(second), wanted);
}

TEST_F(WeightCache, OfOtherOptionsIsAddedTo) {
  const fs::path model = Write("model.tflite", Model(1));
  const InterpreterOptions plain{.winograd = false};
  const std::vector<float> wanted = Run(model, plain);
  Run(model);
  EXPECT_EQ(Run(model, {.winograd = false, .weight_cache = cache_}), wanted);
}

TEST_F(WeightCache, DamagedIsMadeAgain) {
  const fs::path model = Write("model.tflite", Model(1));
  const std::vector<float> wanted = Run(model, {});
  Run(model);
  const std::string whole = Cached();
  const size_t step = whole.size() / 23;
  for (size_t at = 0; at < whole.size(); at += step) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    SetCached(damaged);
    EXPECT_EQ(Run(model), wanted) << at;
    SetCached(whole.substr(0, at));
    EXPECT_EQ(Run(model), wanted) << at;
    EXPECT_EQ(Cached().size(), whole.size());
  }
}

TEST_F(WeightCache, OfBytesInMemory) {
  const std::vector<std::byte> bytes = Model(1);
  const std::vector<float> wanted = Run(Write("model.tflite", bytes), {});
  for (int i = 0; i < 2; ++i) {
    auto interpreter = Interpreter::FromBuffer(bytes, {.weight_cache = cache_});
    ASSERT_TRUE(interpreter);
    EXPECT_TRUE(interpreter->AllocateTensors());
  }
  EXPECT_EQ(Run(folder_ / "model.tflite"), wanted);
}

TEST_F(WeightCache, ThatCannotBeWrittenIsAnError) {
  const fs::path model = Write("model.tflite", Model(1));
  auto interpreter = Interpreter::FromFile(
      model, {.weight_cache = folder_ / "missing" / "weights"});
  ASSERT_TRUE(interpreter);
  const auto allocated = interpreter->AllocateTensors();
  ASSERT_FALSE(allocated);
  EXPECT_THAT(allocated.error().ToString(), testing::HasSubstr("missing"));
}

}  // namespace liteforge::weight_cache_test
