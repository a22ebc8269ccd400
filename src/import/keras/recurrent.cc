// SPDX-License-Identifier: Apache-2.0
// SimpleRNN, LSTM, GRU, ConvLSTM, and RNN of their cells, also stacked:
//   x [batch, time, …] (and initial states [batch, …]) ->
//   y [batch, …], or [batch, time, …] with return_sequences; then the last
//   states with return_state
// as a loop over time, which may be of unknown length. `unroll` and a single
// step are written out.
//
// Where a mask takes a step away the states stay as they are, and so does the
// output; with zero_output_for_mask it is 0. A stateful layer begins with the
// states it ended with, kept in variables that are 0 at first.
// Source: keras/src/backend/tensorflow/rnn.py.
#include <algorithm>
#include <deque>
#include <memory>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"
#include "import/keras/cudnn_cell.h"
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
  // `x`: the shape of a step's input.
  static Result<Stepper> Of(const LayerContext& c,
                            const std::vector<CellOf>& cells, Shape x) {
    Stepper stepper;
    size_t first = 0;
    for (const CellOf& cell : cells) {
      const LayerConfig config(*cell.config, c.file.generation);
      TRY_ASSIGN(const auto specs, cell.cell->weights(config));
      stepper.instances_.push_back(InstanceOf(c.layer(), cell, specs, first));
      stepper.cells_.push_back(cell.cell);
      first += specs.size();
      TRY_ASSIGN(const Shape state, cell.cell->state_shape(config, x));
      const bool open = !state.IsStatic();
      const int64_t elements = open ? 1 : state.elements();
      if ((open && cell.cell->open_zeros == nullptr) || elements < 1 ||
          elements > kMaxMadeElements / std::max(1, x[0]))
        return Unsupported("its state " + state.ToString() + " is too large");
      for (int i = 0; i < cell.cell->states; ++i)
        stepper.states_.push_back(state);
      x = WithBatch(x[0], state);
    }
    return stepper;
  }

  static Shape WithBatch(int32_t batch, const Shape& state) {
    Shape shape{batch};
    for (const int32_t dim : state.dims()) shape.Append(dim);
    return shape;
  }

  // The shape of each state without the batch, the cells' in order.
  const std::vector<Shape>& states() const { return states_; }
  // Which state is the layer's output.
  size_t output() const {
    return states_.size() - static_cast<size_t>(cells_.back()->states);
  }

  // x of one step -> the states after it, in the graph of `f`.
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
  std::vector<Shape> states_;
};

// What one run through time is about. x [time, batch, …]; mask [time, batch,
// 1…], as many dimensions as a state and the time; empty where all steps count.
struct Run {
  LayerContext& c;
  const std::vector<CellOf>& cells;
  Tensor x, mask;
  bool sequences = false;
  bool zero_output = false;

  Shape step_shape() const {
    Shape shape;
    for (int axis = 1; axis < x.rank(); ++axis) shape.Append(x.dim(axis));
    return shape;
  }
};

// What a layer's run gives: y [batch, …], or all of them [time, batch, …], and
// the last states.
struct Outcome {
  Tensor y;
  std::vector<Tensor> states;
};

//------------------------------------------------------------------- states

Tensor Zeros(LayerContext& c, const Tensor& batch, const Shape& shape) {
  if (shape[0] >= 0) {
    return c.f.Constant(
        FloatConstant(
            shape, std::vector<float>(static_cast<size_t>(shape.elements()))),
        "initial_state");
  }
  std::vector<Tensor> dims = {batch};
  for (int axis = 1; axis < shape.rank(); ++axis)
    dims.push_back(c.f.Constant(IntScalar(shape[axis])));
  return Fill(Pack(dims, 0), 0.0f, shape);
}

