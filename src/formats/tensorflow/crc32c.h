// SPDX-License-Identifier: Apache-2.0
// The checksum of checkpoints: CRC-32C (Castagnoli), polynomial 0x1EDC6F41,
// reflected, as RFC 3720 defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace liteforge {

// The checksum of `before`'s bytes followed by `bytes`; `before` is the
// checksum of what came first, 0 of nothing.
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t before = 0);

// Stored checksums are masked, so that the checksum of bytes that contain
// checksums means something: rotated right by 15, plus a constant.
uint32_t UnmaskCrc(uint32_t masked);
uint32_t MaskCrc(uint32_t crc);

}  // namespace liteforge
