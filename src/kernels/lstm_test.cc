// SPDX-License-Identifier: Apache-2.0
// The float and hybrid LSTMs against the definition in double.
#include <gtest/gtest.h>

#include "kernels/kernel_tester.h"
#include "kernels/lstm_testing.h"

namespace liteforge::lstm_test {

constexpr int kBatch = 2, kTime = 3, kInputs = 5, kAux = 4;

struct Variant {
  bool coupled = false, peephole = false, projection = false, bias = false,
       layer_norm = false, time_major = false, diagonal = false, aux = false;
  int cells = 6;
  int outputs() const { return projection ? 4 : cells; }
};

std::vector<Variant> AllVariants() {
  std::vector<Variant> variants;
  for (int bits = 0; bits < 32; ++bits) {
    variants.push_back({(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0,
                        (bits & 12) == 12, (bits & 8) != 0, (bits & 16) != 0});
  }
  return variants;
}

CellWeights RandomCell(const Variant& variant, Numbers& numbers) {
  CellWeights w;
  const int n = variant.cells, outputs = variant.outputs();
  for (int g = variant.coupled ? 1 : 0; g < 4; ++g) {
    w.input[g] = numbers.Floats(n * kInputs, 0.8);
    w.recurrent[g] = numbers.Floats(variant.diagonal ? n : n * outputs, 0.8);
    w.bias[g] = numbers.Floats(n, 0.5);
    if (variant.peephole && g != 2) w.peephole[g] = numbers.Floats(n, 0.6);
    if (variant.layer_norm) w.layer_norm[g] = numbers.Floats(n, 1.0);
    if (variant.aux) w.aux[g] = numbers.Floats(n * kAux, 0.7);
  }
  if (variant.projection) w.projection = numbers.Floats(outputs * n, 0.7);
  if (variant.bias) w.projection_bias = numbers.Floats(outputs, 0.3);
  w.diagonal = variant.diagonal;
  return w;
}

// Rounds to 127 steps each way, so that float and int8 hold the same weights.
float StepOf(std::vector<float>& values) {
  float largest = 0;
  for (const float v : values) largest = std::max(largest, std::abs(v));
  const float step = largest / 127;
  for (float& v : values) v = std::round(v / step) * step;
  return step;
}

class Weights {
 public:
  explicit Weights(DataType type) : type_(type) {}

  KernelTensor operator()(Shape shape, std::vector<float>& values) const {
    if (values.empty()) return KernelTensor::Absent();
    if (type_ == DataType::kFloat32) {
      return KernelTensor::Of<float>(shape, values).Constant();
    }
    const float step = StepOf(values);
    std::vector<int8_t> steps;
    for (const float v : values) {
      steps.push_back(static_cast<int8_t>(std::lround(v / step)));
    }
    return KernelTensor::OfType(type_, shape, steps, Steps(step)).Constant();
  }

 private:
  DataType type_;
};

KernelTensor FloatsOrAbsent(Shape shape, const std::vector<float>& values) {
  if (values.empty()) return KernelTensor::Absent();
  return KernelTensor::Of<float>(shape, values).Constant();
}

KernelTensor Zeros(int rows, int width) {
  return KernelTensor::Of<float>(
             {rows, width},
             std::vector<float>(static_cast<size_t>(rows * width)))
      .Variable();
}

// The 17 inputs of a cell that follow one another in every operator.
void AppendCell(KernelCase& c, const Variant& variant, CellWeights& w,
                DataType type) {
  const Weights make(type);
  const int n = variant.cells, outputs = variant.outputs();
  for (auto& weights : w.input) c.inputs.push_back(make({n, kInputs}, weights));
  for (auto& weights : w.recurrent) {
    c.inputs.push_back(
        make(variant.diagonal ? Shape{n} : Shape{n, outputs}, weights));
  }
  for (const int g : {0, 1, 3}) {
    c.inputs.push_back(make({n}, w.peephole[g]));
  }
  for (const auto& bias : w.bias) c.inputs.push_back(FloatsOrAbsent({n}, bias));
  c.inputs.push_back(make({outputs, n}, w.projection));
  c.inputs.push_back(FloatsOrAbsent({outputs}, w.projection_bias));
}

Shape SequenceShape(bool time_major, int width) {
  return time_major ? Shape{kTime, kBatch, width} : Shape{kBatch, kTime, width};
}

Vector RowOf(const std::vector<float>& values, int row, int width) {
  const auto begin = values.begin() + row * width;
  return Vector(begin, begin + width);
}

int RowAt(bool time_major, int b, int t) {
  return time_major ? t * kBatch + b : b * kTime + t;
}

// All steps of a cell, written at `offset` of rows of `width`.
void RunDouble(const CellWeights& w, const Variant& variant, bool backwards,
               const std::vector<float>& x, const std::vector<float>& aux,
               int width, int offset, std::vector<float>& output) {
  for (int b = 0; b < kBatch; ++b) {
    CellState s{Vector(static_cast<size_t>(variant.outputs())),
                Vector(static_cast<size_t>(variant.cells))};
    for (int step = 0; step < kTime; ++step) {
      const int t = backwards ? kTime - 1 - step : step;
      const int row = RowAt(variant.time_major, b, t);
      DoubleStep(w, RowOf(x, row, kInputs),
                 aux.empty() ? Vector() : RowOf(aux, row, kAux), s);
      for (int o = 0; o < variant.outputs(); ++o) {
        output[static_cast<size_t>(row * width + offset + o)] =
            static_cast<float>(s.hidden[static_cast<size_t>(o)]);
      }
    }
  }
}

struct Single {
  KernelCase c;
  CellWeights w;
  std::vector<float> x;
  std::vector<float> Expected(const Variant& variant) const {
    std::vector<float> output(
        static_cast<size_t>(kBatch * kTime * variant.outputs()));
    RunDouble(w, variant, false, x, {}, variant.outputs(), 0, output);
    return output;
  }
};

Single MakeSingle(const Variant& variant, DataType type,
                  UnidirectionalSequenceLSTMOptions options) {
  Numbers numbers(17);
  Single single{{Op::kUnidirectionalSequenceLstm},
                RandomCell(variant, numbers),
                numbers.Floats(kBatch * kTime * kInputs, 1.0)};
  options.time_major = variant.time_major;
  options.fused_activation_function = Activation::kTanh;
  single.w.cell_clip = double{options.cell_clip};
  single.w.projection_clip = double{options.proj_clip};
  KernelCase& c = single.c;
  c.options = options;
  c.inputs = {KernelTensor::Of<float>(
      SequenceShape(variant.time_major, kInputs), single.x)};
  AppendCell(c, variant, single.w, type);
  c.inputs.push_back(Zeros(kBatch, variant.outputs()));
  c.inputs.push_back(Zeros(kBatch, variant.cells));
  for (const auto& coefficients : single.w.layer_norm) {
    c.inputs.push_back(FloatsOrAbsent({variant.cells}, coefficients));
  }
  return single;
}

TEST(Lstm, EveryCellOverASequence) {
  for (const Variant& variant : AllVariants()) {
    const Single s = MakeSingle(variant, DataType::kFloat32, {});
    ExpectNear<float>(s.c, s.Expected(variant), 2e-5,
                      SequenceShape(variant.time_major, variant.outputs()));
  }
}

TEST(Lstm, ClipsCellAndProjection) {
  UnidirectionalSequenceLSTMOptions options;
  options.cell_clip = 0.2f;
  options.proj_clip = 0.05f;
  for (const Variant& variant : AllVariants()) {
    const Single s = MakeSingle(variant, DataType::kFloat32, options);
    ExpectNear<float>(s.c, s.Expected(variant), 2e-5);
  }
}

TEST(Lstm, DiagonalRecurrence) {
  for (const bool peephole : {false, true}) {
    Variant variant;
    variant.peephole = peephole;
    variant.diagonal = true;
    const Single s = MakeSingle(variant, DataType::kFloat32, {});
    ExpectNear<float>(s.c, s.Expected(variant), 2e-5);
  }
}

TEST(Lstm, OtherActivations) {
  const auto relu = [](double v) { return std::max(v, 0.0); };
  const auto relu6 = [](double v) { return std::min(std::max(v, 0.0), 6.0); };
  const auto none = [](double v) { return v; };
  const std::pair<Activation, std::function<double(double)>> kRows[] = {
      {Activation::kNone, none},
      {Activation::kRelu, relu},
      {Activation::kRelu6, relu6}};
  for (const auto& [activation, function] : kRows) {
    const Variant variant;
    Single s = MakeSingle(variant, DataType::kFloat32, {});
    UnidirectionalSequenceLSTMOptions options;
    options.fused_activation_function = activation;
    s.c.options = options;
    s.w.activation = function;
    ExpectNear<float>(s.c, s.Expected(variant), 2e-5);
  }
}

// The state is what a next invocation goes on from.
TEST(Lstm, LeavesItsState) {
  const Variant variant;
  const Single s = MakeSingle(variant, DataType::kFloat32, {});
  const KernelRun run = RunKernel(s.c);
  ASSERT_TRUE(run.ok()) << run.error;
  const std::vector<float> hidden = run.variables[0].Values<float>();
  const std::vector<float> expected = s.Expected(variant);
  const size_t n = static_cast<size_t>(variant.cells);
  for (size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(hidden[i], expected[(kTime - 1) * n + i], 1e-5);
  }
}

// x quantized to int8 by its largest magnitude, as the hybrid kernel does.
Vector HybridTimes(const std::vector<float>& weights, const Vector& x) {
  double largest = 0;
  for (const double v : x) largest = std::max(largest, std::abs(v));
  Vector rounded = x;
  if (largest > 0) {
    for (double& v : rounded) {
      v = std::round(v * 127 / largest) * largest / 127;
    }
  }
  return MatrixTimes(weights, rounded);
}

TEST(Lstm, HybridQuantizesItsVectors) {
  for (const DataType type : {DataType::kInt8, DataType::kUInt8}) {
    for (Variant variant : AllVariants()) {
      variant.diagonal = variant.coupled && !variant.projection;
      Single s = MakeSingle(variant, type, {});
      s.w.times = HybridTimes;
      // A value on the edge between two steps may round the other way.
      ExpectNear<float>(s.c, s.Expected(variant), 6e-3);
    }
  }
}

TEST(Lstm, HybridAsymmetricStaysClose) {
  UnidirectionalSequenceLSTMOptions options;
  options.asymmetric_quantize_inputs = true;
  for (Variant variant : AllVariants()) {
    if (variant.layer_norm) continue;
    const Single s = MakeSingle(variant, DataType::kInt8, options);
    ExpectNear<float>(s.c, s.Expected(variant), 2e-2);
  }
}

TEST(Lstm, OneStepOperator) {
  for (Variant variant : AllVariants()) {
    variant.time_major = true;
    Single s = MakeSingle(variant, DataType::kFloat32, {});
    LSTMOptions options;
    options.fused_activation_function = Activation::kTanh;
    s.c.op = Op::kLstm;
    s.c.options = options;
    std::vector<float> first(s.x.begin(), s.x.begin() + kBatch * kInputs);
    s.c.inputs[0] = KernelTensor::Of<float>({kBatch, kInputs}, first);
    std::vector<float> expected = s.Expected(variant);
    expected.resize(static_cast<size_t>(kBatch * variant.outputs()));
    ExpectNear<float>(s.c, expected, 2e-5, {kBatch, variant.outputs()});
  }
}

struct Both {
  KernelCase c{Op::kBidirectionalSequenceLstm};
  CellWeights forward, backward;
  std::vector<float> x, aux;
};

// `aux_weights`: with them the auxiliary input goes to both cells, without it
// is the backward cell's input.
Both MakeBoth(const Variant& variant, DataType type, bool merge, bool aux) {
  Numbers numbers(23);
  Both both;
  both.forward = RandomCell(variant, numbers);
  both.backward = RandomCell(variant, numbers);
  both.x = numbers.Floats(kBatch * kTime * kInputs, 1.0);
  const int aux_width = variant.aux ? kAux : kInputs;
  both.aux = numbers.Floats(kBatch * kTime * aux_width, 1.0);
  BidirectionalSequenceLSTMOptions options;
  options.fused_activation_function = Activation::kTanh;
  options.merge_outputs = merge;
  options.time_major = variant.time_major;
  KernelCase& c = both.c;
  c.options = options;
  const auto sequence = [&](int width, const std::vector<float>& values) {
    return KernelTensor::Of<float>(SequenceShape(variant.time_major, width),
                                   values);
  };
  c.inputs = {sequence(kInputs, both.x)};
  AppendCell(c, variant, both.forward, type);
  AppendCell(c, variant, both.backward, type);
  for (int i = 0; i < 2; ++i) {
    c.inputs.push_back(Zeros(kBatch, variant.outputs()));
    c.inputs.push_back(Zeros(kBatch, variant.cells));
  }
  c.inputs.push_back(aux ? sequence(aux_width, both.aux)
                         : KernelTensor::Absent());
  const Weights make(type);
  for (CellWeights* w : {&both.forward, &both.backward}) {
    for (auto& weights : w->aux) {
      c.inputs.push_back(make({variant.cells, kAux}, weights));
    }
  }
  c.outputs.resize(merge ? 1 : 2);
  return both;
}

TEST(Lstm, BothDirections) {
  for (Variant variant : AllVariants()) {
    if (variant.layer_norm) continue;
    for (const bool merge : {false, true}) {
      for (const int aux : {0, 1, 2}) {
        variant.aux = aux == 2;
        const Both both = MakeBoth(variant, DataType::kFloat32, merge, aux > 0);
        const int n = variant.outputs(), width = merge ? 2 * n : n;
        const auto size = static_cast<size_t>(kBatch * kTime * width);
        std::vector<float> first(size), second(size);
        const std::vector<float>& fed =
            aux == 2 ? both.aux : std::vector<float>();
        RunDouble(both.forward, variant, false, both.x, fed, width, 0, first);
        RunDouble(both.backward, variant, true, aux == 1 ? both.aux : both.x,
                  fed, width, merge ? n : 0, merge ? first : second);
        const Shape shape = SequenceShape(variant.time_major, width);
        ExpectNear<float>(both.c, first, 2e-5, shape, 0);
        if (!merge) ExpectNear<float>(both.c, second, 2e-5, shape, 1);
      }
    }
  }
}

TEST(Lstm, BothDirectionsHybrid) {
  Variant variant;
  variant.aux = true;
  Both both = MakeBoth(variant, DataType::kInt8, false, true);
  both.forward.times = both.backward.times = HybridTimes;
  std::vector<float> first(static_cast<size_t>(kBatch * kTime * variant.cells));
  std::vector<float> second = first;
  RunDouble(both.forward, variant, false, both.x, both.aux, variant.cells, 0,
            first);
  RunDouble(both.backward, variant, true, both.x, both.aux, variant.cells, 0,
            second);
  ExpectNear<float>(both.c, first, 6e-3);
  ExpectNear<float>(both.c, second, 6e-3, Shape::UnknownRank(), 1);
}

TEST(Lstm, RefusesWhatDoesNotFit) {
  Variant variant;
  variant.peephole = variant.projection = variant.layer_norm = true;
  const Single good = MakeSingle(variant, DataType::kFloat32, {});
  ASSERT_TRUE(RunKernel(good.c).ok());
  for (size_t i = 1; i < good.c.inputs.size(); ++i) {
    KernelCase c = good.c;
    c.inputs[i] = KernelTensor::Absent();
    // The projection's bias is the one tensor that may go alone.
    EXPECT_EQ(RunKernel(c).ok(), i == 17) << "input " << i << " is absent";
    if (!good.c.inputs[i].present()) continue;
    c.inputs[i] = KernelTensor::Of<float>({1}, {1});
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is too small";
    c.inputs[i] = good.c.inputs[i];
    c.inputs[i].type = DataType::kInt32;
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is int32";
  }
}

TEST(Lstm, RefusesBadOptionsAndScales) {
  const Variant variant;
  KernelCase c = MakeSingle(variant, DataType::kFloat32, {}).c;
  UnidirectionalSequenceLSTMOptions options;
  options.cell_clip = -1;
  c.options = options;
  ExpectRefused(c, "prepare", "cell_clip");
  c = MakeSingle(variant, DataType::kInt8, {}).c;
  c.inputs[2].quantization.scale = {0};
  ExpectRefused(c, "prepare", "without a quantization scale");
  c = MakeSingle(variant, DataType::kFloat32, {}).c;
  c.inputs[18].is_variable = false;
  ExpectRefused(c, "prepare", "variable");
}

TEST(Lstm, EmptySequences) {
  const Variant variant;
  for (const Shape& shape : {Shape{kBatch, 0, kInputs}, Shape{0, 2, kInputs}}) {
    KernelCase c = MakeSingle(variant, DataType::kFloat32, {}).c;
    c.inputs[0] = KernelTensor::Of<float>(shape, {});
    c.inputs[18] = Zeros(shape[0], variant.outputs());
    c.inputs[19] = Zeros(shape[0], variant.cells);
    ExpectValues<float>(c, {}, {shape[0], shape[1], variant.outputs()});
  }
}

}  // namespace liteforge::lstm_test
