// SPDX-License-Identifier: Apache-2.0
//   W, R, projection   int8, symmetric, one scale each
//   P, layer norm      int16, symmetric
//   biases             int32: s(x) s(W); with layer norm 2^-10 s(L); of the
//                      projection s(o tanh(c)) s(M)
//   output state       int8, as the output; o tanh(c) has zero point 0
//   cell state         int16, the least power of two that holds its range
// With int16 activations the output state is int16 and biases are int64; there
// are no intermediate tensors.
// Source: lite/tools/optimize/operator_property.cc, kernels/lstm.cc; of the
// latter lite/micro/kernels/unidirectional_sequence_lstm.cc.
#include "quantize/lstm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/try.h"
#include "quantize/shape_only.h"
#include "quantize/steps.h"

namespace liteforge {
namespace {

constexpr int kGates = 4, kInputGate = 0, kCellGate = 2;
constexpr int kWeights = 1, kRecurrent = 5, kPeephole = 9, kBias = 12;
constexpr int kProjection = 16, kProjectionBias = 17;
constexpr int kOutputState = 18, kCellState = 19, kLayerNorm = 20;

// Of a range of o tanh(c), so that a cell that is never awake has a scale.
constexpr float kLeastHidden = 1e-4f;

// Of i, f, c, o; the cell gate has none.
constexpr std::array<int, kGates> kPeepholeOf = {kPeephole, kPeephole + 1, -1,
                                                 kPeephole + 2};

std::string CellStateOf(const ir::Node& node) {
  return node.output()->name + "/cell_state";
}
std::string HiddenOf(const ir::Node& node) {
  return node.output()->name + "/hidden";
}
std::string GateOf(const ir::Node& node, int gate) {
  return node.output()->name + "/gate_" + std::to_string(gate);
}

bool IsFloatConstant(const ir::Value* value) {
  return value != nullptr && value->is_constant() && !value->is_variable &&
         value->type == DataType::kFloat32;
}

struct Settings {
  Activation activation;
  float cell_clip, projection_clip;
  bool time_major, diagonal;
};

Settings SettingsOf(const ir::Node& node) {
  if (node.op() == Op::kLstm) {
    const auto& o = node.Options<LSTMOptions>();
    return {o.fused_activation_function, o.cell_clip, o.proj_clip, true, false};
  }
  const auto& o = node.Options<UnidirectionalSequenceLSTMOptions>();
  return {o.fused_activation_function, o.cell_clip, o.proj_clip, o.time_major,
          o.diagonal_recurrent_tensors};
}

//--------------------------------------------------------- running it in float

class FloatLstm {
 public:
  explicit FloatLstm(const ir::Node& node)
      : node_(node), settings_(SettingsOf(node)) {
    const Shape& w = node.input(kWeights + 1)->shape;
    const Shape& r = node.input(kRecurrent + 1)->shape;
    cells_ = static_cast<size_t>(w[0]);
    inputs_ = static_cast<size_t>(w[1]);
    outputs_ = static_cast<size_t>(r[1]);
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const ir::Value* value = node.input(static_cast<int>(i));
      constants_.emplace_back();
      if (IsFloatConstant(value)) constants_.back() = value->ToVector<float>();
    }
  }

  Result<void> Run(std::span<const float> values, const Shape& shape,
                   const std::string& graph, Calibration& calibration) {
    if (shape.rank() < 2 || shape.elements() == 0 ||
        shape[shape.rank() - 1] != static_cast<int32_t>(inputs_))
      return {};
    const bool sequence = shape.rank() == 3;
    const int time_axis = settings_.time_major ? 0 : 1;
    const auto batch =
        static_cast<size_t>(sequence ? shape[1 - time_axis] : shape[0]);
    const auto time = static_cast<size_t>(sequence ? shape[time_axis] : 1);
    for (size_t b = 0; b < batch; ++b) {
      c_.assign(cells_, 0);
      h_.assign(outputs_, 0);
      for (size_t t = 0; t < time; ++t) {
        const size_t row = settings_.time_major ? t * batch + b : b * time + t;
        Step(values.subspan(row * inputs_, inputs_));
      }
    }
    const auto add = [&](const std::string& name,
                         const std::vector<float>& seen) -> Result<void> {
      if (seen.empty()) return {};
      return calibration.At(graph, name)
          .Add(seen, static_cast<int64_t>(cells_));
    };
    TRY(add(CellStateOf(node_), cell_seen_));
    TRY(add(HiddenOf(node_), hidden_seen_));
    for (int g = 0; g < kGates; ++g)
      TRY(add(GateOf(node_, g), gate_seen_[static_cast<size_t>(g)]));
    return {};
  }

