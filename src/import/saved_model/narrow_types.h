// SPDX-License-Identifier: Apache-2.0
// TFLite computes in float32 where TensorFlow may in float64.
#pragma once

#include "function/concrete_function.h"

namespace liteforge {

// Makes float64 inputs, constants and computations of the function, and of
// those it calls, float32. Whether there were any.
Result<bool> NarrowFloat64(ConcreteFunction& function);

}  // namespace liteforge
