// SPDX-License-Identifier: Apache-2.0
// SOFTMAX over the last axis: e^(beta (x - max)) / sum of the same.
//   f32, f16 and bf16 -> the same
//   u8 | i8 -> the same or i16: e^x in Q0.31, the sum in Q12.19
//   i16 -> i16 (zero_point 0): tables of e^x over [-10, 0] and 1/(1+x)
// Output scales are fixed: 1/256 (zero_point -128 for i8), 1/32768 for i16.
// Source: tflite/kernels/activations.cc, kernels/internal/reference/softmax.h.
#include <bit>
#include <cmath>
#include <string>

#include "kernels/lookup_table.h"
#include "kernels/micro/float_functions.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

constexpr int kScaledDifferenceBits = 5;
constexpr int kSumBits = 12;

using Floats = TypeList<float, Float16, BFloat16>;

struct State {
  FixedScale beta;
  int32_t least_difference = 0;
  WordTable exp{};
  WordTable reciprocal{};
};

bool IsByte(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8;
}

Result<void> PrepareBytes(float beta, float scale, State& s) {
  constexpr double kLargest = 2147483647.0;
  const double real =
      std::min(static_cast<double>(beta) * static_cast<double>(scale) *
                   (1 << (31 - kScaledDifferenceBits)),
               kLargest);
  s.beta = ToFixedScale(real);
  // The scaled difference is formed by a shift to the left.
  if (s.beta.shift < 0) return InvalidModel("beta x scale is too small");
  // The difference below which e^x rounds to nothing.
  const double radius = ((1 << kScaledDifferenceBits) - 1) *
                        static_cast<double>(1 << (31 - kScaledDifferenceBits)) /
                        static_cast<double>(int64_t{1} << s.beta.shift);
  s.least_difference = -static_cast<int32_t>(std::floor(radius));
  return {};
}

void PrepareWords(float beta, float scale, State& s) {
  constexpr double kRange = 65535.0;
  s.exp = MakeWordTable<double>(10.0 / kRange, 32767, 2.0 / kRange, 0,
                                [](double x) { return std::exp(x); });
  s.reciprocal =
      MakeWordTable<double>(1.0 / kRange, -32768, 2.0 / kRange, 0,
                            [](double x) { return 1.0 / (1.0 + x); });
  s.beta = ToFixedScale(static_cast<double>(scale * beta) / (10.0 / kRange));
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  const float beta = k.options<SoftmaxOptions>().beta;
  State& s = k.NewState<State>();
  if (input.shape.rank() < 1) return InvalidModel("the input is a scalar");
  const bool byte = IsByte(input.type) && (output.type == input.type ||
                                           output.type == DataType::kInt16);
  const bool word = input.type == DataType::kInt16 && output.type == input.type;
  if (Floats::Has(input.type) && output.type == input.type) return {};
  if (!byte && !word) {
    return Unsupported(std::string(Name(input.type)) + " to " +
                       std::string(Name(output.type)) + " is not supported");
  }
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  if (byte) return PrepareBytes(beta, input.scale(), s);
  if (input.zero_point() != 0 || output.zero_point() != 0) {
    return InvalidModel("int16 tensors must have zero_point 0");
  }
  PrepareWords(beta, input.scale(), s);
  return {};
}

void FloatRow(const float* x, int64_t depth, float beta, float* y) {
  float largest = std::numeric_limits<float>::lowest();
  for (int64_t c = 0; c < depth; ++c) largest = std::max(largest, x[c]);
  float sum = 0;
  for (int64_t c = 0; c < depth; ++c) {
    y[c] = std::exp((x[c] - largest) * beta);
    sum += y[c];
  }
  for (int64_t c = 0; c < depth; ++c) y[c] = y[c] / sum;
}

// 16-bit floats, which cannot hold the intermediate values.
template <class T>
void FloatRow(const T* x, int64_t depth, float beta, T* y) {
  float largest = std::numeric_limits<float>::lowest();
  for (int64_t c = 0; c < depth; ++c)
    largest = std::max(largest, static_cast<float>(x[c]));
  const auto exp = [&](int64_t c) {
    return std::exp((static_cast<float>(x[c]) - largest) * beta);
  };
  float sum = 0;
  for (int64_t c = 0; c < depth; ++c) sum += exp(c);
  for (int64_t c = 0; c < depth; ++c) y[c] = static_cast<T>(exp(c) / sum);
}

// e^(beta difference) in Q0.31.
int32_t ExpOf(int32_t difference, const State& s) {
  const auto shifted =
      static_cast<int32_t>(static_cast<uint32_t>(difference) << s.beta.shift);
  return ExpOfNegativeQ5(DoublingHighMultiply(shifted, s.beta.multiplier));
}

// The fixed-point sum holds 4096 (int16: 65536) equal elements; what is more
// counts as that many.
int32_t Saturated(int64_t sum) {
  return static_cast<int32_t>(
      std::min<int64_t>(sum, std::numeric_limits<int32_t>::max()));
}

