// SPDX-License-Identifier: Apache-2.0
// MLPerf Tiny models converted by liteforge beside the official conversions:
// the same inputs and outputs, the same operators or fewer. Skipped where the
// real models are not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/command.h"

namespace {

using nlohmann::json;

struct Pair {
  const char* name;
  const char* source;  // under models/
  const char* twin;    // folder of the official .tflite
  bool same_dtype;     // the twin of one is quantized
};

class MlperfTwin : public testing::TestWithParam<Pair> {};

json Inspect(const std::string& file, const std::filesystem::path& folder) {
  const auto result =
      liteforge_tests::RunLiteforge("inspect --json " + file, folder);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  return json::parse(result.out, nullptr, false);
}

void ExpectSameBorder(const json& ours, const json& twin, bool same_dtype) {
  ASSERT_EQ(ours.size(), twin.size());
  for (size_t k = 0; k < ours.size(); ++k) {
    EXPECT_EQ(ours[k]["shape"], twin[k]["shape"]);
    EXPECT_EQ(ours[k]["shape_signature"], twin[k]["shape_signature"]);
    if (same_dtype) {
      EXPECT_EQ(ours[k]["dtype"], twin[k]["dtype"]);
    }
  }
}

TEST_P(MlperfTwin, HasTheSameBorderAndNoMoreOperators) {
  const std::filesystem::path shared = liteforge_tests::SharedFolder();
  if (shared.empty()) GTEST_SKIP() << "no real models here";
  const liteforge_tests::TemporaryFolder folder;
  const auto models = shared / "models";
  const auto converted = liteforge_tests::RunLiteforge(
      "convert " + (models / GetParam().source).string() + " -o ours.tflite",
      folder.path());
  ASSERT_EQ(converted.exit_status, 0) << converted.err;

  const json ours = Inspect("ours.tflite", folder.path());
  const json twin =
      Inspect((models / "tflite" / GetParam().twin / "model.tflite").string(),
              folder.path());
  ExpectSameBorder(ours["inputs"], twin["inputs"], GetParam().same_dtype);
  ExpectSameBorder(ours["outputs"], twin["outputs"], GetParam().same_dtype);
  if (ours["operator_sequence"].size() == twin["operator_sequence"].size()) {
    EXPECT_EQ(ours["operator_sequence"], twin["operator_sequence"]);
  } else {
    EXPECT_LT(ours["operator_sequence"].size(),
              twin["operator_sequence"].size())
        << ours["operator_sequence"];
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, MlperfTwin,
    testing::Values(
        Pair{"resnet", "h5/mlperf_pretrained_resnet_h5/model.h5",
             "mlperf_pretrained_resnet", true},
        Pair{"vww", "h5/mlperf_vww_96_h5/model.h5", "mlperf_vww_96_float",
             true},
        Pair{"ad01", "h5/mlperf_ad01_h5/model.h5", "mlperf_ad01_fp32", true},
        Pair{"str_ww", "h5/mlperf_str_ww_ref_model_h5/model.h5",
             "mlperf_str_ww_ref_model", false},
        Pair{"kws", "savedmodel/mlperf_kws_ref_model_saved/saved_model",
             "mlperf_kws_ref_model_float32", true}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
