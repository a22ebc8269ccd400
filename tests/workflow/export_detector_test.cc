// SPDX-License-Identifier: Apache-2.0
// From the model zoo's own configuration and a checkpoint with all its
// variables, at full size, to a .tflite that runs: by the export's two steps
// and in one. The variables are random numbers, written by a script beside the
// real models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge_tests::CommandResult;
using liteforge_tests::ReadText;
using testing::AllOf;
using testing::HasSubstr;

class ExportDetector : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path shared = liteforge_tests::SharedFolder();
    if (shared.empty()) GTEST_SKIP() << "no facts about the model zoo here";
    config_ = shared / "facts/pipeline_configs" /
              "ssd_mobilenet_v2_fpnlite_320x320_coco17_tpu-8.config";
    const std::string write =
        "/usr/bin/python3 '" +
        (shared / "tools/make_zoo_checkpoint.py").string() + "' '" +
        (shared / "facts/ckpt_index.tsv").string() + "' '" +
        At("training").string() + "' >/dev/null 2>&1";
    if (!fs::exists(config_) || std::system(write.c_str()) != 0)
      GTEST_SKIP() << "the checkpoint cannot be written (python3-numpy)";
  }
  fs::path At(const std::string& name) const { return folder_.path() / name; }
  CommandResult Run(const std::string& arguments) const {
    return liteforge_tests::RunLiteforge(arguments, folder_.path());
  }
  std::string Export(const std::string& more) const {
    return "export-tflite-graph --pipeline_config_path '" + config_.string() +
           "' --trained_checkpoint_dir training --output_directory exported " +
           more;
  }

  fs::path config_;
  liteforge_tests::TemporaryFolder folder_;
};

TEST_F(ExportDetector, TwoStepsGiveTheFileOfOne) {
  const auto direct = Run("convert '" + config_.string() +
                          "' --checkpoint training -o direct.tflite");
  ASSERT_EQ(direct.exit_status, 0) << direct.err;
  EXPECT_EQ(direct.err, "");  // no variable is left over
  const auto exported = Run(Export(""));
  ASSERT_EQ(exported.exit_status, 0) << exported.err;
  const auto again = Run("convert exported/saved_model -o exported.tflite");
  ASSERT_EQ(again.exit_status, 0) << again.err;
  const std::string file = ReadText(At("direct.tflite"));
  EXPECT_TRUE(file == ReadText(At("exported.tflite")));
  EXPECT_EQ(file.substr(4, 4), "TFL3");

  const auto run =
      Run("run direct.tflite --seed 1 --json --output-dir outputs");
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const char* shapes[] = {"(1, 10, 4)", "(1, 10)", "(1, 10)", "(1,)"};
  for (int k = 0; k < 4; ++k) {
    const std::string npy =
        ReadText(At("outputs/output_" + std::to_string(k) + ".npy"));
    EXPECT_THAT(npy.substr(0, 128),
                HasSubstr("'shape': " + std::string(shapes[k])));
  }
}

TEST_F(ExportDetector, RefusalsNameTheCauseAndLeaveNothing) {
  const struct {
    const char* options;
    const char* error;
  } kCases[] = {
      {"--config_override 'model { ssd { num_classes: 2 } }'",
       "num_classes: 90"},
      {"--config_override 'model { ssd { image_resizer { "
       "keep_aspect_ratio_resizer { } } } }'",
       "image_resizer is keep_aspect_ratio_resizer; a .tflite needs "
       "fixed_shape_resizer: give --config_override"},
      {"--config_override 'model { ssd { feature_extractor { type: "
       "\"ssd_vgg\" } } }'",
       "feature_extractor 'ssd_vgg' is not known; known are: "},
      {"--config_override 'model { sssd { } }'", "sssd"},
  };
  for (const auto& row : kCases) {
    const auto exported = Run(Export(row.options));
    EXPECT_EQ(exported.exit_status, 1) << row.options;
    EXPECT_THAT(exported.err,
                AllOf(testing::StartsWith("error: "), HasSubstr(row.error)));
    const auto direct =
        Run("convert '" + config_.string() +
            "' --checkpoint training -o m.tflite " + row.options);
    EXPECT_EQ(direct.exit_status, 1) << row.options;
    EXPECT_EQ(direct.err, exported.err);
  }
  EXPECT_EQ(Run(Export("--centernet_include_keypoints")).exit_status, 1);
  fs::remove(At("training/ckpt-0.data-00000-of-00001"));
  EXPECT_THAT(Run(Export("")).err, HasSubstr("data-00000-of-00001"));
  EXPECT_FALSE(fs::exists(At("exported")));
  EXPECT_FALSE(fs::exists(At("m.tflite")));
}

}  // namespace
