// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace liteforge {

// A number that tells bytes from other bytes, as fast as memory is read. Not
// for what somebody may want to collide. It is the same on machines of one byte
// order, and is written into files: it stays what it is.
uint64_t HashBytes(std::span<const std::byte> bytes, uint64_t seed = 0);

}  // namespace liteforge
