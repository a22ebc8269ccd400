// SPDX-License-Identifier: Apache-2.0
#include "kernels/broadcast.h"

namespace liteforge {
namespace {

// The stride of the operand's axis under output axis `axis`; 0 repeats.
int64_t StrideUnder(const Shape& operand, const Shape& output, int axis,
                    const std::array<int64_t, Shape::kMaxRank>& strides) {
  const int own = axis - (output.rank() - operand.rank());
  if (own < 0 || operand[own] == 1) return 0;
  return strides[static_cast<size_t>(own)];
}

}  // namespace

BroadcastPlan PlanBroadcast(const Shape& a, const Shape& b,
                            const Shape& output) {
  const auto a_strides = RowMajorStrides(a), b_strides = RowMajorStrides(b);
  BroadcastPlan plan;
  for (int axis = 0; axis < output.rank(); ++axis) {
    const int32_t extent = output[axis];
    if (extent == 1) continue;
    const int64_t in_a = StrideUnder(a, output, axis, a_strides);
    const int64_t in_b = StrideUnder(b, output, axis, b_strides);
    const auto last = static_cast<size_t>(plan.rank) - 1;
    const bool continues = plan.rank > 0 && plan.a[last] == in_a * extent &&
                           plan.b[last] == in_b * extent &&
                           int64_t{plan.extent[last]} * extent <= INT32_MAX;
    if (continues) {
      plan.extent[last] *= extent;
      plan.a[last] = in_a;
      plan.b[last] = in_b;
    } else {
      const auto next = static_cast<size_t>(plan.rank++);
      plan.extent[next] = extent;
      plan.a[next] = in_a;
      plan.b[next] = in_b;
    }
  }
  return plan;
}

void WalkBroadcast(const BroadcastPlan& plan, BroadcastRow row) {
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

void ShareBroadcast(ThreadPool& threads, const BroadcastPlan& plan,
                    BroadcastRow row) {
  constexpr int64_t kGrain = 1 << 13;
  WalkBroadcast(plan, [&](int64_t out, int64_t a, int64_t a_step, int64_t b,
                          int64_t b_step, int64_t count) {
    threads.ParallelFor(count, kGrain, [&](int64_t begin, int64_t end) {
      row(out + begin, a + begin * a_step, a_step, b + begin * b_step, b_step,
          end - begin);
    });
  });
}

}  // namespace liteforge
