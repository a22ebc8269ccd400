// SPDX-License-Identifier: Apache-2.0
// FAKE_QUANT: rounds to what num_bits can hold of [min, max], moved so that 0
// is one of the values:
//   scale = (max - min) / (2^bits - 1), zero = round(-min / scale) clamped
//   y = round((clamp(x) - low) / scale) * scale + low, low = -zero * scale
// Source: tflite/kernels/fake_quant.cc,
// kernels/internal/quantization_util.h (NudgeQuantizationRange).
#include <algorithm>
#include <cmath>

#include "kernels/kernel.h"

namespace liteforge {
namespace {

struct State {
  float scale = 1;
  float low = 0;
  float high = 0;
};

Result<void> Prepare(KernelContext& k) {
  const auto& o = k.options<FakeQuantOptions>();
  State& s = k.NewState<State>();
  if (k.Input(0).type != DataType::kFloat32 ||
      k.Output(0).type != DataType::kFloat32)
    return Unsupported("only float32 is supported");
  if (o.num_bits < 2 || o.num_bits > 16)
    return InvalidModel("num_bits must be 2 to 16");
  if (!std::isfinite(o.min) || !std::isfinite(o.max) || !(o.min < o.max) ||
      o.min > 0 || o.max < 0)
    return InvalidModel("min and max must enclose 0");
  const auto lowest = o.narrow_range ? 1.0f : 0.0f;
  const auto highest = static_cast<float>((1 << o.num_bits) - 1);
  s.scale = (o.max - o.min) / (highest - lowest);
  const float zero =
      std::clamp(std::round(lowest - o.min / s.scale), lowest, highest);
  s.low = (lowest - zero) * s.scale;
  s.high = (highest - zero) * s.scale;
  return {};
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const float inverse = 1.0f / s.scale;
  const float* from = k.Input(0).Data<float>();
  float* to = k.Output(0).MutableData<float>();
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    const float inside = std::min(s.high, std::max(s.low, from[i]));
    to[i] = std::round((inside - s.low) * inverse) * s.scale + s.low;
  }
}

}  // namespace

extern const Kernel kFakeQuant{Op::kFakeQuant, "f32", Prepare, Eval};

}  // namespace liteforge
