// SPDX-License-Identifier: Apache-2.0
// Runs the checks of checks.c, which is compiled as C.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <vector>

#include "runtime/test_model.h"
#include "tests/c_api/checks.h"
#include "tests/command.h"

namespace liteforge {
namespace {

std::vector<std::byte> Negate() {
  TestModel model;
  model.Tensor("x", DataType::kFloat32, {1, 2}, {-1, 2});
  model.Tensor("y", DataType::kFloat32, {1, 2}, {-1, 2});
  model.Node(Op::kNeg, {}, {0}, {1});
  model.Border({0}, {1});
  model.Signature("negate", {{"value", 0}}, {{"negative", 1}});
  auto& quantization = model.tensor(0).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {0.5f};
  quantization->zero_point = {3};
  return model.Pack();
}

#define EXPECT_NO_FAILURE(call)             \
  do {                                      \
    const char* failure = (call);           \
    EXPECT_EQ(failure, nullptr) << failure; \
  } while (false)

TEST(CApi, RunsAModel) {
  const auto model = Negate();
  EXPECT_NO_FAILURE(CheckRun(model.data(), model.size()));
}

TEST(CApi, RunsASignature) {
  const auto model = Negate();
  EXPECT_NO_FAILURE(CheckSignature(model.data(), model.size()));
}

TEST(CApi, Profiles) {
  const auto model = Negate();
  EXPECT_NO_FAILURE(CheckProfile(model.data(), model.size()));
}

TEST(CApi, ExplainsMistakes) {
  const auto model = Negate();
  EXPECT_NO_FAILURE(CheckMistakes(model.data(), model.size()));
}

TEST(CApi, RunsOperatorsWrittenInC) {
  TestModel model;
  model.Tensor("x", DataType::kFloat32, {4});
  model.Tensor("y", DataType::kFloat32, {4});
  model.Tensor("z", DataType::kInt32, {1}, {-1});
  auto& quantization = model.tensor(0).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {0.5f};
  quantization->zero_point = {3};
  model.Node(Op::kCustom, CustomOptions{"Half", {2, 0, 0, 0}}, {0}, {1},
             "Half");
  model.Node(Op::kCustom, CustomOptions{"Where", {}}, {1}, {2}, "Where");
  model.Border({0}, {1, 2});
  const auto bytes = model.Pack();
  EXPECT_NO_FAILURE(CheckCustomOps(bytes.data(), bytes.size()));
}

TEST(CApi, OpensFiles) {
  const liteforge_tests::TemporaryFolder folder;
  const auto model = Negate();
  const auto path = folder.path() / "m.tflite";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(model.data()),
             static_cast<std::streamsize>(model.size()));
  EXPECT_NO_FAILURE(CheckFile(path.c_str()));
}

TEST(CApi, TakesNullsWell) { EXPECT_NO_FAILURE(CheckNulls()); }

}  // namespace
}  // namespace liteforge
