// SPDX-License-Identifier: Apache-2.0
// Functions of two values with broadcasting:
//   MAXIMUM MINIMUM        f32 f16 bf16 f64 i8 u8 i16 i32 i64 u32, on the steps
//                          of quantized operands, which must share them
//   FLOOR_DIV FLOOR_MOD    f32 f16 bf16 i8 i16 i32 i64; the quotient in double
//   POW                    f32 f16 bf16 i32 i64
//   SQUARED_DIFFERENCE     f32 f16 bf16 i32 i64; i8 quantized: both operands
//                          shift left by 7 bits and scale to twice the larger
//                          input scale, the square scales to the output
//   LOGICAL_AND LOGICAL_OR bool
// Source: tflite/kernels/{maximum_minimum,logical,pow,squared_difference,
// floor_div,floor_mod}.cc.
#include "kernels/binary.h"

#include <cmath>
#include <string>

#include "kernels/float_broadcast.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

using Bools = TypeList<bool>;
using Computed = TypeList<float, Float16, BFloat16, int32_t, int64_t>;
using Divided =
    TypeList<float, Float16, BFloat16, int8_t, int16_t, int32_t, int64_t>;
using Ordered = TypeList<float, Float16, BFloat16, double, int8_t, uint8_t,
                         int16_t, int32_t, int64_t, uint32_t>;

//---------------------------------------------------- MAXIMUM and MINIMUM

Result<void> PrepareOrder(KernelContext& k) {
  TRY(PrepareFor<Ordered>(k));
  const RuntimeTensor& a = k.Input(0);
  const RuntimeTensor& b = k.Input(1);
  if (a.scale() == b.scale() && a.zero_point() == b.zero_point()) return {};
  return Unsupported("operands of different quantization are not supported");
}

// Whether micro/ computed it.
bool EvalFast(KernelContext& k, FloatArithmetic f) {
  if (k.reference() || k.Input(0).type != DataType::kFloat32) return false;
  EvalFloatArithmetic(k, k.State<BroadcastPlan>(), f);
  return true;
}

void EvalMaximum(KernelContext& k) noexcept {
  if (EvalFast(k, FloatArithmetic::kMaximum)) return;
  ApplyAs<Ordered>(k, [](auto a, auto b) { return a > b ? a : b; });
}

void EvalMinimum(KernelContext& k) noexcept {
  if (EvalFast(k, FloatArithmetic::kMinimum)) return;
  ApplyAs<Ordered>(k, [](auto a, auto b) { return a < b ? a : b; });
}

//-------------------------------------------------------------- division

template <class T>
T FloorDivide(T a, T b, bool& by_zero) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(
        std::floor(static_cast<double>(a) / static_cast<double>(b)));
  } else {
    if (b == 0) {
      by_zero = true;
      return 0;
    }
    if (b == -1) return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(a));
    const auto quotient = static_cast<T>(a / b);
    return a % b != 0 && (a < 0) != (b < 0) ? static_cast<T>(quotient - 1)
                                            : quotient;
  }
}

template <class T>
T FloorModulo(T a, T b, bool& by_zero) {
  T remainder;
  if constexpr (std::is_floating_point_v<T>) {
    remainder = std::fmod(a, b);
  } else {
    if (b == 0) by_zero = true;
    if (b == 0 || b == -1) return 0;
    remainder = static_cast<T>(a % b);
  }
  return remainder != 0 && (remainder < 0) != (b < 0)
             ? static_cast<T>(remainder + b)
             : remainder;
}

void EvalFloorDiv(KernelContext& k) noexcept {
  bool by_zero = false;
  ApplyAs<Divided>(k,
                   [&](auto a, auto b) { return FloorDivide(a, b, by_zero); });
  if (by_zero) k.FailEval("division by zero");
}

void EvalFloorMod(KernelContext& k) noexcept {
  bool by_zero = false;
  ApplyAs<Divided>(k,
                   [&](auto a, auto b) { return FloorModulo(a, b, by_zero); });
  if (by_zero) k.FailEval("division by zero");
}

//------------------------------------------------------------------ POW

template <class T>
T Power(T base, T exponent, bool& negative) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::pow(base, exponent);
  } else {
    if (exponent < 0) {
      negative = true;
      return 0;
    }
    using Unsigned = std::make_unsigned_t<T>;
    Unsigned result = 1, factor = static_cast<Unsigned>(base);
    for (auto left = static_cast<Unsigned>(exponent); left > 0; left >>= 1) {
      if (left & 1) result *= factor;
      factor *= factor;
    }
    return static_cast<T>(result);
  }
}

