// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/sorted_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "base/mapped_file.h"
#include "formats/tensorflow/test_bundle.h"

namespace liteforge::sorted_table_test {

using testing::HasSubstr;
using Rows = std::map<std::string, std::string>;

std::vector<std::byte> TableOf(const Rows& rows,
                               leveldb::CompressionType compression,
                               size_t block_bytes) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("liteforge_table_" + std::to_string(getpid()));
  WriteTable(path, rows, compression, block_bytes);
  const Blob file = MapFile(path).value();
  std::vector<std::byte> bytes(file.bytes().begin(), file.bytes().end());
  std::filesystem::remove(path);
  return bytes;
}

Rows ManyRows() {
  Rows rows = {{"", "header"}};
  for (int i = 0; i < 500; ++i) {
    rows["model/layer_" + std::to_string(i) + "/kernel"] =
        std::string(static_cast<size_t>(i % 50), static_cast<char>(i));
  }
  return rows;
}

TEST(SortedTable, ReadsWhatLevelDbWrites) {
  for (const auto compression :
       {leveldb::kNoCompression, leveldb::kSnappyCompression}) {
    for (const size_t block_bytes : {64u, 4096u, 1000000u}) {
      for (const Rows& rows : {Rows(), Rows{{"", ""}}, ManyRows()}) {
        const auto table =
            ReadSortedTable(TableOf(rows, compression, block_bytes));
        ASSERT_TRUE(table) << table.error().ToString();
        EXPECT_EQ(*table, rows);
      }
    }
  }
}

TEST(SortedTable, EveryPrefixIsRefused) {
  const auto bytes =
      TableOf({{"a", "1"}, {"b", "2"}}, leveldb::kSnappyCompression, 4096);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(ReadSortedTable(std::span(bytes).first(size))) << size;
}

// Whatever byte is changed, the table is refused or reads as it was (the
// footer's padding and the meta index, which is not read).
TEST(SortedTable, EveryChangedByte) {
  const Rows rows = {{"a", "1"}, {"ab", std::string(100, 'x')}, {"b", "2"}};
  for (const auto compression :
       {leveldb::kNoCompression, leveldb::kSnappyCompression}) {
    const auto bytes = TableOf(rows, compression, 64);
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const int flip : {1, 0x80, 0xFF}) {
        auto damaged = bytes;
        damaged[i] ^= static_cast<std::byte>(flip);
        const auto table = ReadSortedTable(damaged);
        if (table) {
          EXPECT_EQ(*table, rows) << i;
        }
      }
    }
  }
}

// With right checksums over wrong contents.
TEST(SortedTable, RandomBlocksAreRefusedOrRead) {
  std::mt19937 random(7);
  const auto bytes =
      TableOf({{"a", "1"}, {"b", "2"}}, leveldb::kNoCompression, 4096);
  for (int round = 0; round < 20000; ++round) {
    auto damaged = bytes;
    // Block 0 starts the file; its length is what precedes its trailer.
    const size_t size = 2 * 5 + 8;
    damaged[random() % size] = static_cast<std::byte>(random());
    damaged[size] = static_cast<std::byte>(random() % 2);
    const uint32_t crc =
        MaskCrc(Crc32c(std::span<const std::byte>(damaged).first(size + 1)));
    std::memcpy(damaged.data() + size + 1, &crc, sizeof(crc));
    const auto table = ReadSortedTable(damaged);
    if (!table) {
      EXPECT_EQ(table.error().code, ErrorCode::kInvalidModel);
    }
  }
}

TEST(SortedTable, SaysWhatIsWrong) {
  const std::vector<std::byte> zeros(100);
  EXPECT_THAT(ReadSortedTable(zeros).error().message,
              HasSubstr("is no checkpoint index"));
  auto bytes = TableOf({{"a", "1"}}, leveldb::kNoCompression, 4096);
  bytes[0] ^= std::byte{1};
  EXPECT_THAT(ReadSortedTable(bytes).error().message, HasSubstr("checksum"));
}

// $LITEFORGE_SHARED, else "shared" beside one of the directories that the test
// runs in.
std::filesystem::path PublishedCheckpoints() {
  const std::filesystem::path folder = "facts/checkpoints";
  if (const char* given = std::getenv("LITEFORGE_SHARED"))
    return given / folder;
  std::filesystem::path at = std::filesystem::current_path();
  while (!exists(at / "shared" / folder) && at.has_relative_path())
    at = at.parent_path();
  return at / "shared" / folder;
}

TEST(SortedTable, ReadsPublishedCheckpoints) {
  const auto folder = PublishedCheckpoints();
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".index") continue;
    const auto table = ReadSortedTable(MapFile(entry.path())->bytes());
    ASSERT_TRUE(table) << entry.path() << table.error().ToString();
    EXPECT_GT(table->size(), 300u) << entry.path();
    ++read;
  }
  EXPECT_GT(read, 0);
}

}  // namespace liteforge::sorted_table_test
