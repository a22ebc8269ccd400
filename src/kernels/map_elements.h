// SPDX-License-Identifier: Apache-2.0
// Kernels of one operand: each output element from the input element at its
// place.
#pragma once

#include "base/half.h"
#include "kernels/kernel.h"

namespace liteforge {

// Calls part(begin, size) for parts that cover `count` elements, shared among
// the threads where there are many.
template <class Part>
void ForEachPart(KernelContext& k, int64_t count, const Part& part) {
  constexpr int64_t kGrain = 1 << 14;
  k.threads().ParallelFor(count, kGrain, [&](int64_t begin, int64_t end) {
    part(begin, end - begin);
  });
}

// output[i] = f(input[i]), f without effects. f computes in Arithmetic<T>.
template <class T, class Function>
void MapElements(KernelContext& k, const Function& f) {
  const T* from = k.Input(0).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  ForEachPart(k, k.Input(0).elements(), [&](int64_t begin, int64_t size) {
    for (int64_t i = begin; i < begin + size; ++i)
      to[i] = static_cast<T>(f(static_cast<Arithmetic<T>>(from[i])));
  });
}

}  // namespace liteforge