void EvalPow(KernelContext& k) noexcept {
  bool negative = false;
  ApplyAs<Computed>(k, [&](auto a, auto b) { return Power(a, b, negative); });
  if (negative) k.FailEval("an integer power is negative");
}

//--------------------------------------------------- SQUARED_DIFFERENCE

struct SquareState {
  BroadcastPlan plan;
  FixedScale a, b, output;
  int32_t a_zero = 0, b_zero = 0, output_zero = 0;
};

constexpr int kSquareShift = 7;

Result<void> PrepareSquare(KernelContext& k) {
  if (k.Input(0).type != DataType::kInt8) return PrepareFor<Computed>(k);
  TRY(PrepareFor<TypeList<int8_t>>(k));
  const BroadcastPlan plan = k.State<BroadcastPlan>();
  const RuntimeTensor& a = k.Input(0);
  const RuntimeTensor& b = k.Input(1);
  const RuntimeTensor& output = k.Output(0);
  TRY(CheckQuantized(a, "input"));
  TRY(CheckQuantized(b, "second input"));
  TRY(CheckQuantized(output, "output"));
  SquareState& s = k.NewState<SquareState>();
  s.plan = plan;
  const double twice_larger = 2 * std::max(a.scale(), b.scale());
  s.a = ToFixedScale(a.scale() / twice_larger);
  s.b = ToFixedScale(b.scale() / twice_larger);
  s.output = ToFixedScale(
      twice_larger * twice_larger /
      static_cast<double>((1 << kSquareShift * 2) * output.scale()));
  s.a_zero = a.zero_point();
  s.b_zero = b.zero_point();
  s.output_zero = output.zero_point();
  return {};
}

void EvalQuantizedSquare(KernelContext& k) {
  const SquareState& s = k.State<SquareState>();
  BroadcastBinary(
      s.plan, k.Input(0).Data<int8_t>(), k.Input(1).Data<int8_t>(),
      k.Output(0).MutableData<int8_t>(), [&](int8_t a, int8_t b) {
        const int32_t x = Multiply((a - s.a_zero) * (1 << kSquareShift), s.a);
        const int32_t y = Multiply((b - s.b_zero) * (1 << kSquareShift), s.b);
        const int64_t result =
            int64_t{Multiply((x - y) * (x - y), s.output)} + s.output_zero;
        return static_cast<int8_t>(std::clamp<int64_t>(result, -128, 127));
      });
}

void EvalSquare(KernelContext& k) noexcept {
  if (k.Input(0).type == DataType::kInt8) return EvalQuantizedSquare(k);
  if (EvalFast(k, FloatArithmetic::kSquaredDifference)) return;
  ApplyAs<Computed>(k, [](auto a, auto b) {
    using T = decltype(a);
    if constexpr (std::is_integral_v<T>) {
      const auto d = static_cast<uint64_t>(a) - static_cast<uint64_t>(b);
      return static_cast<T>(d * d);
    } else {
      return (a - b) * (a - b);
    }
  });
}

//-------------------------------------------------------------- logical

void EvalAnd(KernelContext& k) noexcept {
  Apply<bool>(k, [](bool a, bool b) { return a && b; });
}

void EvalOr(KernelContext& k) noexcept {
  Apply<bool>(k, [](bool a, bool b) { return a || b; });
}

constexpr const char* kOrdered = "f32 f16 bf16 f64 i8 u8 i16 i32 i64 u32";
constexpr const char* kDivided = "f32 f16 bf16 i8 i16 i32 i64";

}  // namespace

extern const Kernel kFloorDiv{Op::kFloorDiv, kDivided, PrepareFor<Divided>,
                              EvalFloorDiv};
extern const Kernel kFloorMod{Op::kFloorMod, kDivided, PrepareFor<Divided>,
                              EvalFloorMod};
extern const Kernel kLogicalAnd{Op::kLogicalAnd, "bool", PrepareFor<Bools>,
                                EvalAnd};
extern const Kernel kLogicalOr{Op::kLogicalOr, "bool", PrepareFor<Bools>,
                               EvalOr};
extern const Kernel kMaximum{Op::kMaximum, kOrdered, PrepareOrder, EvalMaximum};
extern const Kernel kMinimum{Op::kMinimum, kOrdered, PrepareOrder, EvalMinimum};
extern const Kernel kPow{Op::kPow, "f32 f16 bf16 i32 i64", PrepareFor<Computed>,
                         EvalPow};
extern const Kernel kSquaredDifference{Op::kSquaredDifference,
                                       "f32 f16 bf16 i8 i32 i64", PrepareSquare,
                                       EvalSquare};

}  // namespace liteforge
