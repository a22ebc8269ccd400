// SPDX-License-Identifier: Apache-2.0
// SimpleRNN, LSTM, GRU, and RNN of their cells, also stacked:
//   x [batch, time, in] (and initial states [batch, units]) ->
//   y [batch, units], or [batch, time, units] with return_sequences; then the
//   last states with return_state
// as a loop over time, which may be of unknown length. `unroll` and a single
// step are written out.
// Source: keras/src/backend/tensorflow/rnn.py.
#include <algorithm>
#include <deque>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/recurrent_cell.h"

namespace liteforge {
namespace {

using nlohmann::json;

// The cells of one layer, bottom first.
struct CellOf {
  const RecurrentCell* cell;
  const json* config;
};

Result<CellOf> CellFrom(const json& object) {
  if (object.is_object() && object.contains("class_name") &&
      object.contains("config") && object["class_name"].is_string()) {
    const std::string name = object["class_name"];
    if (const RecurrentCell* cell = FindRecurrentCell(name))
      return CellOf{cell, &object["config"]};
    return Unsupported("cells of class " + name + " cannot be imported");
  }
  return InvalidModel("its configuration has no cell");
}

// `config` is that of the layer; its class says what it is, "" for RNN.
Result<std::vector<CellOf>> CellsOf(const json& config,
                                    std::string_view layer_class) {
  if (!layer_class.empty())
    return std::vector<CellOf>{{FindRecurrentCell(layer_class), &config}};
  if (!config.contains("cell"))
    return InvalidModel("its configuration has no cell");
  const json& cell = config["cell"];
  const bool stacked = cell.is_object() && cell.contains("class_name") &&
                       cell["class_name"] == "StackedRNNCells";
  std::vector<CellOf> cells;
  if (!stacked) {
    TRY_ASSIGN(cells.emplace_back(), CellFrom(cell));
    return cells;
  }
  if (!cell.contains("config") || !cell["config"].contains("cells") ||
      !cell["config"]["cells"].is_array())
    return InvalidModel("its configuration has no cells");
  for (const json& each : cell["config"]["cells"]) {
    TRY_ASSIGN(cells.emplace_back(), CellFrom(each));
  }
  if (cells.empty()) return InvalidModel("its configuration has no cells");
  return cells;
}

// A cell's own part of the layer: its configuration and its weights.
LayerInstance InstanceOf(const LayerInstance& layer, const CellOf& cell,
                         const std::vector<WeightSpec>& specs, size_t first) {
  LayerInstance own = layer;
  own.config = cell.config;
  own.specs = specs;
  own.constants.clear();
  own.weights.clear();
  for (size_t i = 0; i < specs.size() && first + i < layer.weights.size(); ++i)
    own.weights.push_back(layer.weights[first + i]);
  return own;
}

// Steps through time in one graph: the layer's own or the loop's body.
class Stepper {
 public:
  static Result<Stepper> Of(const LayerContext& c,
                            const std::vector<CellOf>& cells) {
    Stepper stepper;
    size_t first = 0;
    for (const CellOf& cell : cells) {
      const LayerConfig config(*cell.config, c.file.generation);
      TRY_ASSIGN(const auto specs, cell.cell->weights(config));
      stepper.instances_.push_back(InstanceOf(c.layer(), cell, specs, first));
      stepper.cells_.push_back(cell.cell);
      first += specs.size();
      TRY_ASSIGN(const int32_t units, config.Int("units"));
      if (units < 1) return InvalidModel("'units' must be positive");
      for (int i = 0; i < cell.cell->states; ++i)
        stepper.state_sizes_.push_back(units);
    }
    return stepper;
  }

  // Of each state, the cells' in order.
  const std::vector<int32_t>& state_sizes() const { return state_sizes_; }
  // Which state is the layer's output.
  size_t output() const {
    return state_sizes_.size() - static_cast<size_t>(cells_.back()->states);
  }

  // x [batch, in] -> the states after it, in the graph of `f`.
  LayerOutputs Step(FunctionBuilder& f, const KerasFile& file, Tensor x,
                    const std::vector<Tensor>& states) {
    std::vector<Tensor> after;
    auto state = states.begin();
    for (size_t i = 0; i < cells_.size(); ++i) {
      LayerContext own(f, file, instances_[i], {});
      const std::vector<Tensor> before(state, state + cells_[i]->states);
      TRY_ASSIGN(const auto mine, cells_[i]->step(own, x, before));
      x = mine[0];
      after.insert(after.end(), mine.begin(), mine.end());
      state += cells_[i]->states;
    }
    return after;
  }

