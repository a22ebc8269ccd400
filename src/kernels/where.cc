// SPDX-License-Identifier: Apache-2.0
// WHERE: the coordinates (i64 rows) of elements that are not zero, in order.
//   bool f32 i8 u8 i32 u32 i64
// Source: tflite/kernels/where.cc.
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Types =
    TypeList<bool, float, int8_t, uint8_t, int32_t, uint32_t, int64_t>;

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).shape.rank() == 0) {
    return InvalidModel("the condition is a scalar");
  }
  return Types::Check(k.Input(0).type);
}

void WriteCoordinates(const Shape& shape, int64_t element, int64_t* to) {
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    to[axis] = element % shape[axis];
    element /= shape[axis];
  }
}

template <class T>
void Find(KernelContext& k) {
  const Shape& shape = k.Input(0).shape;
  const T* condition = k.Input(0).Data<T>();
  const int64_t elements = shape.elements();
  int64_t found = 0;
  for (int64_t i = 0; i < elements; ++i) found += condition[i] != T{} ? 1 : 0;
  if (found > INT32_MAX) return k.FailEval("too many elements are true");
  const Shape output{static_cast<int32_t>(found), shape.rank()};
  if (auto done = k.host().Resize(k.Output(0), output); !done) {
    return k.FailEval(done.error().message);
  }
  auto* to = k.Output(0).MutableData<int64_t>();
  for (int64_t i = 0; i < elements; ++i) {
    if (condition[i] == T{}) continue;
    WriteCoordinates(shape, i, to);
    to += shape.rank();
  }
}

void Eval(KernelContext& k) noexcept {
  Types::Dispatch(k.Input(0).type,
                  [&](auto type) { Find<TypeOf<decltype(type)>>(k); });
}

}  // namespace

extern const Kernel kWhere{Op::kWhere, "bool f32 i8 u8 i32 u32 i64", Prepare,
                           Eval};

}  // namespace liteforge
