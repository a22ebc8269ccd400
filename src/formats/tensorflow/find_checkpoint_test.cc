// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/find_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace liteforge::find_checkpoint_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FindCheckpointTest : public testing::Test {
 protected:
  FindCheckpointTest() {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  void Write(const std::string& name, const std::string& text = "") const {
    std::ofstream(dir_ / name) << text;
  }
  const fs::path dir_ = fs::path(testing::TempDir()) / "find_checkpoint";
};

TEST_F(FindCheckpointTest, StateFileNamesTheNewest) {
  Write("ckpt-1.index");
  Write("ckpt-2.index");
  Write("checkpoint",
        "model_checkpoint_path: \"ckpt-2\"\nall_model_checkpoint_paths: "
        "\"ckpt-1\"\n");
  EXPECT_EQ(FindCheckpoint(dir_).value(), dir_ / "ckpt-2");
}

TEST_F(FindCheckpointTest, MovedDirectoryIsFoundByName) {
  Write("ckpt-2.index");
  Write("checkpoint", "model_checkpoint_path: \"/gone/training/ckpt-2\"");
  EXPECT_EQ(FindCheckpoint(dir_).value(), dir_ / "ckpt-2");
}

TEST_F(FindCheckpointTest, OnlyOneNeedsNoStateFile) {
  Write("ckpt-0.index");
  EXPECT_EQ(FindCheckpoint(dir_).value(), dir_ / "ckpt-0");
}

TEST_F(FindCheckpointTest, PrefixAndIndexAreTakenAsTheyAre) {
  Write("ckpt-1.index");
  Write("ckpt-2.index");
  EXPECT_EQ(FindCheckpoint(dir_ / "ckpt-1").value(), dir_ / "ckpt-1");
  EXPECT_EQ(FindCheckpoint(dir_ / "ckpt-2.index").value(), dir_ / "ckpt-2");
}

TEST_F(FindCheckpointTest, SaysWhatIsMissing) {
  EXPECT_THAT(FindCheckpoint(dir_ / "none").error().ToString(),
              HasSubstr("is no checkpoint"));
  EXPECT_THAT(FindCheckpoint(dir_).error().ToString(),
              HasSubstr("holds no checkpoint"));
  Write("a.index");
  Write("b.index");
  EXPECT_THAT(FindCheckpoint(dir_).error().ToString(),
              HasSubstr("several checkpoints"));
  Write("checkpoint", "model_checkpoint_path: \"c\"");
  EXPECT_THAT(FindCheckpoint(dir_).error().ToString(),
              HasSubstr("names checkpoint 'c', which is not there; it has "
                        "checkpoints: a, b"));
}

}  // namespace liteforge::find_checkpoint_test