 private:
  const std::vector<float>& At(int place) const {
    static const std::vector<float> none;
    return static_cast<size_t>(place) < constants_.size()
               ? constants_[static_cast<size_t>(place)]
               : none;
  }

  static void AddProduct(const std::vector<float>& matrix,
                         std::span<const float> x, std::vector<float>& to) {
    for (size_t r = 0; r < to.size(); ++r) {
      double sum = 0;
      for (size_t i = 0; i < x.size(); ++i)
        sum += static_cast<double>(matrix[r * x.size() + i]) *
               static_cast<double>(x[i]);
      to[r] += static_cast<float>(sum);
    }
  }

  std::vector<float> Gate(int g, std::span<const float> x) {
    std::vector<float> v(cells_, 0.0f);
    AddProduct(At(kWeights + g), x, v);
    AddProduct(At(kRecurrent + g), h_, v);
    const int peephole = kPeepholeOf[static_cast<size_t>(g)];
    if (peephole >= 0 && !At(peephole).empty()) {
      for (size_t k = 0; k < cells_; ++k) v[k] += At(peephole)[k] * c_[k];
    }
    if (const auto& norm = At(kLayerNorm + g); !norm.empty()) {
      auto& seen = gate_seen_[static_cast<size_t>(g)];
      seen.insert(seen.end(), v.begin(), v.end());
      Normalize(v);
      for (size_t k = 0; k < cells_; ++k) v[k] *= norm[k];
    }
    for (size_t k = 0; k < cells_ && !At(kBias + g).empty(); ++k)
      v[k] += At(kBias + g)[k];
    for (float& value : v)
      value = g == kCellGate ? std::tanh(value) : 1 / (1 + std::exp(-value));
    return v;
  }

  static void Normalize(std::vector<float>& v) {
    double sum = 0, squares = 0;
    for (const float x : v) {
      sum += static_cast<double>(x);
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    const auto n = static_cast<double>(v.size());
    const double mean = sum / n;
    const double deviation = std::sqrt(squares / n - mean * mean + 1e-8);
    for (float& x : v)
      x = static_cast<float>((static_cast<double>(x) - mean) / deviation);
  }

  static float Clipped(float value, float clip) {
    return clip > 0 ? std::clamp(value, -clip, clip) : value;
  }

  void Step(std::span<const float> x) {
    const std::vector<float> f = Gate(1, x), g = Gate(kCellGate, x);
    std::vector<float> i(cells_);
    if (At(kWeights + kInputGate).empty()) {
      for (size_t k = 0; k < cells_; ++k) i[k] = 1 - f[k];
    } else {
      i = Gate(kInputGate, x);
    }
    for (size_t k = 0; k < cells_; ++k)
      c_[k] = Clipped(f[k] * c_[k] + i[k] * g[k], settings_.cell_clip);
    std::vector<float> hidden = Gate(3, x);
    for (size_t k = 0; k < cells_; ++k) hidden[k] *= std::tanh(c_[k]);
    cell_seen_.insert(cell_seen_.end(), c_.begin(), c_.end());
    hidden_seen_.insert(hidden_seen_.end(), hidden.begin(), hidden.end());
    if (At(kProjection).empty()) {
      h_ = std::move(hidden);
      return;
    }
    std::fill(h_.begin(), h_.end(), 0.0f);
    AddProduct(At(kProjection), hidden, h_);
    for (size_t k = 0; k < outputs_; ++k) {
      if (!At(kProjectionBias).empty()) h_[k] += At(kProjectionBias)[k];
      h_[k] = Clipped(h_[k], settings_.projection_clip);
    }
  }

  const ir::Node& node_;
  const Settings settings_;
  size_t cells_ = 0, inputs_ = 0, outputs_ = 0;
  std::vector<std::vector<float>> constants_;
  std::vector<float> c_, h_;
  std::vector<float> cell_seen_, hidden_seen_;
  std::array<std::vector<float>, kGates> gate_seen_;
};

//------------------------------------------------------------------ rewriting

Parameters SymmetricFor(std::span<const float> values) {
  return ParametersFor(RangeOf(values), DataType::kInt16);
}

Parameters SymmetricBytesFor(ValueRange range) {
  const float largest = std::max({-range.min, range.max, kLeastHidden});
  return {DataType::kInt8, largest / 127, 0};
}

// The least power of two times 2^-15 that holds the range, and that the
// kernels take.
float CellScale(ValueRange range) {
  const float largest = std::max(-range.min, range.max);
  const int exponent =
      largest > 0 ? static_cast<int>(std::ceil(std::log2(largest))) : 0;
  return std::ldexp(1.0f, std::clamp(exponent, 0, 6) - 15);
}

class LstmRewriter {
 public:
  LstmRewriter(ir::Graph& graph, ir::Node* node, const Parameters& input,
               const Parameters& output, const Calibration& calibration,
               CalibrationMethod method)
      : graph_(graph),
        node_(node),
        input_(input),
        output_(output),
        calibration_(calibration),
        method_(method) {}

