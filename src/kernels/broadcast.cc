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

}  // namespace liteforge
