// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace liteforge::atomic_file_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AtomicFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "atomicXXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }

  static std::span<const std::byte> Bytes(const std::string& text) {
    return std::as_bytes(std::span(text));
  }
  static std::string Read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  size_t FileCount() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(dir_), {}));
  }

  fs::path dir_;
};

TEST_F(AtomicFile, WritesPiecesInOrder) {
  const std::string a = "abc", b, c = "defg";
  const std::vector<std::span<const std::byte>> pieces = {Bytes(a), Bytes(b),
                                                          Bytes(c)};
  ASSERT_TRUE(WriteFileAtomically(dir_ / "out", pieces));
  EXPECT_EQ(Read(dir_ / "out"), "abcdefg");
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(AtomicFile, ReplacesAnOldFile) {
  ASSERT_TRUE(WriteFileAtomically(dir_ / "out", Bytes("a longer old text")));
  ASSERT_TRUE(WriteFileAtomically(dir_ / "out", Bytes("new")));
  EXPECT_EQ(Read(dir_ / "out"), "new");
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(AtomicFile, PermissionsFollowTheUmask) {
  const mode_t old = umask(027);
  const bool written =
      WriteFileAtomically(dir_ / "out", Bytes("x")).has_value();
  umask(old);
  ASSERT_TRUE(written);
  struct stat info {};
  ASSERT_EQ(stat((dir_ / "out").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(AtomicFile, FollowsALink) {
  ASSERT_TRUE(WriteFileAtomically(dir_ / "real", Bytes("old")));
  fs::create_symlink("real", dir_ / "link");
  ASSERT_TRUE(WriteFileAtomically(dir_ / "link", Bytes("new")));
  EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
  EXPECT_EQ(Read(dir_ / "real"), "new");
}

TEST_F(AtomicFile, MissingDirectoryNamesThePath) {
  const auto result = WriteFileAtomically(dir_ / "no" / "out", Bytes("x"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kIo);
  EXPECT_THAT(result.error().ToString(),
              HasSubstr((dir_ / "no" / "out").string() +
                        ": cannot be written: No such file or directory"));
}

TEST_F(AtomicFile, RefusesWhatIsNoRegularFile) {
  fs::create_directory(dir_ / "sub");
  ASSERT_EQ(mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  for (const fs::path& path : {dir_ / "sub", dir_ / "pipe", fs::path(""),
                               dir_ / "", fs::path("/dev/null")}) {
    const auto result = WriteFileAtomically(path, Bytes("x"));
    ASSERT_FALSE(result) << path;
    EXPECT_EQ(result.error().code, ErrorCode::kIo);
  }
  EXPECT_EQ(FileCount(), 2u);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(AtomicFile, AVeryLongNameStillWorks) {
  const std::string name(250, 'n');
  ASSERT_TRUE(WriteFileAtomically(dir_ / name, Bytes("x")));
  EXPECT_EQ(Read(dir_ / name), "x");
  const auto result =
      WriteFileAtomically(dir_ / std::string(300, 'n'), Bytes("x"));
  ASSERT_FALSE(result);
  EXPECT_EQ(FileCount(), 1u) << "the temporary file must be gone";
}

}  // namespace liteforge::atomic_file_test
