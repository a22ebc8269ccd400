// SPDX-License-Identifier: Apache-2.0
// BROADCAST_ARGS: the shape that two shapes broadcast to. i32 i64.
// Source: tflite/kernels/broadcast_args.cc.
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Types = TypeList<int32_t, int64_t>;

Result<void> Prepare(KernelContext& k) {
  TRY(Types::Check(k.Input(0).type));
  if (k.Input(1).type != k.Input(0).type || k.Output(0).type != k.Input(0).type)
    return InvalidModel("inputs and output must be of one type");
  if (k.Input(0).shape.rank() != 1 || k.Input(1).shape.rank() != 1)
    return InvalidModel("shapes must have one dimension");
  return {};
}

template <class T>
void Run(KernelContext& k) {
  const int64_t rank = k.Output(0).elements();
  // Aligned at the end; what is not there is 1.
  const auto dim = [&](int i, int64_t axis) {
    const int64_t missing = rank - k.Input(i).elements();
    return axis < missing ? T{1} : k.Input(i).Data<T>()[axis - missing];
  };
  T* output = k.Output(0).MutableData<T>();
  for (int64_t axis = 0; axis < rank; ++axis) {
    const T a = dim(0, axis), b = dim(1, axis);
    if (a != b && a != 1 && b != 1)
      return k.FailEval("the shapes cannot be broadcast together");
    output[axis] = a == 1 ? b : a;
  }
}

void Eval(KernelContext& k) noexcept {
  Types::Dispatch(k.Input(0).type,
                  [&](auto tag) { Run<TypeOf<decltype(tag)>>(k); });
}

}  // namespace

extern const Kernel kBroadcastArgs{Op::kBroadcastArgs, "i32 i64", Prepare,
                                   Eval};

}  // namespace liteforge
