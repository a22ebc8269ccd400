// SPDX-License-Identifier: Apache-2.0
// Functions of one value, f32 f16 bf16 f64 unless said:
//   CEIL  COS  FLOOR  ROUND (half to even)  SIN  SQUARE  ELU
//   EXP  LOG  RSQRT  SQRT (also quantized: quantized_unary.h)
//   ABS (also i32 i64, i16 without quantization, and quantized)
//   NEG (also i8 i16 i32 i64, on the steps)  SIGN (also i32 i64; NaN stays)
//   HARD_SWISH: x relu6(x + 3) / 6   LEAKY_RELU: x > 0 ? x : alpha x
//   GELU: x/2 (1 + erf(x / sqrt 2)), or by tanh where asked
// and LOGICAL_NOT of booleans.
// Source: tflite/kernels/{elementwise,activations,gelu,neg,sign}.cc.
#include <cmath>
#include <string>

#include "kernels/map_elements.h"
#include "kernels/quantized_unary.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Reals = TypeList<float, Float16, BFloat16, double>;
using Integers = TypeList<int8_t, int16_t, int32_t, int64_t>;

bool TakesInteger(Op op, DataType type) {
  const bool wide = type == DataType::kInt32 || type == DataType::kInt64;
  switch (op) {
    case Op::kAbs:
      return wide || type == DataType::kInt16;
    case Op::kNeg:
      return Integers::Has(type);
    case Op::kSign:
      return wide;
    default:
      return false;
  }
}

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Input(0).type;
  if (k.Output(0).type != type) {
    return InvalidModel("the output must have the input's type");
  }
  if (IsQuantizedUnary(k)) return PrepareQuantizedUnary(k);
  if (TakesInteger(k.op(), type)) return {};
  return Reals::Check(type);
}

// Halves go to the even neighbour whatever the rounding mode is.
template <class T>
T RoundHalfToEven(T x) {
  const T floor = std::floor(x), fraction = x - floor;
  if (fraction < T{0.5}) return floor;
  if (fraction > T{0.5}) return floor + 1;
  return std::fmod(floor, T{2}) == 0 ? floor : floor + 1;
}

template <class T>
T SignOf(T x) {
  return x > 0 ? T{1} : x < 0 ? T{-1} : x == 0 ? T{0} : x;
}

template <class T>
T Gelu(T x) {
  constexpr T kHalfSqrt2 = static_cast<T>(0.70710678118654752440);
  return T{0.5} * x * (1 + std::erf(x * kHalfSqrt2));
}

template <class T>
T GeluByTanh(T x) {
  constexpr T kSqrt2OverPi = static_cast<T>(0.79788456080286535588);
  constexpr T kCubic = static_cast<T>(0.044715);
  const T inner = kSqrt2OverPi * (x + kCubic * x * x * x);
  return T{0.5} * x * (1 + std::tanh(inner));
}

template <class T>
T HardSwish(T x) {
  return x * std::min(T{6}, std::max(T{0}, x + 3)) / 6;
}

template <class T>
void EvalInteger(KernelContext& k) {
  const auto negate = [](T x) {
    return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x));
  };
  if (k.op() == Op::kAbs) {
    MapElements<T>(k, [&](T x) { return x < 0 ? negate(x) : x; });
  } else if (k.op() == Op::kNeg) {
    MapElements<T>(k, negate);
  } else {
    MapElements<T>(k, SignOf<T>);
  }
}

