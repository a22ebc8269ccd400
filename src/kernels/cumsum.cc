// SPDX-License-Identifier: Apache-2.0
// CUMSUM: running sums along an axis (i32). `exclusive` leaves an element out
// of its own sum, `reverse` runs from the end. f32 i32 i64; integers wrap.
// Source: tflite/kernels/cumsum.cc.
#include "kernels/move_elements.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Types = TypeList<float, int32_t, int64_t>;

Result<void> Prepare(KernelContext& k) {
  if (!IsIndexType(k.Input(1).type) || k.Input(1).elements() != 1) {
    return InvalidModel("the axis must be one int32");
  }
  if (k.Input(0).shape.rank() == 0) return InvalidModel("input is a scalar");
  return Types::Check(k.Input(0).type);
}

template <class T>
T Sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  } else {
    return a + b;
  }
}

template <class T>
void Line(const T* from, T* to, int64_t size, int64_t step, bool exclusive) {
  T sum{};
  for (int64_t i = 0; i < size; ++i, from += step, to += step) {
    const T before = sum;
    sum = Sum(sum, *from);
    *to = exclusive ? before : sum;
  }
}

template <class T>
void Run(KernelContext& k, int axis) {
  const Shape& shape = k.Input(0).shape;
  const auto& options = k.options<CumsumOptions>();
  const int64_t size = shape[axis];
  int64_t outer = 1, inner = 1;
  for (int a = 0; a < axis; ++a) outer *= shape[a];
  for (int a = axis + 1; a < shape.rank(); ++a) inner *= shape[a];
  if (size == 0 || inner == 0) return;
  const int64_t last = options.reverse ? (size - 1) * inner : 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t first = o * size * inner + i + last;
      Line(k.Input(0).Data<T>() + first, k.Output(0).MutableData<T>() + first,
           size, options.reverse ? -inner : inner, options.exclusive);
    }
  }
}

void Eval(KernelContext& k) noexcept {
  const int rank = k.Input(0).shape.rank();
  int64_t axis = IntegerAt(k.Input(1), 0);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return k.FailEval("the axis is out of range");
  Types::Dispatch(k.Input(0).type, [&](auto type) {
    Run<TypeOf<decltype(type)>>(k, static_cast<int>(axis));
  });
}

}  // namespace

extern const Kernel kCumsum{Op::kCumsum, "f32 i32 i64", Prepare, Eval};

}  // namespace liteforge
