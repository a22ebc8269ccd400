// SPDX-License-Identifier: Apache-2.0
// Functions of one value, of every float type unless said:
//   ABS  CEIL  COS  EXP  FLOOR  LOG  NEG  ROUND (half to even)  RSQRT
//   SIGN (NaN stays)  SIN  SQRT  SQUARE  ELU: x < 0 ? e^x - 1 : x
//   HARD_SWISH: x relu6(x + 3) / 6   LEAKY_RELU: x > 0 ? x : alpha x
//   GELU: x/2 (1 + erf(x / sqrt 2)), or by tanh where asked
// ABS, NEG and SIGN also of plain integers, NEG of 8 and 16 bits as stored;
// LOGICAL_NOT of booleans. Quantized ones: quantized_unary.h.
// Source: tflite/kernels/{elementwise,activations,neg,sign}.cc.
#include <cmath>
#include <string>

#include "kernels/map_elements.h"
#include "kernels/micro/float_functions.h"
#include "kernels/quantized_unary.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Floats = TypeList<float, Float16, BFloat16, double>;
using Integers = TypeList<int8_t, int16_t, int32_t, int64_t>;

struct State {
  std::optional<QuantizedUnary> quantized;
};

// Whether the kernel's list of types has one.
bool Takes(const KernelContext& k, const char* type) {
  const std::string types = " " + std::string(FindKernel(k.op())->types) + " ";
  return types.find(" " + std::string(type) + " ") != std::string::npos;
}

bool TakesType(const KernelContext& k, DataType type) {
  switch (type) {
    case DataType::kInt8:
      return Takes(k, "i8");
    case DataType::kUInt8:
      return Takes(k, "u8");
    case DataType::kInt16:
      return Takes(k, "i16");
    case DataType::kInt32:
      return Takes(k, "i32");
    case DataType::kInt64:
      return Takes(k, "i64");
    default:
      return Floats::Has(type);
  }
}

bool IsQuantized(const KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  if (k.op() == Op::kNeg) return false;
  if (input.type == DataType::kInt16)
    return k.op() != Op::kAbs || !input.quantization->empty();
  return input.type == DataType::kInt8 || input.type == DataType::kUInt8;
}

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Input(0).type;
  State& s = k.NewState<State>();
  if (k.Output(0).type != type)
    return InvalidModel("the output must have the input's type");
  if (!TakesType(k, type))
    return Unsupported(std::string(Name(type)) + " is not supported");
  if (IsQuantized(k)) {
    TRY_ASSIGN(s.quantized, PrepareQuantizedUnary(k));
  }
  return {};
}

// Halves go to the even neighbour whatever the rounding mode is.
template <class Real>
Real RoundHalfToEven(Real x) {
  const Real floor = std::floor(x), fraction = x - floor;
  if (fraction < Real{0.5}) return floor;
  if (fraction > Real{0.5}) return floor + 1;
  return std::fmod(floor, Real{2}) == 0 ? floor : floor + 1;
}

template <class T>
T SignOf(T x) {
  if (x != x) return x;  // NaN
  return static_cast<T>((x > 0) - (x < 0));
}

