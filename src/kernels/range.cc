// SPDX-License-Identifier: Apache-2.0
// RANGE: start, start + delta, … below (above) limit; f32 i32 i64 scalars.
// Floats are summed step by step, as TFLite does.
// Source: TFLite schema RangeOptions; tflite/kernels/range.cc.
#include <string>
#include <type_traits>

#include "kernels/kernel.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Input(0).type;
  for (int i = 1; i < 3; ++i) {
    if (k.Input(i).type != type)
      return InvalidModel("inputs must be of one type");
  }
  if (type == DataType::kFloat32 || type == DataType::kInt32 ||
      type == DataType::kInt64) {
    return {};
  }
  return Unsupported(std::string(Name(type)) + " is not supported");
}

template <class T>
void Count(KernelContext& k) {
  T value = *k.Input(0).Data<T>();
  const T delta = *k.Input(2).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  for (int64_t i = 0; i < k.Output(0).elements(); ++i) {
    to[i] = value;
    // Behind the last one an integer may wrap.
    if constexpr (std::is_integral_v<T>) {
      using Unsigned = std::make_unsigned_t<T>;
      value = static_cast<T>(static_cast<Unsigned>(value) +
                             static_cast<Unsigned>(delta));
    } else {
      value += delta;
    }
  }
}

void Eval(KernelContext& k) noexcept {
  if (k.Output(0).elements() == 0) return;
  switch (k.Input(0).type) {
    case DataType::kInt32:
      return Count<int32_t>(k);
    case DataType::kInt64:
      return Count<int64_t>(k);
    default:
      return Count<float>(k);
  }
}

}  // namespace

extern const Kernel kRange{Op::kRange, "f32 i32 i64", Prepare, Eval};

}  // namespace liteforge
