// SPDX-License-Identifier: Apache-2.0
// FarmHash's Fingerprint64, which LSH_PROJECTION hashes with: a 64-bit hash
// that never changes between versions.
// Source: https://github.com/google/farmhash, farmhashna::Hash64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace liteforge {

uint64_t Fingerprint64(const std::byte* bytes, size_t count);

}  // namespace liteforge
