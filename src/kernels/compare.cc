// SPDX-License-Identifier: Apache-2.0
// Operators of two values with broadcasting:
//   EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL  -> bool
//     f32 i32 i64 and, on the raw steps where both operands share their
//     quantization, u8 i8; EQUAL and NOT_EQUAL also bool
//   MAXIMUM MINIMUM  f32 i8 u8 i16 i32 i64 (same quantization)
//   LOGICAL_AND LOGICAL_OR  bool
//   POW SQUARED_DIFFERENCE FLOOR_DIV FLOOR_MOD  f32 i32 i64
// Source: tflite/kernels/{comparisons,maximum_minimum,logical,pow,
// squared_difference,floor_div,floor_mod}.cc.
#include <cmath>
#include <string>

#include "kernels/broadcast.h"
#include "kernels/kernel.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

bool IsComparison(Op op) {
  switch (op) {
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      return true;
    default:
      return false;
  }
}

bool IsQuantized(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 ||
         type == DataType::kInt16;
}

bool TakesType(Op op, DataType type) {
  const bool number = type == DataType::kFloat32 || type == DataType::kInt32 ||
                      type == DataType::kInt64;
  switch (op) {
    case Op::kLogicalAnd:
    case Op::kLogicalOr:
      return type == DataType::kBool;
    case Op::kEqual:
    case Op::kNotEqual:
      return number || type == DataType::kBool || IsQuantized(type);
    case Op::kPow:
    case Op::kSquaredDifference:
    case Op::kFloorDiv:
    case Op::kFloorMod:
      return number;
    default:
      return number || IsQuantized(type);
  }
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& a = k.Input(0);
  const RuntimeTensor& b = k.Input(1);
  if (a.type != b.type) return InvalidModel("inputs must be of one type");
  if (!TakesType(k.op(), a.type)) {
    return Unsupported(std::string(Name(a.type)) + " is not supported");
  }
  const DataType out = IsComparison(k.op()) ? DataType::kBool : a.type;
  if (k.Output(0).type != out) {
    return InvalidModel("the output must be " + std::string(Name(out)));
  }
  if (IsQuantized(a.type)) {
    const bool same =
        a.scale() == b.scale() && a.zero_point() == b.zero_point();
    if (!same) {
      return Unsupported(
          "operands of different quantization are not supported");
    }
  }
  k.NewState<BroadcastPlan>() =
      PlanBroadcast(a.shape, b.shape, k.Output(0).shape);
  return {};
}

template <class T, class Out, class Function>
void Apply(KernelContext& k, const Function& f) {
  BroadcastBinary(k.State<BroadcastPlan>(), k.Input(0).Data<T>(),
                  k.Input(1).Data<T>(), k.Output(0).MutableData<Out>(), f);
}

template <class T>
T FloorDivide(T a, T b, bool& by_zero) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::floor(a / b);
  } else {
    if (b == 0) {
      by_zero = true;
      return 0;
    }
    if (b == -1)
      return static_cast<T>(-static_cast<std::make_unsigned_t<T>>(a));
    const T quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
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
    remainder = a % b;
  }
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b
                                                      : remainder;
}

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

template <class T>
void EvalCalculation(KernelContext& k) {
  bool wrong = false;
  switch (k.op()) {
    case Op::kMaximum:
      return Apply<T, T>(k, [](T a, T b) { return a > b ? a : b; });
    case Op::kMinimum:
      return Apply<T, T>(k, [](T a, T b) { return a < b ? a : b; });
    case Op::kSquaredDifference:
      return Apply<T, T>(k, [](T a, T b) {
        if constexpr (std::is_integral_v<T>) {
          const auto d = static_cast<uint64_t>(a) - static_cast<uint64_t>(b);
          return static_cast<T>(d * d);
        } else {
          return (a - b) * (a - b);
        }
      });
    case Op::kFloorDiv:
      Apply<T, T>(k, [&](T a, T b) { return FloorDivide(a, b, wrong); });
      if (wrong) k.FailEval("division by zero");
      return;
    case Op::kFloorMod:
      Apply<T, T>(k, [&](T a, T b) { return FloorModulo(a, b, wrong); });
      if (wrong) k.FailEval("division by zero");
      return;
    default:
      Apply<T, T>(k, [&](T a, T b) { return Power(a, b, wrong); });
      if (wrong) k.FailEval("an integer power is negative");
  }
}