template <class In, class Out>
void ByteRow(const In* x, int64_t depth, const State& s, Out* y) {
  In largest = std::numeric_limits<In>::min();
  for (int64_t c = 0; c < depth; ++c) largest = std::max(largest, x[c]);
  int64_t sum = 0;
  for (int64_t c = 0; c < depth; ++c) {
    const int32_t difference = int32_t{x[c]} - largest;
    if (difference < s.least_difference) continue;
    sum += RoundingDivideByPowerOfTwo(ExpOf(difference, s), kSumBits);
  }
  int bits_over_unit = 0;
  const int32_t scale = ReciprocalQ0(Saturated(sum), kSumBits, bits_over_unit);
  const int shift = std::clamp(
      bits_over_unit + 31 - static_cast<int>(sizeof(Out)) * 8, 0, 31);
  constexpr int32_t kLow = std::numeric_limits<Out>::min();
  constexpr int32_t kHigh = std::numeric_limits<Out>::max();
  for (int64_t c = 0; c < depth; ++c) {
    const int32_t difference = int32_t{x[c]} - largest;
    if (difference < s.least_difference) {
      y[c] = static_cast<Out>(kLow);
      continue;
    }
    const int32_t value = RoundingDivideByPowerOfTwo(
        DoublingHighMultiply(scale, ExpOf(difference, s)), shift);
    y[c] = static_cast<Out>(std::clamp(value + kLow, kLow, kHigh));
  }
}

void WordRow(const int16_t* x, int64_t depth, const State& s, int16_t* y) {
  int16_t largest = std::numeric_limits<int16_t>::min();
  for (int64_t c = 0; c < depth; ++c) largest = std::max(largest, x[c]);
  int64_t exact = 0;  // Q16.15
  for (int64_t c = 0; c < depth; ++c) {
    const int32_t scaled = Multiply(int32_t{x[c]} - largest, s.beta) + 32767;
    y[c] =
        LookUp(s.exp, static_cast<int16_t>(std::clamp(scaled, -32768, 32767)));
    exact += y[c];
  }
  const int32_t sum = Saturated(exact);
  // The sum as 2^n (1 + fraction): the table holds 1 / (1 + fraction).
  const int headroom = std::countl_zero(static_cast<uint32_t>(sum));
  if (headroom == 0 || headroom > 30) return;
  const auto shifted = static_cast<int32_t>(
      ((int64_t{sum} << (headroom - 1)) + (1 << 13)) >> 14);
  const int32_t centred = shifted - ((1 << 15) + (1 << 16));
  const int16_t reciprocal = LookUp(
      s.reciprocal, static_cast<int16_t>(std::clamp(centred, -32768, 32767)));
  const int shift = 31 - headroom;
  const int64_t round = int64_t{1} << (shift - 1);
  for (int64_t c = 0; c < depth; ++c) {
    const auto value =
        static_cast<int32_t>((int64_t{y[c]} * reciprocal + round) >> shift);
    y[c] = static_cast<int16_t>(std::clamp(value, 0, 32767));
  }
}

// Calls row(first element, depth) for each row of the last axis.
template <class Row>
void ForEachRow(KernelContext& k, const Row& row) {
  const Shape& shape = k.Input(0).shape;
  const int64_t depth = shape[shape.rank() - 1];
  if (depth == 0) return;
  const int64_t rows = shape.elements() / depth;
  constexpr int64_t kLeastElements = 1 << 12;  // of a thread
  k.threads().ParallelFor(rows, (kLeastElements + depth - 1) / depth,
                          [&](int64_t begin, int64_t end) {
                            for (int64_t r = begin; r < end; ++r)
                              row(r * depth, depth);
                          });
}

template <class In, class Out>
void EvalBytes(KernelContext& k, const State& s) {
  ForEachRow(k, [&](int64_t at, int64_t depth) {
    ByteRow(k.Input(0).Data<In>() + at, depth, s,
            k.Output(0).MutableData<Out>() + at);
  });
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const DataType in = k.Input(0).type, out = k.Output(0).type;
  const bool widened = out == DataType::kInt16;
  if (in == DataType::kFloat32 && !k.reference()) {
    const float beta = k.options<SoftmaxOptions>().beta;
    ForEachRow(k, [&](int64_t at, int64_t depth) {
      SoftmaxOfFloats(k.Input(0).Data<float>() + at, depth, beta,
                      k.Output(0).MutableData<float>() + at);
    });
  } else if (Floats::Has(in)) {
    const float beta = k.options<SoftmaxOptions>().beta;
    Floats::Dispatch(in, [&](auto tag) {
      using T = TypeOf<decltype(tag)>;
      ForEachRow(k, [&](int64_t at, int64_t depth) {
        FloatRow(k.Input(0).Data<T>() + at, depth, beta,
                 k.Output(0).MutableData<T>() + at);
      });
    });
  } else if (in == DataType::kInt16) {
    ForEachRow(k, [&](int64_t at, int64_t depth) {
      WordRow(k.Input(0).Data<int16_t>() + at, depth, s,
              k.Output(0).MutableData<int16_t>() + at);
    });
  } else if (in == DataType::kInt8) {
    widened ? EvalBytes<int8_t, int16_t>(k, s)
            : EvalBytes<int8_t, int8_t>(k, s);
  } else {
    widened ? EvalBytes<uint8_t, int16_t>(k, s)
            : EvalBytes<uint8_t, uint8_t>(k, s);
  }
}

}  // namespace

extern const Kernel kSoftmax{Op::kSoftmax, "f32 f16 bf16 i8 u8 i16", Prepare,
                             Eval};

}  // namespace liteforge
