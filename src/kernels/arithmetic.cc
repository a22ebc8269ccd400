// SPDX-License-Identifier: Apache-2.0
// ADD, SUB, MUL, DIV with broadcasting and a fused activation.
//   f32 f16 bf16 i32 i64 u32 (and i16 without quantization),
//   u8 i8 i16 quantized, complex64 without activation
//
// Quantized ADD and SUB: both operands shift left by 20 bits (15 for int16)
// and scale to twice the larger input scale; the sum scales to the output.
// int16 with power-of-two scales (pot_scale_int16) only shifts one operand.
// MUL scales the product once; that of two int16 may leave as int8 or uint8,
// as a Q0.15 number rounded to Q0.7. DIV multiplies by a fixed-point
// reciprocal; its int16 operands may have zero points.
// Source: tflite/kernels/{add,sub,mul,div}.cc, kernels/internal/reference.
#include "kernels/arithmetic.h"

#include <bit>
#include <string>

#include "kernels/fixed_point.h"
#include "kernels/float_broadcast.h"
#include "kernels/numerics.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Reals = TypeList<float, Float16, BFloat16>;
using Integers = TypeList<int16_t, int32_t, int64_t, uint32_t>;
using Quantized = TypeList<int8_t, uint8_t, int16_t>;
using Complex = std::complex<float>;

struct State {
  BroadcastPlan plan;
  Activation activation = Activation::kNone;
  bool quantized = false;
  bool only_shift = false;  // int16 ADD and SUB with power-of-two scales
  int left_shift = 0;
  FixedScale a, b, output;
  int32_t a_offset = 0, b_offset = 0, output_offset = 0;
  Range<int32_t> range{0, 0};
};

Activation ActivationOf(const KernelContext& k) {
  switch (k.op()) {
    case Op::kAdd:
      return k.options<AddOptions>().fused_activation_function;
    case Op::kSub:
      return k.options<SubOptions>().fused_activation_function;
    case Op::kMul:
      return k.options<MulOptions>().fused_activation_function;
    default:
      return k.options<DivOptions>().fused_activation_function;
  }
}

bool IsSum(Op op) { return op == Op::kAdd || op == Op::kSub; }

// Whether an int16 sum may only shift; its shifts then are in a and b.
Result<bool> PreparePowerOfTwo(KernelContext& k, State& s) {
  const bool asked = k.op() == Op::kAdd
                         ? k.options<AddOptions>().pot_scale_int16
                         : k.options<SubOptions>().pot_scale_int16;
  int a = 0, b = 0, out = 0;
  const bool all = PowerOfTwoExponent(k.Input(0).scale(), a) &
                   PowerOfTwoExponent(k.Input(1).scale(), b) &
                   PowerOfTwoExponent(k.Output(0).scale(), out);
  if (!asked || !all) return false;
  s.a.shift = a - out;
  s.b.shift = b - out;
  if ((s.a.shift != 0 && s.b.shift != 0) || s.a.shift > 0 || s.b.shift > 0 ||
      s.a.shift < -31 || s.b.shift < -31) {
    return InvalidModel("the int16 scales do not go together");
  }
  return true;
}

void PrepareSum(KernelContext& k, State& s) {
  const float a = k.Input(0).scale(), b = k.Input(1).scale();
  s.left_shift = k.Output(0).type == DataType::kInt16 ? 15 : 20;
  const double twice_larger = 2 * std::max(a, b);
  s.a = ToFixedScale(a / twice_larger);
  s.b = ToFixedScale(b / twice_larger);
  s.output =
      ToFixedScale(twice_larger / static_cast<double>((1 << s.left_shift) *
                                                      k.Output(0).scale()));
}