// The states a stateful layer keeps between calls.
class KeptStates {
 public:
  static Result<KeptStates> Of(LayerContext& c, int32_t batch,
                               const std::vector<Shape>& states) {
    KeptStates kept;
    TRY_ASSIGN(const bool stateful, c.config.Bool("stateful", false));
    if (!stateful) return kept;
    if (batch < 0)
      return InvalidModel(
          "it is stateful, which takes a fixed number of examples; build the "
          "model with a batch_size");
    for (size_t i = 0; i < states.size(); ++i) {
      const Shape shape = Stepper::WithBatch(batch, states[i]);
      if (!shape.IsStatic())
        return Unsupported(
            "it is stateful, which takes images of a fixed size; give the "
            "model's input a size");
      kept.variables_.push_back(VariableHandle(
          c.f, c.layer().path + "/state_" + std::to_string(i),
          FloatConstant(shape, std::vector<float>(
                                   static_cast<size_t>(shape.elements())))));
      kept.shapes_.push_back(shape);
    }
    return kept;
  }

  bool any() const { return !variables_.empty(); }
  std::vector<Tensor> Read() const {
    std::vector<Tensor> states;
    for (size_t i = 0; i < variables_.size(); ++i)
      states.push_back(
          ReadVariable(variables_[i], DataType::kFloat32, shapes_[i]));
    return states;
  }
  // `y`, once the states are kept.
  Tensor Keep(Tensor y, const std::vector<Tensor>& states) const {
    for (size_t i = 0; i < variables_.size(); ++i)
      y = AssignVariable(variables_[i], states[i], y);
    return y;
  }

 private:
  std::vector<Tensor> variables_;
  std::vector<Shape> shapes_;
};

// What the states are before the first step: given, kept, or zeros. x [time,
// batch, …].
LayerOutputs InitialStates(LayerContext& c, const std::vector<CellOf>& cells,
                           const Tensor& x, const std::vector<Shape>& shapes,
                           const KeptStates& kept) {
  std::vector<Tensor> states(c.inputs.begin() + 1, c.inputs.end());
  TRY_ASSIGN(const auto named, c.TensorArguments("initial_state"));
  states.insert(states.end(), named.begin(), named.end());
  if (!states.empty() && states.size() != shapes.size()) {
    return InvalidModel("it has " + std::to_string(shapes.size()) +
                        " states and is given " +
                        std::to_string(states.size()) + " initial ones");
  }
  if (!states.empty()) return states;
  if (kept.any()) return kept.Read();
  const Tensor batch = x.dim(1) >= 0 ? Tensor() : Index(ShapeOf(x), 0, 1);
  for (const Shape& shape : shapes) {
    if (shape.IsStatic()) {
      states.push_back(Zeros(c, batch, Stepper::WithBatch(x.dim(1), shape)));
      continue;
    }
    if (cells.size() > 1)
      return Unsupported("cells on top of one another on images of any size");
    const LayerConfig config(*cells[0].config, c.file.generation);
    TRY_ASSIGN(states.emplace_back(),
               cells[0].cell->open_zeros(config, Index(x, 0, 0)));
  }
  return states;
}

//-------------------------------------------------------------------- steps

// What a step hands to the next one: the states and, where there is a mask,
// the last output, which is 0 until a step counts whatever the states were.
struct Carried {
  std::vector<Tensor> tensors;
  Tensor y;  // what the step shows
};

Result<Carried> Step(FunctionBuilder& f, const KerasFile& file,
                     Stepper& stepper, const Tensor& x, const Tensor& mask,
                     std::vector<Tensor> before, bool zero_output) {
  Carried after;
  Tensor last;
  if (!mask.empty()) {
    last = before.back();
    before.pop_back();
  }
  TRY_ASSIGN(after.tensors, stepper.Step(f, file, x, before));
  after.y = after.tensors[stepper.output()];
  if (mask.empty()) return after;
  for (size_t i = 0; i < before.size(); ++i)
    after.tensors[i] = Select(mask, after.tensors[i], before[i]);
  if (zero_output) last = f.Constant(FloatScalar(0));
  after.y = Select(mask, after.y, last);
  after.tensors.push_back(after.y);
  return after;
}

