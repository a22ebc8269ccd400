// SPDX-License-Identifier: Apache-2.0
// numpy's broadcasting, for kernels of two operands.
#pragma once

#include <array>
#include <cstdint>

#include "base/function_ref.h"
#include "base/half.h"
#include "base/thread_pool.h"
#include "kernels/strided_copy.h"
#include "liteforge/types.h"

namespace liteforge {

// How two operands walk under one output: axes that agree are merged, so that
// the usual cases (same shape, scalar, one row) are one or two loops.
struct BroadcastPlan {
  int rank = 0;
  std::array<int32_t, Shape::kMaxRank> extent{};
  std::array<int64_t, Shape::kMaxRank> a{};
  std::array<int64_t, Shape::kMaxRank> b{};
};

// The shapes must be broadcastable to `output`.
BroadcastPlan PlanBroadcast(const Shape& a, const Shape& b,
                            const Shape& output);

// Calls row(out offset, a offset, a stride, b offset, b stride, count) for
// each innermost run; strides are 0 or 1.
using BroadcastRow =
    FunctionRef<void(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)>;
void WalkBroadcast(const BroadcastPlan& plan, BroadcastRow row);

// out[i] = f(a[i], b[i]) with broadcasting. f computes in Arithmetic of the
// operands' types.
template <class A, class B, class Out, class Function>
void BroadcastBinary(const BroadcastPlan& plan, const A* a, const B* b,
                     Out* out, const Function& f) {
  WalkBroadcast(plan, [&](int64_t to, int64_t from_a, int64_t step_a,
                          int64_t from_b, int64_t step_b, int64_t count) {
    const A* x = a + from_a;
    const B* y = b + from_b;
    for (int64_t i = 0; i < count; ++i, x += step_a, y += step_b)
      out[to + i] = static_cast<Out>(f(Arithmetic<A>(*x), Arithmetic<B>(*y)));
  });
}

// The same as WalkBroadcast, long runs shared among the threads.
void ShareBroadcast(ThreadPool& threads, const BroadcastPlan& plan,
                    BroadcastRow row);

}  // namespace liteforge
