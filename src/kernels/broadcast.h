// SPDX-License-Identifier: Apache-2.0
// numpy's broadcasting, for kernels of two operands.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

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
template <class Row>
void WalkBroadcast(const BroadcastPlan& plan, const Row& row) {
  if (plan.rank == 0) return row(0, 0, 0, 0, 0, int64_t{1});
  std::array<int32_t, Shape::kMaxRank> at{};
  const auto last = static_cast<size_t>(plan.rank) - 1;
  const int64_t count = plan.extent[last];
  for (size_t axis = 0; axis <= last; ++axis) {
    if (plan.extent[axis] == 0) return;
  }
  int64_t out = 0, a = 0, b = 0;
  while (true) {
    row(out, a, plan.a[last], b, plan.b[last], count);
    out += count;
    size_t axis = last;
    while (axis > 0) {
      --axis;
      a += plan.a[axis];
      b += plan.b[axis];
      if (++at[axis] < plan.extent[axis]) break;
      a -= plan.a[axis] * plan.extent[axis];
      b -= plan.b[axis] * plan.extent[axis];
      at[axis] = 0;
      if (axis == 0) return;
    }
    if (last == 0) return;
  }
}

// z[i] = f(x[i], y[i]) of an innermost run. f computes in Arithmetic of the
// operands' types.
template <class A, class B, class Out, class Function>
void BroadcastRun(const A* x, int64_t step_x, const B* y, int64_t step_y,
                  int64_t count, Out* z, const Function& f) {
  const auto apply = [&f](Arithmetic<A> left, Arithmetic<B> right) {
    return static_cast<Out>(f(left, right));
  };
  if (step_x == 1 && step_y == 1) {
    for (int64_t i = 0; i < count; ++i) z[i] = apply(x[i], y[i]);
  } else if (step_x == 1) {
    const Arithmetic<B> right = *y;
    for (int64_t i = 0; i < count; ++i) z[i] = apply(x[i], right);
  } else if (step_y == 1) {
    const Arithmetic<A> left = *x;
    for (int64_t i = 0; i < count; ++i) z[i] = apply(left, y[i]);
  } else {
    std::fill_n(z, count, apply(*x, *y));
  }
}

// out[i] = f(a[i], b[i]) with broadcasting.
template <class A, class B, class Out, class Function>
void BroadcastBinary(const BroadcastPlan& plan, const A* a, const B* b,
                     Out* out, const Function& f) {
  WalkBroadcast(plan, [&](int64_t to, int64_t from_a, int64_t step_a,
                          int64_t from_b, int64_t step_b, int64_t count) {
    BroadcastRun(a + from_a, step_a, b + from_b, step_b, count, out + to, f);
  });
}

// The same, long runs shared among the threads: f must have no effects.
template <class A, class B, class Out, class Function>
void BroadcastBinary(ThreadPool& threads, const BroadcastPlan& plan, const A* a,
                     const B* b, Out* out, const Function& f) {
  constexpr int64_t kGrain = 1 << 14;
  WalkBroadcast(plan, [&](int64_t to, int64_t from_a, int64_t step_a,
                          int64_t from_b, int64_t step_b, int64_t count) {
    threads.ParallelFor(count, kGrain, [&](int64_t begin, int64_t end) {
      BroadcastRun(a + from_a + begin * step_a, step_a,
                   b + from_b + begin * step_b, step_b, end - begin,
                   out + to + begin, f);
    });
  });
}

}  // namespace liteforge
