// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace liteforge::mapped_file_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class MappedFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mapXXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }
  fs::path dir_;
};

TEST_F(MappedFile, HoldsTheBytesUntilTheLastCopyGoes) {
  const std::string text(10000, 'x');
  std::ofstream(dir_ / "f") << text << "end";
  Blob tail;
  {
    auto whole = MapFile(dir_ / "f");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->size(), 10003u);
    tail = Slice(*whole, 10000, 3);
  }
  fs::remove(dir_ / "f");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(tail.data()), 3), "end");
}

TEST_F(MappedFile, AnEmptyFileIsAnEmptyBlob) {
  std::ofstream(dir_ / "f").flush();
  auto blob = MapFile(dir_ / "f");
  ASSERT_TRUE(blob);
  EXPECT_TRUE(blob->empty());
}

TEST_F(MappedFile, ErrorsNameThePath) {
  const auto missing = MapFile(dir_ / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_EQ(
      missing.error().ToString(),
      (dir_ / "none").string() + ": cannot be read: No such file or directory");
  EXPECT_THAT(MapFile(dir_).error().ToString(),
              HasSubstr("is not a regular file"));
}

TEST_F(MappedFile, APipeIsRefusedWithoutWaiting) {
  ASSERT_EQ(mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(MapFile(dir_ / "pipe").error().ToString(),
              HasSubstr("is not a regular file"));
}

}  // namespace liteforge::mapped_file_test
