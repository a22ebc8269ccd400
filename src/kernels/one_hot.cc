// SPDX-License-Identifier: Apache-2.0
// ONE_HOT: output[p…, d, q…] = indices[p…, q…] == d ? on_value : off_value,
// d the new axis. Indices i32 | i64; those outside [0, depth) give a row of
// off_value. Values of any type of whole bytes.
// Source: tflite/kernels/one_hot.cc.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (!IsIndexType(k.Input(0).type)) {
    return InvalidModel("indices must be int32 or int64");
  }
  if (k.Input(2).type == DataType::kString) {
    return Unsupported("strings are not supported");
  }
  if (k.Input(2).type != k.Input(3).type || k.Input(2).elements() != 1 ||
      k.Input(3).elements() != 1) {
    return InvalidModel("on_value and off_value must be scalars of one type");
  }
  return CheckWhole(k.Input(2));
}

void Eval(KernelContext& k) noexcept {
  const Shape& indices = k.Input(0).shape;
  const int axis = k.options<OneHotOptions>().axis;
  const int at = axis < 0 ? axis + indices.rank() + 1 : axis;
  const int64_t depth = k.Output(0).shape[at];
  int64_t outer = 1, inner = 1;
  for (int a = 0; a < at; ++a) outer *= indices[a];
  for (int a = at; a < indices.rank(); ++a) inner *= indices[a];
  const size_t bytes = ElementBytes(k.Input(2));
  std::byte* to = k.Output(0).data;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t d = 0; d < depth; ++d) {
      for (int64_t i = 0; i < inner; ++i, to += bytes) {
        const bool on = IntegerAt(k.Input(0), o * inner + i) == d;
        std::memcpy(to, k.Input(on ? 2 : 3).data, bytes);
      }
    }
  }
}

}  // namespace

extern const Kernel kOneHot{Op::kOneHot,
                            "f32 f16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool",
                            Prepare, Eval};

}  // namespace liteforge
