// SPDX-License-Identifier: Apache-2.0
// SVDF: a dense layer over time as a product of two of low rank.
//   state[b, f, :] shifts by one; its last = sum over i of
//                                            input[b, i] feature[f, i]
//   output[b, u] = act(bias[u] + sum over the `rank` filters f of unit u, over
//                                m of state[b, f, m] time[f, m])
//   input [B, I]            f32 | f32            | i8
//   feature [F, I]          f32 | i8 (hybrid)    | i8
//   time [F, M]             f32 | i8, or f32     | i16 | i8
//   bias [F / rank]         f32 | f32            | i32, optional
//   state [B, F * M]        f32 | f32            | i16 | i8, a variable
// The integer activation is the clamp of an int8 output, which is RELU where
// its zero_point is -128.
// Source: tflite/kernels/svdf.cc, kernels/internal/reference/svdf.h; the int8
// state is TensorFlow Lite Micro's, micro/kernels/svdf_common.cc.
#include "kernels/recurrent_math.h"

namespace liteforge {
namespace {

constexpr int kInput = 0, kFeature = 1, kTime = 2, kBias = 3, kStateInput = 4;

struct State {
  int batch = 0, filters = 0, memory = 0, units = 0, rank = 1;
  FixedScale to_state, to_output;
  int32_t state_zero = 0;  // an int16 state is symmetric whatever it declares
};

// Scratch: the features of one batch; the quantized input of one batch; time
// weights as floats.
constexpr int kFeatures = 0, kBytes = 1, kFloatTime = 2;

Result<void> PrepareFloat(KernelContext& k, State& s) {
  const RuntimeTensor& feature = k.Input(kFeature);
  const RuntimeTensor& time = k.Input(kTime);
  TRY(CheckState(k, kStateInput, DataType::kFloat32,
                 int64_t{s.batch} * s.filters * s.memory, "state"));
  k.NeedScratch(kFeatures, sizeof(float) * static_cast<size_t>(s.filters));
  if (IsHybridWeight(feature.type)) {
    TRY(CheckQuantized(feature, "feature weights"));
    k.NeedScratch(kBytes, static_cast<size_t>(k.Input(kInput).shape[1]));
  } else if (feature.type != DataType::kFloat32) {
    return Unsupported(std::string(Name(feature.type)) +
                       " feature weights are not supported");
  }
  if (time.type == DataType::kFloat32) return {};
  if (!IsHybridWeight(time.type)) {
    return Unsupported(std::string(Name(time.type)) +
                       " time weights are not supported");
  }
  TRY(CheckQuantized(time, "time weights"));
  k.NeedScratch(kFloatTime,
                sizeof(float) * static_cast<size_t>(time.elements()));
  return {};
}

Result<void> PrepareInteger(KernelContext& k, State& s) {
  const RuntimeTensor& feature = k.Input(kFeature);
  const RuntimeTensor& time = k.Input(kTime);
  const RuntimeTensor& output = k.Output(0);
  const Activation activation =
      k.options<SVDFOptions>().fused_activation_function;
  const bool wide = time.type == DataType::kInt16;
  if (feature.type != DataType::kInt8 || output.type != DataType::kInt8 ||
      (!wide && time.type != DataType::kInt8)) {
    return Unsupported(
        "an int8 input takes int8 feature weights, int16 or int8 time weights "
        "and an int8 output");
  }
  if (activation != Activation::kRelu && activation != Activation::kNone) {
    return Unsupported("of activations, int8 has only RELU");
  }
  TRY(CheckState(k, kStateInput, time.type,
                 int64_t{s.batch} * s.filters * s.memory, "state"));
  const RuntimeTensor& state = k.Input(kStateInput);
  TRY(CheckQuantized(k.Input(kInput), "input"));
  TRY(CheckQuantized(feature, "feature weights"));
  TRY(CheckQuantized(time, "time weights"));
  TRY(CheckQuantized(state, "state"));
  TRY(CheckQuantized(output, "output"));
  s.state_zero = wide ? 0 : state.zero_point();
  // Multiplied in float, as TensorFlow Lite does.
  s.to_state = ToFixedScale(static_cast<double>(
      k.Input(kInput).scale() * feature.scale() / state.scale()));
  s.to_output = ToFixedScale(
      static_cast<double>(state.scale() * time.scale() / output.scale()));
  if (s.to_state.shift > 30 || s.to_output.shift > 30) {
    return InvalidModel("the scales do not go together");
  }
  k.NeedScratch(kFeatures, sizeof(int32_t) * static_cast<size_t>(s.filters));
  return {};
}

Result<void> Prepare(KernelContext& k) {
  State& s = k.NewState<State>();
  const RuntimeTensor& input = k.Input(kInput);
  const RuntimeTensor& feature = k.Input(kFeature);
  const RuntimeTensor& time = k.Input(kTime);
  if (input.shape.rank() != 2 || feature.shape.rank() != 2 ||
      time.shape.rank() != 2) {
    return InvalidModel("input and weights must have 2 dimensions");
  }
  s.rank = k.options<SVDFOptions>().rank;
  s.batch = input.shape[0];
  s.filters = feature.shape[0];
  s.memory = time.shape[1];
  if (s.rank <= 0 || s.filters % s.rank != 0) {
    return InvalidModel("rank " + std::to_string(s.rank) +
                        " does not divide the filters");
  }
  if (s.memory < 1) return InvalidModel("the time weights are empty");
  s.units = s.filters / s.rank;
  const bool integer = input.type == DataType::kInt8;
  TRY(CheckTensor(k, kFeature, {{s.filters, input.shape[1]}},
                  "feature weights"));
  TRY(CheckTensor(k, kTime, {{s.filters, s.memory}}, "time weights"));
  if (k.HasInput(kBias)) {
    TRY(CheckTensor(k, kBias, integer ? DataType::kInt32 : DataType::kFloat32,
                    {{s.units}}, "bias"));
  }
  if (integer) return PrepareInteger(k, s);
  if (input.type == DataType::kFloat32) return PrepareFloat(k, s);
  return Unsupported(std::string(Name(input.type)) +
                     " inputs are not supported");
}

// Shifts the memory of every filter by one step; `latest` becomes its last.
template <class T>
void Remember(const State& s, T* memory, const T* latest) {
  for (int f = 0; f < s.filters; ++f, memory += s.memory) {
    std::copy(memory + 1, memory + s.memory, memory);
    memory[s.memory - 1] = latest[f];
  }
}

const float* FloatTime(const KernelContext& k) {
  const RuntimeTensor& time = k.Input(kTime);
  if (time.type == DataType::kFloat32) return time.Data<float>();
  float* values = k.Scratch<float>(kFloatTime);
  const int8_t* quantized = time.Data<int8_t>();
  for (int64_t i = 0; i < time.elements(); ++i) {
    values[i] = static_cast<float>(quantized[i]) * time.scale();
  }
  return values;
}

// The memory of one batch item weighed and summed into its outputs.
void WeighMemory(const KernelContext& k, const State& s, const float* time,
                 const float* memory, float* output) {
  for (int u = 0; u < s.units; ++u) {
    float sum = 0;
    for (int f = u * s.rank; f < (u + 1) * s.rank; ++f) {
      float product = 0;
      for (int m = 0; m < s.memory; ++m) {
        const int64_t at = int64_t{f} * s.memory + m;
        product += time[at] * memory[at];
      }
      sum += product;
    }
    output[u] = k.HasInput(kBias) ? sum + k.Input(kBias).Data<float>()[u] : sum;
  }
}

void EvalFloat(KernelContext& k, const State& s) {
  const auto& options = k.options<SVDFOptions>();
  const RuntimeTensor& feature = k.Input(kFeature);
  const int width = k.Input(kInput).shape[1];
  const float* time = FloatTime(k);
  float* latest = k.Scratch<float>(kFeatures);
  const int64_t batch_memory = int64_t{s.filters} * s.memory;
  for (int b = 0; b < s.batch; ++b) {
    FloatVector x{
        k.Input(kInput).Data<float>() + int64_t{b} * width, width, nullptr, {}};
    if (feature.type != DataType::kFloat32) {
      QuantizeVector(x, options.asymmetric_quantize_inputs,
                     k.Scratch<int8_t>(kBytes));
    }
    std::fill_n(latest, s.filters, 0.0f);
    AddProduct(feature, x, latest);
    float* memory =
        k.VariableInput(kStateInput).MutableData<float>() + b * batch_memory;
    Remember(s, memory, latest);
    float* output = k.Output(0).MutableData<float>() + int64_t{b} * s.units;
    WeighMemory(k, s, time, memory, output);
    Activate(options.fused_activation_function, output, s.units);
  }
}

// One value: rescaled bias + sum over the unit's memory, modulo 2^32.
template <class T>
int32_t UnitOf(KernelContext& k, const State& s, const T* memory, int u) {
  const T* time = k.Input(kTime).Data<T>();
  uint32_t sum = k.HasInput(kBias)
                     ? static_cast<uint32_t>(k.Input(kBias).Data<int32_t>()[u])
                     : 0;
  const int64_t begin = int64_t{u} * s.rank * s.memory;
  const int64_t end = begin + int64_t{s.rank} * s.memory;
  for (int64_t at = begin; at < end; ++at) {
    sum +=
        static_cast<uint32_t>(int64_t{time[at]} * (memory[at] - s.state_zero));
  }
  return Multiply(static_cast<int32_t>(sum), s.to_output);
}

template <class T>
void EvalInteger(KernelContext& k, const State& s) {
  const RuntimeTensor& input = k.Input(kInput);
  RuntimeTensor& state = k.VariableInput(kStateInput);
  const int width = input.shape[1];
  constexpr int32_t kLow = std::numeric_limits<T>::min();
  constexpr int32_t kHigh = std::numeric_limits<T>::max();
  auto* latest = k.Scratch<T>(kFeatures);
  const int8_t* feature = k.Input(kFeature).Data<int8_t>();
  const int32_t output_zero = k.Output(0).zero_point();
  for (int b = 0; b < s.batch; ++b) {
    const int8_t* row = input.Data<int8_t>() + int64_t{b} * width;
    for (int f = 0; f < s.filters; ++f) {
      const int32_t dot = IntegerDot(row, input.zero_point(),
                                     feature + int64_t{f} * width, width);
      const int32_t scaled = std::clamp(Multiply(dot, s.to_state), kLow, kHigh);
      latest[f] =
          static_cast<T>(std::clamp(scaled + s.state_zero, kLow, kHigh));
    }
    T* memory = state.MutableData<T>() + int64_t{b} * s.filters * s.memory;
    Remember(s, memory, latest);
    int8_t* output = k.Output(0).MutableData<int8_t>() + int64_t{b} * s.units;
    for (int u = 0; u < s.units; ++u) {
      const int64_t value = int64_t{UnitOf(k, s, memory, u)} + output_zero;
      output[u] = static_cast<int8_t>(std::clamp<int64_t>(value, -128, 127));
    }
  }
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  if (k.Input(kInput).type == DataType::kFloat32) {
    EvalFloat(k, s);
  } else if (k.Input(kStateInput).type == DataType::kInt16) {
    EvalInteger<int16_t>(k, s);
  } else {
    EvalInteger<int8_t>(k, s);
  }
}

}  // namespace

extern const Kernel kSvdf{Op::kSvdf, "f32 i8 i16-state hybrid", Prepare, Eval};

}  // namespace liteforge
