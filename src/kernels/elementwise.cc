// SPDX-License-Identifier: Apache-2.0
// Functions of one value, f32 unless said:
//   ABS (also i32 i64)  CEIL  COS  EXP  FLOOR  LOG  NEG (also i32 i64)
//   ROUND (half to even)  RSQRT  SIGN (also i32)  SIN  SQRT  SQUARE  ELU
//   HARD_SWISH: x relu6(x + 3) / 6   LEAKY_RELU: x > 0 ? x : alpha x
//   GELU: x/2 (1 + erf(x / sqrt 2)), or by tanh where asked
// and LOGICAL_NOT of booleans.
// Source: tflite/kernels/{elementwise,activations,gelu}.cc.
#include <cmath>
#include <string>

#include "kernels/kernel.h"

namespace liteforge {
namespace {

template <class T, class Function>
void Map(KernelContext& k, const Function& f) {
  const T* from = k.Input(0).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  const int64_t count = k.Input(0).elements();
  for (int64_t i = 0; i < count; ++i) to[i] = f(from[i]);
}

bool TakesIntegers(Op op) {
  return op == Op::kAbs || op == Op::kNeg || op == Op::kSign;
}

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Input(0).type;
  const bool integer = type == DataType::kInt32 || type == DataType::kInt64;
  if (k.Output(0).type != type) {
    return InvalidModel("the output must have the input's type");
  }
  if (type == DataType::kFloat32 || (integer && TakesIntegers(k.op()))) {
    return {};
  }
  return Unsupported(std::string(Name(type)) + " is not supported");
}

// Halves go to the even neighbour whatever the rounding mode is.
float RoundHalfToEven(float x) {
  const float floor = std::floor(x), fraction = x - floor;
  if (fraction < 0.5f) return floor;
  if (fraction > 0.5f) return floor + 1.0f;
  return std::fmod(floor, 2.0f) == 0.0f ? floor : floor + 1.0f;
}

template <class T>
T SignOf(T x) {
  return static_cast<T>((x > 0) - (x < 0));
}

float Gelu(float x) {
  return 0.5f * x * (1.0f + std::erf(x * 0.70710678118654752440f));
}

float GeluByTanh(float x) {
  constexpr float kSqrt2OverPi = 0.79788456080286535588f;
  const float inner = kSqrt2OverPi * (x + 0.044715f * x * x * x);
  return 0.5f * x * (1.0f + std::tanh(inner));
}

template <class T>
void EvalIntegers(KernelContext& k) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto negate = [](T x) {
    return static_cast<T>(Unsigned{0} - static_cast<Unsigned>(x));
  };
  if (k.op() == Op::kAbs) {
    Map<T>(k, [&](T x) { return x < 0 ? negate(x) : x; });
  } else if (k.op() == Op::kNeg) {
    Map<T>(k, negate);
  } else {
    Map<T>(k, SignOf<T>);
  }
}

void EvalFloat(KernelContext& k) {
  const auto map = [&](auto f) { Map<float>(k, f); };
  switch (k.op()) {
    case Op::kAbs:
      return map([](float x) { return std::abs(x); });
    case Op::kCeil:
      return map([](float x) { return std::ceil(x); });
    case Op::kCos:
      return map([](float x) { return std::cos(x); });
    case Op::kElu:
      return map([](float x) { return x < 0.0f ? std::expm1(x) : x; });
    case Op::kExp:
      return map([](float x) { return std::exp(x); });
    case Op::kFloor:
      return map([](float x) { return std::floor(x); });
    case Op::kGelu:
      return k.options<GeluOptions>().approximate ? map(GeluByTanh) : map(Gelu);
    case Op::kHardSwish:
      return map([](float x) {
        return x * std::min(6.0f, std::max(0.0f, x + 3.0f)) / 6.0f;
      });
    case Op::kLeakyRelu:
      return map([alpha = k.options<LeakyReluOptions>().alpha](float x) {
        return x > 0.0f ? x : x * alpha;
      });
    case Op::kLog:
      return map([](float x) { return std::log(x); });
    case Op::kNeg:
      return map([](float x) { return -x; });
    case Op::kRound:
      return map(RoundHalfToEven);
    case Op::kRsqrt:
      return map([](float x) { return 1.0f / std::sqrt(x); });
    case Op::kSign:
      return map(SignOf<float>);
    case Op::kSin:
      return map([](float x) { return std::sin(x); });
    case Op::kSqrt:
      return map([](float x) { return std::sqrt(x); });
    case Op::kSquare:
      return map([](float x) { return x * x; });
    default:
      return;
  }
}

void Eval(KernelContext& k) noexcept {
  switch (k.Input(0).type) {
    case DataType::kInt32:
      return EvalIntegers<int32_t>(k);
    case DataType::kInt64:
      return EvalIntegers<int64_t>(k);
    default:
      return EvalFloat(k);
  }
}

Result<void> PrepareNot(KernelContext& k) {
  if (k.Input(0).type == DataType::kBool) return {};
  return InvalidModel("the input must be bool");
}

void EvalNot(KernelContext& k) noexcept {
  Map<bool>(k, [](bool x) { return !x; });
}

}  // namespace

extern const Kernel kAbs{Op::kAbs, "f32 i32 i64", Prepare, Eval};
extern const Kernel kCeil{Op::kCeil, "f32", Prepare, Eval};
extern const Kernel kCos{Op::kCos, "f32", Prepare, Eval};
extern const Kernel kElu{Op::kElu, "f32", Prepare, Eval};
extern const Kernel kExp{Op::kExp, "f32", Prepare, Eval};
extern const Kernel kFloor{Op::kFloor, "f32", Prepare, Eval};
extern const Kernel kGelu{Op::kGelu, "f32", Prepare, Eval};
extern const Kernel kHardSwish{Op::kHardSwish, "f32", Prepare, Eval};
extern const Kernel kLeakyRelu{Op::kLeakyRelu, "f32", Prepare, Eval};
extern const Kernel kLog{Op::kLog, "f32", Prepare, Eval};
extern const Kernel kLogicalNot{Op::kLogicalNot, "bool", PrepareNot, EvalNot};
extern const Kernel kNeg{Op::kNeg, "f32 i32 i64", Prepare, Eval};
extern const Kernel kRound{Op::kRound, "f32", Prepare, Eval};
extern const Kernel kRsqrt{Op::kRsqrt, "f32", Prepare, Eval};
extern const Kernel kSign{Op::kSign, "f32 i32 i64", Prepare, Eval};
extern const Kernel kSin{Op::kSin, "f32", Prepare, Eval};
extern const Kernel kSqrt{Op::kSqrt, "f32", Prepare, Eval};
extern const Kernel kSquare{Op::kSquare, "f32", Prepare, Eval};

}  // namespace liteforge
