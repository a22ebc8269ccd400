// SPDX-License-Identifier: Apache-2.0
// LOGISTIC: 1 / (1 + e^-x). TANH.
//   f32 f16 bf16; u8 and i8 by a table of 256; i16 (zero_point 0, output scale
//   2^-15) by the interpolated table of sigmoid_table.h.
// LOGISTIC's 8-bit output scale is 1/256.
// Source: tflite/kernels/activations.cc.
#include <cmath>
#include <string>

#include "kernels/lookup_table.h"
#include "kernels/map_elements.h"
#include "kernels/micro/float_functions.h"
#include "kernels/sigmoid_table.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Floats = TypeList<float, Float16, BFloat16>;

struct State {
  ByteTable table{};
  SigmoidInput input;
};

float Sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

Result<void> CheckWords(const KernelContext& k, const RuntimeTensor& output) {
  int exponent = 0;
  if (k.Input(0).zero_point() != 0 || output.zero_point() != 0) {
    return InvalidModel("int16 tensors must have zero_point 0");
  }
  if (PowerOfTwoExponent(output.scale(), exponent) && exponent == -15) {
    return {};
  }
  return InvalidModel("the int16 output's scale must be 1/32768");
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  const bool logistic = k.op() == Op::kLogistic;
  State& s = k.NewState<State>();
  if (output.type != input.type) {
    return InvalidModel("the output must have the input's type");
  }
  if (Floats::Has(input.type)) return {};
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  if (input.type == DataType::kInt16) {
    TRY(CheckWords(k, output));
    s.input = PrepareSigmoidInput(input.scale(), !logistic);
    return {};
  }
  const bool byte =
      input.type == DataType::kInt8 || input.type == DataType::kUInt8;
  if (!byte) {
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  }
  if (logistic && output.scale() != 1.0f / 256) {
    return InvalidModel("the output's scale must be 1/256");
  }
  const auto f = [&](float x) { return logistic ? Sigmoid(x) : std::tanh(x); };
  s.table = input.type == DataType::kInt8
                ? MakeByteTable<int8_t>(input, output, f)
                : MakeByteTable<uint8_t>(input, output, f);
  return {};
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const bool logistic = k.op() == Op::kLogistic;
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const int64_t count = input.elements();
  if (input.type == DataType::kFloat32 && !k.reference()) {
    const auto f = logistic ? LogisticOfFloats : TanhOfFloats;
    ForEachPart(k, count, [&](int64_t begin, int64_t size) {
      f(input.Data<float>() + begin, size, output.MutableData<float>() + begin);
    });
  } else if (Floats::Has(input.type)) {
    Floats::Dispatch(input.type, [&](auto tag) {
      using T = TypeOf<decltype(tag)>;
      logistic ? MapElements<T>(k, Sigmoid)
               : MapElements<T>(k, [](float x) { return std::tanh(x); });
    });
  } else if (input.type == DataType::kInt16) {
    const auto* from = input.Data<int16_t>();
    auto* to = output.MutableData<int16_t>();
    const auto f = logistic ? LogisticOfInt16 : TanhOfInt16;
    for (int64_t i = 0; i < count; ++i) to[i] = f(from[i], s.input);
  } else {
    LookUpTensor(k, s.table);
  }
}

}  // namespace

extern const Kernel kLogistic{Op::kLogistic, "f32 f16 bf16 i8 u8 i16", Prepare,
                              Eval};
extern const Kernel kTanh{Op::kTanh, "f32 f16 bf16 i8 u8 i16", Prepare, Eval};

}  // namespace liteforge
