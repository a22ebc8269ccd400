// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/tensor_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/try.h"
#include "formats/tensorflow/test_bundle.h"

namespace liteforge::tensor_bundle_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// A folder of its own, gone afterwards.
class TensorBundleTest : public testing::Test {
 protected:
  TensorBundleTest()
      : folder_(fs::temp_directory_path() /
                ("liteforge_bundle_" + std::to_string(getpid()))),
        prefix_(folder_ / "variables") {
    fs::create_directories(folder_);
  }
  ~TensorBundleTest() override { fs::remove_all(folder_); }

  TensorBundle Opened(const BundleWriter& writer) {
    writer.Write(prefix_);
    auto bundle = TensorBundle::Open(prefix_);
    EXPECT_TRUE(bundle) << bundle.error().ToString();
    return *bundle;
  }
  std::string ErrorOf(const BundleWriter& writer, const std::string& name) {
    const auto tensor = Opened(writer).Read(name);
    return tensor ? "none" : tensor.error().ToString();
  }

  fs::path folder_, prefix_;
};

BundleWriter Small() {
  BundleWriter writer;
  writer.Add<float>("w", DataType::kFloat32, {2, 2}, {1, 2, 3, 4});
  writer.Add<int64_t>("step", DataType::kInt64, {}, {7});
  return writer;
}

TEST_F(TensorBundleTest, ReadsTensors) {
  const TensorBundle bundle = Opened(Small());
  EXPECT_THAT(bundle.Names(), ElementsAre("step", "w"));
  EXPECT_TRUE(bundle.Contains("w"));
  EXPECT_FALSE(bundle.Contains("v"));
  const StoredTensor w = bundle.Read("w").value();
  EXPECT_EQ(w.type, DataType::kFloat32);
  EXPECT_EQ(w.shape, (Shape{2, 2}));
  EXPECT_THAT(w.data.ToVector<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(bundle.Read("step")->data.ToVector<int64_t>(), ElementsAre(7));
  EXPECT_EQ(bundle.Describe("step")->shape, Shape());
}

TEST_F(TensorBundleTest, SeveralShardsAndEmptyTensors) {
  BundleWriter writer(3);
  for (int i = 0; i < 3; ++i) {
    writer.Add<int32_t>("t" + std::to_string(i), DataType::kInt32, {1}, {i},
                        2 - i);
  }
  writer.Add<float>("nothing", DataType::kFloat32, {0, 4}, {});
  const TensorBundle bundle = Opened(writer);
  for (int i = 0; i < 3; ++i) {
    const auto tensor = bundle.Read("t" + std::to_string(i));
    EXPECT_THAT(tensor->data.ToVector<int32_t>(), ElementsAre(i));
  }
  EXPECT_TRUE(bundle.Read("nothing")->data.empty());
}

TEST_F(TensorBundleTest, SlicesMakeUpTheWhole) {
  BundleWriter writer(2);
  // Columns 0-1 in shard 0, columns 2-102 in shard 1.
  std::vector<float> left, right;
  const int columns = 103;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < columns; ++column)
      (column < 2 ? left : right)
          .push_back(static_cast<float>(1000 * row + column));
  }
  writer.AddSlice("p", {3, columns}, {{0, 3}, {0, 2}}, left, 0);
  writer.AddSlice("p", {3, columns}, {{0, 3}, {2, 101}}, right, 1);
  writer.AddSlice("scalar", {}, {}, {5}, 0);
  const TensorBundle bundle = Opened(writer);
  EXPECT_THAT(bundle.Names(), ElementsAre("p", "scalar"));
  const auto p = bundle.Read("p");
  ASSERT_TRUE(p) << p.error().ToString();
  const auto values = p->data.ToVector<float>();
  ASSERT_EQ(values.size(), 3u * columns);
  for (int i = 0; i < 3 * columns; ++i) {
    EXPECT_EQ(values[static_cast<size_t>(i)],
              static_cast<float>(1000 * (i / columns) + i % columns));
  }
  EXPECT_THAT(bundle.Read("scalar")->data.ToVector<float>(), ElementsAre(5));
}

TEST_F(TensorBundleTest, DamagedSlices) {
  BundleWriter gap = Small();
  gap.AddSlice("p", {4}, {{0, 2}}, {1, 2});
  EXPECT_THAT(ErrorOf(gap, "p"), HasSubstr("do not make up the whole"));
  BundleWriter outside = Small();
  outside.AddSlice("p", {4}, {{3, 2}}, {1, 2});
  EXPECT_THAT(ErrorOf(outside, "p"), HasSubstr("outside [4]"));
  BundleWriter itself = Small();
  itself.AddSlice("p", {4}, {{0, 4}}, {1, 2, 3, 4});
  for (auto& [name, entry] : itself.entries) {
    if (name.front() == '\0')
      *entry.mutable_slices() = itself.entries["p"].slices();
  }
  EXPECT_THAT(ErrorOf(itself, "p"), HasSubstr("sliced itself"));
}

