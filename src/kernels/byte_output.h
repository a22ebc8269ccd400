// SPDX-License-Identifier: Apache-2.0
// Where the results of an 8-bit convolution go, and the ADD that is folded into
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/arithmetic.h"
#include "kernels/kernel.h"

namespace liteforge {

template <class T>
struct ByteOutput {
  T* to = nullptr;
  int64_t channels = 0;
  ByteArithmetic sum;  // of a result and its addend
  const T* addend = nullptr;
  int64_t addend_channels = 0;  // behind them, zero is added

  // Adds to channels [begin, end) of `count` pixels from `pixel` on, each
  // `step` pixels behind the one before.
  void Finish(int64_t pixel, int64_t count, int64_t begin, int64_t end,
              int64_t step) const {
    if (addend == nullptr) return;
    if (end - begin == channels && addend_channels == channels && step == 1)
      return Add(to + pixel * channels, addend + pixel * channels,
                 count * channels);
    const int64_t added = std::clamp(addend_channels, begin, end);
    const auto zero = static_cast<T>(-sum.b_offset);
    for (int64_t i = 0; i < count; ++i, pixel += step) {
      T* at = to + pixel * channels;
      Add(at + begin, addend + pixel * addend_channels + begin, added - begin);
      if (added < end)
        ComputeBytes(sum, at + added, 1, &zero, 0, end - added, at + added);
    }
  }

 private:
  void Add(T* at, const T* number, int64_t count) const {
    if (count > 0) ComputeBytes(sum, at, 1, number, 1, count, at);
  }
};

template <class T>
ByteOutput<T> ByteOutputOf(KernelContext& k) {
  const KernelContext::FollowUp& f = k.follow_up();
  const auto channels_of = [](const RuntimeTensor& t) {
    return t.shape[t.shape.rank() - 1];
  };
  ByteOutput<T> output;
  output.to = k.Output(0).MutableData<T>();
  output.channels = channels_of(k.Output(0));
  if (f.add == nullptr) return output;
  output.addend = f.addend->Data<T>();
  output.addend_channels = channels_of(*f.addend);
  output.sum = ByteArithmeticOf(*f.add);
  if (f.adds_to_addend) {
    std::swap(output.sum.a, output.sum.b);
    std::swap(output.sum.a_offset, output.sum.b_offset);
  }
  return output;
}

}  // namespace liteforge
