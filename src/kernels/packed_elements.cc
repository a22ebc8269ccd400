// SPDX-License-Identifier: Apache-2.0
#include "kernels/packed_elements.h"

namespace liteforge {

bool IsPacked(DataType type) {
  return type == DataType::kInt4 || type == DataType::kInt2 ||
         type == DataType::kUInt4;
}

int8_t PackedAt(const RuntimeTensor& tensor, int64_t i) {
  const int bits = BitWidth(tensor.type);
  const int per_byte = 8 / bits;
  const int place = static_cast<int>(i % per_byte) * bits;
  // Up to the top of a byte and back, which extends the sign where there is
  // one.
  const auto top = static_cast<uint8_t>(tensor.Data<uint8_t>()[i / per_byte]
                                        << (8 - bits - place));
  return tensor.type == DataType::kUInt4
             ? static_cast<int8_t>(top >> (8 - bits))
             : static_cast<int8_t>(static_cast<int8_t>(top) >> (8 - bits));
}

void SetPacked(RuntimeTensor& tensor, int64_t i, int8_t value) {
  const int bits = BitWidth(tensor.type);
  const int per_byte = 8 / bits;
  const int place = static_cast<int>(i % per_byte) * bits;
  const unsigned mask = ((1u << bits) - 1u) << place;
  uint8_t& byte = tensor.MutableData<uint8_t>()[i / per_byte];
  byte = static_cast<uint8_t>((byte & ~mask) |
                              (static_cast<unsigned>(value) << place & mask));
}

void ClearPadding(RuntimeTensor& tensor) {
  const int64_t used = tensor.elements() * BitWidth(tensor.type) % 8;
  if (used != 0)
    tensor.data[tensor.bytes - 1] &= std::byte((1u << used) - 1u);
}

void UnpackElements(const RuntimeTensor& tensor, int64_t begin, int64_t count,
                    int8_t* values) {
  for (int64_t i = 0; i < count; ++i) values[i] = PackedAt(tensor, begin + i);
}

// What is left over of the last byte becomes 0.
void PackElements(const int8_t* values, int64_t begin, int64_t count,
                  RuntimeTensor& tensor) {
  const int per_byte = 8 / BitWidth(tensor.type);
  for (int64_t i = 0; i < count; ++i) {
    if (i % per_byte == 0)
      tensor.MutableData<uint8_t>()[(begin + i) / per_byte] = 0;
    SetPacked(tensor, begin + i, values[i]);
  }
}

}  // namespace liteforge
