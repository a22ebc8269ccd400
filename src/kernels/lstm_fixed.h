// SPDX-License-Identifier: Apache-2.0
// What the integer LSTM steps (lstm_integer.cc, lstm_byte_gates.cc,
// lstm_word_inputs.cc) compute alike.
#pragma once

#include "kernels/lstm_cell.h"

namespace liteforge {

inline int16_t ClampTo16(int64_t x) {
  return static_cast<int16_t>(std::clamp<int64_t>(x, -32768, 32767));
}
inline int8_t ClampTo8(int64_t x) {
  return static_cast<int8_t>(std::clamp<int64_t>(x, -128, 127));
}

// clip / scale, cut towards zero and clamped to `largest`; 0 for no clip.
int32_t QuantizedClip(float clip, float scale, int32_t largest);

// Clamps to [-limit, limit] where limit > 0.
template <class T>
void ClipIntegers(int32_t limit, T* values, int count) {
  if (limit <= 0) return;
  for (int i = 0; i < count; ++i) {
    values[i] = static_cast<T>(std::clamp<int32_t>(values[i], -limit, limit));
  }
}

// Row of a tensor of T, `width` elements a row.
template <class T>
const T* RowOf(const RuntimeTensor& tensor, int64_t row, int width) {
  return tensor.Data<T>() + row * width;
}

// c = clip(f c + i g), i and f and g in Q0.15, each product rounded and the
// sum saturated; i = 1 - f where `input` is nullptr.
void UpdateIntegerCell(const LstmInteger& parameters, const int16_t* input,
                       const int16_t* forget, const int16_t* update,
                       int16_t* cell_state, int count);

// The intermediate tensor's scale, checked.
Result<float> IntermediateScale(const KernelContext& k, int index);

// Its zero_point as that of an int8 value, checked.
Result<int32_t> IntermediateZero(const KernelContext& k, int index);

}  // namespace liteforge