  void Run() {
    const bool projects = node_->input(kProjection) != nullptr;
    const bool words = input_.type == DataType::kInt16;
    const Parameters hidden =
        projects ? SymmetricBytesFor(Range(HiddenOf(*node_))) : output_;
    for (int g = 0; g < kGates; ++g) {
      const float weights = StoreWeights(kWeights + g);
      StoreWeights(kRecurrent + g);
      if (const int p = kPeepholeOf[static_cast<size_t>(g)]; p >= 0)
        StoreWords(p);
      const float norm = StoreWords(kLayerNorm + g);
      StoreBias(kBias + g,
                norm > 0 ? std::ldexp(norm, -10) : input_.scale * weights,
                words ? DataType::kInt64 : DataType::kInt32);
    }
    const float projection = StoreWeights(kProjection);
    StoreBias(kProjectionBias, hidden.scale * projection, DataType::kInt32);
    SetState(kOutputState, output_);
    SetState(kCellState,
             {DataType::kInt16, CellScale(Range(CellStateOf(*node_))), 0});
    if (words) return;
    for (int g = 0; g < kGates; ++g)
      AddIntermediate(
          g, ParametersFor(Range(GateOf(*node_, g)), DataType::kInt16));
    AddIntermediate(kGates, hidden);
  }

 private:
  ValueRange Range(const std::string& name) const {
    ir::Value key;
    key.name = name;
    const Statistics* s = calibration_.Find(graph_, key);
    return s == nullptr ? ValueRange() : s->Range(method_);
  }

  ir::Value* Store(int place, DataType type, Blob data,
                   Quantization quantization) {
    const ir::Value* from = node_->input(place);
    ir::Value* stored =
        graph_.AddConstant(from->name, type, from->shape, std::move(data));
    stored->quantization = std::move(quantization);
    node_->SetInput(place, stored);
    return stored;
  }

  // All of these return the scale; 0 where the operand is left out.
  float StoreWeights(int place) {
    const ir::Value* from = node_->input(place);
    if (from == nullptr) return 0;
    const QuantizedWeights stored = QuantizeWeights(
        from->ToVector<float>(), from->shape, /*axis=*/-1, DataType::kInt8);
    Store(place, DataType::kInt8, stored.data, Symmetric(stored.scale, 0));
    return stored.scale[0];
  }

  float StoreWords(int place) {
    const ir::Value* from = node_->input(place);
    if (from == nullptr) return 0;
    const std::vector<float> values = from->ToVector<float>();
    const Parameters to = SymmetricFor(values);
    Store(place, DataType::kInt16, QuantizeValues(values, to),
          to.ToQuantization());
    return to.scale;
  }

  void StoreBias(int place, float scale, DataType type) {
    const ir::Value* from = node_->input(place);
    if (from == nullptr) return;
    const std::vector<float> scales = {scale};
    Store(place, type, QuantizeBias(from->ToVector<float>(), scales, type),
          Symmetric(scales, 0));
  }

  void SetState(int place, const Parameters& terms) {
    ir::Value* state = node_->input(place);
    if (state->is_variable) {
      state->type = terms.type;
      state->quantization = terms.ToQuantization();
    } else if (state->is_constant()) {
      Store(place, terms.type, QuantizeValues(state->ToVector<float>(), terms),
            terms.ToQuantization());
    } else {
      node_->SetInput(place, AddConversion(graph_, Op::kQuantize, state,
                                           terms.type, terms.ToQuantization(),
                                           state->name + "_quantized", node_));
    }
  }

  void AddIntermediate(int index, const Parameters& terms) {
    const std::string name =
        node_->output()->name + "/intermediate_" + std::to_string(index);
    ir::Value* value = graph_.AddConstant(name, terms.type, Shape{0}, Blob());
    value->quantization = terms.ToQuantization();
    node_->SetInput(kLstmOperands + index, value);
  }

