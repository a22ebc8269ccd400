// SPDX-License-Identifier: Apache-2.0
#include "formats/keras/h5_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

namespace liteforge::h5_index_test {

using testing::ElementsAre;
using testing::HasSubstr;

// What a writer sends.
template <class Write>
std::string Sent(Write write) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  H5IndexWriter writer(ends[1]);
  write(writer);
  close(ends[1]);
  std::string bytes;
  char buffer[4096];
  ssize_t count;
  while ((count = read(ends[0], buffer, sizeof(buffer))) > 0) {
    bytes.append(buffer, static_cast<size_t>(count));
  }
  close(ends[0]);
  return bytes;
}

Blob Counting(size_t bytes) {
  std::vector<uint8_t> values(bytes);
  for (size_t i = 0; i < bytes; ++i) values[i] = static_cast<uint8_t>(i);
  return Blob::Own(std::move(values));
}

const Blob kFile = Counting(100);
const Blob kShared = Counting(40);

std::string Specimen() {
  return Sent([](H5IndexWriter& writer) {
    writer.Attribute("version", {"2.4.0"});
    writer.EnterGroup("g");
    writer.Attribute("names", {"a", "", "b"});
    writer.Dataset("plain", DataType::kUInt8, {2, 3}, H5Place::kFile, 94, 6);
    writer.Dataset("packed", DataType::kUInt16, {20}, H5Place::kShared, 0, 40);
    writer.Unread("text", "is of a type (string)");
    writer.EnterGroup("inner");
    writer.LeaveGroup();
    writer.LeaveGroup();
    writer.Done();
  });
}

TEST(H5Index, TravelsWhole) {
  const auto tree = ParseH5Index(Specimen(), kFile, kShared);
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_THAT(tree->Strings("version"), ElementsAre("2.4.0"));
  const H5Group& g = tree->groups.at("g");
  EXPECT_THAT(g.Strings("names"), ElementsAre("a", "", "b"));
  EXPECT_EQ(g.datasets.at("plain").shape, Shape({2, 3}));
  EXPECT_THAT(g.datasets.at("plain").data.ToVector<uint8_t>(),
              ElementsAre(94, 95, 96, 97, 98, 99));
  EXPECT_EQ(g.datasets.at("packed").type, DataType::kUInt16);
  EXPECT_EQ(g.datasets.at("packed").data.data(), kShared.data());
  EXPECT_EQ(*tree->FindUnread("g/text"), "is of a type (string)");
  EXPECT_NE(tree->FindGroup("g/inner"), nullptr);
}

TEST(H5Index, FailureIsReportedInPrintableWords) {
  const std::string index = Sent(
      [](H5IndexWriter& writer) { writer.Failed("/a\x1b[2J\xff: bad heap"); });
  const auto tree = ParseH5Index(index, kFile, kShared);
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, ErrorCode::kInvalidModel);
  EXPECT_EQ(tree.error().message,
            "is damaged: /a?[2J?: bad heap; restore it from a good copy");
}

TEST(H5Index, AnythingShortOfTheEndIsACrash) {
  const std::string whole = Specimen();
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto tree = ParseH5Index(whole.substr(0, size), kFile, kShared);
    ASSERT_FALSE(tree) << size;
    EXPECT_THAT(tree.error().message, HasSubstr("crashed")) << size;
  }
}

// One dataset record with everything given; what it must not reach.
struct Lie {
  const char* what;
  DataType type;
  std::vector<uint64_t> dims;
  H5Place place;
  uint64_t offset, bytes;
};

TEST(H5Index, DatasetsBeyondTheirBytesAreRefused) {
  const Lie lies[] = {
      {"past the file", DataType::kUInt8, {6}, H5Place::kFile, 95, 6},
      {"past the memory", DataType::kUInt8, {41}, H5Place::kShared, 0, 41},
      {"offset wraps", DataType::kUInt8, {6}, H5Place::kFile, ~0ull - 2, 6},
      {"bytes differ", DataType::kFloat32, {6}, H5Place::kFile, 0, 6},
      {"size wraps",
       DataType::kFloat32,
       {1u << 31, 1u << 31},
       H5Place::kFile,
       0,
       0},
      {"size overflows",
       DataType::kFloat64,
       {2147483647, 2147483647, 2147483647},
       H5Place::kFile,
       0,
       0},
      {"no such type", static_cast<DataType>(99), {6}, H5Place::kFile, 0, 6},
      {"a type without width", DataType::kString, {6}, H5Place::kFile, 0, 6},
      {"rank", DataType::kUInt8, std::vector<uint64_t>(17, 1), H5Place::kFile,
       0, 1},
  };
  for (const Lie& lie : lies) {
    const std::string index = Sent([&](H5IndexWriter& writer) {
      writer.Dataset("w", lie.type, lie.dims, lie.place, lie.offset, lie.bytes);
      writer.Done();
    });
    const auto tree = ParseH5Index(index, kFile, kShared);
    ASSERT_FALSE(tree) << lie.what;
    EXPECT_EQ(tree.error().code, ErrorCode::kInvalidModel) << lie.what;
  }
}

TEST(H5Index, UnbalancedGroupsAreRefused) {
  const std::string closed = Sent([](H5IndexWriter& writer) {
    writer.LeaveGroup();
    writer.Done();
  });
  EXPECT_FALSE(ParseH5Index(closed, kFile, kShared));
  const std::string open = Sent([](H5IndexWriter& writer) {
    writer.EnterGroup("g");
    writer.Done();
  });
  EXPECT_FALSE(ParseH5Index(open, kFile, kShared));
  const std::string deep = Sent([](H5IndexWriter& writer) {
    for (int i = 0; i < 500; ++i) writer.EnterGroup("g");
    for (int i = 0; i < 500; ++i) writer.LeaveGroup();
    writer.Done();
  });
  EXPECT_FALSE(ParseH5Index(deep, kFile, kShared));
}

TEST(H5Index, GarbledRecordsNeverReachBeyondTheBytes) {
  constexpr unsigned kSeed = 7;
  std::mt19937 random(kSeed);
  const std::string whole = Specimen();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    for (int flip = 0; flip < 3; ++flip) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto tree = ParseH5Index(bytes, kFile, kShared);
    if (!tree) continue;
    for (const auto& [name, group] : tree->groups) {
      for (const auto& [inner, dataset] : group.datasets) {
        const auto bytes_seen = dataset.data.ToVector<uint8_t>();
        EXPECT_LE(bytes_seen.size(), kFile.size());
      }
    }
  }
}

}  // namespace liteforge::h5_index_test