 private:
  std::deque<LayerInstance> instances_;
  std::vector<const RecurrentCell*> cells_;
  std::vector<int32_t> state_sizes_;
};

// What the states are before the first step: given, or zeros.
LayerOutputs InitialStates(LayerContext& c, const Tensor& x,
                           const std::vector<int32_t>& sizes) {
  std::vector<Tensor> states(c.inputs.begin() + 1, c.inputs.end());
  if (!states.empty() && states.size() != sizes.size()) {
    return InvalidModel("it has " + std::to_string(sizes.size()) +
                        " states and is given " +
                        std::to_string(states.size()) + " initial ones");
  }
  if (!states.empty()) return states;
  const int32_t batch = x.dim(0);
  for (const int32_t size : sizes) {
    if (batch >= 0) {
      states.push_back(c.f.Constant(
          FloatConstant({batch, size},
                        std::vector<float>(static_cast<size_t>(batch) *
                                           static_cast<size_t>(size))),
          "initial_state"));
      continue;
    }
    const Tensor count = Index(ShapeOf(x), 0, 0);
    const Tensor units = c.f.Constant(IntScalar(size));
    states.push_back(
        Fill(Pack(std::vector<Tensor>{count, units}, 0), 0.0f, {batch, size}));
  }
  return states;
}

// What a layer's run gives: y [batch, units], or all of them
// [time, batch, units], and the last states.
struct Outcome {
  Tensor y;
  std::vector<Tensor> states;
};

// `steps` x [time, batch, in] written out.
Result<Outcome> Unroll(LayerContext& c, Stepper& stepper, const Tensor& x,
                       std::vector<Tensor> states, bool sequences) {
  std::vector<Tensor> all;
  for (int32_t t = 0; t < x.dim(0); ++t) {
    TRY_ASSIGN(states, stepper.Step(c.f, c.file, Index(x, 0, t), states));
    all.push_back(states[stepper.output()]);
  }
  return Outcome{sequences ? Pack(all, 0) : all.back(), states};
}

// The loop's values: step number, x, all outputs where they are wanted, states.
std::vector<Tensor> Arguments(FunctionBuilder& f,
                              const std::vector<Tensor>& values) {
  std::vector<Tensor> arguments;
  for (size_t i = 0; i < values.size(); ++i) {
    arguments.push_back(f.Input("value_" + std::to_string(i), values[i].type(),
                                values[i].shape()));
  }
  return arguments;
}

Result<ConcreteFunction> Condition(const std::vector<Tensor>& values) {
  FunctionBuilder f("cond");
  const auto arguments = Arguments(f, values);
  const Tensor& x = arguments[1];
  const Tensor steps =
      x.dim(0) >= 0 ? f.Constant(IntScalar(x.dim(0))) : Index(ShapeOf(x), 0, 0);
  f.Output("go_on", Less(arguments[0], steps));
  return f.Finish();
}

Result<ConcreteFunction> Body(LayerContext& c, Stepper& stepper,
                              const std::vector<Tensor>& values,
                              bool sequences) {
  FunctionBuilder f("body");
  const auto arguments = Arguments(f, values);
  const Tensor& step = arguments[0];
  const Tensor& x = arguments[1];
  const size_t first = sequences ? 3 : 2;
  const std::vector<Tensor> states(
      arguments.begin() + static_cast<ptrdiff_t>(first), arguments.end());
  TRY_ASSIGN(const auto after,
             stepper.Step(f, c.file, Gather(x, step, 0), states));
  std::vector<Tensor> results = {Add(step, f.Constant(IntScalar(1))), x};
  if (sequences) {
    results.push_back(InplaceUpdate(arguments[2], ExpandDims(step, 0),
                                    ExpandDims(after[stepper.output()], 0)));
  }
  results.insert(results.end(), after.begin(), after.end());
  for (size_t i = 0; i < results.size(); ++i)
    f.Output("value_" + std::to_string(i), results[i]);
  return f.Finish();
}

Result<Outcome> Loop(LayerContext& c, const std::vector<CellOf>& cells,
                     Stepper& stepper, const Tensor& x,
                     const std::vector<Tensor>& states, bool sequences) {
  std::vector<Tensor> values = {c.f.Constant(IntScalar(0)), x};
  if (sequences) {
    const int32_t units = stepper.state_sizes()[stepper.output()];
    const Tensor shape = ShapeOf(x);
    const std::vector<Tensor> dims = {Index(shape, 0, 0), Index(shape, 0, 1),
                                      c.f.Constant(IntScalar(units))};
    values.push_back(Fill(Pack(dims, 0), 0.0f, {x.dim(0), x.dim(1), units}));
  }
  values.insert(values.end(), states.begin(), states.end());
  TRY_ASSIGN(Stepper inner, Stepper::Of(c, cells));
  TRY_ASSIGN(ConcreteFunction body, Body(c, inner, values, sequences));
  TRY_ASSIGN(ConcreteFunction cond, Condition(values));
  const auto results = While(values, std::move(cond), std::move(body));
  const ptrdiff_t first = sequences ? 3 : 2;
  const std::vector<Tensor> last(results.begin() + first, results.end());
  return Outcome{sequences ? results[2] : last[stepper.output()], last};
}

Result<void> CheckOptions(const LayerConfig& config) {
  TRY_ASSIGN(const bool stateful, config.Bool("stateful", false));
  if (stateful) {
    return Unsupported(
        "stateful=True keeps states between calls, which is not supported; "
        "pass the states in and out with return_state=True");
  }
  TRY_ASSIGN(const bool time_major, config.Bool("time_major", false));
  if (time_major) return Unsupported("time_major=True is not supported");
  return {};
}

LayerOutputs BuildRecurrent(LayerContext& c, std::string_view layer_class) {
  TRY(CheckOptions(c.config));
  if (c.inputs.empty() || c.inputs[0].rank() != 3) {
    return InvalidModel("its input must be [batch, time, features]" +
                        (c.inputs.empty()
                             ? std::string()
                             : ", it is " + c.inputs[0].shape().ToString()));
  }
  TRY_ASSIGN(const auto cells, CellsOf(*c.layer().config, layer_class));
  TRY_ASSIGN(Stepper stepper, Stepper::Of(c, cells));
  TRY_ASSIGN(const bool sequences, c.config.Bool("return_sequences", false));
  TRY_ASSIGN(const bool state, c.config.Bool("return_state", false));
  TRY_ASSIGN(const bool backwards, c.config.Bool("go_backwards", false));
  TRY_ASSIGN(const bool unroll, c.config.Bool("unroll", false));
  Tensor x = Cast(c.inputs[0], DataType::kFloat32);
  TRY_ASSIGN(const auto states, InitialStates(c, x, stepper.state_sizes()));
  x = Transpose(x, {1, 0, 2});
  if (backwards) x = Reverse(x, 0);
  if (x.dim(0) == 0) return InvalidModel("its input has no steps");
  const bool written_out = x.dim(0) == 1 || (unroll && x.dim(0) > 0);
  TRY_ASSIGN(Outcome outcome,
             written_out ? Unroll(c, stepper, x, states, sequences)
                         : Loop(c, cells, stepper, x, states, sequences));
  if (sequences) outcome.y = Transpose(outcome.y, {1, 0, 2});
  std::vector<Tensor> outputs = {outcome.y};
  if (state)
    outputs.insert(outputs.end(), outcome.states.begin(), outcome.states.end());
  return outputs;
}

LayerOutputs BuildLstm(LayerContext& c) { return BuildRecurrent(c, "LSTM"); }
LayerOutputs BuildGru(LayerContext& c) { return BuildRecurrent(c, "GRU"); }
LayerOutputs BuildSimpleRnn(LayerContext& c) {
  return BuildRecurrent(c, "SimpleRNN");
}
LayerOutputs BuildRnn(LayerContext& c) { return BuildRecurrent(c, ""); }

template <int cell>
Result<std::vector<WeightSpec>> WeightsOf(const LayerConfig& config) {
  constexpr std::string_view kNames[] = {"LSTM", "GRU", "SimpleRNN"};
  return FindRecurrentCell(kNames[cell])->weights(config);
}

Result<std::vector<WeightSpec>> RnnWeights(const LayerConfig& config) {
  const json* cell = config.Find("cell");
  if (cell == nullptr) return InvalidModel("its configuration has no cell");
  const json layer = {{"cell", *cell}};
  TRY_ASSIGN(const auto cells, CellsOf(layer, ""));
  std::vector<WeightSpec> specs;
  for (const CellOf& each : cells) {
    TRY_ASSIGN(const auto own, each.cell->weights(LayerConfig(
                                   *each.config, config.generation())));
    specs.insert(specs.end(), own.begin(), own.end());
  }
  return specs;
}

}  // namespace

const KerasLayer kLstmLayer{"LSTM", BuildLstm, WeightsOf<0>};
const KerasLayer kGruLayer{"GRU", BuildGru, WeightsOf<1>};
const KerasLayer kSimpleRnnLayer{"SimpleRNN", BuildSimpleRnn, WeightsOf<2>};
const KerasLayer kRnnLayer{"RNN", BuildRnn, RnnWeights};

}  // namespace liteforge
