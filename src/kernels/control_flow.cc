// SPDX-License-Identifier: Apache-2.0
// Operators that run subgraphs.
//
//   IF                   outputs = test ? then(inputs) : else(inputs)
//   STABLEHLO_CASE       outputs = branch[index](inputs); the last one where
//                        there is no such branch
//   WHILE                values = inputs; while (cond(values)) values =
//                        body(values); outputs = values
//   CALL_ONCE            runs an initialization, in the first run only
//   STABLEHLO_COMPOSITE  outputs = decomposition(inputs)
//
// Values are copied in and out. Outputs have their shapes before the run when
// the inputs have theirs and every way through the operator gives the same.
// Source: tflite/kernels/{if,while,call_once,stablehlo_case,
// stablehlo_composite}.cc.
#include <cstring>
#include <string>

#include "kernels/kernel.h"
#include "kernels/resources.h"

namespace liteforge {
namespace {

using Values = std::vector<const RuntimeTensor*>;

// Inputs of the node from `first` on.
Values InputsFrom(const KernelContext& k, int first) {
  Values values;
  for (int i = first; i < k.input_count(); ++i) values.push_back(&k.Input(i));
  return values;
}

Values OutputsOf(const CallableGraph& graph) {
  Values values;
  for (int i = 0; i < graph.output_count(); ++i)
    values.push_back(&graph.Output(i));
  return values;
}

std::string Numbered(const char* what, int i) {
  return std::string(what) + " " + std::to_string(i);
}

Result<void> CheckPresent(const KernelContext& k) {
  for (int i = 0; i < k.input_count(); ++i) {
    if (!k.HasInput(i))
      return InvalidModel(Numbered("input", i) + " must be there");
  }
  return {};
}

Result<void> CheckCount(const char* what, size_t count, int wanted) {
  if (count == static_cast<size_t>(wanted)) return {};
  return InvalidModel("it has " + std::to_string(count) + " " + what +
                      ", the subgraph that it runs has " +
                      std::to_string(wanted));
}

// Values that go into `graph`. A subgraph's constant input takes no value.
Result<void> CheckInputs(const Values& values, const CallableGraph& graph) {
  TRY(CheckCount("values", values.size(), graph.input_count()));
  for (size_t i = 0; i < values.size(); ++i) {
    const RuntimeTensor& input = graph.Input(static_cast<int>(i));
    if (input.is_constant)
      return InvalidModel(Numbered("input", static_cast<int>(i)) +
                          " of the subgraph that it runs is a constant");
    if (input.type != values[i]->type)
      return InvalidModel(Numbered("value", static_cast<int>(i)) + " is " +
                          std::string(Name(values[i]->type)) +
                          ", the subgraph that it runs takes " +
                          std::string(Name(input.type)));
  }
  return {};
}

std::vector<Shape> ShapesOf(const Values& values) {
  std::vector<Shape> shapes;
  for (const RuntimeTensor* value : values) shapes.push_back(value->shape);
  return shapes;
}

bool AreStatic(const std::vector<Shape>& shapes) {
  for (const Shape& shape : shapes) {
    if (!shape.IsStatic()) return false;
  }
  return true;
}

// What `graph` gives for inputs of these shapes; all unknown while they are.
Result<std::vector<Shape>> ShapesAfter(CallableGraph& graph,
                                       const std::vector<Shape>& inputs) {
  if (!AreStatic(inputs))
    return std::vector<Shape>(static_cast<size_t>(graph.output_count()),
                              Shape::UnknownRank());
  TRY(graph.SetShapes(inputs));
  return ShapesOf(OutputsOf(graph));
}

// A shape that both are.
Shape Common(const Shape& a, const Shape& b) {
  return a == b ? a : Shape::UnknownRank();
}

// Takes a value over into output `i`.
void CopyOut(KernelContext& k, int i, const RuntimeTensor& value) {
  RuntimeTensor& output = k.Output(i);
  const bool text = value.type == DataType::kString;
  if (auto done = k.host().Resize(output, value.shape, text ? value.bytes : 0);
      !done)
    return k.FailEval(done.error());
  if (value.bytes > 0) std::memcpy(output.data, value.data, value.bytes);
}

void CopyOut(KernelContext& k, const Values& values) {
  for (size_t i = 0; i < values.size(); ++i)
    CopyOut(k, static_cast<int>(i), *values[i]);
}

// One call from `values` to the node's outputs.
void Call(KernelContext& k, CallableGraph& graph, const Values& values) {
  auto done = graph.SetInputs(values);
  if (done) done = graph.Invoke();
  if (!done) return k.FailEval(done.error());
  CopyOut(k, OutputsOf(graph));
}

Result<void> NothingToPrepare(KernelContext&) { return {}; }

// A bool of one element.
Result<void> CheckTest(const RuntimeTensor& test) {
  const int64_t count = test.shape.elements();
  if (test.type == DataType::kBool && (count < 0 || count == 1)) return {};
  return InvalidModel("the condition must be one bool, it is " +
                      Describe(test.type, test.shape));
}

//--------------------------------------------------- IF and STABLEHLO_CASE

// The subgraphs that a run chooses one of: then and else, or the cases.
std::vector<int> Branches(const KernelContext& k) {
  if (k.op() == Op::kStablehloCase) {
    const auto& indices =
        k.options<StablehloCaseOptions>().branch_subgraph_indices;
    return {indices.begin(), indices.end()};
  }
  const auto& options = k.options<IfOptions>();
  return {options.then_subgraph_index, options.else_subgraph_index};
}

Result<void> CheckChoice(const KernelContext& k) {
  TRY(CheckPresent(k));
  if (k.input_count() < 1)
    return InvalidModel("it has no input that chooses a branch");
  const RuntimeTensor& choice = k.Input(0);
  if (k.op() == Op::kIf) return CheckTest(choice);
  const int64_t count = choice.shape.elements();
  if (choice.type == DataType::kInt32 && (count < 0 || count == 1)) return {};
  return InvalidModel("the branch index must be one int32, it is " +
                      Describe(choice.type, choice.shape));
}

// An output has a known shape when every branch gives it the same.
Result<void> InferBranches(KernelContext& k, InferContext& c) {
  TRY(CheckChoice(k));
  const std::vector<int> branches = Branches(k);
  if (branches.empty()) return InvalidModel("it has no branches");
  const Values values = InputsFrom(k, 1);
  const auto count = static_cast<size_t>(k.output_count());
  std::vector<DataType> types;
  std::vector<Shape> shapes;
  for (const int branch : branches) {
    CallableGraph& graph = k.host().graph(branch);
    TRY(CheckInputs(values, graph));
    TRY(CheckCount("outputs", count, graph.output_count()));
    TRY_ASSIGN(const auto given, ShapesAfter(graph, ShapesOf(values)));
    const bool first = types.empty() && shapes.empty();
    for (size_t i = 0; i < count; ++i) {
      const DataType type = graph.Output(static_cast<int>(i)).type;
      if (first) {
        types.push_back(type);
        shapes.push_back(given[i]);
      }
      if (type != types[i])
        return InvalidModel(
            Numbered("output", static_cast<int>(i)) +
            " has another type in one branch than in the other");
      shapes[i] = Common(shapes[i], given[i]);
    }
  }
  for (size_t i = 0; i < count; ++i)
    c.SetOutput(static_cast<int>(i), types[i], shapes[i]);
  return {};
}

void EvalIf(KernelContext& k) noexcept {
  const auto& options = k.options<IfOptions>();
  const bool test = *k.Input(0).Data<bool>();
  Call(k,
       k.host().graph(test ? options.then_subgraph_index
                           : options.else_subgraph_index),
       InputsFrom(k, 1));
}

void EvalCase(KernelContext& k) noexcept {
  const auto& branches =
      k.options<StablehloCaseOptions>().branch_subgraph_indices;
  const auto last = static_cast<int32_t>(branches.size()) - 1;
  const int32_t index = *k.Input(0).Data<int32_t>();
  const int32_t chosen = index < 0 || index > last ? last : index;
  Call(k, k.host().graph(branches[static_cast<size_t>(chosen)]),
       InputsFrom(k, 1));
}

//-------------------------------------------------------------------- WHILE

Result<void> CheckLoop(const Values& values, const CallableGraph& cond,
                       const CallableGraph& body) {
  TRY(CheckInputs(values, cond));
  TRY(CheckInputs(values, body));
  TRY(CheckCount("values", values.size(), body.output_count()));
  if (cond.output_count() != 1)
    return InvalidModel("the condition's subgraph must have one output");
  return {};
}

// After SetShapes, when the body's types are known.
Result<void> CheckBody(const Values& values, const CallableGraph& body) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (body.Output(static_cast<int>(i)).type != values[i]->type)
      return InvalidModel(Numbered("value", static_cast<int>(i)) +
                          " has another type after the loop's body");
  }
  return {};
}

