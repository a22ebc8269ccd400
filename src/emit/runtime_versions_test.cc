// SPDX-License-Identifier: Apache-2.0
#include "emit/runtime_versions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"

namespace liteforge::runtime_versions_test {

TEST(RuntimeVersions, OrderIsNumeric) {
  EXPECT_TRUE(IsOlderRuntime("2.9.0", "2.10.0"));
  EXPECT_TRUE(IsOlderRuntime("1.15.0", "2.0.0"));
  EXPECT_TRUE(IsOlderRuntime("2.14.0", "2.14.4"));
  EXPECT_TRUE(IsOlderRuntime("", "1.5.0"));
  EXPECT_FALSE(IsOlderRuntime("2.10.0", "2.9.0"));
  EXPECT_FALSE(IsOlderRuntime("2.3.0", "2.3.0"));
  EXPECT_FALSE(IsOlderRuntime("", ""));
}

TEST(RuntimeVersions, UnknownOnesAreEmpty) {
  EXPECT_EQ(RuntimeVersionOf({Op::kConv2D, 3}), "1.14.0");
  EXPECT_EQ(RuntimeVersionOf({Op::kBroadcastTo, 1}), "");
  EXPECT_EQ(RuntimeVersionOf({Op::kBroadcastTo, 2}), "2.5.0");
  EXPECT_EQ(RuntimeVersionOf({Op::kConv2D, 0}), "");
  EXPECT_EQ(RuntimeVersionOf({Op::kConv2D, 9}), "");
  EXPECT_EQ(RuntimeVersionOf({Op::kConv2D, 1000}), "");
  EXPECT_EQ(RuntimeVersionOf({Op::kCustom, 1}), "");
  EXPECT_EQ(RuntimeVersionOf({Op::kStablehloCase, 1}), "2.17.0");
}

TEST(RuntimeVersions, TheNewestCounts) {
  const VersionedOp ops[] = {
      {Op::kAdd, 1}, {Op::kConv2D, 6}, {Op::kCustom, 1}, {Op::kGelu, 1}};
  EXPECT_EQ(MinRuntimeVersion(ops), "2.9.0");
  EXPECT_EQ(MinRuntimeVersion({}), "");
}

// What TensorFlow's converter wrote into its files.
std::string Stated(const TfliteModel& model) {
  for (uint32_t i = 0; i < Count(model->metadata()); ++i) {
    const tflite::Metadata& metadata = *model->metadata()->Get(i);
    if (Text(metadata.name()) != "min_runtime_version") continue;
    const auto bytes = model.BufferData(metadata.buffer()).ToVector<char>();
    return {bytes.begin(), std::find(bytes.begin(), bytes.end(), '\0')};
  }
  return {};
}

// A file quantized after its conversion still states what the float model
// needed, so not all agree.
TEST(RuntimeVersions, AgreeWithMostRealFiles) {
  const auto paths = SharedModels("tflite");
  if (paths.empty()) GTEST_SKIP() << "no models in " << SharedFolder();
  int same = 0, different = 0;
  for (const auto& path : paths) {
    auto model = TfliteModel::Open(path);
    ASSERT_TRUE(model) << model.error().ToString();
    const std::string stated = Stated(*model);
    if (stated.empty()) continue;
    std::vector<VersionedOp> ops;
    for (uint32_t i = 0; i < Count((*model)->operator_codes()); ++i) {
      ops.push_back({static_cast<Op>(model->OperatorNumber(i)),
                     (*model)->operator_codes()->Get(i)->version()});
    }
    const bool equal = MinRuntimeVersion(ops) == stated;
    same += equal;
    different += !equal;
  }
  EXPECT_GE(same, 100);
  EXPECT_LE(different, 20);
}

}  // namespace liteforge::runtime_versions_test
