// SPDX-License-Identifier: Apache-2.0
// With a = recurrent_activation, g = activation, * elementwise:
//
//   SimpleRNN  h' = g(x W + h U + b)
//   LSTM       i, f, c~, o = split(x W + h U + b)
//              c' = a(f) * c + a(i) * g(c~),   h' = a(o) * g(c')
//   GRU        z = a(x Wz + h Uz + bz),  r = a(x Wr + h Ur + br)
//              h~ = g(x Wh + (r * h) Uh + bh)
//              or with reset_after h~ = g(x Wh + bh + r * (h Uh + b'h))
//              h' = z * h + (1 - z) * h~
//
// Keras 1 stores a matrix for each gate (LSTM in the order i, c, f, o) unless
// consume_less is "gpu"; Keras 2 and 3 one for all (i, f, c, o; z, r, h).
// Source: keras/src/layers/rnn/{simple_rnn,lstm,gru}.py, keras 1.2
// keras/layers/recurrent.py.
#include "import/keras/recurrent_cell.h"

#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"

namespace liteforge {
namespace {

Result<bool> StoresGates(const LayerConfig& config) {
  if (config.generation() != 1) return false;
  TRY_ASSIGN(const std::string mode, config.String("consume_less", "cpu"));
  return mode != "gpu";
}

Result<std::vector<WeightSpec>> WholeWeights(const LayerConfig& config) {
  std::vector<WeightSpec> specs = {{"kernel"}, {"recurrent_kernel"}};
  TRY_ASSIGN(const bool use_bias, config.Bool("use_bias", true));
  if (use_bias) specs.push_back({"bias"});
  return specs;
}

//-------------------------------------------------------------------- gates

// The weights of one gate as Keras 1 stores them.
struct GateNames {
  std::string_view kernel, recurrent, bias;
};
constexpr GateNames kLstmGates[] = {{"W_i", "U_i", "b_i"},
                                    {"W_f", "U_f", "b_f"},
                                    {"W_c", "U_c", "b_c"},
                                    {"W_o", "U_o", "b_o"}};
constexpr GateNames kGruGates[] = {
    {"W_z", "U_z", "b_z"}, {"W_r", "U_r", "b_r"}, {"W_h", "U_h", "b_h"}};

std::vector<WeightSpec> GateWeights(std::span<const GateNames> gates) {
  std::vector<WeightSpec> specs;
  for (const GateNames& gate : gates) {
    specs.push_back({gate.kernel});
    specs.push_back({gate.recurrent});
    specs.push_back({gate.bias});
  }
  return specs;
}

// [rows, columns] of each part, side by side.
ConstantValue SideBySide(const std::vector<ConstantValue>& parts) {
  const Shape& one = parts[0].shape;
  const auto rows = static_cast<size_t>(one.rank() == 1 ? 1 : one[0]);
  std::vector<float> values;
  std::vector<std::vector<float>> sources;
  for (const ConstantValue& part : parts)
    sources.push_back(part.data.ToVector<float>());
  const size_t columns = rows == 0 ? 0 : sources[0].size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    for (const auto& source : sources) {
      const auto begin = source.begin() + static_cast<ptrdiff_t>(row * columns);
      values.insert(values.end(), begin,
                    begin + static_cast<ptrdiff_t>(columns));
    }
  }
  Shape shape = one;
  shape.set_dim(one.rank() - 1, static_cast<int32_t>(columns * parts.size()));
  return FloatConstant(shape, std::move(values));
}

// Columns [first, first + count) of a matrix.
ConstantValue Columns(const ConstantValue& whole, int32_t first,
                      int32_t count) {
  const std::vector<float> from = whole.data.ToVector<float>();
  const int32_t rows = whole.shape[0], width = whole.shape[1];
  std::vector<float> values;
  for (int32_t row = 0; row < rows; ++row) {
    const auto begin = from.begin() + int64_t{row} * width + first;
    values.insert(values.end(), begin, begin + count);
  }
  return FloatConstant({rows, count}, std::move(values));
}

// A weight of all gates, put together where there is one for each.
Result<ConstantValue> GatedValue(LayerContext& c, std::string_view name,
                                 std::span<const GateNames> gates,
                                 std::string_view GateNames::*member,
                                 const Shape& one) {
  const auto count = static_cast<int32_t>(gates.size());
  Shape all = one;
  all.set_dim(one.rank() - 1, one[one.rank() - 1] * count);
  if (c.HasWeight(name)) return c.WeightValue(name, all);
  std::vector<ConstantValue> parts;
  for (const GateNames& gate : gates) {
    TRY_ASSIGN(parts.emplace_back(), c.WeightValue(gate.*member, one));
  }
  return SideBySide(parts);
}

bool HasBias(const LayerContext& c, std::span<const GateNames> gates) {
  return c.HasWeight("bias") || c.HasWeight(gates[0].bias);
}

Result<int32_t> UnitsOf(const LayerContext& c, const Tensor& x) {
  if (x.rank() != 2 || x.dim(1) < 0) {
    return InvalidModel("a step's input " + x.shape().ToString() +
                        " must be [batch, features] of known features");
  }
  return c.config.Int("units");
}

//---------------------------------------------------------------- SimpleRNN

Result<std::vector<WeightSpec>> SimpleRnnWeights(const LayerConfig& config) {
  return WholeWeights(config);
}

LayerOutputs StepSimpleRnn(LayerContext& c, const Tensor& x,
                           const std::vector<Tensor>& states) {
  TRY_ASSIGN(const int32_t units, UnitsOf(c, x));
  TRY_ASSIGN(const Tensor kernel, c.Weight("kernel", {x.dim(1), units}));
  TRY_ASSIGN(const Tensor recurrent,
             c.Weight("recurrent_kernel", {units, units}));
  Tensor h = MatMul(x, kernel);
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(const Tensor bias, c.Weight("bias", {units}));
    h = BiasAdd(h, bias);
  }
  h = Add(h, MatMul(states[0], recurrent));
  TRY_ASSIGN(h, ApplyActivation(c, h));
  return One(h);
}

