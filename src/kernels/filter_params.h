// SPDX-License-Identifier: Apache-2.0
// What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED prepare alike.
#pragma once

#include <type_traits>
#include <vector>

#include "kernels/numerics.h"

namespace liteforge {

// Which arithmetic a filter operator computes in, by the types of its input
// and filter.
enum class FilterArithmetic {
  kFloat,   // f32 input, f32 filter
  kHybrid,  // f32 input, i8 or i4 filter (u8 holds i8): the input is quantized
            // on the fly
  kUInt8,   // u8 input and filter, one scale
  kInt8,    // i8 input, i8 or i4 filter, per tensor or per output channel
  kInt16,   // i16 input, i8 or i4 filter, symmetric; i32 or i64 bias
  kInt16x16,  // the same with an i16 filter
};

// Errors when the types do not go together; kInt16x16 is found only where the
// operator takes it.
Result<FilterArithmetic> FindFilterArithmetic(const KernelContext& k, int input,
                                              int filter, int bias,
                                              bool takes_int16_filter = false);

// sum + x, for integers modulo 2^32 or 2^64: no sensible model comes near the
// end of its accumulators, and any other one must be defined too.
template <class Sum, class Term>
inline Sum AddWrapping(Sum sum, Term x) {
  if constexpr (std::is_floating_point_v<Sum>) {
    return sum + x;
  } else {
    using Unsigned = std::make_unsigned_t<Sum>;
    return static_cast<Sum>(static_cast<Unsigned>(sum) +
                            static_cast<Unsigned>(x));
  }
}

// Turning an accumulator of output channel c into an output value:
// clamp(scale[c] * acc + output_offset).
struct FilterQuantization {
  std::vector<FixedScale> scales;  // one per output channel
  int32_t input_offset = 0;        // -zero_point
  int32_t filter_offset = 0;
  int32_t output_offset = 0;
  Range<int32_t> range{0, 0};
  // 8-bit matrix products round ties up, as TensorFlow Lite's optimized kernels
  // do on x86; its reference kernels, and this one's, round them away from 0.
  bool ties_up = false;

  template <class Out, class Accumulator>
  Out Finish(Accumulator acc, int channel) const {
    const FixedScale scale = scales[static_cast<size_t>(channel)];
    int32_t scaled;
    if constexpr (sizeof(Accumulator) == sizeof(int32_t)) {
      scaled = ties_up ? MultiplyTiesUp(acc, scale) : Multiply(acc, scale);
    } else {
      scaled = Multiply(acc, scale);
    }
    const int64_t value = int64_t{scaled} + output_offset;
    return static_cast<Out>(std::clamp<int64_t>(value, range.min, range.max));
  }
};

// For the integer arithmetics. `channel_axis`: the filter's output channels.
// `narrow_product`: multiply input and filter scale in float, as TFLite does
// for a filter with one scale in the uint8 and fully connected kernels.
Result<FilterQuantization> PrepareFilterQuantization(const KernelContext& k,
                                                     int input, int filter,
                                                     int bias, int channel_axis,
                                                     Activation activation,
                                                     bool narrow_product);

// The filter as int8 values: in place, or from `unpacked` when it is int4,
// which this fills (int4 filters must be constant).
Result<void> PrepareNarrowFilter(const RuntimeTensor& filter,
                                 std::vector<int8_t>& unpacked);
inline const int8_t* FilterValues(const RuntimeTensor& filter,
                                  const std::vector<int8_t>& unpacked) {
  return unpacked.empty() ? filter.Data<int8_t>() : unpacked.data();
}

// Scale of a hybrid filter's output channel.
inline float FilterScale(const RuntimeTensor& filter, int channel) {
  const auto& scale = filter.quantization->scale;
  return scale[scale.size() > 1 ? static_cast<size_t>(channel) : 0];
}

// Whether a filter has one scale, or one for each channel along that axis.
Result<void> CheckFilterScales(const RuntimeTensor& filter, int channel_axis);

// Whether a filter's output channels have scales that differ.
bool HasDifferingScales(const RuntimeTensor& filter);

}  // namespace liteforge
