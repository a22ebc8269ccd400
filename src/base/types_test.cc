// SPDX-License-Identifier: Apache-2.0
#include "liteforge/types.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <vector>

namespace liteforge::types_test {

constexpr int32_t kMax = std::numeric_limits<int32_t>::max();

TEST(DataType, NamesAndNumbersOfTheSchema) {
  const struct {
    int number;
    std::string_view name;
    int bits;
  } kRows[] = {
      {0, "float32", 32},   {1, "float16", 16},   {2, "int32", 32},
      {3, "uint8", 8},      {4, "int64", 64},     {5, "string", 0},
      {6, "bool", 8},       {7, "int16", 16},     {8, "complex64", 64},
      {9, "int8", 8},       {10, "float64", 64},  {11, "complex128", 128},
      {12, "uint64", 64},   {13, "resource", 32}, {14, "variant", 0},
      {15, "uint32", 32},   {16, "uint16", 16},   {17, "int4", 4},
      {18, "bfloat16", 16}, {19, "int2", 2},      {20, "uint4", 4}};
  for (const auto& row : kRows) {
    const auto type = static_cast<DataType>(row.number);
    EXPECT_EQ(Name(type), row.name);
    EXPECT_EQ(DataTypeFromName(row.name), type);
    EXPECT_EQ(BitWidth(type), row.bits);
  }
}

TEST(DataType, EveryNameIsItsOwn) {
  std::set<std::string_view> names;
  for (int number = -1; number <= 22; ++number)
    names.insert(Name(static_cast<DataType>(number)));
  EXPECT_EQ(names.size(), 24u);
  EXPECT_EQ(Name(static_cast<DataType>(100)), "unknown type");
  EXPECT_EQ(DataTypeFromName("float33"), DataType::kNone);
  EXPECT_EQ(BitWidth(static_cast<DataType>(100)), 0);
}

TEST(Shape, ElementsAndText) {
  const struct {
    Shape shape;
    int64_t elements;
    std::string_view text;
  } kRows[] = {{Shape(), 1, "[]"},
               {Shape({5}), 5, "[5]"},
               {Shape({1, 224, 224, 3}), 150528, "[1,224,224,3]"},
               {Shape({-1, 10}), -1, "[?,10]"},
               {Shape({0, kMax, 1 << 20}), 0, ""},
               {Shape({0, kMax, kMax, kMax}), -1, ""},
               {Shape({kMax, 1 << 25}), int64_t{kMax} << 25, ""},
               {Shape({kMax, 1 << 25, 2}), -1, ""},
               {Shape({kMax, kMax, kMax, kMax}), -1, ""},
               {Shape::UnknownRank(), -1, "unknown rank"}};
  for (const auto& row : kRows) {
    EXPECT_EQ(row.shape.elements(), row.elements) << row.shape.ToString();
    if (!row.text.empty()) {
      EXPECT_EQ(row.shape.ToString(), row.text);
    }
  }
}

TEST(Shape, EqualityLooksAtRankAndDims) {
  EXPECT_EQ(Shape({1, 2}), Shape({1, 2}));
  EXPECT_NE(Shape({1, 2}), Shape({2, 1}));
  EXPECT_NE(Shape({1}), Shape({1, 1}));
  EXPECT_NE(Shape(), Shape::UnknownRank());
  EXPECT_EQ(Shape::UnknownRank(), Shape::UnknownRank());
}

TEST(Shape, Building) {
  Shape shape;
  shape.Append(3);
  shape.Append(-1);
  EXPECT_FALSE(shape.IsStatic());
  shape.set_dim(1, 7);
  EXPECT_TRUE(shape.IsStatic());
  const std::vector<int32_t> dims = {3, 7};
  EXPECT_EQ(shape, Shape(std::span(dims)));
  EXPECT_EQ(shape[1], 7);
  EXPECT_FALSE(Shape::UnknownRank().has_rank());
  EXPECT_TRUE(Shape::UnknownRank().dims().empty());
}

TEST(ByteSize, PacksSmallTypesAndRefusesOverflow) {
  EXPECT_EQ(ByteSize(DataType::kFloat32, 10), 40);
  EXPECT_EQ(ByteSize(DataType::kInt4, 3), 2);
  EXPECT_EQ(ByteSize(DataType::kInt4, 4), 2);
  EXPECT_EQ(ByteSize(DataType::kInt2, 5), 2);
  EXPECT_EQ(ByteSize(DataType::kComplex128, 0), 0);
  EXPECT_EQ(ByteSize(DataType::kFloat32, -1), -1);
  EXPECT_EQ(ByteSize(DataType::kString, 4), -1);
  EXPECT_EQ(ByteSize(DataType::kFloat64, int64_t{1} << 61), -1);
  // The largest element count a Shape can have, times fewer than 8 bits.
  EXPECT_EQ(ByteSize(DataType::kInt4, int64_t{1} << 62), int64_t{1} << 61);
}

TEST(Describe, TypeAndShape) {
  EXPECT_EQ(Describe(DataType::kInt8, Shape::UnknownRank()),
            "int8 of unknown rank");
  EXPECT_EQ(Describe(DataType::kNone, {2}), "unknown type[2]");
  EXPECT_EQ(Describe(DataType::kFloat32, {1, 224, 224, 3}),
            "float32[1,224,224,3]");
}

TEST(Quantization, PerTensorAndPerChannel) {
  EXPECT_TRUE(Quantization().empty());
  EXPECT_FALSE((Quantization{{0.5f}, {3}, 0, {}, {}}).per_channel());
  EXPECT_TRUE((Quantization{{0.5f, 0.25f}, {0, 0}, 3, {}, {}}).per_channel());
  EXPECT_EQ(Quantization(), Quantization());
}

}  // namespace liteforge::types_test
