// SPDX-License-Identifier: Apache-2.0
// CAST: each element converted to the output's type as C++ converts it, where
// C++ says how: floats to integers truncate, out-of-range ones saturate, NaN
// gives 0; anything to bool is "not zero".
// Source: TFLite schema CastOptions; tflite/kernels/cast.cc.
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/kernel.h"

namespace liteforge {
namespace {

bool IsNumber(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kFloat64:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kUInt8:
    case DataType::kUInt16:
    case DataType::kUInt32:
    case DataType::kBool:
      return true;
    default:
      return false;
  }
}

Result<void> Prepare(KernelContext& k) {
  for (DataType type : {k.Input(0).type, k.Output(0).type}) {
    if (!IsNumber(type)) {
      return Unsupported(std::string(Name(type)) + " is not supported");
    }
  }
  return {};
}

template <class To, class From>
To Convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_floating_point_v<From> &&
                       std::is_integral_v<To>) {
    // 2^digits is exact in floating point; the largest integer may not be.
    const From limit = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    if (std::isnan(x)) return 0;
    if (x >= limit) return std::numeric_limits<To>::max();
    if (x <= static_cast<From>(std::numeric_limits<To>::lowest())) {
      return std::numeric_limits<To>::lowest();
    }
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class From, class To>
void ConvertAll(KernelContext& k) {
  const From* from = k.Input(0).Data<From>();
  To* to = k.Output(0).MutableData<To>();
  const int64_t count = k.Input(0).elements();
  for (int64_t i = 0; i < count; ++i) to[i] = Convert<To>(from[i]);
}

template <class From>
void ConvertFrom(KernelContext& k) {
  switch (k.Output(0).type) {
    case DataType::kFloat32:
      return ConvertAll<From, float>(k);
    case DataType::kFloat64:
      return ConvertAll<From, double>(k);
    case DataType::kInt8:
      return ConvertAll<From, int8_t>(k);
    case DataType::kInt16:
      return ConvertAll<From, int16_t>(k);
    case DataType::kInt32:
      return ConvertAll<From, int32_t>(k);
    case DataType::kInt64:
      return ConvertAll<From, int64_t>(k);
    case DataType::kUInt8:
      return ConvertAll<From, uint8_t>(k);
    case DataType::kUInt16:
      return ConvertAll<From, uint16_t>(k);
    case DataType::kUInt32:
      return ConvertAll<From, uint32_t>(k);
    default:
      return ConvertAll<From, bool>(k);
  }
}

void Eval(KernelContext& k) noexcept {
  switch (k.Input(0).type) {
    case DataType::kFloat32:
      return ConvertFrom<float>(k);
    case DataType::kFloat64:
      return ConvertFrom<double>(k);
    case DataType::kInt8:
      return ConvertFrom<int8_t>(k);
    case DataType::kInt16:
      return ConvertFrom<int16_t>(k);
    case DataType::kInt32:
      return ConvertFrom<int32_t>(k);
    case DataType::kInt64:
      return ConvertFrom<int64_t>(k);
    case DataType::kUInt8:
      return ConvertFrom<uint8_t>(k);
    case DataType::kUInt16:
      return ConvertFrom<uint16_t>(k);
    case DataType::kUInt32:
      return ConvertFrom<uint32_t>(k);
    default:
      return ConvertFrom<bool>(k);
  }
}

}  // namespace

extern const Kernel kCast{Op::kCast, "f32 f64 i8 i16 i32 i64 u8 u16 u32 bool",
                          Prepare, Eval};

}  // namespace liteforge
