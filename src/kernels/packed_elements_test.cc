// SPDX-License-Identifier: Apache-2.0
#include "kernels/packed_elements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace liteforge::packed_elements_test {

using testing::ElementsAre;

// A tensor over these bytes.
RuntimeTensor Over(std::vector<uint8_t>& bytes, DataType type, int32_t count) {
  RuntimeTensor tensor;
  tensor.type = type;
  tensor.shape = {count};
  tensor.data = reinterpret_cast<std::byte*>(bytes.data());
  tensor.bytes = bytes.size();
  return tensor;
}

std::vector<int> All(const RuntimeTensor& tensor) {
  std::vector<int8_t> values(static_cast<size_t>(tensor.elements()));
  UnpackElements(tensor, 0, tensor.elements(), values.data());
  return {values.begin(), values.end()};
}

TEST(PackedElements, LowBitsComeFirst) {
  std::vector<uint8_t> bytes = {0x8F, 0x71};
  EXPECT_THAT(All(Over(bytes, DataType::kInt4, 4)), ElementsAre(-1, -8, 1, 7));
  EXPECT_THAT(All(Over(bytes, DataType::kUInt4, 4)), ElementsAre(15, 8, 1, 7));
  EXPECT_THAT(All(Over(bytes, DataType::kInt2, 8)),
              ElementsAre(-1, -1, 0, -2, 1, 0, -1, 1));
  EXPECT_EQ(PackedAt(Over(bytes, DataType::kInt4, 4), 3), 7);
}

TEST(PackedElements, SettingOneLeavesItsNeighbours) {
  std::vector<uint8_t> bytes = {0xFF, 0xFF};
  RuntimeTensor tensor = Over(bytes, DataType::kInt4, 4);
  SetPacked(tensor, 1, 3);
  SetPacked(tensor, 2, -8);
  EXPECT_THAT(bytes, ElementsAre(0x3F, 0xF8));
  tensor = Over(bytes, DataType::kInt2, 8);
  SetPacked(tensor, 2, 1);
  EXPECT_THAT(bytes, ElementsAre(0x1F, 0xF8));
}

TEST(PackedElements, PaddingIsCleared) {
  std::vector<uint8_t> bytes = {0xFF, 0xFF};
  RuntimeTensor tensor = Over(bytes, DataType::kInt4, 4);
  ClearPadding(tensor);
  EXPECT_THAT(bytes, ElementsAre(0xFF, 0xFF));
  tensor = Over(bytes, DataType::kInt4, 3);
  ClearPadding(tensor);
  EXPECT_THAT(bytes, ElementsAre(0xFF, 0x0F));
  tensor = Over(bytes, DataType::kInt2, 5);
  ClearPadding(tensor);
  EXPECT_THAT(bytes, ElementsAre(0xFF, 0x03));
}

TEST(PackedElements, PackingClearsTheRestOfTheLastByte) {
  std::vector<uint8_t> bytes(4, 0xFF);
  RuntimeTensor tensor = Over(bytes, DataType::kInt4, 7);
  const int8_t values[] = {1, -1, 2};
  PackElements(values, 2, 3, tensor);
  EXPECT_THAT(bytes, ElementsAre(0xFF, 0xF1, 0x02, 0xFF));
  std::vector<uint8_t> pairs(1, 0xFF);
  tensor = Over(pairs, DataType::kInt2, 3);
  const int8_t narrow[] = {1, -2, -1};
  PackElements(narrow, 0, 3, tensor);
  EXPECT_THAT(pairs, ElementsAre(0x39));
}

TEST(PackedElements, Types) {
  EXPECT_TRUE(IsPacked(DataType::kInt4));
  EXPECT_TRUE(IsPacked(DataType::kUInt4));
  EXPECT_TRUE(IsPacked(DataType::kInt2));
  EXPECT_FALSE(IsPacked(DataType::kInt8));
  EXPECT_FALSE(IsPacked(DataType::kString));
}

}  // namespace liteforge::packed_elements_test