template <class T>
void EvalIntegers(KernelContext& k) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto negate = [](T x) {
    return static_cast<T>(Unsigned{0} - static_cast<Unsigned>(x));
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
void EvalFloats(KernelContext& k) {
  using Real = Arithmetic<T>;
  const auto map = [&](auto f) { MapElements<T>(k, f); };
  switch (k.op()) {
    case Op::kAbs:
      return map([](Real x) { return std::abs(x); });
    case Op::kCeil:
      return map([](Real x) { return std::ceil(x); });
    case Op::kCos:
      return map([](Real x) { return std::cos(x); });
    case Op::kElu:
      return map([](Real x) { return x < 0 ? std::expm1(x) : x; });
    case Op::kExp:
      return map([](Real x) { return std::exp(x); });
    case Op::kFloor:
      return map([](Real x) { return std::floor(x); });
    case Op::kGelu:
      return map([by_tanh = k.options<GeluOptions>().approximate](Real x) {
        const auto value = static_cast<float>(x);
        return static_cast<Real>(by_tanh ? GeluByTanh(value) : Gelu(value));
      });
    case Op::kHardSwish:
      return map([](Real x) {
        return x * std::min(Real{6}, std::max(Real{0}, x + 3)) / 6;
      });
    case Op::kLeakyRelu:
      return map([alpha = Real{k.options<LeakyReluOptions>().alpha}](Real x) {
        return x > 0 ? x : x * alpha;
      });
    case Op::kLog:
      return map([](Real x) { return std::log(x); });
    case Op::kNeg:
      return map([](Real x) { return -x; });
    case Op::kRound:
      return map(RoundHalfToEven<Real>);
    case Op::kRsqrt:
      return map([](Real x) { return 1 / std::sqrt(x); });
    case Op::kSign:
      return map(SignOf<Real>);
    case Op::kSin:
      return map([](Real x) { return std::sin(x); });
    case Op::kSqrt:
      return map([](Real x) { return std::sqrt(x); });
    case Op::kSquare:
      return map([](Real x) { return x * x; });
    default:
      return;
  }
}

// Whether micro/ computed it.
bool EvalFast(KernelContext& k) {
  if (k.reference() || k.Input(0).type != DataType::kFloat32) return false;
  void (*f)(const float*, int64_t, float*) = nullptr;
  if (k.op() == Op::kElu) f = EluOfFloats;
  if (k.op() == Op::kExp) f = ExpOfFloats;
  if (f == nullptr) return false;
  const float* from = k.Input(0).Data<float>();
  float* to = k.Output(0).MutableData<float>();
  ForEachPart(k, k.Input(0).elements(), [&](int64_t begin, int64_t size) {
    f(from + begin, size, to + begin);
  });
  return true;
}

void Eval(KernelContext& k) noexcept {
  if (EvalFast(k)) return;
  const State& s = k.State<State>();
  if (s.quantized) return EvalQuantizedUnary(k, *s.quantized);
  const DataType type = k.Input(0).type;
  Floats::Dispatch(type,
                   [&](auto tag) { EvalFloats<TypeOf<decltype(tag)>>(k); });
  Integers::Dispatch(type,
                     [&](auto tag) { EvalIntegers<TypeOf<decltype(tag)>>(k); });
}

Result<void> PrepareNot(KernelContext& k) {
  if (k.Input(0).type == DataType::kBool) return {};
  return InvalidModel("the input must be bool");
}

void EvalNot(KernelContext& k) noexcept {
  MapElements<bool>(k, [](bool x) { return !x; });
}

constexpr const char* kFloats = "f32 f64 f16 bf16";

}  // namespace

extern const Kernel kAbs{Op::kAbs, "f32 f64 f16 bf16 i8 i16 i32 i64", Prepare,
                         Eval};
extern const Kernel kCeil{Op::kCeil, kFloats, Prepare, Eval};
extern const Kernel kCos{Op::kCos, kFloats, Prepare, Eval};
extern const Kernel kElu{Op::kElu, "f32 f64 f16 bf16 i8", Prepare, Eval};
extern const Kernel kExp{Op::kExp, "f32 f64 f16 bf16 i8 i16", Prepare, Eval};
extern const Kernel kFloor{Op::kFloor, kFloats, Prepare, Eval};
extern const Kernel kGelu{Op::kGelu, "f32 f64 f16 bf16 i8 u8", Prepare, Eval};
extern const Kernel kHardSwish{Op::kHardSwish, "f32 f64 f16 bf16 i8 u8",
                               Prepare, Eval};
extern const Kernel kLeakyRelu{Op::kLeakyRelu, "f32 f64 f16 bf16 i8 u8 i16",
                               Prepare, Eval};
extern const Kernel kLog{Op::kLog, "f32 f64 f16 bf16 i8 i16", Prepare, Eval};
extern const Kernel kLogicalNot{Op::kLogicalNot, "bool", PrepareNot, EvalNot};
extern const Kernel kNeg{Op::kNeg, "f32 f64 f16 bf16 i8 i16 i32 i64", Prepare,
                         Eval};
extern const Kernel kRound{Op::kRound, kFloats, Prepare, Eval};
extern const Kernel kRsqrt{Op::kRsqrt, "f32 f64 f16 bf16 i8 i16", Prepare,
                           Eval};
extern const Kernel kSign{Op::kSign, "f32 f64 f16 bf16 i32 i64", Prepare, Eval};
extern const Kernel kSin{Op::kSin, kFloats, Prepare, Eval};
extern const Kernel kSqrt{Op::kSqrt, "f32 f64 f16 bf16 i8 i16", Prepare, Eval};
extern const Kernel kSquare{Op::kSquare, kFloats, Prepare, Eval};

}  // namespace liteforge
