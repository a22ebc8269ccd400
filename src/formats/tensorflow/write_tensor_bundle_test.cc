// SPDX-License-Identifier: Apache-2.0
// Tables are read by LevelDB itself.
#include "formats/tensorflow/write_tensor_bundle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>

#include <fstream>

namespace liteforge::write_tensor_bundle_test {

using testing::ElementsAre;

std::map<std::string, std::string> ReadByLevelDb(const std::string& bytes) {
  const std::string path = testing::TempDir() + "written_table";
  std::ofstream(path, std::ios::binary) << bytes;
  leveldb::RandomAccessFile* file = nullptr;
  EXPECT_TRUE(leveldb::Env::Default()->NewRandomAccessFile(path, &file).ok());
  const std::unique_ptr<leveldb::RandomAccessFile> owner(file);
  leveldb::Options options;
  options.paranoid_checks = true;
  leveldb::Table* table = nullptr;
  const auto status = leveldb::Table::Open(options, file, bytes.size(), &table);
  EXPECT_TRUE(status.ok()) << status.ToString();
  if (!status.ok()) return {};
  const std::unique_ptr<leveldb::Table> table_owner(table);
  leveldb::ReadOptions reading;
  reading.verify_checksums = true;
  const std::unique_ptr<leveldb::Iterator> it(table->NewIterator(reading));
  std::map<std::string, std::string> rows;
  for (it->SeekToFirst(); it->Valid(); it->Next())
    rows[it->key().ToString()] = it->value().ToString();
  EXPECT_TRUE(it->status().ok());
  return rows;
}

TEST(WriteSortedTable, LevelDbReadsManyBlocks) {
  std::map<std::string, std::string> rows = {{"", "header"}};
  for (int i = 0; i < 1000; ++i)
    rows[fmt::format("layer_{}/kernel", i)] = std::string(i % 70, 'v');
  EXPECT_EQ(ReadByLevelDb(WriteSortedTable(rows)), rows);
}

TEST(WriteSortedTable, LevelDbReadsAnEmptyOne) {
  EXPECT_EQ(ReadByLevelDb(WriteSortedTable({})),
            (std::map<std::string, std::string>()));
}

TEST(WriteTensorBundle, ReadsBack) {
  const std::filesystem::path prefix =
      std::filesystem::path(testing::TempDir()) / "written_bundle";
  ASSERT_TRUE(WriteTensorBundle(
      prefix,
      {{"a", {DataType::kFloat32, {2}, Blob::Own(std::vector<float>{1, 2})}},
       {"b/c", {DataType::kInt64, Shape(), Blob::Own(std::vector<int64_t>{3})}},
       {"empty", {DataType::kInt32, {0, 4}, Blob()}}}));
  const TensorBundle bundle = TensorBundle::Open(prefix).value();
  EXPECT_THAT(bundle.Names(), ElementsAre("a", "b/c", "empty"));
  EXPECT_THAT(bundle.Read("a")->data.ToVector<float>(), ElementsAre(1, 2));
  EXPECT_THAT(bundle.Read("b/c")->data.ToVector<int64_t>(), ElementsAre(3));
  EXPECT_EQ(bundle.Read("empty")->shape, (Shape{0, 4}));
}

}  // namespace liteforge::write_tensor_bundle_test
