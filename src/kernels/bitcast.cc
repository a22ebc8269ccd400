// SPDX-License-Identifier: Apache-2.0
// BITCAST: the same bytes as elements of another type, of whole bytes each.
// Source: tflite/kernels/bitcast.cc.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  for (const DataType type : {k.Input(0).type, k.Output(0).type}) {
    const int bits = BitWidth(type);
    if (bits == 0 || bits % 8 != 0 || type == DataType::kBool)
      return Unsupported(std::string(Name(type)) + " is not supported");
  }
  return k.Input(0).bytes == k.Output(0).bytes
             ? Result<void>()
             : InvalidModel("input and output must have the same bytes");
}

void Eval(KernelContext& k) noexcept {
  if (k.Output(0).bytes > 0)
    std::memcpy(k.Output(0).data, k.Input(0).data, k.Output(0).bytes);
}

}  // namespace

extern const Kernel kBitcast{
    Op::kBitcast, "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 complex64",
    Prepare, Eval};

}  // namespace liteforge
