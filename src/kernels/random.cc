// SPDX-License-Identifier: Apache-2.0
// RANDOM_UNIFORM: f32 in [0, 1). RANDOM_STANDARD_NORMAL: f32, by Box and
// Muller's method. Both draw 32-bit words from Philox 4x32-10 keyed by seed and
// counting from seed2; two zeros ask for seeds of the moment. Numbers go on
// where the last run ended.
// MULTINOMIAL: samples of softmax(logits [B, C]) by std::minstd_rand0.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011);
// tensorflow/core/lib/random; tflite/kernels/{random_ops,multinomial}.cc.
#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "base/philox.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (k.Output(0).type != DataType::kFloat32)
    return Unsupported("only float32 is supported");
  return {};
}

// The generator lives through Prepare, so that runs differ.
Philox MakeGenerator(const KernelContext& k) {
  const auto& o = k.options<RandomOptions>();
  auto seed = static_cast<uint64_t>(o.seed);
  auto seed2 = static_cast<uint64_t>(o.seed2);
  if (seed == 0 && seed2 == 0) {
    std::random_device device;
    seed = (uint64_t{device()} << 32) | device();
    seed2 = (uint64_t{device()} << 32) | device();
  }
  return Philox(seed, seed2);
}

struct State {
  Philox generator{0, 0};
};

Result<void> PrepareRandom(KernelContext& k) {
  TRY(Prepare(k));
  if (k.state_ == nullptr) k.NewState<State>().generator = MakeGenerator(k);
  return {};
}

// 23 random bits as the fraction of a number in [1, 2).
float UniformOf(uint32_t word) {
  return std::bit_cast<float>((word & 0x7FFFFF) | 0x3F800000) - 1.0f;
}

void EvalUniform(KernelContext& k) noexcept {
  Philox& generator = k.State<State>().generator;
  float* output = k.Output(0).MutableData<float>();
  const int64_t count = k.Output(0).elements();
  for (int64_t i = 0; i < count; i += 4) {
    const auto words = generator.Next();
    for (int64_t j = i; j < std::min(i + 4, count); ++j)
      output[j] = UniformOf(words[static_cast<size_t>(j - i)]);
  }
}

void NormalPair(uint32_t a, uint32_t b, float* pair) {
  constexpr float kLeast = 1.0e-7f;
  const float radius =
      std::sqrt(-2.0f * std::log(std::max(UniformOf(a), kLeast)));
  const auto angle =
      static_cast<float>(2 * M_PI * static_cast<double>(UniformOf(b)));
  pair[0] = std::sin(angle) * radius;
  pair[1] = std::cos(angle) * radius;
}

void EvalNormal(KernelContext& k) noexcept {
  Philox& generator = k.State<State>().generator;
  float* output = k.Output(0).MutableData<float>();
  const int64_t count = k.Output(0).elements();
  for (int64_t i = 0; i < count; i += 4) {
    const auto words = generator.Next();
    float values[4];
    NormalPair(words[0], words[1], values);
    NormalPair(words[2], words[3], values + 2);
    std::copy_n(values, std::min<int64_t>(4, count - i), output + i);
  }
}

//-------------------------------------------------------------- MULTINOMIAL

using Logits = TypeList<float, double>;

struct Samples {
  std::minstd_rand0 generator;
};

Result<void> PrepareMultinomial(KernelContext& k) {
  TRY(Logits::Check(k.Input(0).type));
  const DataType out = k.Output(0).type;
  if (out != DataType::kInt32 && out != DataType::kInt64)
    return InvalidModel("the output must be int32 or int64");
  if (k.Input(0).shape[1] == 0)
    return InvalidModel("there are no classes to draw from");
  if (k.state_ == nullptr) k.NewState<Samples>();
  k.NeedScratch(0, sizeof(double) * static_cast<size_t>(k.Input(0).shape[1]));
  return {};
}

template <class T>
double Accumulate(const T* logits, int64_t classes, double* odds) {
  const T largest = *std::max_element(logits, logits + classes);
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) {
    sum = static_cast<double>(
        static_cast<T>(std::exp(logits[c] - largest) + sum));
    odds[c] = sum;
  }
  return sum;
}

void EvalMultinomial(KernelContext& k) noexcept {
  auto& generator = k.State<Samples>().generator;
  const int64_t batches = k.Input(0).shape[0], classes = k.Input(0).shape[1];
  const int64_t samples = k.Output(0).shape[1];
  auto* odds = k.Scratch<double>(0);
  for (int64_t b = 0; b < batches; ++b) {
    double sum = 0;
    Logits::Dispatch(k.Input(0).type, [&](auto tag) {
      using T = TypeOf<decltype(tag)>;
      sum = Accumulate(k.Input(0).Data<T>() + b * classes, classes, odds);
    });
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    for (int64_t i = 0; i < samples; ++i) {
      const double sample = unit(generator) * sum;
      const int64_t chosen = std::min(
          classes - 1, std::lower_bound(odds, odds + classes, sample) - odds);
      if (k.Output(0).type == DataType::kInt64) {
        k.Output(0).MutableData<int64_t>()[b * samples + i] = chosen;
      } else {
        k.Output(0).MutableData<int32_t>()[b * samples + i] =
            static_cast<int32_t>(chosen);
      }
    }
  }
}

}  // namespace

extern const Kernel kRandomUniform{Op::kRandomUniform, "f32", PrepareRandom,
                                   EvalUniform};
extern const Kernel kRandomStandardNormal{Op::kRandomStandardNormal, "f32",
                                          PrepareRandom, EvalNormal};
extern const Kernel kMultinomial{Op::kMultinomial, "f32 f64",
                                 PrepareMultinomial, EvalMultinomial};

}  // namespace liteforge
