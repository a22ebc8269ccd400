// SPDX-License-Identifier: Apache-2.0
#include "ops/string_tensor.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace liteforge::string_tensor_test {

// header words, then text
std::vector<std::byte> Pack(const std::vector<int32_t>& words, size_t text) {
  std::vector<std::byte> packed(words.size() * sizeof(int32_t) + text);
  if (!words.empty())
    std::memcpy(packed.data(), words.data(), words.size() * sizeof(int32_t));
  return packed;
}

TEST(StringTensor, AcceptsWhatTheFormatSays) {
  EXPECT_TRUE(CheckStringTensor(Pack({2, 16, 19, 21}, 5), 2));
  EXPECT_TRUE(CheckStringTensor(Pack({0, 8}, 0), 0));
  EXPECT_TRUE(CheckStringTensor(Pack({1, 12, 12}, 0), 1));
}

TEST(StringTensor, RefusesDamage) {
  constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
  const std::vector<std::vector<std::byte>> rows = {
      {},
      Pack({1, 12, 15}, 3),          // one string where two are wanted
      Pack({2, 16, 19}, 0),          // ends inside the offsets
      Pack({2, 16, 19, 22}, 5),      // past the end
      Pack({2, 16, 15, 21}, 5),      // backwards
      Pack({2, 0, 19, 21}, 5),       // into the header
      Pack({2, 16, kMax, kMax}, 5),  // far away
      Pack({2, 16, -1, 21}, 5),
      Pack({-2, 16, 19, 21}, 5),
      Pack({kMax, 16, 19, 21}, 5)};
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_FALSE(CheckStringTensor(rows[i], 2)) << "row " << i;
  EXPECT_FALSE(CheckStringTensor(Pack({kMax, 16}, 0), kMax));
}

TEST(StringTensor, EmptyStringsAreValid) {
  for (int64_t n : {0, 1, 7}) {
    std::vector<std::byte> bytes(EmptyStringsBytes(n));
    WriteEmptyStrings(n, bytes.data());
    EXPECT_TRUE(CheckStringTensor(bytes, n));
  }
}

TEST(StringTensor, PacksAndUnpacks) {
  const std::vector<std::string> values = {"abc", "", std::string("\0x", 2)};
  const auto packed = PackStrings(values);
  ASSERT_TRUE(packed);
  // 3 strings, header of 5 words: text starts at byte 20.
  EXPECT_EQ(*packed, [] {
    auto expected = Pack({3, 20, 23, 23, 25}, 5);
    std::memcpy(expected.data() + 20, "abc\0x", 5);
    return expected;
  }());
  EXPECT_TRUE(CheckStringTensor(*packed, 3));
  EXPECT_EQ(UnpackStrings(*packed), values);
  EXPECT_TRUE(UnpackStrings({}).empty());
  EXPECT_EQ(PackStrings({})->size(), 8u);
}

}  // namespace liteforge::string_tensor_test