  ir::Graph& graph_;
  ir::Node* node_;
  const Parameters input_, output_;
  const Calibration& calibration_;
  const CalibrationMethod method_;
};

// Whether all operands fit one another; those that may be left out, too.
bool HasSoundShapes(const ir::Node& node) {
  const ir::Value* weights = node.input(kWeights + 1);
  const ir::Value* recurrent = node.input(kRecurrent + 1);
  if (weights == nullptr || recurrent == nullptr ||
      weights->shape.rank() != 2 || recurrent->shape.rank() != 2)
    return false;
  const int32_t cells = weights->shape[0], inputs = weights->shape[1];
  const int32_t outputs = recurrent->shape[1];
  const auto fits = [&](int place, const Shape& shape) {
    const ir::Value* value = node.input(place);
    return value == nullptr || value->shape == shape;
  };
  bool sound = fits(kProjection, {outputs, cells}) &&
               fits(kProjectionBias, {outputs}) &&
               (node.input(kProjection) != nullptr || outputs == cells);
  for (int g = 0; g < kGates; ++g) {
    const bool may_lack = g == kInputGate;
    for (const int i : {kWeights + g, kRecurrent + g})
      sound = sound && (may_lack || node.input(i) != nullptr);
    const int peephole = kPeepholeOf[static_cast<size_t>(g)];
    sound = sound && fits(kWeights + g, {cells, inputs}) &&
            fits(kRecurrent + g, {cells, outputs}) &&
            (peephole < 0 || fits(peephole, {cells})) &&
            fits(kBias + g, {cells}) && fits(kLayerNorm + g, {cells});
  }
  return sound && (node.input(kWeights) == nullptr) ==
                      (node.input(kRecurrent) == nullptr);
}

bool HasConstantWeights(const ir::Node& node) {
  for (int i = 1; i < static_cast<int>(node.inputs().size()); ++i) {
    if (i == kOutputState || i == kCellState) continue;
    if (node.input(i) != nullptr && !IsFloatConstant(node.input(i)))
      return false;
  }
  return HasSoundShapes(node);
}

// A state of its own, or one that begins as zero, of whatever batch.
bool IsState(const ir::Value* value) {
  if (value == nullptr || value->type != DataType::kFloat32) return false;
  return value->is_variable ? value->has_one_use() : IsAlwaysZero(*value);
}

// Beyond gates and biases int16 activations allow nothing.
bool IsPlainCell(const ir::Node& node) {
  for (const int place : {kWeights, kRecurrent, kBias}) {
    for (int g = 0; g < kGates; ++g) {
      if (node.input(place + g) == nullptr) return false;
    }
  }
  for (const int place : {kPeephole, kPeephole + 1, kPeephole + 2, kProjection,
                          kLayerNorm, kLayerNorm + 1}) {
    if (node.input(place) != nullptr) return false;
  }
  return true;
}

}  // namespace

bool IsFullLstm(const ir::Node& node) {
  const auto operands = static_cast<int>(node.inputs().size());
  if (operands <= kCellState || operands > kLstmOperands) return false;
  if (node.op() == Op::kLstm)
    return node.Options<LSTMOptions>().kernel_type == LSTMKernelType::kFull;
  return node.op() == Op::kUnidirectionalSequenceLstm;
}

std::string WhyNoIntegerLstm(const ir::Graph& graph, const ir::Node& node,
                             const Calibration& calibration, DataType type) {
  if (!IsFullLstm(node)) return "its operands are not those of a full cell";
  if (type == DataType::kInt16 && !IsPlainCell(node))
    return "16x8 cells have no peepholes, projection, layer norm or CIFG";
  const Settings settings = SettingsOf(node);
  if (settings.activation != Activation::kTanh)
    return "its activation is not tanh";
  if (settings.diagonal) return "its recurrent weights are diagonal";
  if (!HasConstantWeights(node)) return "its weights are no constants";
  if (!IsState(node.input(kOutputState)) || !IsState(node.input(kCellState)))
    return "its states do not begin as zero";
  ir::Value key;
  key.name = CellStateOf(node);
  if (calibration.Find(graph, key) == nullptr)
    return "no representative data has reached its cell state";
  return "";
}

std::optional<Parameters> LstmOutputTerms(const ir::Node& node,
                                          ValueRange range, DataType type) {
  if (type != DataType::kInt8 || node.input(kProjection) != nullptr)
    return std::nullopt;
  return SymmetricBytesFor(range);
}

void RewriteLstm(ir::Graph& graph, ir::Node* node, const Parameters& input,
                 const Parameters& output, const Calibration& calibration,
                 CalibrationMethod method) {
  LstmRewriter(graph, node, input, output, calibration, method).Run();
}

LstmWatcher::LstmWatcher(const ir::Module& module) {
  for (const auto& graph : module.graphs) {
    for (const auto& node : graph->nodes()) {
      if (IsFullLstm(*node) && HasConstantWeights(*node))
        readers_.emplace(std::pair(graph.get(), node->input(0)->name),
                         node.get());
    }
  }
}

Result<void> LstmWatcher::See(const ir::Graph& graph, std::string_view tensor,
                              std::span<const float> values, const Shape& shape,
                              Calibration& calibration) const {
  const auto [from, to] =
      readers_.equal_range(std::pair(&graph, std::string(tensor)));
  for (auto reader = from; reader != to; ++reader)
    TRY(FloatLstm(*reader->second).Run(values, shape, graph.name, calibration));
  return {};
}

}  // namespace liteforge