TEST_F(TensorBundleTest, Strings) {
  BundleWriter writer;
  const std::string graph(300, 'g');
  writer.AddStrings("s", {"", "one", graph, std::string("a\0b", 3)});
  const TensorBundle bundle = Opened(writer);
  const auto strings = bundle.ReadStrings("s");
  ASSERT_TRUE(strings) << strings.error().ToString();
  EXPECT_THAT(*strings, ElementsAre("", "one", graph, std::string("a\0b", 3)));
  EXPECT_THAT(bundle.Read("s").error().ToString(), HasSubstr("DT_STRING"));
  BundleWriter damaged = writer;
  damaged.entries["s"].set_size(damaged.entries["s"].size() - 1);
  EXPECT_FALSE(Opened(damaged).ReadStrings("s"));
  damaged.entries["s"].mutable_shape()->mutable_dim(0)->set_size(1 << 30);
  EXPECT_THAT(Opened(damaged).ReadStrings("s").error().ToString(),
              HasSubstr("cut short"));
}

TEST_F(TensorBundleTest, RefusesWhatDoesNotFit) {
  BundleWriter damaged = Small();
  damaged.entries["w"].set_offset(1 << 20);
  EXPECT_THAT(ErrorOf(damaged, "w"), HasSubstr("-00000-of-00001 of "));
  damaged = Small();
  damaged.entries["w"].mutable_shape()->mutable_dim(0)->set_size(3);
  EXPECT_THAT(ErrorOf(damaged, "w"), HasSubstr("has 24 bytes, and 16"));
  damaged = Small();
  damaged.entries["w"].set_crc32c(0);
  EXPECT_THAT(ErrorOf(damaged, "w"), HasSubstr("checksum is wrong"));
  damaged = Small();
  damaged.entries["w"].set_shard_id(1);
  EXPECT_THAT(ErrorOf(damaged, "w"), HasSubstr("shard 1 of 1"));
  damaged = Small();
  damaged.entries["w"].set_dtype(tf::DT_VARIANT);
  EXPECT_THAT(ErrorOf(damaged, "w"), HasSubstr("DT_VARIANT"));
  damaged = Small();
  for (int i = 0; i < 2; ++i) {
    damaged.entries["w"].mutable_shape()->mutable_dim(i)->set_size(1LL << 40);
  }
  EXPECT_THAT(ErrorOf(damaged, "w"), HasSubstr("is not one of a tensor"));
  EXPECT_THAT(ErrorOf(Small(), "v"), HasSubstr("has no tensor 'v'"));
}

TEST_F(TensorBundleTest, RefusesBigEndianAndDamagedIndexes) {
  BundleWriter big = Small();
  big.header.set_endianness(tf::BundleHeaderProto::BIG);
  big.Write(prefix_);
  const auto refused = TensorBundle::Open(prefix_);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("big-endian"));

  WriteTable(prefix_.string() + ".index", {{"a", "b"}});
  EXPECT_THAT(TensorBundle::Open(prefix_).error().ToString(),
              HasSubstr("has no header"));
  tf::BundleHeaderProto header;
  header.set_num_shards(1);
  WriteTable(prefix_.string() + ".index",
             {{"", header.SerializeAsString()}, {"a", "\xFF\xFF"}});
  EXPECT_THAT(TensorBundle::Open(prefix_).error().ToString(),
              HasSubstr("entry of 'a'"));
  fs::remove(prefix_.string() + ".index");
  EXPECT_EQ(TensorBundle::Open(prefix_).error().code, ErrorCode::kIo);
}

TEST_F(TensorBundleTest, AMissingShard) {
  Small().Write(prefix_);
  fs::remove(prefix_.string() + ".data-00000-of-00001");
  const auto bundle = TensorBundle::Open(prefix_);
  ASSERT_TRUE(bundle);
  const auto tensor = bundle->Read("w");
  EXPECT_EQ(tensor.error().code, ErrorCode::kIo);
  EXPECT_THAT(tensor.error().ToString(), HasSubstr("data-00000-of-00001"));
}

// The examples of tensorflow/core/lib/strings/ordered_code_test.cc, put
// together by hand: name "ab\0", rank 2, start 0 length 64, everything.
TEST(SliceKey, IsOrderedCode) {
  tf::TensorSliceProto slice;
  auto* extent = slice.add_extent();
  extent->set_start(0);
  extent->set_length(64);
  slice.add_extent();
  const char expected[] =
      "\x00"                // 0
      "ab\x00\xFF\x00\x01"  // the name
      "\x01\x02"            // rank 2
      "\x80"                // 0
      "\xC0\x40"            // 64: two bytes
      "\x80\x7F";           // 0, -1
  EXPECT_EQ(SliceKey({"ab\0", 3}, slice),
            std::string(expected, sizeof(expected) - 1));
}

}  // namespace liteforge::tensor_bundle_test
