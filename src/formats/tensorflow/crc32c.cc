// SPDX-License-Identifier: Apache-2.0
// Eight bytes a step: table k holds the effect of a byte that k more bytes
// follow (M. Kounavis, F. Berry: "Novel Table Lookup-Based Algorithms for
// High-Performance CRC Generation", 2008).
#include "formats/tensorflow/crc32c.h"

#include <array>
#include <cstring>

namespace liteforge {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78u;  // bits reversed
constexpr uint32_t kMaskDelta = 0xA282EAD8u;

using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1u) != 0 ? kPolynomial : 0u);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = (shorter >> 8) ^ tables[0][shorter & 0xFFu];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

uint32_t EightBytes(const std::byte* data, uint32_t crc) {
  std::array<uint8_t, 8> b;
  std::memcpy(b.data(), data, b.size());
  for (size_t i = 0; i < 4; ++i) b[i] ^= static_cast<uint8_t>(crc >> (8 * i));
  uint32_t next = 0;
  for (size_t i = 0; i < 8; ++i) next ^= kTables[7 - i][b[i]];
  return next;
}

}  // namespace

uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t before) {
  uint32_t crc = ~before;
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) crc = EightBytes(&bytes[i], crc);
  for (; i < bytes.size(); ++i) {
    const auto byte = std::to_integer<uint32_t>(bytes[i]);
    crc = (crc >> 8) ^ kTables[0][(crc ^ byte) & 0xFFu];
  }
  return ~crc;
}

uint32_t UnmaskCrc(uint32_t masked) {
  const uint32_t rotated = masked - kMaskDelta;
  return (rotated >> 17) | (rotated << 15);
}

uint32_t MaskCrc(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + kMaskDelta;
}

}  // namespace liteforge