Result<void> PrepareQuantized(KernelContext& k, State& s) {
  const RuntimeTensor& a = k.Input(0);
  const RuntimeTensor& b = k.Input(1);
  const RuntimeTensor& output = k.Output(0);
  TRY(CheckQuantized(a, "input"));
  TRY(CheckQuantized(b, "second input"));
  TRY_ASSIGN(s.range, QuantizedActivationRange(s.activation, output));
  s.a_offset = -a.zero_point();
  s.b_offset = -b.zero_point();
  s.output_offset = output.zero_point();
  const bool words = output.type == DataType::kInt16;
  if (words && k.op() != Op::kDiv &&
      (s.a_offset != 0 || s.b_offset != 0 || s.output_offset != 0)) {
    return InvalidModel("int16 tensors must have zero_point 0");
  }
  if (IsSum(k.op())) {
    if (words) {
      TRY_ASSIGN(s.only_shift, PreparePowerOfTwo(k, s));
    }
    if (!s.only_shift) PrepareSum(k, s);
  } else if (k.op() == Op::kMul) {
    s.output = ToFixedScale(
        static_cast<double>(a.scale() * b.scale() / output.scale()));
  } else {
    s.output = ToFixedScale(
        static_cast<double>(a.scale() / (b.scale() * output.scale())));
  }
  return {};
}

// MUL of int16 into 8 bits.
Result<void> PrepareNarrowing(KernelContext& k, State& s) {
  const bool bytes = k.Output(0).type == DataType::kInt8 ||
                     k.Output(0).type == DataType::kUInt8;
  if (k.op() != Op::kMul || k.Input(0).type != DataType::kInt16 || !bytes) {
    return InvalidModel("inputs and output must be of one type");
  }
  TRY_ASSIGN(s.range, QuantizedActivationRange(s.activation, k.Output(0)));
  s.output_offset = k.Output(0).zero_point();
  return {};
}

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Input(0).type;
  if (k.Input(1).type != type) {
    return InvalidModel("inputs must be of one type");
  }
  State& s = k.NewState<State>();
  s.plan = PlanBroadcast(k.Input(0).shape, k.Input(1).shape, k.Output(0).shape);
  s.activation = ActivationOf(k);
  if (k.Output(0).type != type) return PrepareNarrowing(k, s);
  s.quantized = Quantized::Has(type) && (type != DataType::kInt16 ||
                                         !k.Output(0).quantization->empty());
  if (s.quantized) return PrepareQuantized(k, s);
  if (Reals::Has(type) || Integers::Has(type)) return {};
  if (type != DataType::kComplex64) {
    return Unsupported(std::string(Name(type)) + " is not supported");
  }
  if (s.activation == Activation::kNone) return {};
  return InvalidModel("complex64 takes no activation");
}

template <class T, class Function>
void Apply(KernelContext& k, const Function& f) {
  BroadcastBinary(k.State<State>().plan, k.Input(0).Data<T>(),
                  k.Input(1).Data<T>(), k.Output(0).MutableData<T>(), f);
}

FloatArithmetic FloatFunctionOf(Op op) {
  switch (op) {
    case Op::kAdd:
      return FloatArithmetic::kSum;
    case Op::kSub:
      return FloatArithmetic::kDifference;
    case Op::kMul:
      return FloatArithmetic::kProduct;
    default:
      return FloatArithmetic::kQuotient;
  }
}

template <class T>
void EvalReal(KernelContext& k, const State& s) {
  const Range<float> range = FloatActivationRange(s.activation);
  if (std::is_same_v<T, float> && !k.reference())
    return EvalFloatArithmetic(k, s.plan, FloatFunctionOf(k.op()), range);
  const auto clamped = [&](auto f) {
    Apply<T>(k, [=](float a, float b) { return Clamp(f(a, b), range); });
  };
  switch (k.op()) {
    case Op::kAdd:
      return clamped([](float a, float b) { return a + b; });
    case Op::kSub:
      return clamped([](float a, float b) { return a - b; });
    case Op::kMul:
      return clamped([](float a, float b) { return a * b; });
    default:
      return clamped([](float a, float b) { return a / b; });
  }
}