template <class T>
void EvalComparison(KernelContext& k) {
  switch (k.op()) {
    case Op::kEqual:
      return Apply<T, bool>(k, [](T a, T b) { return a == b; });
    case Op::kNotEqual:
      return Apply<T, bool>(k, [](T a, T b) { return a != b; });
    case Op::kLess:
      return Apply<T, bool>(k, [](T a, T b) { return a < b; });
    case Op::kLessEqual:
      return Apply<T, bool>(k, [](T a, T b) { return a <= b; });
    case Op::kGreater:
      return Apply<T, bool>(k, [](T a, T b) { return a > b; });
    default:
      return Apply<T, bool>(k, [](T a, T b) { return a >= b; });
  }
}

template <class T>
void EvalAs(KernelContext& k) {
  IsComparison(k.op()) ? EvalComparison<T>(k) : EvalCalculation<T>(k);
}

void EvalLogical(KernelContext& k) {
  if (k.op() == Op::kLogicalAnd) {
    Apply<bool, bool>(k, [](bool a, bool b) { return a && b; });
  } else if (k.op() == Op::kLogicalOr) {
    Apply<bool, bool>(k, [](bool a, bool b) { return a || b; });
  } else {
    EvalComparison<bool>(k);
  }
}

void Eval(KernelContext& k) noexcept {
  switch (k.Input(0).type) {
    case DataType::kBool:
      return EvalLogical(k);
    case DataType::kInt8:
      return EvalAs<int8_t>(k);
    case DataType::kUInt8:
      return EvalAs<uint8_t>(k);
    case DataType::kInt16:
      return EvalAs<int16_t>(k);
    case DataType::kInt32:
      return EvalAs<int32_t>(k);
    case DataType::kInt64:
      return EvalAs<int64_t>(k);
    default:
      return EvalAs<float>(k);
  }
}

constexpr const char* kCompared = "f32 i8 u8 i16 i32 i64";
constexpr const char* kEqualled = "f32 i8 u8 i16 i32 i64 bool";
constexpr const char* kNumbers = "f32 i32 i64";

}  // namespace

extern const Kernel kEqual{Op::kEqual, kEqualled, Prepare, Eval};
extern const Kernel kFloorDiv{Op::kFloorDiv, kNumbers, Prepare, Eval};
extern const Kernel kFloorMod{Op::kFloorMod, kNumbers, Prepare, Eval};
extern const Kernel kGreater{Op::kGreater, kCompared, Prepare, Eval};
extern const Kernel kGreaterEqual{Op::kGreaterEqual, kCompared, Prepare, Eval};
extern const Kernel kLess{Op::kLess, kCompared, Prepare, Eval};
extern const Kernel kLessEqual{Op::kLessEqual, kCompared, Prepare, Eval};
extern const Kernel kLogicalAnd{Op::kLogicalAnd, "bool", Prepare, Eval};
extern const Kernel kLogicalOr{Op::kLogicalOr, "bool", Prepare, Eval};
extern const Kernel kMaximum{Op::kMaximum, kCompared, Prepare, Eval};
extern const Kernel kMinimum{Op::kMinimum, kCompared, Prepare, Eval};
extern const Kernel kNotEqual{Op::kNotEqual, kEqualled, Prepare, Eval};
extern const Kernel kPow{Op::kPow, kNumbers, Prepare, Eval};
extern const Kernel kSquaredDifference{Op::kSquaredDifference, kNumbers,
                                       Prepare, Eval};

}  // namespace liteforge
