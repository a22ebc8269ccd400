// SPDX-License-Identifier: Apache-2.0
// How small bytes get in an archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace liteforge {

// The bytes that deflate makes of them (RFC 1951, zlib's usual level), as zip
// files and app packages hold them.
int64_t ZippedSize(std::span<const std::byte> bytes);

}  // namespace liteforge