//--------------------------------------------------------------------- LSTM

Result<std::vector<WeightSpec>> LstmWeights(const LayerConfig& config) {
  TRY_ASSIGN(const bool gates, StoresGates(config));
  if (!gates) return WholeWeights(config);
  std::vector<WeightSpec> specs = GateWeights(kLstmGates);
  std::rotate(specs.begin() + 3, specs.begin() + 6, specs.begin() + 9);
  return specs;
}

LayerOutputs StepLstm(LayerContext& c, const Tensor& x,
                      const std::vector<Tensor>& states) {
  TRY_ASSIGN(const int32_t units, UnitsOf(c, x));
  TRY_ASSIGN(ConstantValue kernel,
             GatedValue(c, "kernel", kLstmGates, &GateNames::kernel,
                        {x.dim(1), units}));
  TRY_ASSIGN(ConstantValue recurrent,
             GatedValue(c, "recurrent_kernel", kLstmGates,
                        &GateNames::recurrent, {units, units}));
  Tensor z = Add(MatMul(x, c.Constant("all_kernels", std::move(kernel))),
                 MatMul(states[0], c.Constant("all_recurrent_kernels",
                                              std::move(recurrent))));
  if (HasBias(c, kLstmGates)) {
    TRY_ASSIGN(ConstantValue bias,
               GatedValue(c, "bias", kLstmGates, &GateNames::bias, {units}));
    z = BiasAdd(z, c.Constant("all_biases", std::move(bias)));
  }
  const std::vector<Tensor> gates = Split(z, 1, 4);
  const std::string_view recurrent_activation = "recurrent_activation";
  TRY_ASSIGN(const Tensor i,
             ApplyActivation(c, gates[0], recurrent_activation));
  TRY_ASSIGN(const Tensor f,
             ApplyActivation(c, gates[1], recurrent_activation));
  TRY_ASSIGN(const Tensor candidate, ApplyActivation(c, gates[2]));
  TRY_ASSIGN(const Tensor o,
             ApplyActivation(c, gates[3], recurrent_activation));
  const Tensor carry = Add(Mul(f, states[1]), Mul(i, candidate));
  TRY_ASSIGN(const Tensor shown, ApplyActivation(c, carry));
  return std::vector<Tensor>{Mul(o, shown), carry};
}

//---------------------------------------------------------------------- GRU

Result<std::vector<WeightSpec>> GruWeights(const LayerConfig& config) {
  TRY_ASSIGN(const bool gates, StoresGates(config));
  return gates ? GateWeights(kGruGates) : WholeWeights(config);
}

// Rows of the bias: [3 units], or with reset_after [2, 3 units] for the input
// and for the state.
struct GruBias {
  Tensor input, state;
};

