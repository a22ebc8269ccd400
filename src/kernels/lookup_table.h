// SPDX-License-Identifier: Apache-2.0
// Functions of quantized values as tables, made in Prepare.
// Source: tflite/kernels/internal/common.h, LUTPopulate and LUTLookup.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "kernels/micro/byte_functions.h"
#include "kernels/numerics.h"

namespace liteforge {

// f of every 8-bit value: table[uint8(q)] is the quantized f(real(q)).
// Arithmetic in float, as TFLite's.
using ByteTable = std::array<uint8_t, 256>;

template <class T, class Function>
ByteTable MakeByteTable(const RuntimeTensor& input, const RuntimeTensor& output,
                        const Function& f) {
  ByteTable table{};
  const float inverse = 1.0f / output.scale();
  const Range<int32_t> range = RangeOf(output.type);
  for (int32_t q = std::numeric_limits<T>::min();
       q <= std::numeric_limits<T>::max(); ++q) {
    const float real =
        input.scale() * static_cast<float>(q - input.zero_point());
    const float steps =
        std::round(f(real) * inverse) + static_cast<float>(output.zero_point());
    const float limited = std::isnan(steps)
                              ? 0.0f
                              : std::clamp(steps, static_cast<float>(range.min),
                                           static_cast<float>(range.max));
    table[static_cast<uint8_t>(static_cast<T>(q))] =
        static_cast<uint8_t>(static_cast<T>(static_cast<int32_t>(limited)));
  }
  return table;
}

// The same of f from steps to steps, in range.
template <class In, class Out, class Function>
ByteTable MakeStepTable(const Function& f) {
  ByteTable table{};
  for (int32_t q = std::numeric_limits<In>::min();
       q <= std::numeric_limits<In>::max(); ++q) {
    table[static_cast<uint8_t>(static_cast<In>(q))] =
        static_cast<uint8_t>(static_cast<Out>(f(q)));
  }
  return table;
}

// to[i] = table[from[i]] for all of two 8-bit tensors.
inline void LookUpTensor(KernelContext& k, const ByteTable& table) {
  constexpr int64_t kGrain = 1 << 15;
  const auto* from = k.Input(0).Data<uint8_t>();
  auto* to = k.Output(0).MutableData<uint8_t>();
  k.threads().ParallelFor(
      k.Input(0).elements(), kGrain, [&](int64_t begin, int64_t end) {
        LookUpBytes(table.data(), from + begin, end - begin, to + begin);
      });
}

// f of 16-bit values: 512 segments with linear interpolation; each entry is
// biased by half the error at its segment's middle.
using WordTable = std::array<int16_t, 513>;

template <class Real, class Function>
WordTable MakeWordTable(Real input_scale, int32_t input_zero_point,
                        Real output_scale, int32_t output_zero_point,
                        const Function& f) {
  constexpr int kSegments = 512;
  constexpr Real kLow = -32768, kHigh = 32767;
  const Real first = input_scale * (kLow - static_cast<Real>(input_zero_point));
  const Real last = input_scale * (kHigh - static_cast<Real>(input_zero_point));
  const Real out_low =
      output_scale * (kLow - static_cast<Real>(output_zero_point));
  const Real out_high =
      output_scale * (kHigh - static_cast<Real>(output_zero_point));
  const Real step = (last - first) / kSegments;
  const Real steps_per_unit = Real{65536} / (out_high - out_low);
  WordTable table{};
  for (int i = 0; i < kSegments; ++i) {
    const Real at = f(first + static_cast<Real>(i) * step);
    const Real middle = f(first + static_cast<Real>(i) * step + step / 2);
    const Real next = f(first + static_cast<Real>(i + 1) * step);
    const Real sample = std::round(at * steps_per_unit);
    const Real interpolated = std::round((next * steps_per_unit + sample) / 2);
    const Real bias =
        std::round((interpolated - std::round(middle * steps_per_unit)) / 2);
    table[static_cast<size_t>(i)] =
        static_cast<int16_t>(std::clamp(sample - bias, kLow, kHigh));
  }
  table[kSegments] = static_cast<int16_t>(
      std::clamp(std::round(f(last) * steps_per_unit), kLow, kHigh));
  return table;
}

inline int16_t LookUp(const WordTable& table, int16_t x) {
  const auto index = static_cast<size_t>(256 + (x >> 7));
  const int32_t offset = x & 0x7F;
  const int32_t base = table[index];
  const auto slope = static_cast<int16_t>(table[index + 1] - base);
  return static_cast<int16_t>(base + ((slope * offset + 64) >> 7));
}

}  // namespace liteforge