// The steps written out.
Result<Outcome> Unroll(Run& run, Stepper& stepper,
                       std::vector<Tensor> carried) {
  std::vector<Tensor> all;
  for (int32_t t = 0; t < run.x.dim(0); ++t) {
    const Tensor mask = run.mask.empty() ? Tensor() : Index(run.mask, 0, t);
    TRY_ASSIGN(Carried after,
               Step(run.c.f, run.c.file, stepper, Index(run.x, 0, t), mask,
                    std::move(carried), run.zero_output));
    carried = std::move(after.tensors);
    all.push_back(after.y);
  }
  return Outcome{run.sequences ? Pack(all, 0) : all.back(), carried};
}

// The loop's values: step number, x, the mask and all outputs where there are
// any, and what is carried.
struct Layout {
  bool masked, sequences;
  size_t mask() const { return 2; }
  size_t outputs() const { return masked ? 3 : 2; }
  size_t carried() const { return outputs() + (sequences ? 1 : 0); }
};

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

Result<ConcreteFunction> Body(const Run& run, Stepper& stepper,
                              const Layout& layout,
                              const std::vector<Tensor>& values) {
  FunctionBuilder f("body");
  std::vector<Tensor> results = Arguments(f, values);
  const Tensor step = results[0];
  const auto carried =
      results.begin() + static_cast<ptrdiff_t>(layout.carried());
  const Tensor mask =
      layout.masked ? Gather(results[layout.mask()], step, 0) : Tensor();
  TRY_ASSIGN(const Carried after,
             Step(f, run.c.file, stepper, Gather(results[1], step, 0), mask,
                  {carried, results.end()}, run.zero_output));
  results[0] = Add(step, f.Constant(IntScalar(1)));
  if (layout.sequences) {
    Tensor& all = results[layout.outputs()];
    all = InplaceUpdate(all, ExpandDims(step, 0), ExpandDims(after.y, 0));
  }
  std::copy(after.tensors.begin(), after.tensors.end(), carried);
  for (size_t i = 0; i < results.size(); ++i)
    f.Output("value_" + std::to_string(i), results[i]);
  return f.Finish();
}

// Room for the outputs of all steps.
Tensor AllOutputs(Run& run, const Tensor& state) {
  const Tensor shape = ShapeOf(run.x), own = ShapeOf(state);
  std::vector<Tensor> dims = {Index(shape, 0, 0), Index(shape, 0, 1)};
  Shape all{run.x.dim(0), run.x.dim(1)};
  for (int axis = 1; axis < state.rank(); ++axis) {
    const int32_t dim = state.dim(axis);
    dims.push_back(dim < 0 ? Index(own, 0, axis)
                           : run.c.f.Constant(IntScalar(dim)));
    all.Append(dim);
  }
  return Fill(Pack(dims, 0), 0.0f, all);
}

Result<Outcome> Loop(Run& run, const Stepper& stepper,
                     const std::vector<Tensor>& carried) {
  const Layout layout{!run.mask.empty(), run.sequences};
  std::vector<Tensor> values = {run.c.f.Constant(IntScalar(0)), run.x};
  if (layout.masked) values.push_back(run.mask);
  if (layout.sequences)
    values.push_back(AllOutputs(run, carried[stepper.output()]));
  values.insert(values.end(), carried.begin(), carried.end());
  TRY_ASSIGN(Stepper inner, Stepper::Of(run.c, run.cells, run.step_shape()));
  TRY_ASSIGN(ConcreteFunction body, Body(run, inner, layout, values));
  TRY_ASSIGN(ConcreteFunction cond, Condition(values));
  const auto results = While(values, std::move(cond), std::move(body));
  Outcome outcome;
  outcome.states.assign(
      results.begin() + static_cast<ptrdiff_t>(layout.carried()),
      results.end());
  if (layout.sequences) {
    outcome.y = results[layout.outputs()];
  } else {
    outcome.y = layout.masked ? outcome.states.back()
                              : outcome.states[stepper.output()];
  }
  return outcome;
}

