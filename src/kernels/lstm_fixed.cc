// SPDX-License-Identifier: Apache-2.0
// Source: UpdateLstmCellInteger() in tflite/kernels/lstm_eval.cc;
// PopulateQuantizedLstmParams8x8_16() in tflite/kernels/lstm.cc.
#include "kernels/lstm_fixed.h"

#include <string>

namespace liteforge {

int32_t QuantizedClip(float clip, float scale, int32_t largest) {
  if (!(clip > 0)) return 0;
  return static_cast<int32_t>(
      std::min(clip / scale, static_cast<float>(largest)));
}

void UpdateIntegerCell(const LstmInteger& parameters, const int16_t* input,
                       const int16_t* forget, const int16_t* update,
                       int16_t* cell_state, int count) {
  const int shift = 30 + parameters.cell_exponent;
  for (int i = 0; i < count; ++i) {
    const int32_t weight = input == nullptr ? 32767 - forget[i] : input[i];
    const auto kept = static_cast<int16_t>(
        RoundingDivideByPowerOfTwo(forget[i] * cell_state[i], 15));
    const auto added = static_cast<int16_t>(RoundingDivideByPowerOfTwo(
        static_cast<int16_t>(weight) * update[i], shift));
    cell_state[i] = ClampTo16(kept + added);
  }
  ClipIntegers(parameters.cell_clip, cell_state, count);
}

Result<float> IntermediateScale(const KernelContext& k, int index) {
  if (index >= k.intermediate_count()) {
    return InvalidModel("the quantized cell lacks intermediate tensor " +
                        std::to_string(index));
  }
  TRY(CheckQuantized(k.Intermediate(index), "intermediate"));
  return k.Intermediate(index).scale();
}

Result<int32_t> IntermediateZero(const KernelContext& k, int index) {
  TRY(IntermediateScale(k, index));
  const int32_t zero = k.Intermediate(index).zero_point();
  if (zero >= -128 && zero <= 127) return zero;
  return InvalidModel("intermediate tensor " + std::to_string(index) +
                      " has zero point " + std::to_string(zero));
}

}  // namespace liteforge
