// SPDX-License-Identifier: Apache-2.0
#include "convert/zipped_size.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace liteforge {
namespace {

constexpr int kRawDeflate = -15;  // a window of 2^15 bytes, no header
constexpr int kMemoryLevel = 8;
constexpr size_t kMostInput = size_t{1} << 30;  // zlib counts in 32 bits

}  // namespace

int64_t ZippedSize(std::span<const std::byte> bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate,
                   kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    return 0;
  std::array<Bytef, 1 << 16> block;
  int64_t size = 0;
  do {
    const auto chunk = bytes.first(std::min(bytes.size(), kMostInput));
    bytes = bytes.subspan(chunk.size());
    // zlib only reads it.
    stream.next_in =
        const_cast<Bytef*>(reinterpret_cast<const Bytef*>(chunk.data()));
    stream.avail_in = static_cast<uInt>(chunk.size());
    do {
      stream.next_out = block.data();
      stream.avail_out = block.size();
      deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
      size += static_cast<int64_t>(block.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!bytes.empty());
  deflateEnd(&stream);
  return size;
}

}  // namespace liteforge
