// SPDX-License-Identifier: Apache-2.0
// --weight-cache of run and benchmark: cold, warm and damaged, with the outputs
// of a run without it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge_tests::ReadText;
using liteforge_tests::RunLiteforge;

class WeightCache : public testing::Test {
 protected:
  void SetUp() override {
    const auto done =
        RunLiteforge("convert '" LITEFORGE_SOURCE_DIR
                     "/examples/digits/digits.h5' -o digits.tflite",
                     folder_.path());
    ASSERT_EQ(done.exit_status, 0) << done.err;
  }
  // What the model says.
  std::string Run(const std::string& options) const {
    fs::remove_all(folder_.path() / "out");
    const auto done =
        RunLiteforge("run digits.tflite --seed 3 --output-dir out " + options,
                     folder_.path());
    EXPECT_EQ(done.exit_status, 0) << done.err;
    return ReadText(folder_.path() / "out/output_0.npy");
  }

  const liteforge_tests::TemporaryFolder folder_;
};

TEST_F(WeightCache, ColdWarmAndDamaged) {
  const fs::path cache = folder_.path() / "weights";
  const std::string wanted = Run("");
  ASSERT_FALSE(wanted.empty());
  EXPECT_EQ(Run("--weight-cache weights"), wanted);
  const std::string made = ReadText(cache);
  ASSERT_FALSE(made.empty());
  EXPECT_EQ(Run("--weight-cache weights"), wanted);
  EXPECT_EQ(ReadText(cache), made);
  std::ofstream(cache, std::ios::binary) << made.substr(0, made.size() / 2);
  EXPECT_EQ(Run("--weight-cache weights"), wanted);
  EXPECT_EQ(ReadText(cache), made);
  std::ofstream(cache, std::ios::binary) << "another file";
  const auto done =
      RunLiteforge("benchmark digits.tflite --runs 2 --weight-cache weights",
                   folder_.path());
  EXPECT_EQ(done.exit_status, 0) << done.err;
  EXPECT_EQ(ReadText(cache), made);
}

TEST_F(WeightCache, SaysWhereItCannotBeWritten) {
  const auto done = RunLiteforge(
      "run digits.tflite --weight-cache missing/weights", folder_.path());
  EXPECT_EQ(done.exit_status, 1);
  EXPECT_NE(done.err.find("missing/weights"), std::string::npos) << done.err;
}

}  // namespace
