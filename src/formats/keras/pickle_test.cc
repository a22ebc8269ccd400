// SPDX-License-Identifier: Apache-2.0
#include "formats/keras/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "formats/keras/pickle_samples.h"

namespace liteforge::pickle_test {

using testing::ElementsAre;
using testing::HasSubstr;

Blob BlobOf(std::string_view text) {
  return Blob::Copy(std::as_bytes(std::span(text.data(), text.size())));
}

std::string ErrorOf(std::string_view pickle) {
  const auto arrays = ReadPickledArrays(BlobOf(pickle));
  return arrays ? "read" : arrays.error().ToString();
}

TEST(Pickle, ReadsADictionaryOfArraysInEveryProtocol) {
  for (const std::string_view pickle : kPickles) {
    SCOPED_TRACE(int{pickle[1]});
    const auto arrays = ReadPickledArrays(BlobOf(pickle));
    ASSERT_TRUE(arrays) << arrays.error().ToString();
    ASSERT_EQ(arrays->size(), 2u);
    const H5Dataset& kernel = arrays->at("0");
    EXPECT_EQ(kernel.type, DataType::kFloat32);
    EXPECT_EQ(kernel.shape, Shape({2, 3}));
    EXPECT_THAT(kernel.data.ToVector<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
    const H5Dataset& bytes = arrays->at("1");
    EXPECT_EQ(bytes.type, DataType::kUInt8);
    EXPECT_THAT(bytes.data.ToVector<uint8_t>(), ElementsAre(1, 2, 255));
  }
}

TEST(Pickle, EveryPrefixIsAnError) {
  for (const std::string_view pickle : kPickles) {
    for (size_t size = 0; size < pickle.size(); ++size)
      EXPECT_NE(ErrorOf(pickle.substr(0, size)), "read") << size;
  }
}

TEST(Pickle, EveryFlippedByteIsReadOrAnError) {
  for (const std::string_view pickle : kPickles) {
    for (size_t i = 0; i < pickle.size(); ++i) {
      for (const int flip : {1, 4, 0x20, 0x80, 0xff}) {
        std::string damaged(pickle);
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        (void)ErrorOf(damaged);
      }
    }
  }
}

// os.system("true"), as pickles do harm.
TEST(Pickle, CallsNothing) {
  constexpr std::string_view kHarmful(
      "\x80\x03"
      "cposix\nsystem\nX\x04\0\0\0true\x85R.",
      28);
  EXPECT_THAT(ErrorOf(kHarmful), HasSubstr("other Python objects than arrays"));
  EXPECT_THAT(ErrorOf(std::string_view("\x80\x03}.", 4)),
              HasSubstr("no dictionary of arrays"));
}

}  // namespace liteforge::pickle_test
