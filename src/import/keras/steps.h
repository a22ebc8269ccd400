// SPDX-License-Identifier: Apache-2.0
// The steps of a sequence as examples of their own, for TimeDistributed.
#pragma once

#include "function/builder.h"

namespace liteforge {

// [batch, time, …] as [batch time, …].
Tensor StepsAsBatch(const Tensor& x);
// y [batch time, …] as [batch, time, …], batch and time being those of x.
Tensor BatchAsSteps(const Tensor& y, const Tensor& x);

}  // namespace liteforge
