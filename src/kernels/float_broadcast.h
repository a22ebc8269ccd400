// SPDX-License-Identifier: Apache-2.0
// Functions of two float32 tensors with broadcasting, by micro/.
#pragma once

#include <limits>

#include "kernels/broadcast.h"
#include "kernels/kernel.h"
#include "kernels/micro/float_arithmetic.h"
#include "kernels/numerics.h"

namespace liteforge {

// output = clamp(f(input 0, input 1)).
inline void EvalFloatArithmetic(KernelContext& k, const BroadcastPlan& plan,
                                FloatArithmetic f,
                                Range<float> range = {
                                    -std::numeric_limits<float>::infinity(),
                                    std::numeric_limits<float>::infinity()}) {
  const float* a = k.Input(0).Data<float>();
  const float* b = k.Input(1).Data<float>();
  float* to = k.Output(0).MutableData<float>();
  ShareBroadcast(k.threads(), plan,
                 [&](int64_t out, int64_t from_a, int64_t step_a,
                     int64_t from_b, int64_t step_b, int64_t count) {
                   ComputeFloats(f, a + from_a, step_a, b + from_b, step_b,
                                 count, range.min, range.max, to + out);
                 });
}

}  // namespace liteforge