// The shapes stay what they are, or nothing is known of them: a value that
// grows may change the shapes of others from the second round on.
Result<void> InferWhile(KernelContext& k, InferContext& c) {
  TRY(CheckPresent(k));
  const Values values = InputsFrom(k, 0);
  const auto& options = k.options<WhileOptions>();
  CallableGraph& cond = k.host().graph(options.cond_subgraph_index);
  CallableGraph& body = k.host().graph(options.body_subgraph_index);
  TRY(CheckLoop(values, cond, body));
  const std::vector<Shape> before = ShapesOf(values);
  TRY(ShapesAfter(cond, before));
  TRY_ASSIGN(const std::vector<Shape> after, ShapesAfter(body, before));
  TRY(CheckTest(cond.Output(0)));
  TRY(CheckBody(values, body));
  const bool stays = AreStatic(before) && before == after;
  for (size_t i = 0; i < values.size(); ++i)
    c.SetOutput(static_cast<int>(i), values[i]->type,
                stays ? before[i] : Shape::UnknownRank());
  return {};
}

Result<bool> Test(CallableGraph& cond) {
  TRY(cond.Invoke());
  TRY(CheckTest(cond.Output(0)));
  return *cond.Output(0).Data<bool>();
}

// Between rounds the values lie in the inputs of the condition: outputs of the
// body may be its inputs, in another order.
Result<void> Loop(const Values& initial, CallableGraph& cond,
                  CallableGraph& body) {
  Values current;
  for (int i = 0; i < cond.input_count(); ++i)
    current.push_back(&cond.Input(i));
  TRY(cond.SetInputs(initial));
  while (true) {
    TRY_ASSIGN(const bool goes_on, Test(cond));
    if (!goes_on) return {};
    TRY(body.SetInputs(current));
    TRY(body.Invoke());
    TRY(cond.SetInputs(OutputsOf(body)));
  }
}

