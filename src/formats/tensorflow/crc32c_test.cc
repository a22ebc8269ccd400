// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

namespace liteforge::crc32c_test {

uint32_t Of(std::string_view text) {
  return Crc32c(std::as_bytes(std::span(text)));
}

// The examples of RFC 3720, B.4, and the usual check value.
TEST(Crc32c, PublishedExamples) {
  EXPECT_EQ(Of(""), 0u);
  EXPECT_EQ(Of("123456789"), 0xE3069283u);
  std::vector<std::byte> bytes(32);
  EXPECT_EQ(Crc32c(bytes), 0x8A9136AAu);
  std::fill(bytes.begin(), bytes.end(), std::byte{0xFF});
  EXPECT_EQ(Crc32c(bytes), 0x62A8AB43u);
  for (size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(i);
  EXPECT_EQ(Crc32c(bytes), 0x46DD794Eu);
  for (size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(31 - i);
  EXPECT_EQ(Crc32c(bytes), 0x113FDB5Cu);
}

TEST(Crc32c, PiecesGiveTheWhole) {
  const std::string_view text = "the quick brown fox jumps over the lazy dog";
  const auto bytes = std::as_bytes(std::span(text));
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(Crc32c(bytes.subspan(cut), Crc32c(bytes.first(cut))), Of(text))
        << cut;
  }
}

TEST(Crc32c, MaskingGoesBothWays) {
  for (const uint32_t crc : {0u, 1u, 0xE3069283u, 0xFFFFFFFFu}) {
    EXPECT_EQ(UnmaskCrc(MaskCrc(crc)), crc);
    EXPECT_NE(MaskCrc(crc), crc);
  }
  // (1 >> 15 | 1 << 17) + 0xA282EAD8
  EXPECT_EQ(MaskCrc(1), 0xA284EAD8u);
}

}  // namespace liteforge::crc32c_test
