// SPDX-License-Identifier: Apache-2.0
// Every 8-bit function is a table of 256 made in Prepare.
//   ABS    |q - zero_point| times scale_in / scale_out, in fixed point
//   SQRT   in float, truncated toward zero (not rounded)
//   RSQRT  8 bits: fixed-point Newton steps, then 1 / (sqrt(scale_in)
//          scale_out); 0 gives the largest value. 16 bits: as EXP
//   EXP, LOG   lookup_table.h; LOG of what is not positive is the least value
// Negative values have no SQRT and no RSQRT. int16 has zero_point 0.
// Source: tflite/kernels/{elementwise,exp}.cc.
#include "kernels/quantized_unary.h"

#include <cmath>

#include "kernels/fixed_point.h"
#include "kernels/lookup_table.h"
#include "kernels/map_elements.h"

namespace liteforge {
namespace {

struct State {
  ByteTable bytes{};
  WordTable words{};
  FixedScale scale;  // of ABS and RSQRT
  float output_scale = 1;
};

bool IsRoot(Op op) { return op == Op::kSqrt || op == Op::kRsqrt; }

// Whether a step stands for a value that the operator has no result for.
bool IsUndefined(const KernelContext& k, int32_t step) {
  return IsRoot(k.op()) && step < k.Input(0).zero_point();
}

int32_t AbsOf(const KernelContext& k, int32_t step) {
  const int32_t magnitude = std::abs(step - k.Input(0).zero_point());
  const State& s = k.State<State>();
  if (k.Input(0).scale() == s.output_scale) return magnitude;
  return Multiply(magnitude, s.scale);
}

int32_t SqrtOf(const KernelContext& k, int32_t step) {
  const float real =
      k.Input(0).scale() * static_cast<float>(step - k.Input(0).zero_point());
  const float steps = std::sqrt(real) / k.State<State>().output_scale;
  return static_cast<int32_t>(std::min(steps, 1e6f));
}

int32_t RsqrtOf(const KernelContext& k, int32_t step) {
  constexpr int kExtraBits = 20;
  const int32_t value = step - k.Input(0).zero_point();
  if (value == 0) return 1 << 16;
  FixedScale inverse = InverseSquareRoot(value);
  inverse.shift += kExtraBits;
  FixedScale scale = k.State<State>().scale;
  scale.shift -= kExtraBits;
  if (scale.shift < -31) return 0;
  return Multiply(Multiply(int32_t{1}, inverse), scale);
}

// The result before the zero point is added and the sum limited.
int32_t ResultOf(const KernelContext& k, int32_t step) {
  if (IsUndefined(k, step)) return 0;
  if (k.op() == Op::kAbs) return AbsOf(k, step);
  return k.op() == Op::kSqrt ? SqrtOf(k, step) : RsqrtOf(k, step);
}

template <class T>
T LimitedResultOf(const KernelContext& k, int32_t step, int32_t zero_point) {
  return static_cast<T>(std::clamp<int64_t>(
      int64_t{ResultOf(k, step)} + zero_point, std::numeric_limits<T>::min(),
      std::numeric_limits<T>::max()));
}

float LogOr(float x, float lowest) { return x > 0 ? std::log(x) : lowest; }

template <class T>
void MakeBytes(KernelContext& k, State& s) {
  const RuntimeTensor& output = k.Output(0);
  using Limits = std::numeric_limits<T>;
  if (k.op() == Op::kExp) {
    s.bytes = MakeByteTable<T>(k.Input(0), output,
                               [](float x) { return std::exp(x); });
  } else if (k.op() == Op::kLog) {
    const float lowest =
        output.scale() *
        static_cast<float>(Limits::min() - output.zero_point());
    s.bytes = MakeByteTable<T>(k.Input(0), output,
                               [=](float x) { return LogOr(x, lowest); });
  } else {
    for (int32_t step = Limits::min(); step <= Limits::max(); ++step) {
      s.bytes[static_cast<uint8_t>(step)] = static_cast<uint8_t>(
          LimitedResultOf<T>(k, step, output.zero_point()));
    }
  }
}

void MakeWords(KernelContext& k, State& s) {
  const float from = k.Input(0).scale(), to = k.Output(0).scale();
  if (k.op() == Op::kExp) {
    s.words =
        MakeWordTable(from, 0, to, 0, [](float x) { return std::exp(x); });
  } else if (k.op() == Op::kLog) {
    s.words = MakeWordTable(from, 0, to, 0,
                            [=](float x) { return LogOr(x, -32768.0f * to); });
  } else if (k.op() == Op::kRsqrt) {
    s.words = MakeWordTable(from, 0, to, 0, [=](float x) {
      return x > 0 ? 1.0f / std::sqrt(x) : 32767.0f * to;
    });
  }
}

template <class T>
bool AnyUndefined(const KernelContext& k) {
  const T* values = k.Input(0).Data<T>();
  const int64_t count = k.Input(0).elements();
  for (int64_t i = 0; i < count; ++i) {
    if (IsUndefined(k, values[i])) return true;
  }
  return false;
}

template <class T>
void EvalBytes(KernelContext& k) {
  if (IsRoot(k.op()) && AnyUndefined<T>(k)) {
    return k.FailEval("the root of a negative value");
  }
  const ByteTable& table = k.State<State>().bytes;
  MapElements<T>(k, [&](T x) { return table[static_cast<uint8_t>(x)]; });
}

void EvalWords(KernelContext& k) {
  if (IsRoot(k.op()) && AnyUndefined<int16_t>(k)) {
    return k.FailEval("the root of a negative value");
  }
  if (k.op() == Op::kAbs || k.op() == Op::kSqrt) {
    MapElements<int16_t>(
        k, [&](int16_t x) { return LimitedResultOf<int16_t>(k, x, 0); });
  } else {
    const WordTable& table = k.State<State>().words;
    MapElements<int16_t>(k, [&](int16_t x) { return LookUp(table, x); });
  }
}

}  // namespace

bool IsQuantizedUnary(const KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const bool takes = k.op() == Op::kAbs || k.op() == Op::kExp ||
                     k.op() == Op::kLog || IsRoot(k.op());
  const bool bytes =
      input.type == DataType::kInt8 || input.type == DataType::kUInt8;
  const bool words =
      input.type == DataType::kInt16 && !input.quantization->empty();
  return takes && (bytes || words);
}

Result<void> PrepareQuantizedUnary(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  State& s = k.NewState<State>();
  s.output_scale = output.scale();
  s.scale = ToFixedScale(
      k.op() == Op::kRsqrt
          ? 1.0 / static_cast<double>(std::sqrt(input.scale()) * output.scale())
          : static_cast<double>(input.scale() / output.scale()));
  if (input.type != DataType::kInt16) {
    input.type == DataType::kInt8 ? MakeBytes<int8_t>(k, s)
                                  : MakeBytes<uint8_t>(k, s);
    return {};
  }
  if (input.zero_point() != 0 || output.zero_point() != 0) {
    return InvalidModel("int16 tensors must have zero_point 0");
  }
  MakeWords(k, s);
  return {};
}

void EvalQuantizedUnary(KernelContext& k) noexcept {
  switch (k.Input(0).type) {
    case DataType::kInt8:
      return EvalBytes<int8_t>(k);
    case DataType::kUInt8:
      return EvalBytes<uint8_t>(k);
    default:
      return EvalWords(k);
  }
}

}  // namespace liteforge
