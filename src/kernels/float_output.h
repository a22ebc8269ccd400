// SPDX-License-Identifier: Apache-2.0
// Where the results of a float convolution go, and what becomes of them there:
// the activation, and the operators that are folded into it.
#pragma once

#include <algorithm>

#include "kernels/micro/float_after.h"
#include "kernels/numerics.h"

namespace liteforge {

struct FloatOutput {
  float* to = nullptr;
  Range<float> range{0, 0};  // the sums are clamped to
  FloatAfter after;
  bool has_after = false;

  // Does the rest to columns [begin, end) of `rows` rows, the first of which
  // begins at to[at], each `stride` numbers behind the one before.
  void Finish(int64_t at, int64_t rows, int64_t begin, int64_t end,
              int64_t stride) const {
    if (!has_after) return;
    FloatAfter here = after;
    if (here.addend != nullptr) here.addend += at + begin;
    if (here.slope != nullptr) here.slope += begin;
    FinishFloats(here, rows, end - begin, stride, to + at + begin);
  }
};

// Of output 0, with an activation that clamps to `range`.
inline FloatOutput FloatOutputOf(KernelContext& k, Range<float> range) {
  const KernelContext::FollowUp& f = k.follow_up();
  const Range<float> sum{f.sum.low, f.sum.high};
  return {k.Output(0).MutableData<float>(),
          {Clamp(range.min, sum), Clamp(range.max, sum)},  // two clamps in one
          {f.addend == nullptr ? nullptr : f.addend->Data<float>(), f.total.low,
           f.total.high, f.slope == nullptr ? nullptr : f.slope->Data<float>()},
          f.addend != nullptr || f.slope != nullptr};
}

}  // namespace liteforge
