// SPDX-License-Identifier: Apache-2.0
// On integers, with broadcasting:
//   BITWISE_XOR, RIGHT_SHIFT (of signed ones with the sign; shifts below 0 and
//   past the width count as 0 and as the width less 1)
//   STABLEHLO_AND (also bool), STABLEHLO_SHIFT_LEFT (0 past the width)
//   STABLEHLO_ADD, _MULTIPLY, _MAXIMUM, _MINIMUM, also of floats
// and ATAN2 of floats.
// Source: tflite/kernels/{bitwise_xor,right_shift,atan2,stablehlo_elementwise}
// .cc.
#include <algorithm>
#include <cmath>

#include "kernels/binary.h"

namespace liteforge {
namespace {

using Reals = TypeList<float, Float16, BFloat16, double>;
using Integers = TypeList<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t,
                          int64_t, uint64_t>;
using Bits = TypeList<bool, int8_t, uint8_t, int16_t, uint16_t, int32_t,
                      uint32_t, int64_t, uint64_t>;
using Numbers =
    TypeList<float, Float16, BFloat16, double, int8_t, uint8_t, int16_t,
             uint16_t, int32_t, uint32_t, int64_t, uint64_t>;

// What is the same to signed and unsigned numbers is computed in unsigned ones
// of their width.
using Widths = TypeList<uint8_t, uint16_t, uint32_t, uint64_t>;

DataType UnsignedOf(DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
      return DataType::kUInt8;
    case DataType::kInt16:
      return DataType::kUInt16;
    case DataType::kInt32:
      return DataType::kUInt32;
    case DataType::kInt64:
      return DataType::kUInt64;
    default:
      return type;
  }
}

template <class Function>
void ApplyUnsigned(KernelContext& k, const Function& f) {
  Widths::Dispatch(UnsignedOf(k.Input(0).type),
                   [&](auto t) { Apply<TypeOf<decltype(t)>>(k, f); });
}

void EvalXor(KernelContext& k) noexcept {
  ApplyUnsigned(k,
                [](auto a, auto b) { return static_cast<decltype(a)>(a ^ b); });
}

void EvalRightShift(KernelContext& k) noexcept {
  ApplyAs<Integers>(k, [](auto a, auto b) {
    using T = decltype(a);
    constexpr T kMost = static_cast<T>(sizeof(T) * 8 - 1);
    return static_cast<T>(a >> std::clamp(b, T{0}, kMost));
  });
}

void EvalAnd(KernelContext& k) noexcept {
  ApplyUnsigned(k,
                [](auto a, auto b) { return static_cast<decltype(a)>(a & b); });
}

void EvalShiftLeft(KernelContext& k) noexcept {
  ApplyUnsigned(k, [](auto a, auto b) {  // less than 0 is very much
    using T = decltype(a);
    return b < sizeof(T) * 8 ? static_cast<T>(uint64_t{a} << b) : T{0};
  });
}

// Integers wrap.
void EvalAdd(KernelContext& k) noexcept {
  ApplyAs<Reals>(k, [](auto a, auto b) { return a + b; });
  ApplyUnsigned(k, [](auto a, auto b) {
    return static_cast<decltype(a)>(uint64_t{a} + b);
  });
}

void EvalMultiply(KernelContext& k) noexcept {
  ApplyAs<Reals>(k, [](auto a, auto b) { return a * b; });
  ApplyUnsigned(k, [](auto a, auto b) {
    return static_cast<decltype(a)>(uint64_t{a} * b);
  });
}

void EvalMaximum(KernelContext& k) noexcept {
  ApplyAs<Numbers>(k, [](auto a, auto b) { return a > b ? a : b; });
}

void EvalMinimum(KernelContext& k) noexcept {
  ApplyAs<Numbers>(k, [](auto a, auto b) { return a < b ? a : b; });
}

void EvalAtan2(KernelContext& k) noexcept {
  ApplyAs<Reals>(k, [](auto y, auto x) { return std::atan2(y, x); });
}

constexpr const char* kIntegers = "i8 u8 i16 u16 i32 u32 i64 u64";
constexpr const char* kNumbers =
    "f32 f16 bf16 f64 i8 u8 i16 u16 i32 u32 i64 u64";

}  // namespace

extern const Kernel kATan2{Op::kATan2, "f32 f16 bf16 f64", PrepareFor<Reals>,
                           EvalAtan2};
extern const Kernel kBitwiseXor{Op::kBitwiseXor, kIntegers,
                                PrepareFor<Integers>, EvalXor};
extern const Kernel kRightShift{Op::kRightShift, kIntegers,
                                PrepareFor<Integers>, EvalRightShift};
extern const Kernel kStablehloAdd{Op::kStablehloAdd, kNumbers,
                                  PrepareFor<Numbers>, EvalAdd};
extern const Kernel kStablehloAnd{Op::kStablehloAnd,
                                  "bool i8 u8 i16 u16 i32 u32 i64 u64",
                                  PrepareFor<Bits>, EvalAnd};
extern const Kernel kStablehloMaximum{Op::kStablehloMaximum, kNumbers,
                                      PrepareFor<Numbers>, EvalMaximum};
extern const Kernel kStablehloMinimum{Op::kStablehloMinimum, kNumbers,
                                      PrepareFor<Numbers>, EvalMinimum};
extern const Kernel kStablehloMultiply{Op::kStablehloMultiply, kNumbers,
                                       PrepareFor<Numbers>, EvalMultiply};
extern const Kernel kStablehloShiftLeft{Op::kStablehloShiftLeft, kIntegers,
                                        PrepareFor<Integers>, EvalShiftLeft};

}  // namespace liteforge