template <class T>
void EvalReal(KernelContext& k) {
  using Number = Arithmetic<T>;
  const auto map = [&](auto f) { MapElements<T>(k, f); };
  switch (k.op()) {
    case Op::kAbs:
      return map([](Number x) { return std::abs(x); });
    case Op::kCeil:
      return map([](Number x) { return std::ceil(x); });
    case Op::kCos:
      return map([](Number x) { return std::cos(x); });
    case Op::kElu:
      return map([](Number x) { return x < 0 ? std::expm1(x) : x; });
    case Op::kExp:
      return map([](Number x) { return std::exp(x); });
    case Op::kFloor:
      return map([](Number x) { return std::floor(x); });
    case Op::kGelu:
      return k.options<GeluOptions>().approximate ? map(GeluByTanh<Number>)
                                                  : map(Gelu<Number>);
    case Op::kHardSwish:
      return map(HardSwish<Number>);
    case Op::kLeakyRelu:
      return map([alpha = Number{k.options<LeakyReluOptions>().alpha}](
                     Number x) { return x > 0 ? x : x * alpha; });
    case Op::kLog:
      return map([](Number x) { return std::log(x); });
    case Op::kNeg:
      return map([](Number x) { return -x; });
    case Op::kRound:
      return map(RoundHalfToEven<Number>);
    case Op::kRsqrt:
      return map([](Number x) { return 1 / std::sqrt(x); });
    case Op::kSign:
      return map(SignOf<Number>);
    case Op::kSin:
      return map([](Number x) { return std::sin(x); });
    case Op::kSqrt:
      return map([](Number x) { return std::sqrt(x); });
    case Op::kSquare:
      return map([](Number x) { return x * x; });
    default:
      return;
  }
}

void Eval(KernelContext& k) noexcept {
  if (IsQuantizedUnary(k)) return EvalQuantizedUnary(k);
  const DataType type = k.Input(0).type;
  Reals::Dispatch(type, [&](auto t) { EvalReal<TypeOf<decltype(t)>>(k); });
  Integers::Dispatch(type,
                     [&](auto t) { EvalInteger<TypeOf<decltype(t)>>(k); });
}

Result<void> PrepareNot(KernelContext& k) {
  if (k.Input(0).type == DataType::kBool) return {};
  return InvalidModel("the input must be bool");
}

void EvalNot(KernelContext& k) noexcept {
  MapElements<bool>(k, [](bool x) { return !x; });
}

constexpr const char* kReals = "f32 f16 bf16 f64";
constexpr const char* kRealsAndSteps = "f32 f16 bf16 f64 i8 u8 i16";

}  // namespace

extern const Kernel kAbs{Op::kAbs, "f32 f16 bf16 f64 i8 u8 i16 i32 i64",
                         Prepare, Eval};
extern const Kernel kCeil{Op::kCeil, kReals, Prepare, Eval};
extern const Kernel kCos{Op::kCos, kReals, Prepare, Eval};
extern const Kernel kElu{Op::kElu, kReals, Prepare, Eval};
extern const Kernel kExp{Op::kExp, kRealsAndSteps, Prepare, Eval};
extern const Kernel kFloor{Op::kFloor, kReals, Prepare, Eval};
extern const Kernel kGelu{Op::kGelu, kReals, Prepare, Eval};
extern const Kernel kHardSwish{Op::kHardSwish, kReals, Prepare, Eval};
extern const Kernel kLeakyRelu{Op::kLeakyRelu, kReals, Prepare, Eval};
extern const Kernel kLog{Op::kLog, kRealsAndSteps, Prepare, Eval};
extern const Kernel kLogicalNot{Op::kLogicalNot, "bool", PrepareNot, EvalNot};
extern const Kernel kNeg{Op::kNeg, "f32 f16 bf16 f64 i8 i16 i32 i64", Prepare,
                         Eval};
extern const Kernel kRound{Op::kRound, kReals, Prepare, Eval};
extern const Kernel kRsqrt{Op::kRsqrt, kRealsAndSteps, Prepare, Eval};
extern const Kernel kSign{Op::kSign, "f32 f16 bf16 f64 i32 i64", Prepare, Eval};
extern const Kernel kSin{Op::kSin, kReals, Prepare, Eval};
extern const Kernel kSqrt{Op::kSqrt, kRealsAndSteps, Prepare, Eval};
extern const Kernel kSquare{Op::kSquare, kReals, Prepare, Eval};

}  // namespace liteforge
