// SPDX-License-Identifier: Apache-2.0
#include "base/array_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/mapped_file.h"

namespace liteforge::array_cache_test {

namespace fs = std::filesystem;

class ArrayCacheTest : public testing::Test {
 protected:
  ArrayCacheTest() {
    fs::create_directories(folder_);
    fs::remove(file_);
    for (size_t i = 0; i < source_.size(); ++i) source_[i] = std::byte(i * 7);
  }
  ~ArrayCacheTest() override { fs::remove_all(folder_); }

  // The bytes of the source turned around, `copies` times.
  std::vector<std::byte> Get(ArrayCache& cache, int64_t copies) {
    const size_t size = source_.size() * static_cast<size_t>(copies);
    const Blob array =
        cache.Find({1, {copies}, source_}, size, [&](std::byte* to) {
          ++made_;
          for (int64_t i = 0; i < copies; ++i)
            to = std::reverse_copy(source_.begin(), source_.end(), to);
        });
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data()) % 64, 0u);
    return array.ToVector<std::byte>();
  }
  std::vector<std::byte> Wanted(int copies) const {
    std::vector<std::byte> all;
    for (int i = 0; i < copies; ++i)
      all.insert(all.end(), source_.rbegin(), source_.rend());
    return all;
  }

  // Asks for two arrays and returns how many had to be made.
  int Made(const std::string& maker = "one") {
    made_ = 0;
    ArrayCache cache(file_, maker);
    for (const int copies : {1, 3}) {
      EXPECT_EQ(Get(cache, copies), Wanted(copies));
      EXPECT_EQ(Get(cache, copies), Wanted(copies));  // once only
    }
    EXPECT_TRUE(cache.Save());
    return made_;
  }

  std::string Contents() const {
    std::ifstream stream(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void SetContents(const std::string& bytes) const {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "array_cache_test";
  const fs::path file_ = folder_ / "arrays";
  std::vector<std::byte> source_ = std::vector<std::byte>(100);
  int made_ = 0;
};

TEST_F(ArrayCacheTest, WithoutAFileEveryArrayIsMade) {
  ArrayCache cache;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Get(cache, 2), Wanted(2));
  EXPECT_EQ(made_, 2);
  EXPECT_TRUE(cache.Save());
}

TEST_F(ArrayCacheTest, TheFileSparesMaking) {
  EXPECT_EQ(Made(), 2);
  const std::string written = Contents();
  EXPECT_EQ(Made(), 0);
  EXPECT_EQ(Contents(), written);
}

TEST_F(ArrayCacheTest, ArraysOutliveTheCache) {
  Made();
  auto cache = std::make_unique<ArrayCache>(file_, "one");
  const Blob array = cache->Find({1, {1}, source_}, source_.size(),
                                 [](std::byte*) { FAIL(); });
  cache.reset();
  fs::remove(file_);
  EXPECT_EQ(array.ToVector<std::byte>(), Wanted(1));
}

TEST_F(ArrayCacheTest, AnotherMakerBelievesNothing) {
  EXPECT_EQ(Made("one"), 2);
  EXPECT_EQ(Made("two"), 2);
  EXPECT_EQ(Made("two"), 0);
}

TEST_F(ArrayCacheTest, ChangedSourcesAreMadeAgain) {
  Made();
  source_[50] ^= std::byte{1};
  EXPECT_EQ(Made(), 2);
  EXPECT_EQ(Made(), 0);
}

TEST_F(ArrayCacheTest, WhatIsMissingIsAdded) {
  {
    ArrayCache cache(file_, "one");
    Get(cache, 1);
    EXPECT_TRUE(cache.Save());
  }
  EXPECT_EQ(Made(), 1);
  EXPECT_EQ(Made(), 0);
}

TEST_F(ArrayCacheTest, ChangedBytesAreNeverBelieved) {
  Made();
  const std::string whole = Contents();
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    SetContents(damaged);
    Made();  // compares
    EXPECT_EQ(Contents().size(), whole.size()) << at;
  }
}

TEST_F(ArrayCacheTest, ShortAndForeignFilesAreReplaced) {
  Made();
  const std::string whole = Contents();
  for (size_t size = 0; size < whole.size(); size += 13) {
    SetContents(whole.substr(0, size));
    EXPECT_EQ(Made(), 2) << size;
  }
  SetContents(whole + "x");
  EXPECT_EQ(Made(), 2);
  SetContents(std::string(1000, 'L'));
  EXPECT_EQ(Made(), 2);
}

TEST_F(ArrayCacheTest, NamesAFileThatCannotBeWritten) {
  ArrayCache cache(folder_ / "missing" / "arrays", "one");
  EXPECT_EQ(Get(cache, 1), Wanted(1));
  const auto saved = cache.Save();
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().ToString().find("missing"), std::string::npos);
}

TEST_F(ArrayCacheTest, MappedSourcesStayReadable) {
  const std::string numbers(1 << 17, 'n');
  SetContents(numbers);
  const auto mapped = MapFile(file_);
  ASSERT_TRUE(mapped);
  ArrayCache cache;
  cache.SourcesLieIn(*mapped);
  const Blob array = cache.Find(
      {1, {}, mapped->bytes()}, mapped->size(),
      [&](std::byte* to) { std::ranges::copy(mapped->bytes(), to); });
  EXPECT_TRUE(std::ranges::equal(array.bytes(), mapped->bytes()));
}

}  // namespace liteforge::array_cache_test