Result<GruBias> BiasOf(LayerContext& c, int32_t units, bool reset_after) {
  GruBias bias;
  if (!HasBias(c, kGruGates)) return bias;
  if (!reset_after) {
    TRY_ASSIGN(ConstantValue all,
               GatedValue(c, "bias", kGruGates, &GateNames::bias, {units}));
    bias.input = c.Constant("input_bias", std::move(all));
    return bias;
  }
  TRY_ASSIGN(const ConstantValue both, c.WeightValue("bias", {2, 3 * units}));
  const std::vector<float> values = both.data.ToVector<float>();
  const auto middle = values.begin() + 3 * units;
  bias.input = c.Constant("input_bias",
                          FloatConstant({3 * units}, {values.begin(), middle}));
  bias.state = c.Constant("state_bias",
                          FloatConstant({3 * units}, {middle, values.end()}));
  return bias;
}

Tensor WithBias(const Tensor& x, const Tensor& bias) {
  return bias.empty() ? x : BiasAdd(x, bias);
}

// h~ before its activation.
Result<Tensor> Candidate(LayerContext& c, const Tensor& x, const Tensor& r,
                         const Tensor& h, const ConstantValue& recurrent,
                         const Tensor& state_part, bool reset_after) {
  if (reset_after) return Add(x, Mul(r, state_part));
  const int32_t units = recurrent.shape[0];
  const Tensor own =
      c.Constant("recurrent_kernel_h", Columns(recurrent, 2 * units, units));
  return Add(x, MatMul(Mul(r, h), own));
}

LayerOutputs StepGru(LayerContext& c, const Tensor& x,
                     const std::vector<Tensor>& states) {
  const Tensor& h = states[0];
  TRY_ASSIGN(const int32_t units, UnitsOf(c, x));
  TRY_ASSIGN(const bool reset_after, c.config.Bool("reset_after", false));
  TRY_ASSIGN(ConstantValue kernel,
             GatedValue(c, "kernel", kGruGates, &GateNames::kernel,
                        {x.dim(1), units}));
  TRY_ASSIGN(const ConstantValue recurrent,
             GatedValue(c, "recurrent_kernel", kGruGates, &GateNames::recurrent,
                        {units, units}));
  TRY_ASSIGN(const GruBias bias, BiasOf(c, units, reset_after));
  const auto from_x =
      Split(WithBias(MatMul(x, c.Constant("all_kernels", std::move(kernel))),
                     bias.input),
            1, 3);
  const int32_t used = reset_after ? 3 : 2;
  const Tensor matrix =
      c.Constant("recurrent_kernels", Columns(recurrent, 0, used * units));
  const auto from_h = Split(WithBias(MatMul(h, matrix), bias.state), 1, used);
  TRY_ASSIGN(const Tensor z, ApplyActivation(c, Add(from_x[0], from_h[0]),
                                             "recurrent_activation"));
  TRY_ASSIGN(const Tensor r, ApplyActivation(c, Add(from_x[1], from_h[1]),
                                             "recurrent_activation"));
  TRY_ASSIGN(Tensor candidate,
             Candidate(c, from_x[2], r, h, recurrent,
                       reset_after ? from_h[2] : Tensor(), reset_after));
  TRY_ASSIGN(candidate, ApplyActivation(c, candidate));
  return One(Add(Mul(z, h), Mul(Sub(c.Scalar(1), z), candidate)));
}

Result<Shape> Units(const LayerConfig& config, const Shape&) {
  TRY_ASSIGN(const int32_t units, config.Int("units"));
  if (units < 1) return InvalidModel("'units' must be positive");
  return Shape{units};
}

constexpr RecurrentCell kGru{"GRU", GruWeights, 1, Units, StepGru};
constexpr RecurrentCell kLstm{"LSTM", LstmWeights, 2, Units, StepLstm};
constexpr RecurrentCell kSimpleRnn{"SimpleRNN", SimpleRnnWeights, 1, Units,
                                   StepSimpleRnn};

const RecurrentCell* const kCells[] = {&kConvLstm1D, &kConvLstm2D, &kConvLstm3D,
                                       &kGru,        &kLstm,       &kSimpleRnn};

}  // namespace

const RecurrentCell* FindRecurrentCell(std::string_view class_name) {
  if (class_name.ends_with("Cell"))
    class_name.remove_suffix(std::string_view("Cell").size());
  for (const RecurrentCell* cell : kCells) {
    if (class_name == cell->class_name) return cell;
  }
  return nullptr;
}

}  // namespace liteforge
