// SPDX-License-Identifier: Apache-2.0
// The whole way of the example model: .h5 -> .tflite -> outputs, against the
// outputs of the program that trained it (expected.npy: numpy's own forward
// pass over the samples).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "liteforge/converter.h"
#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge::Interpreter;
using liteforge::NpyArray;

const fs::path kDigits = fs::path(LITEFORGE_SOURCE_DIR) / "examples/digits";

std::vector<fs::path> Samples() {
  std::vector<fs::path> samples;
  for (const auto& entry : fs::directory_iterator(kDigits / "samples")) {
    if (entry.path().extension() == ".npy") samples.push_back(entry.path());
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

std::vector<float> Floats(const NpyArray& array) {
  const auto* first = reinterpret_cast<const float*>(array.data.data());
  return {first, first + array.data.size() / sizeof(float)};
}

TEST(Digits, ConvertedModelAgreesWithItsTrainer) {
  auto converter = liteforge::Converter::FromKerasModel(kDigits / "digits.h5");
  ASSERT_TRUE(converter) << converter.error().ToString();
  auto bytes = converter->Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  ASSERT_TRUE(interpreter->AllocateTensors());

  auto expected = liteforge::ReadNpy(kDigits / "expected.npy");
  ASSERT_TRUE(expected) << expected.error().ToString();
  const std::vector<float> rows = Floats(*expected);
  const std::vector<fs::path> samples = Samples();
  ASSERT_EQ(rows.size(), samples.size() * 10);
  for (size_t k = 0; k < samples.size(); ++k) {
    auto image = liteforge::ReadNpy(samples[k]);
    ASSERT_TRUE(image) << image.error().ToString();
    const int input = interpreter->InputDetails()[0].index;
    ASSERT_TRUE(
        interpreter->SetTensor(input, image->type, image->shape, image->data));
    ASSERT_TRUE(interpreter->Invoke());
    const std::vector<float> want(
        rows.begin() + static_cast<long>(k) * 10,
        rows.begin() + static_cast<long>(k) * 10 + 10);
    // Float32 sums of at most a few hundred terms in another order.
    EXPECT_THAT(
        interpreter->Tensor<float>(interpreter->OutputDetails()[0].index),
        testing::Pointwise(testing::FloatNear(1e-5f), want))
        << samples[k];
  }
}

TEST(Digits, SameInputGivesTheSameBytes) {
  auto first = liteforge::Converter::FromKerasModel(kDigits / "digits.h5");
  auto second = liteforge::Converter::FromKerasModel(kDigits / "digits.h5");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first->Convert(), *second->Convert());
}

TEST(Digits, CommandLineConvertsInspectsAndRuns) {
  const liteforge_tests::TemporaryFolder folder;
  const auto run = [&](const std::string& arguments) {
    const auto result = liteforge_tests::RunLiteforge(arguments, folder.path());
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return result.out;
  };
  const std::string h5 = (kDigits / "digits.h5").string();
  run("convert " + h5 + " -o digits.tflite");

  const auto model = nlohmann::json::parse(run("inspect digits.tflite --json"));
  EXPECT_TRUE(model["converts"]);
  ASSERT_EQ(model["inputs"].size(), 1u);
  EXPECT_EQ(model["inputs"][0]["shape_signature"],
            (std::vector<int>{-1, 8, 8, 1}));
  EXPECT_EQ(model["outputs"][0]["shape_signature"], (std::vector<int>{-1, 10}));

  const auto source = nlohmann::json::parse(run("inspect " + h5 + " --json"));
  EXPECT_TRUE(source["converts"]);
  EXPECT_FALSE(source["layers"].empty());

  const auto report = nlohmann::json::parse(
      run("run digits.tflite --json --output-dir out --input " +
          Samples()[0].string()));
  EXPECT_EQ(report["outputs"][0]["shape"], (std::vector<int>{1, 10}));
  auto written = liteforge::ReadNpy(folder.path() / "out/output_0.npy");
  ASSERT_TRUE(written) << written.error().ToString();
  EXPECT_EQ(written->shape, (liteforge::Shape{1, 10}));
  double sum = 0;
  for (float probability : Floats(*written)) sum += probability;
  EXPECT_NEAR(sum, 1.0, 1e-5);
}

TEST(Digits, BatchOfSeveralImagesRuns) {
  auto converter = liteforge::Converter::FromKerasModel(kDigits / "digits.h5");
  ASSERT_TRUE(converter);
  auto bytes = converter->Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter);
  const int input = interpreter->InputDetails()[0].index;
  ASSERT_TRUE(interpreter->ResizeInputTensor(input, {3, 8, 8, 1}));
  ASSERT_TRUE(interpreter->AllocateTensors());
  EXPECT_EQ(interpreter->OutputDetails()[0].shape, (liteforge::Shape{3, 10}));

  std::vector<float> batch;
  for (size_t k = 0; k < 3; ++k) {
    auto image = liteforge::ReadNpy(Samples()[k]);
    ASSERT_TRUE(image);
    for (float pixel : Floats(*image)) batch.push_back(pixel);
  }
  ASSERT_TRUE(interpreter->SetTensor<float>(input, batch));
  ASSERT_TRUE(interpreter->Invoke());
  auto expected = liteforge::ReadNpy(kDigits / "expected.npy");
  std::vector<float> want = Floats(*expected);
  want.resize(30);
  EXPECT_THAT(interpreter->Tensor<float>(interpreter->OutputDetails()[0].index),
              testing::Pointwise(testing::FloatNear(1e-5f), want));
}

}  // namespace
