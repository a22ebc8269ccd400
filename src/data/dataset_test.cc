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
#include "liteforge/image.h"

namespace liteforge::dataset_test {

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
  const auto data = Dataset::Open(dir_, inputs, {{10, 20}, {2}, {}, {}});
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

//---------------------------------------------------------------------- images

class ImageDataset : public DatasetTest {
 protected:
  void SetUp() override {
    DatasetTest::SetUp();
    WriteText("try.ppm", "P3 1 1 255 0 0 0");
    const auto tried = ReadImage(dir_ / "try.ppm");
    if (!tried && tried.error().code == ErrorCode::kUnsupported)
      GTEST_SKIP() << tried.error().ToString();
    fs::remove(dir_ / "try.ppm");
  }
  void WriteText(const std::string& name, const std::string& text) {
    fs::create_directories((dir_ / name).parent_path());
    std::ofstream(dir_ / name) << text << "\n";
  }
  std::vector<float> Floats(const Dataset& data, size_t i) {
    const auto example = data.Example(i);
    EXPECT_TRUE(example) << example.error().ToString();
    std::vector<float> values((*example)[0].data.size() / sizeof(float));
    std::memcpy(values.data(), (*example)[0].data.data(),
                values.size() * sizeof(float));
    return values;
  }
  const TensorDetails color_ = Input("x", Shape{1, 1, 1, 3});
};

TEST_F(ImageDataset, InTheOrderOfTheirNamesBelowTheFolder) {
  WriteText("b.ppm", "P3 1 1 255 4 5 6");
  WriteText("a/z.ppm", "P3 1 1 255 1 2 3");
  WriteText("notes.txt", "no picture");
  const auto data = Dataset::Open(dir_, std::span(&color_, 1));
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_TRUE(data->holds_images());
  ASSERT_EQ(data->size(), 2u);
  EXPECT_THAT(Floats(*data, 0), ElementsAre(1, 2, 3));
  EXPECT_THAT(Floats(*data, 1), ElementsAre(4, 5, 6));
}

TEST_F(ImageDataset, AreResizedAndBecomeGray) {
  // Four pixels of one mean: 0.299 * 100 + 0.587 * 50 + 0.114 * 200 = 82.05.
  WriteText("a.ppm", "P3 2 2 255 100 50 200 100 50 200 100 50 200 100 50 200");
  const TensorDetails gray = Input("x", Shape{1, 1, 1, 1});
  const auto data = Dataset::Open(dir_ / "a.ppm", std::span(&gray, 1));
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_THAT(Floats(*data, 0), ElementsAre(82));
}

TEST_F(ImageDataset, AreNormalizedAsTheUserOrElseTheModelSays) {
  WriteText("a.ppm", "P3 1 1 255 0 100 255");
  DatasetOptions options;
  options.image_mean = {50};
  options.image_std = {2};
  const auto modelled = Dataset::Open(dir_, std::span(&color_, 1), options);
  ASSERT_TRUE(modelled);
  EXPECT_THAT(Floats(*modelled, 0), ElementsAre(-25, 25, 102.5f));
  options.mean = {0, 100, 55};
  const auto asked = Dataset::Open(dir_, std::span(&color_, 1), options);
  ASSERT_TRUE(asked);
  EXPECT_THAT(Floats(*asked, 0), ElementsAre(0, 0, 200));
}

// What is not said to be an image's is no array's.
TEST_F(ImageDataset, ArraysCountWhereThereAreAny) {
  WriteText("a.ppm", "P3 1 1 255 0 100 255");
  Write<float>("b.npy", Shape{1, 1, 1, 3}, {1, 2, 3});
  DatasetOptions options;
  options.image_mean = {50};
  const auto data = Dataset::Open(dir_, std::span(&color_, 1), options);
  ASSERT_TRUE(data);
  EXPECT_FALSE(data->holds_images());
  ASSERT_EQ(data->size(), 1u);
  EXPECT_THAT(Floats(*data, 0), ElementsAre(1, 2, 3));
}

TEST_F(ImageDataset, BadOnesAreNamed) {
  WriteText("b.ppm", "no picture");
  const auto first = Dataset::Open(dir_, std::span(&color_, 1));
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().ToString(), HasSubstr("b.ppm"));
  WriteText("a.ppm", "P3 1 1 255 0 100 255");
  const auto second = Dataset::Open(dir_, std::span(&color_, 1));
  ASSERT_TRUE(second);
  const auto example = second->Example(1);
  ASSERT_FALSE(example);
  EXPECT_THAT(example.error().ToString(), HasSubstr("b.ppm"));
  const TensorDetails two[] = {color_, color_};
  const auto many = Dataset::Open(dir_, two);
  ASSERT_FALSE(many);
  EXPECT_THAT(many.error().ToString(),
              HasSubstr("is an image, the model has 2 inputs"));
  const TensorDetails vector = Input("x", Shape{1, 7});
  const auto flat = Dataset::Open(dir_ / "a.ppm", std::span(&vector, 1));
  ASSERT_FALSE(flat);
  EXPECT_THAT(flat.error().ToString(), HasSubstr("a.ppm: input 'x' is"));
}

//------------------------------------------------------------ quantized inputs

// Real numbers stay real; the input's own numbers stay as they are.
TEST_F(DatasetTest, QuantizedInputsGetRealNumbers) {
  TensorDetails input = Input("x", Shape{1, 2}, DataType::kInt8);
  input.quantization.scale = {0.5f};
  input.quantization.zero_point = {3};
  const auto type = [&](const fs::path& path) {
    const auto data = Dataset::Open(path, std::span(&input, 1));
    EXPECT_TRUE(data) << data.error().ToString();
    return data->Example(0)->at(0).type;
  };
  EXPECT_EQ(type(Write<float>("f.npy", Shape{1, 2}, {0.5f, 1})),
            DataType::kFloat32);
  EXPECT_EQ(type(Write<int8_t>("i.npy", Shape{1, 2}, {1, 2})), DataType::kInt8);
  EXPECT_EQ(type(Write<uint8_t>("u.npy", Shape{1, 2}, {200, 2})),
            DataType::kFloat32);
  input.dtype = DataType::kUInt8;
  EXPECT_EQ(type(Write<int64_t>("l.npy", Shape{1, 2}, {200, 2})),
            DataType::kUInt8);
  EXPECT_EQ(type(Write<double>("d.npy", Shape{1, 2}, {0.5, 2})),
            DataType::kFloat32);
}

}  // namespace liteforge::dataset_test