Result<Outcome> RunThrough(Run& run, Stepper& stepper,
                           std::vector<Tensor> states) {
  TRY_ASSIGN(const bool unroll, run.c.config.Bool("unroll", false));
  const int32_t steps = run.x.dim(0);
  if (steps == 0) return InvalidModel("its input has no steps");
  if (!run.mask.empty()) states.push_back(ZerosLike(states[stepper.output()]));
  constexpr int32_t kMaxUnrolled = 4096;
  const bool written_out =
      steps == 1 || (unroll && steps > 0 && steps <= kMaxUnrolled);
  TRY_ASSIGN(Outcome outcome, written_out ? Unroll(run, stepper, states)
                                          : Loop(run, stepper, states));
  if (!run.mask.empty()) outcome.states.pop_back();
  return outcome;
}

//-------------------------------------------------------------------- layers

// [batch, time, …] and [time, batch, …] are each other's.
Tensor TimeAndBatchSwapped(const Tensor& x) {
  std::vector<int32_t> order = {1, 0};
  for (int32_t axis = 2; axis < x.rank(); ++axis) order.push_back(axis);
  return Transpose(x, order);
}

// A loop's results have the shapes of its body, where the number of examples
// is not known and so, at times, nothing is; the layer knows more.
Tensor WithKnownShape(const Tensor& x) {
  const auto dims = x.shape().dims();
  if (std::ranges::count(dims, Shape::kUnknownDim) > 1) return x;
  return Reshape(x, std::vector<int32_t>(dims.begin(), dims.end()));
}

// The mask of the steps in the order they are run: [time, batch, 1…].
Tensor StepsMask(const Tensor& mask, int rank, bool backwards) {
  if (mask.empty()) return mask;
  Tensor steps = Transpose(mask, {1, 0});
  if (backwards) steps = Reverse(steps, 0);
  while (!steps.empty() && steps.rank() < rank)
    steps = ExpandDims(steps, steps.rank());
  return steps;
}

LayerOutputs RunCells(LayerContext& c, const std::vector<CellOf>& cells) {
  TRY_ASSIGN(const bool time_major, c.config.Bool("time_major", false));
  if (c.inputs.empty() || c.inputs[0].rank() < 3) {
    return InvalidModel("its input must be [batch, time, features]" +
                        (c.inputs.empty()
                             ? std::string()
                             : ", it is " + c.inputs[0].shape().ToString()));
  }
  const Tensor x = Cast(c.inputs[0], DataType::kFloat32);
  if (!c.MaskOf(0).empty() && (time_major || c.MaskOf(0).rank() != 2))
    return Unsupported("its mask " + c.MaskOf(0).shape().ToString() +
                       " is none of steps");
  Run run{c, cells, time_major ? x : TimeAndBatchSwapped(x), {}};
  TRY_ASSIGN(Stepper stepper, Stepper::Of(c, cells, run.step_shape()));
  TRY_ASSIGN(run.sequences, c.config.Bool("return_sequences", false));
  TRY_ASSIGN(run.zero_output, c.config.Bool("zero_output_for_mask", false));
  TRY_ASSIGN(const bool state, c.config.Bool("return_state", false));
  TRY_ASSIGN(const bool backwards, c.config.Bool("go_backwards", false));
  TRY_ASSIGN(const KeptStates kept,
             KeptStates::Of(c, run.x.dim(1), stepper.states()));
  TRY_ASSIGN(const auto states,
             InitialStates(c, cells, run.x, stepper.states(), kept));
  if (backwards) run.x = Reverse(run.x, 0);
  const int state_rank = stepper.states()[stepper.output()].rank();
  run.mask = StepsMask(c.MaskOf(0), state_rank + 2, backwards);
  TRY_ASSIGN(Outcome outcome, RunThrough(run, stepper, states));
  if (run.sequences) {
    if (!time_major) outcome.y = TimeAndBatchSwapped(outcome.y);
    c.output_mask = c.MaskOf(0);
  }
  std::vector<Tensor> outputs = {
      kept.Keep(WithKnownShape(outcome.y), outcome.states)};
  if (state)
    outputs.insert(outputs.end(), outcome.states.begin(), outcome.states.end());
  return outputs;
}

