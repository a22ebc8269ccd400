// SPDX-License-Identifier: Apache-2.0
// ADD_N: the sum of tensors of one shape. f32 i32 (integers wrap).
// Source: tflite/kernels/add_n.cc.
#include <cstring>

#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Types = TypeList<float, int32_t>;

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& output = k.Output(0);
  TRY(Types::Check(output.type));
  for (int i = 0; i < k.input_count(); ++i) {
    if (!k.HasInput(i) || k.Input(i).type != output.type ||
        k.Input(i).shape != output.shape)
      return InvalidModel("inputs must have one type and one shape");
  }
  return {};
}

template <class T>
T Add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  } else {
    return a + b;
  }
}

void Eval(KernelContext& k) noexcept {
  Types::Dispatch(k.Output(0).type, [&](auto tag) {
    using T = TypeOf<decltype(tag)>;
    T* sum = k.Output(0).MutableData<T>();
    const int64_t count = k.Output(0).elements();
    if (count > 0) std::memcpy(sum, k.Input(0).data, k.Output(0).bytes);
    for (int i = 1; i < k.input_count(); ++i) {
      const T* x = k.Input(i).Data<T>();
      for (int64_t at = 0; at < count; ++at) sum[at] = Add(sum[at], x[at]);
    }
  });
}

}  // namespace

extern const Kernel kAddN{Op::kAddN, "f32 i32", Prepare, Eval};

}  // namespace liteforge
