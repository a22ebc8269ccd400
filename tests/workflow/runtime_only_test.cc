// SPDX-License-Identifier: Apache-2.0
// liteforge-run beside liteforge: the same outputs, its own way of reading the
// command line, and how small it is.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge_tests::CommandResult;
using liteforge_tests::ReadText;
using liteforge_tests::RunLiteforge;

class RuntimeOnly : public testing::Test {
 protected:
  void SetUp() override {
    const auto done =
        RunLiteforge("convert '" LITEFORGE_SOURCE_DIR
                     "/examples/digits/digits.h5' -o digits.tflite",
                     folder_.path());
    ASSERT_EQ(done.exit_status, 0) << done.err;
  }
  CommandResult Run(const std::string& arguments) const {
    return liteforge_tests::RunProgram(LITEFORGE_RUN, arguments,
                                       folder_.path());
  }

  const liteforge_tests::TemporaryFolder folder_;
};

TEST_F(RuntimeOnly, GivesTheSameOutputs) {
  const std::string arguments = "run digits.tflite --seed 5 --output-dir ";
  ASSERT_EQ(RunLiteforge(arguments + "a", folder_.path()).exit_status, 0);
  const CommandResult done = Run(arguments + "b");
  ASSERT_EQ(done.exit_status, 0) << done.err;
  const std::string output = ReadText(folder_.path() / "a/output_0.npy");
  EXPECT_FALSE(output.empty());
  EXPECT_EQ(ReadText(folder_.path() / "b/output_0.npy"), output);
  EXPECT_EQ(Run("run --input=a/output_0.npy digits.tflite").exit_status, 1);
}

TEST_F(RuntimeOnly, Measures) {
  const CommandResult done =
      Run("benchmark digits.tflite --runs 3 --no-winograd --profile --json");
  EXPECT_EQ(done.exit_status, 0) << done.err;
  EXPECT_NE(done.out.find("\"median_us\": "), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("\"op\": \"CONV_2D\""), std::string::npos);
}

TEST_F(RuntimeOnly, AnswersWrongUsage) {
  EXPECT_EQ(Run("").exit_status, 2);
  for (const char* arguments :
       {"walk", "run", "run digits.tflite another", "run digits.tflite --what",
        "run digits.tflite --seed", "run digits.tflite --seed five",
        "benchmark digits.tflite --runs 0", "run digits.tflite --json=1"}) {
    const CommandResult done = Run(arguments);
    EXPECT_EQ(done.exit_status, 2) << arguments;
    EXPECT_FALSE(done.err.empty()) << arguments;
  }
  for (const char* arguments : {"--help", "run --help", "--version"}) {
    const CommandResult done = Run(arguments);
    EXPECT_EQ(done.exit_status, 0) << arguments;
    EXPECT_FALSE(done.out.empty()) << arguments;
  }
  EXPECT_EQ(Run("run missing.tflite").exit_status, 1);
}

#if defined(NDEBUG)  // an optimised one, without sanitizers
TEST_F(RuntimeOnly, IsSmall) {
  EXPECT_LE(fs::file_size(LITEFORGE_RUN), size_t{4} << 20);
}
#endif

}  // namespace