LayerOutputs BuildRecurrent(LayerContext& c, std::string_view layer_class) {
  TRY_ASSIGN(const auto cells, CellsOf(*c.layer().config, layer_class));
  return RunCells(c, cells);
}

LayerOutputs BuildCudnn(LayerContext& c) {
  TRY_ASSIGN(const PlainCell plain,
             FromCudnn(c.layer().kind->class_name, *c.layer().config,
                       c.layer().weights));
  LayerInstance layer = c.layer();
  layer.config = &plain.config;
  layer.constants.clear();
  layer.weights.clear();
  for (const KerasWeight& weight : plain.weights)
    layer.weights.push_back(&weight);
  const Tensor mask = c.MaskOf(0);
  const Tensor masks[] = {mask};
  LayerContext inner(c.f, c.file, layer, c.inputs, masks);
  TRY_ASSIGN(const auto cells, CellsOf(plain.config, plain.class_name));
  auto outputs = RunCells(inner, cells);
  c.output_mask = inner.output_mask;
  return outputs;
}

LayerOutputs BuildConvLstm1D(LayerContext& c) {
  return BuildRecurrent(c, "ConvLSTM1D");
}
LayerOutputs BuildConvLstm2D(LayerContext& c) {
  return BuildRecurrent(c, "ConvLSTM2D");
}
LayerOutputs BuildConvLstm3D(LayerContext& c) {
  return BuildRecurrent(c, "ConvLSTM3D");
}
LayerOutputs BuildLstm(LayerContext& c) { return BuildRecurrent(c, "LSTM"); }
LayerOutputs BuildGru(LayerContext& c) { return BuildRecurrent(c, "GRU"); }
LayerOutputs BuildSimpleRnn(LayerContext& c) {
  return BuildRecurrent(c, "SimpleRNN");
}
LayerOutputs BuildRnn(LayerContext& c) { return BuildRecurrent(c, ""); }

template <int cell>
Result<std::vector<WeightSpec>> WeightsOf(const LayerConfig& config) {
  constexpr std::string_view kNames[] = {
      "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"};
  return FindRecurrentCell(kNames[cell])->weights(config);
}

Result<std::vector<WeightSpec>> CudnnWeights(const LayerConfig&) {
  return std::vector<WeightSpec>{{"kernel"}, {"recurrent_kernel"}, {"bias"}};
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

constexpr std::string_view kArguments = "initial_state";

const KerasLayer kConvLstm1DLayer{"ConvLSTM1D", BuildConvLstm1D, WeightsOf<3>,
                                  Masking::kUses, kArguments};
const KerasLayer kConvLstm2DLayer{"ConvLSTM2D", BuildConvLstm2D, WeightsOf<4>,
                                  Masking::kUses, kArguments};
const KerasLayer kConvLstm3DLayer{"ConvLSTM3D", BuildConvLstm3D, WeightsOf<5>,
                                  Masking::kUses, kArguments};
const KerasLayer kCudnnGruLayer{"CuDNNGRU", BuildCudnn, CudnnWeights,
                                Masking::kUses};
const KerasLayer kCudnnLstmLayer{"CuDNNLSTM", BuildCudnn, CudnnWeights,
                                 Masking::kUses};
const KerasLayer kGruLayer{"GRU", BuildGru, WeightsOf<1>, Masking::kUses,
                           kArguments};
const KerasLayer kLstmLayer{"LSTM", BuildLstm, WeightsOf<0>, Masking::kUses,
                            kArguments};
const KerasLayer kRnnLayer{"RNN", BuildRnn, RnnWeights, Masking::kUses,
                           kArguments};
const KerasLayer kSimpleRnnLayer{"SimpleRNN", BuildSimpleRnn, WeightsOf<2>,
                                 Masking::kUses, kArguments};

}  // namespace liteforge
