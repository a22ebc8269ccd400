// SPDX-License-Identifier: Apache-2.0
// LSTM of kernel type BASIC.
//   joined = [input, h];  gates i g f o = W joined + b
//   c' = sigmoid(i) tanh(g) + sigmoid(f) c;   h' = sigmoid(o) tanh(c')
//   input [B, I], h [B, O]   f32 | u8, scale 1/128, zero_point 128
//   W [4 O, I + O], b [4 O]  f32 | u8, i32
//   c [B, O]                 f32 | i16, scale 2^-11
//   outputs h' [B, O], c' [B, O], joined [B, I + O], gates [B, 4 O] (i16,
//   Q3.12)
// Integer: gates = clamp16(M(sum, 4096 s(b))), functions in fixed point, tanh
// of c' clamped to [-8, 8). Variable h and c become h' and c'.
// Source: tflite/kernels/lstm.cc (basic), kernels/internal/reference/
// lstm_cell.h; the product is ruy's, which rounds ties up.
#include "kernels/basic_lstm.h"

#include <cmath>
#include <cstring>
#include <string>

#include "kernels/fixed_point.h"
#include "kernels/recurrent_math.h"

namespace liteforge {
namespace {

enum Input { kData, kHidden, kWeights, kBias, kCell };
enum Output { kNewHidden, kNewCell, kJoined, kGates };

struct BasicLstm {
  int batch = 0, inputs = 0, outputs = 0;
  FixedScale to_gates;
  int32_t weights_zero = 0;
};

Result<void> CheckShapes(const KernelContext& k, const BasicLstm& s,
                         bool integer) {
  const DataType data = integer ? DataType::kUInt8 : DataType::kFloat32;
  const DataType bias = integer ? DataType::kInt32 : DataType::kFloat32;
  const DataType cell = integer ? DataType::kInt16 : DataType::kFloat32;
  const int64_t gates = int64_t{4} * s.outputs;
  const int64_t joined = int64_t{s.inputs} + s.outputs;
  if (gates > INT32_MAX || joined > INT32_MAX) {
    return InvalidModel("the cell is too large");
  }
  const auto rows = static_cast<int32_t>(gates);
  TRY(CheckTensor(k, kHidden, data, {{s.batch, s.outputs}}, "activation"));
  TRY(CheckTensor(k, kWeights, data, {{rows, static_cast<int32_t>(joined)}},
                  "weights"));
  TRY(CheckTensor(k, kBias, bias, {{rows}}, "bias"));
  return CheckTensor(k, kCell, cell, {{s.batch, s.outputs}}, "cell state");
}

Result<void> PrepareInteger(KernelContext& k, BasicLstm& s) {
  TRY(CheckQuantized(k.Input(kWeights), "weights"));
  TRY(CheckQuantized(k.Input(kBias), "bias"));
  TRY(CheckQuantized(k.Output(kNewCell), "cell state"));
  int exponent = 0;
  if (!PowerOfTwoExponent(k.Output(kNewCell).scale(), exponent) ||
      exponent != -11) {
    return Unsupported("the cell state's scale must be 2^-11");
  }
  s.weights_zero = k.Input(kWeights).zero_point();
  s.to_gates = ToFixedScale(4096 * static_cast<double>(k.Input(kBias).scale()));
  if (s.to_gates.shift > 30)
    return InvalidModel("the bias' scale is too large");
  return {};
}

template <class T>
void Join(KernelContext& k, const BasicLstm& s) {
  T* joined = k.Output(kJoined).MutableData<T>();
  const T* input = k.Input(kData).Data<T>();
  const T* hidden = k.Input(kHidden).Data<T>();
  for (int b = 0; b < s.batch; ++b) {
    joined = std::copy_n(input + int64_t{b} * s.inputs, s.inputs, joined);
    joined = std::copy_n(hidden + int64_t{b} * s.outputs, s.outputs, joined);
  }
}

void FloatGates(KernelContext& k, const BasicLstm& s) {
  const int width = s.inputs + s.outputs;
  const int rows = 4 * s.outputs;
  for (int b = 0; b < s.batch; ++b) {
    float* gates = k.Output(kGates).MutableData<float>() + int64_t{b} * rows;
    std::copy_n(k.Input(kBias).Data<float>(), rows, gates);
    AddProduct(k.Input(kWeights),
               {k.Output(kJoined).Data<float>() + int64_t{b} * width,
                width,
                nullptr,
                {}},
               gates);
  }
}

void EvalFloat(KernelContext& k, const BasicLstm& s) {
  Join<float>(k, s);
  FloatGates(k, s);
  const int n = s.outputs;
  const int64_t count = int64_t{s.batch} * n;
  for (int64_t i = 0; i < count; ++i) {
    const float* gates = k.Output(kGates).Data<float>() + i / n * 4 * n + i % n;
    const float cell = Sigmoid(gates[0]) * std::tanh(gates[n]) +
                       Sigmoid(gates[2 * n]) * k.Input(kCell).Data<float>()[i];
    k.Output(kNewCell).MutableData<float>()[i] = cell;
    k.Output(kNewHidden).MutableData<float>()[i] =
        Sigmoid(gates[3 * n]) * std::tanh(cell);
  }
}

int32_t BytesDot(const uint8_t* x, const uint8_t* weights, int32_t zero,
                 int count) {
  uint32_t sum = 0;
  for (int i = 0; i < count; ++i) {
    sum += static_cast<uint32_t>((x[i] - 128) * (weights[i] - zero));
  }
  return static_cast<int32_t>(sum);
}

void IntegerGates(KernelContext& k, const BasicLstm& s) {
  const int width = s.inputs + s.outputs;
  const int rows = 4 * s.outputs;
  const uint8_t* weights = k.Input(kWeights).Data<uint8_t>();
  const int32_t* bias = k.Input(kBias).Data<int32_t>();
  int16_t* gates = k.Output(kGates).MutableData<int16_t>();
  for (int b = 0; b < s.batch; ++b) {
    const uint8_t* x = k.Output(kJoined).Data<uint8_t>() + int64_t{b} * width;
    for (int r = 0; r < rows; ++r) {
      const int32_t dot =
          BytesDot(x, weights + int64_t{r} * width, s.weights_zero, width);
      const auto sum = static_cast<int32_t>(static_cast<uint32_t>(dot) +
                                            static_cast<uint32_t>(bias[r]));
      *gates++ = SaturatingShiftLeft16(MultiplyTiesUp(sum, s.to_gates), 0);
    }
  }
}

void EvalInteger(KernelContext& k, const BasicLstm& s) {
  Join<uint8_t>(k, s);
  IntegerGates(k, s);
  const int n = s.outputs;
  const int64_t count = int64_t{s.batch} * n;
  for (int64_t i = 0; i < count; ++i) {
    const int16_t* gates =
        k.Output(kGates).Data<int16_t>() + i / n * 4 * n + i % n;
    const int16_t added = DoublingHighMultiply16(LogisticOfQ3(gates[0]),
                                                 TanhOfFixed(gates[n], 3));
    const int16_t kept = DoublingHighMultiply16(
        LogisticOfQ3(gates[2 * n]), k.Input(kCell).Data<int16_t>()[i]);
    const int16_t cell =
        SaturatingAdd16(RoundingDivideByPowerOfTwo(added, 4), kept);
    const int16_t hidden =
        DoublingHighMultiply16(LogisticOfQ3(gates[3 * n]),
                               TanhOfFixed(SaturatingShiftLeft16(cell, 1), 3));
    k.Output(kNewCell).MutableData<int16_t>()[i] = cell;
    k.Output(kNewHidden).MutableData<uint8_t>()[i] = static_cast<uint8_t>(
        128 + std::min(RoundingDivideByPowerOfTwo(hidden, 8), 127));
  }
}

void Keep(KernelContext& k, Input state, Output value) {
  if (!k.Input(state).is_variable || k.Input(state).bytes == 0) return;
  std::memcpy(k.VariableInput(state).data, k.Output(value).data,
              k.Input(state).bytes);
}

}  // namespace

Result<void> PrepareBasicLstm(KernelContext& k) {
  BasicLstm& s = k.NewState<BasicLstm>();
  const RuntimeTensor& input = k.Input(kData);
  const bool integer = input.type == DataType::kUInt8;
  if (!integer && input.type != DataType::kFloat32) {
    return Unsupported(std::string(Name(input.type)) +
                       " inputs are not supported");
  }
  if (!k.HasInput(kHidden) || k.Input(kHidden).shape.rank() != 2 ||
      input.shape.rank() != 2) {
    return InvalidModel("input and activation must have 2 dimensions");
  }
  if (k.output_count() != 4) return InvalidModel("there must be 4 outputs");
  s.batch = input.shape[0];
  s.inputs = input.shape[1];
  s.outputs = k.Input(kHidden).shape[1];
  TRY(CheckShapes(k, s, integer));
  return integer ? PrepareInteger(k, s) : Result<void>();
}

void EvalBasicLstm(KernelContext& k) noexcept {
  const BasicLstm& s = k.State<BasicLstm>();
  if (k.Input(kData).type == DataType::kUInt8) {
    EvalInteger(k, s);
  } else {
    EvalFloat(k, s);
  }
  Keep(k, kHidden, kNewHidden);
  Keep(k, kCell, kNewCell);
}

}  // namespace liteforge