void EvalComplex(KernelContext& k) {
  switch (k.op()) {
    case Op::kAdd:
      return Apply<Complex>(k, [](Complex a, Complex b) { return a + b; });
    case Op::kSub:
      return Apply<Complex>(k, [](Complex a, Complex b) { return a - b; });
    case Op::kMul:
      return Apply<Complex>(k, [](Complex a, Complex b) { return a * b; });
    default:
      return Apply<Complex>(k, [](Complex a, Complex b) { return a / b; });
  }
}

// The one quotient that does not fit is that of the smallest number by -1.
template <class T>
T Divide(T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    if (b == -1 && a == std::numeric_limits<T>::min()) return a;
  }
  return static_cast<T>(a / b);
}

// Integers wrap as the machine's do.
template <class T>
void EvalIntegers(KernelContext& k, const State& s) {
  const Range<T> range = IntegerActivationRange<T>(s.activation);
  const auto wrapped = [&](auto f) {
    Apply<T>(k, [=](T a, T b) {
      return Clamp(
          static_cast<T>(f(static_cast<uint64_t>(a), static_cast<uint64_t>(b))),
          range);
    });
  };
  switch (k.op()) {
    case Op::kAdd:
      return wrapped([](uint64_t a, uint64_t b) { return a + b; });
    case Op::kSub:
      return wrapped([](uint64_t a, uint64_t b) { return a - b; });
    case Op::kMul:
      return wrapped([](uint64_t a, uint64_t b) { return a * b; });
    default:
      break;
  }
  bool by_zero = false;
  Apply<T>(k, [&](T a, T b) {
    if (b == 0) by_zero = true;
    return b == 0 ? T{0} : Clamp(Divide(a, b), range);
  });
  if (by_zero) k.FailEval("division by zero");
}

// 8-bit sums and products, where micro/ computes them.
template <class T>
void ComputeInBytes(KernelContext& k, const State& s) {
  const ByteArithmetic op = ByteArithmeticOf(k);
  const T* a = k.Input(0).Data<T>();
  const T* b = k.Input(1).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  ShareBroadcast(k.threads(), s.plan,
                 [&](int64_t out, int64_t from_a, int64_t step_a,
                     int64_t from_b, int64_t step_b, int64_t count) {
                   ComputeBytes(op, a + from_a, step_a, b + from_b, step_b,
                                count, to + out);
                 });
}

template <class T>
void EvalSum(KernelContext& k, const State& s) {
  if constexpr (sizeof(T) == 1) {
    if (!k.reference()) return ComputeInBytes<T>(k, s);
  }
  const bool subtract = k.op() == Op::kSub;
  Apply<T>(k, [&](T a, T b) {
    const int32_t x = Multiply((s.a_offset + a) * (1 << s.left_shift), s.a);
    const int32_t y = Multiply((s.b_offset + b) * (1 << s.left_shift), s.b);
    const int32_t sum = subtract ? x - y : x + y;
    return static_cast<T>(
        Clamp(Multiply(sum, s.output) + s.output_offset, s.range));
  });
}

void EvalShiftedSum(KernelContext& k, const State& s) {
  const bool subtract = k.op() == Op::kSub;
  Apply<int16_t>(k, [&](int16_t a, int16_t b) {
    const int32_t x = RoundingDivideByPowerOfTwo(a, -s.a.shift);
    const int32_t y = RoundingDivideByPowerOfTwo(b, -s.b.shift);
    const int32_t sum = std::clamp(subtract ? x - y : x + y, -32768, 32767);
    return static_cast<int16_t>(Clamp(sum, s.range));
  });
}

template <class T>
void EvalProduct(KernelContext& k, const State& s) {
  if constexpr (sizeof(T) == 1) {
    if (!k.reference()) return ComputeInBytes<T>(k, s);
  }
  Apply<T>(k, [&](T a, T b) {
    const int32_t product = (s.a_offset + a) * (s.b_offset + b);
    return static_cast<T>(
        Clamp(s.output_offset + Multiply(product, s.output), s.range));
  });
}

