// SPDX-License-Identifier: Apache-2.0
// BUCKETIZE: how many boundaries, in ascending order, are <= x.
//   f32 f64 i32 i64 -> i32. Source: tflite/kernels/bucketize.cc.
#include <algorithm>

#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Types = TypeList<float, double, int32_t, int64_t>;

Result<void> Prepare(KernelContext& k) {
  const auto& boundaries = k.options<BucketizeOptions>().boundaries;
  TRY(Types::Check(k.Input(0).type));
  if (k.Output(0).type != DataType::kInt32)
    return InvalidModel("the output must be int32");
  if (!std::is_sorted(boundaries.begin(), boundaries.end()))
    return InvalidModel("boundaries must ascend");
  return {};
}

void Eval(KernelContext& k) noexcept {
  const auto& boundaries = k.options<BucketizeOptions>().boundaries;
  auto* output = k.Output(0).MutableData<int32_t>();
  Types::Dispatch(k.Input(0).type, [&](auto tag) {
    using T = TypeOf<decltype(tag)>;
    const T* input = k.Input(0).Data<T>();
    for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
      const auto above = std::upper_bound(
          boundaries.begin(), boundaries.end(), input[i],
          [](T x, float boundary) { return x < boundary; });
      output[i] = static_cast<int32_t>(above - boundaries.begin());
    }
  });
}

}  // namespace

extern const Kernel kBucketize{Op::kBucketize, "f32 f64 i32 i64", Prepare,
                               Eval};

}  // namespace liteforge
