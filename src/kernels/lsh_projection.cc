// SPDX-License-Identifier: Apache-2.0
// LSH_PROJECTION: bit (i, j) is whether the sum over items of
// weight x hash(seed[i, j], item) is above 0; the hash is Fingerprint64 of the
// seed's four bytes and the item's, as a signed number. Dense: every bit as
// i32. Sparse: the bits of hash i as a number (first bit highest), plus
// i x 2^bits. Seeds f32; items of any type of whole bytes; weights f32.
// Source: tflite/kernels/lsh_projection.cc.
#include <cstring>

#include "kernels/fingerprint.h"
#include "kernels/move_elements.h"

namespace liteforge {
namespace {

size_t ItemBytes(const RuntimeTensor& items) {
  size_t bytes = ElementBytes(items);
  for (int axis = 1; axis < items.shape.rank(); ++axis)
    bytes *= static_cast<size_t>(items.shape[axis]);
  return bytes;
}

Result<void> Prepare(KernelContext& k) {
  const bool weighted = k.HasInput(2);
  if (k.Input(0).type != DataType::kFloat32 ||
      (weighted && k.Input(2).type != DataType::kFloat32)) {
    return InvalidModel("hash and weight must be float32");
  }
  if (weighted && k.Input(2).elements() != k.Input(1).shape[0]) {
    return InvalidModel("there must be one weight for each item");
  }
  if (k.Input(1).type == DataType::kString) {
    return Unsupported("items that are strings are not supported");
  }
  TRY(CheckWhole(k.Input(1)));
  k.NeedScratch(0, sizeof(float) + ItemBytes(k.Input(1)));
  return {};
}

uint32_t Bit(KernelContext& k, float seed) {
  const RuntimeTensor& items = k.Input(1);
  const size_t bytes = ItemBytes(items);
  auto* key = k.Scratch<std::byte>(0);
  std::memcpy(key, &seed, sizeof(seed));
  double score = 0;
  for (int32_t i = 0; i < items.shape[0]; ++i) {
    if (bytes > 0) {
      std::memcpy(key + sizeof(seed),
                  items.data + static_cast<size_t>(i) * bytes, bytes);
    }
    const uint64_t hash = Fingerprint64(key, sizeof(seed) + bytes);
    const float weight = k.HasInput(2) ? k.Input(2).Data<float>()[i] : 1.0f;
    score += static_cast<double>(weight) *
             static_cast<double>(static_cast<int64_t>(hash));
  }
  return score > 0 ? 1 : 0;
}

void Eval(KernelContext& k) noexcept {
  const Shape& shape = k.Input(0).shape;
  const int64_t hashes = shape[0], bits = shape[1];
  const bool dense =
      k.options<LSHProjectionOptions>().type == LSHProjectionType::kDense;
  const auto* seeds = k.Input(0).Data<float>();
  auto* output = k.Output(0).MutableData<int32_t>();
  for (int64_t i = 0; i < hashes; ++i) {
    uint32_t signature = 0;
    for (int64_t j = 0; j < bits; ++j) {
      const uint32_t bit = Bit(k, seeds[i * bits + j]);
      signature = signature << 1 | bit;
      if (dense) output[i * bits + j] = static_cast<int32_t>(bit);
    }
    const uint64_t base = static_cast<uint64_t>(i) << bits;
    if (!dense) output[i] = static_cast<int32_t>(signature + base);
  }
}

}  // namespace

extern const Kernel kLshProjection{
    Op::kLshProjection, "f32 f64 i8 i16 i32 i64 u8 bool", Prepare, Eval};

}  // namespace liteforge
