// SPDX-License-Identifier: Apache-2.0
// EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL -> bool
//   f32 f16 bf16 f64 i32 i64 i16; u8 i8; EQUAL and NOT_EQUAL also bool, string
//
// Quantized operands (of int16: those of EQUAL and NOT_EQUAL, and those whose
// scales differ) compare as 256 (q - zero_point) scale, rounded to integers.
// Source: tflite/kernels/comparisons.cc, kernels/internal/reference/
// comparisons.h.
#include <string>
#include <utility>

#include "kernels/broadcast.h"
#include "kernels/numerics.h"
#include "kernels/string_tensor.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Numbers = TypeList<float, Float16, BFloat16, double, int8_t, uint8_t,
                         int16_t, int32_t, int64_t, uint32_t>;
using Quantized = TypeList<int8_t, uint8_t, int16_t>;

struct State {
  BroadcastPlan plan;
  bool scaled = false;
  FixedScale a, b;
  int32_t a_zero = 0, b_zero = 0;
};

// a > b is b < a.
bool IsTurned(Op op) { return op == Op::kGreater || op == Op::kGreaterEqual; }

bool IsEquality(Op op) { return op == Op::kEqual || op == Op::kNotEqual; }

// Whether steps must be scaled before they can be compared.
bool IsScaled(const KernelContext& k) {
  const RuntimeTensor& a = k.Input(0);
  const RuntimeTensor& b = k.Input(1);
  const bool quantized = !a.quantization->empty() || !b.quantization->empty();
  if (!Quantized::Has(a.type) || !quantized) return false;
  const bool same = a.scale() == b.scale() && a.zero_point() == b.zero_point();
  return a.type != DataType::kInt16 || IsEquality(k.op()) || !same;
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& a = k.Input(0);
  const RuntimeTensor& b = k.Input(1);
  if (a.type != b.type) return InvalidModel("inputs must be of one type");
  const bool moreover =
      a.type == DataType::kBool || a.type == DataType::kString;
  if (!moreover || !IsEquality(k.op())) TRY(Numbers::Check(a.type));
  if (k.Output(0).type != DataType::kBool) {
    return InvalidModel("the output must be bool");
  }
  State& s = k.NewState<State>();
  s.plan = PlanBroadcast(a.shape, b.shape, k.Output(0).shape);
  if (IsTurned(k.op())) std::swap(s.plan.a, s.plan.b);
  s.scaled = IsScaled(k);
  if (!s.scaled) return {};
  TRY(CheckQuantized(a, "input"));
  TRY(CheckQuantized(b, "second input"));
  s.a = ToFixedScale(static_cast<double>(a.scale()));
  s.b = ToFixedScale(static_cast<double>(b.scale()));
  s.a_zero = a.zero_point();
  s.b_zero = b.zero_point();
  if (IsTurned(k.op())) {
    std::swap(s.a, s.b);
    std::swap(s.a_zero, s.b_zero);
  }
  return {};
}

// Calls apply with a function of two values of one type, to which the operands
// go in turned order where IsTurned.
template <class Apply>
void WithRelation(Op op, const Apply& apply) {
  switch (op) {
    case Op::kEqual:
      return apply([](const auto& a, const auto& b) { return a == b; });
    case Op::kNotEqual:
      return apply([](const auto& a, const auto& b) { return a != b; });
    case Op::kLess:
    case Op::kGreater:
      return apply([](const auto& a, const auto& b) { return a < b; });
    default:
      return apply([](const auto& a, const auto& b) { return a <= b; });
  }
}

template <class T, class Relation>
void Compare(KernelContext& k, const Relation& relation) {
  const int first = IsTurned(k.op()) ? 1 : 0;
  BroadcastBinary(k.State<State>().plan, k.Input(first).Data<T>(),
                  k.Input(1 - first).Data<T>(), k.Output(0).MutableData<bool>(),
                  relation);
}

template <class T>
void CompareScaled(KernelContext& k) {
  const State& s = k.State<State>();
  WithRelation(k.op(), [&](auto relation) {
    Compare<T>(k, [&](T a, T b) {
      return relation(Multiply((a - s.a_zero) * 256, s.a),
                      Multiply((b - s.b_zero) * 256, s.b));
    });
  });
}

void CompareStrings(KernelContext& k) {
  const RuntimeTensor& a = k.Input(0);
  const RuntimeTensor& b = k.Input(1);
  if (StringCount(a) < a.elements() || StringCount(b) < b.elements()) {
    return k.FailEval("an input has fewer strings than its shape says");
  }
  const bool equal = k.op() == Op::kEqual;
  bool* to = k.Output(0).MutableData<bool>();
  WalkBroadcast(k.State<State>().plan, [&](int64_t out, int64_t from_a,
                                           int64_t step_a, int64_t from_b,
                                           int64_t step_b, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const auto x = StringAt(a, static_cast<int32_t>(from_a + i * step_a));
      const auto y = StringAt(b, static_cast<int32_t>(from_b + i * step_b));
      to[out + i] = (x == y) == equal;
    }
  });
}

void Eval(KernelContext& k) noexcept {
  const DataType type = k.Input(0).type;
  if (type == DataType::kString) return CompareStrings(k);
  if (k.State<State>().scaled) {
    return Quantized::Dispatch(
        type, [&](auto t) { CompareScaled<TypeOf<decltype(t)>>(k); });
  }
  WithRelation(k.op(), [&](auto relation) {
    if (type == DataType::kBool) return Compare<bool>(k, relation);
    Numbers::Dispatch(
        type, [&](auto t) { Compare<TypeOf<decltype(t)>>(k, relation); });
  });
}

constexpr const char* kOrdered = "f32 f16 bf16 f64 i8 u8 i16 i32 i64 u32";
constexpr const char* kEqualled =
    "f32 f16 bf16 f64 i8 u8 i16 i32 i64 u32 bool string";

}  // namespace

extern const Kernel kEqual{Op::kEqual, kEqualled, Prepare, Eval};
extern const Kernel kGreater{Op::kGreater, kOrdered, Prepare, Eval};
extern const Kernel kGreaterEqual{Op::kGreaterEqual, kOrdered, Prepare, Eval};
extern const Kernel kLess{Op::kLess, kOrdered, Prepare, Eval};
extern const Kernel kLessEqual{Op::kLessEqual, kOrdered, Prepare, Eval};
extern const Kernel kNotEqual{Op::kNotEqual, kEqualled, Prepare, Eval};

}  // namespace liteforge
