// SPDX-License-Identifier: Apache-2.0
#include "liteforge/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "data/convert_elements.h"
#include "formats/npz/npz.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class DatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (fs::temp_directory_path() / "datasetXXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }

  template <class T>
  fs::path Write(const std::string& name, const Shape& shape,
                 const std::vector<T>& values) {
    const fs::path path = dir_ / name;
    EXPECT_TRUE(WriteNpy(path, DataTypeOf<T>::value, shape,
                         std::as_bytes(std::span(values))));
    return path;
  }

  // Files of the directory into one archive.
  fs::path Zip(const std::string& name, const std::vector<fs::path>& files) {
    const fs::path path = dir_ / name;
    int why = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &why);
    for (const fs::path& file : files) {
      zip_source_t* source = zip_source_file(archive, file.c_str(), 0, -1);
      zip_file_add(archive, file.filename().c_str(), source, 0);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return path;
  }

  static TensorDetails Input(const std::string& name, const Shape& shape,
                             DataType type = DataType::kFloat32) {
    TensorDetails details;
    details.name = name;
    details.shape = details.shape_signature = shape;
    details.dtype = type;
    return details;
  }

  static std::vector<float> Floats(const NpyArray& array) {
    std::vector<float> values(array.data.size() / sizeof(float));
    std::memcpy(values.data(), array.data.data(), array.data.size());
    return values;
  }

  fs::path dir_;
};

TEST_F(DatasetTest, AnOpenBatchHoldsOneExampleEach) {
  const auto path = Write<float>("a.npy", Shape{3, 2}, {1, 2, 3, 4, 5, 6});
  const TensorDetails inputs[] = {Input("x", Shape{-1, 2})};
  const auto data = Dataset::Open(path, inputs);
  ASSERT_TRUE(data) << data.error().ToString();
  ASSERT_EQ(data->size(), 3u);
  const auto second = data->Example(1);
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)[0].shape, (Shape{1, 2}));
  EXPECT_THAT(Floats((*second)[0]), ElementsAre(3, 4));
}

TEST_F(DatasetTest, AFixedBatchTakesItsNumber) {
  const auto path = Write<float>("a.npy", Shape{4, 1}, {1, 2, 3, 4});
  const TensorDetails inputs[] = {Input("x", Shape{2, 1})};
  const auto data = Dataset::Open(path, inputs);
  ASSERT_TRUE(data) << data.error().ToString();
  ASSERT_EQ(data->size(), 2u);
  EXPECT_THAT(Floats((*data->Example(1))[0]), ElementsAre(3, 4));
}

TEST_F(DatasetTest, AnExampleMayLackItsBatch) {
  const auto path = Write<float>("a.npy", Shape{3}, {1, 2, 3});
  const TensorDetails inputs[] = {Input("x", Shape{-1, 3})};
  const auto data = Dataset::Open(path, inputs);
  ASSERT_TRUE(data);
  EXPECT_EQ((*data->Example(0))[0].shape, (Shape{1, 3}));
}

TEST_F(DatasetTest, DirectoriesAreReadInOrderAndConverted) {
  Write<uint8_t>("b.npy", Shape{1, 2}, {10, 20});
  Write<double>("a.npy", Shape{1, 2}, {0.5, 1.5});
  const TensorDetails inputs[] = {Input("x", Shape{1, 2})};
  const auto data = Dataset::Open(dir_, inputs, {{10, 20}, {2}});
  ASSERT_TRUE(data) << data.error().ToString();
  ASSERT_EQ(data->size(), 2u);
  EXPECT_THAT(Floats((*data->Example(0))[0]), ElementsAre(-4.75f, -9.25f));
  EXPECT_THAT(Floats((*data->Example(1))[0]), ElementsAre(0, 0));
}

TEST_F(DatasetTest, ArchivesNameInputs) {
  const auto b = Write<float>("b.npy", Shape{2, 1}, {1, 2});
  const auto a = Write<int64_t>("a.npy", Shape{2, 1}, {7, 8});
  const auto path = Zip("both.npz", {a, b});
  const TensorDetails inputs[] = {Input("b", Shape{-1, 1}),
                                  Input("a", Shape{-1, 1}, DataType::kInt32)};
  const auto data = Dataset::Open(path, inputs);
  ASSERT_TRUE(data) << data.error().ToString();
  auto example = data->Example(1);
  ASSERT_TRUE(example);
  EXPECT_THAT(Floats((*example)[0]), ElementsAre(2));
  EXPECT_EQ((*example)[1].type, DataType::kInt32);
  int32_t eight = 0;
  std::memcpy(&eight, (*example)[1].data.data(), sizeof(eight));
  EXPECT_EQ(eight, 8);
}

TEST_F(DatasetTest, GeneratorGivesAllAndEnds) {
  const auto path = Write<float>("a.npy", Shape{2, 1}, {1, 2});
  const TensorDetails inputs[] = {Input("x", Shape{-1, 1})};
  auto next = GeneratorOf(*Dataset::Open(path, inputs));
  std::vector<NpyArray> example;
  for (const bool more : {true, true, false, false})
    EXPECT_EQ(*next(example), more);
}

TEST_F(DatasetTest, WhatDoesNotFitIsNamed) {
  const TensorDetails inputs[] = {Input("x", Shape{-1, 2})};
  const auto message = [&](const fs::path& path) {
    const auto data = Dataset::Open(path, inputs);
    return data ? "opened" : data.error().ToString();
  };
  EXPECT_THAT(message(dir_), HasSubstr("holds no .npy"));
  EXPECT_THAT(message(dir_ / "none"), HasSubstr("no such file"));
  const auto wide = Write<float>("wide.npy", Shape{1, 3}, {1, 2, 3});
  EXPECT_EQ(message(wide),
            wide.string() + ": holds [1,3], input 'x' wants float32[?,2]");
  std::ofstream(dir_ / "bad.npz") << "no archive";
  EXPECT_THAT(message(dir_ / "bad.npz"), HasSubstr("is no .npz file"));
}

TEST_F(DatasetTest, DamagedArchivesAreRefused) {
  const auto a = Write<float>("a.npy", Shape{64}, std::vector<float>(64, 1));
  const auto path = Zip("a.npz", {a});
  std::ifstream in(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  int refused = 0;
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    refused += !ReadNpz(path).has_value();
  }
  EXPECT_GT(refused, 10);
}

TEST(ConvertElements, SaturatesAndRefusesFractions) {
  const auto of = [](std::vector<float> values) {
    NpyArray array{
        DataType::kFloat32, Shape{static_cast<int32_t>(values.size())}, {}};
    array.data.resize(values.size() * sizeof(float));
    std::memcpy(array.data.data(), values.data(), array.data.size());
    return array;
  };
  const auto bytes = ConvertElements(of({-1000, 5, 1000}), DataType::kInt8);
  ASSERT_TRUE(bytes);
  EXPECT_THAT(bytes->data,
              ElementsAre(std::byte{0x80}, std::byte{5}, std::byte{0x7f}));
  EXPECT_FALSE(ConvertElements(of({0.5f}), DataType::kInt32));
  EXPECT_FALSE(ConvertElements(of({1}), DataType::kString));
}

}  // namespace
}  // namespace liteforge
