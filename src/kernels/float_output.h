// SPDX-License-Identifier: Apache-2.0
// Where the results of a float convolution go, and what becomes of them there:
// the activation, and the operators that are folded into it.
#pragma once

#include <algorithm>

#include "kernels/kernel.h"
#include "kernels/micro/float_after.h"
#include "kernels/numerics.h"

namespace liteforge {

struct FloatOutput {
  float* to = nullptr;
  int64_t channels = 0;
  Range<float> range{0, 0};  // the sums are clamped to
  FloatAfter after;          // of all channels
  bool has_after = false;

  // Does the rest to channels [begin, end) of `count` pixels from `pixel` on,
  // each `step` pixels behind the one before.
  void Finish(int64_t pixel, int64_t count, int64_t begin, int64_t end,
              int64_t step) const {
    if (!has_after) return;
    FloatAfter here = after;
    if (here.addend != nullptr) {
      const int64_t skipped = std::min(begin, here.addend_columns);
      here.addend += pixel * here.addend_stride + skipped;
      here.addend_columns -= skipped;
      here.addend_stride *= step;
    }
    if (here.slope != nullptr) here.slope += begin;
    FinishFloats(here, count, end - begin, step * channels,
                 to + pixel * channels + begin);
  }
};

// Of output 0, with an activation that clamps to `range`.
inline FloatOutput FloatOutputOf(KernelContext& k, Range<float> range) {
  const KernelContext::FollowUp& f = k.follow_up();
  const Range<float> sum{f.sum.low, f.sum.high};
  const auto channels_of = [](const RuntimeTensor& t) {
    return t.shape[t.shape.rank() - 1];
  };
  FloatAfter after;
  if (f.addend != nullptr) {
    after.addend = f.addend->Data<float>();
    after.addend_columns = after.addend_stride = channels_of(*f.addend);
  }
  after.low = f.total.low;
  after.high = f.total.high;
  if (f.slope != nullptr) after.slope = f.slope->Data<float>();
  return {k.Output(0).MutableData<float>(),
          channels_of(k.Output(0)),
          {Clamp(range.min, sum), Clamp(range.max, sum)},  // two clamps in one
          after,
          f.addend != nullptr || f.slope != nullptr};
}

}  // namespace liteforge