void EvalWhile(KernelContext& k) noexcept {
  const auto& options = k.options<WhileOptions>();
  CallableGraph& cond = k.host().graph(options.cond_subgraph_index);
  CallableGraph& body = k.host().graph(options.body_subgraph_index);
  if (auto done = Loop(InputsFrom(k, 0), cond, body); !done)
    return k.FailEval(done.error());
  for (int i = 0; i < cond.input_count(); ++i) CopyOut(k, i, cond.Input(i));
}

//---------------------------------------------------------------- CALL_ONCE

Result<void> InferCallOnce(KernelContext& k, InferContext&) {
  const CallableGraph& graph =
      k.host().graph(k.options<CallOnceOptions>().init_subgraph_index);
  if (k.input_count() == 0 && graph.input_count() == 0 &&
      graph.output_count() == 0)
    return {};
  return InvalidModel("an initialization must have no inputs and outputs");
}

void EvalCallOnce(KernelContext& k) noexcept {
  const int index = k.options<CallOnceOptions>().init_subgraph_index;
  if (k.host().resources().IsInitialized(index)) return;
  CallableGraph& graph = k.host().graph(index);
  auto done = graph.SetShapes({});
  if (done) done = graph.Invoke();
  if (!done) return k.FailEval(done.error());
  k.host().resources().MarkInitialized(index);
}

//------------------------------------------------------ STABLEHLO_COMPOSITE

CallableGraph& Decomposition(KernelContext& k) {
  return k.host().graph(
      k.options<StableHLOCompositeOptions>().decomposition_subgraph_index);
}

Result<void> InferComposite(KernelContext& k, InferContext& c) {
  TRY(CheckPresent(k));
  const Values values = InputsFrom(k, 0);
  CallableGraph& graph = Decomposition(k);
  TRY(CheckInputs(values, graph));
  TRY(CheckCount("outputs", static_cast<size_t>(k.output_count()),
                 graph.output_count()));
  TRY_ASSIGN(const auto shapes, ShapesAfter(graph, ShapesOf(values)));
  for (int i = 0; i < graph.output_count(); ++i)
    c.SetOutput(i, graph.Output(i).type, shapes[static_cast<size_t>(i)]);
  return {};
}

void EvalComposite(KernelContext& k) noexcept {
  Call(k, Decomposition(k), InputsFrom(k, 0));
}

constexpr char kAllTypes[] = "all";

}  // namespace

extern const Kernel kIf{Op::kIf, kAllTypes, NothingToPrepare, EvalIf,
                        InferBranches};
extern const Kernel kStablehloCase{Op::kStablehloCase, kAllTypes,
                                   NothingToPrepare, EvalCase, InferBranches};
extern const Kernel kWhile{Op::kWhile, kAllTypes, NothingToPrepare, EvalWhile,
                           InferWhile};
extern const Kernel kCallOnce{Op::kCallOnce, kAllTypes, NothingToPrepare,
                              EvalCallOnce, InferCallOnce};
extern const Kernel kStablehloComposite{Op::kStablehloComposite, kAllTypes,
                                        NothingToPrepare, EvalComposite,
                                        InferComposite};

}  // namespace liteforge