template <class Out>
void EvalNarrowing(KernelContext& k, const State& s) {
  BroadcastBinary(
      s.plan, k.Input(0).Data<int16_t>(), k.Input(1).Data<int16_t>(),
      k.Output(0).MutableData<Out>(), [&](int16_t a, int16_t b) {
        const int32_t product =
            RoundingDivideByPowerOfTwo(DoublingHighMultiply16(a, b), 8);
        return static_cast<Out>(Clamp(product + s.output_offset, s.range));
      });
}

int LeadingSignBits(int32_t x) {
  return std::countl_zero(static_cast<uint32_t>(x < 0 ? ~x : x)) - 1;
}

template <class T>
void EvalQuotient(KernelContext& k, const State& s) {
  bool by_zero = false;
  Apply<T>(k, [&](T a, T b) {
    int32_t x = s.a_offset + a, y = s.b_offset + b;
    if (y == 0) {
      by_zero = true;
      return T{0};
    }
    if (y < 0) {
      x = -x;
      y = -y;
    }
    int bits_over_unit = 0;
    const int32_t reciprocal = ReciprocalQ0(y, 31, bits_over_unit);
    const int headroom = LeadingSignBits(x);
    const int32_t quotient = DoublingHighMultiply(
        static_cast<int32_t>(static_cast<uint32_t>(x) << headroom), reciprocal);
    const int shift = s.output.shift - bits_over_unit - headroom;
    const int32_t scaled = RoundingDivideByPowerOfTwo(
        DoublingHighMultiply(quotient, s.output.multiplier),
        std::clamp(-shift, 0, 31));
    return static_cast<T>(Clamp(s.output_offset + scaled, s.range));
  });
  if (by_zero) k.FailEval("division by zero");
}

template <class T>
void EvalQuantized(KernelContext& k, const State& s) {
  if (IsSum(k.op())) return EvalSum<T>(k, s);
  return k.op() == Op::kMul ? EvalProduct<T>(k, s) : EvalQuotient<T>(k, s);
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const DataType type = k.Input(0).type;
  const DataType out = k.Output(0).type;
  if (out != type) {
    out == DataType::kInt8 ? EvalNarrowing<int8_t>(k, s)
                           : EvalNarrowing<uint8_t>(k, s);
  } else if (s.only_shift) {
    EvalShiftedSum(k, s);
  } else if (s.quantized) {
    Quantized::Dispatch(
        type, [&](auto t) { EvalQuantized<TypeOf<decltype(t)>>(k, s); });
  } else if (type == DataType::kComplex64) {
    EvalComplex(k);
  } else {
    Reals::Dispatch(type, [&](auto t) { EvalReal<TypeOf<decltype(t)>>(k, s); });
    Integers::Dispatch(
        type, [&](auto t) { EvalIntegers<TypeOf<decltype(t)>>(k, s); });
  }
}

constexpr const char* kTypes = "f32 f16 bf16 i8 u8 i16 i32 i64 u32 complex64";

}  // namespace

ByteArithmetic ByteArithmeticOf(const KernelContext& k) {
  using Kind = ByteArithmetic::Kind;
  const State& s = k.State<State>();
  return {k.op() == Op::kMul   ? Kind::kProduct
          : k.op() == Op::kSub ? Kind::kDifference
                               : Kind::kSum,
          {s.a.multiplier, s.a.shift},
          {s.b.multiplier, s.b.shift},
          {s.output.multiplier, s.output.shift},
          s.a_offset,
          s.b_offset,
          s.output_offset,
          s.range.min,
          s.range.max};
}

extern const Kernel kAdd{Op::kAdd, kTypes, Prepare, Eval};
extern const Kernel kSub{Op::kSub, kTypes, Prepare, Eval};
extern const Kernel kMul{Op::kMul, kTypes, Prepare, Eval};
extern const Kernel kDiv{Op::kDiv, kTypes, Prepare, Eval};

}  // namespace liteforge
