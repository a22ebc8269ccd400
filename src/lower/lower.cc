// SPDX-License-Identifier: Apache-2.0
// The walk: order the nodes, lower each through its row in all_ops.cc, bind
// names to inputs and outputs.
//
// A node that cannot be expressed does not stop the walk; whatever depends on
// it is skipped, and all such failures are reported together.
#include "lower/lower.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/try.h"
#include "lower/all_ops.h"
#include "lower/complex.h"
#include "lower/context.h"
#include "lower/custom.h"
#include "lower/graph_order.h"
#include "lower/ir_builder.h"
#include "ops/string_tensor.h"

namespace liteforge {
namespace {

// "Foo ('a', 'b', 'c' and 2 more)"
std::string DescribeNodes(std::string_view op,
                          const std::vector<std::string>& nodes) {
  constexpr size_t kShown = 3;
  std::string text = fmt::format("{} (", op);
  for (size_t i = 0; i < nodes.size() && i < kShown; ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", nodes[i]);
  if (nodes.size() > kShown)
    text += fmt::format(" and {} more", nodes.size() - kShown);
  return text + ")";
}

// Operations that a function and those it calls need and nothing is known of.
class UnknownOps {
 public:
  explicit UnknownOps(const LowerOptions& options) : options_(options) {}

  // A cycle of nodes that are not known is reported as these, not as damage.
  Result<void> Check(const ConcreteFunction& function) {
    const auto report = [&](const std::vector<OrderedNode>& nodes) {
      Add(function, nodes);
      return Report();
    };
    TRY(NodesInOrder(function, report));
    return {};
  }

 private:
  Result<void> Report() const {
    if (unknown_.empty()) return {};
    std::string list;
    for (const auto& [op, names] : unknown_)
      list += (list.empty() ? "" : ", ") + DescribeNodes(op, names);
    const bool one = unknown_.size() == 1;
    return Unsupported(fmt::format(
        "{} TensorFlow operation{} cannot be converted: {}; build the model "
        "without {}, or name {} with --custom-op if your runtime has {}",
        unknown_.size(), one ? "" : "s", list, one ? "it" : "them",
        one ? "it" : "each", one ? "it" : "them"));
  }

  void Add(const ConcreteFunction& function,
           const std::vector<OrderedNode>& nodes) {
    for (const OrderedNode& node : nodes) {
      const std::string& op = node.def->op();
      if (op != "Placeholder" && op != "Const" && FindTfOp(op) == nullptr &&
          !options_.custom_ops.contains(op))
        unknown_[op].push_back(node.def->name());
    }
    for (const OrderedNode& node : nodes) {
      for (const auto& [key, value] : node.def->attr()) {
        const auto called = function.functions.find(value.func().name());
        if (called == function.functions.end()) continue;
        // What is damaged within is found when it is lowered.
        if (const auto inner = NodesInOrder(*called->second))
          Add(*called->second, *inner);
      }
    }
  }

  const LowerOptions& options_;
  std::map<std::string, std::vector<std::string>> unknown_;
};

using Argument = CalledFunctions::Argument;

// What all walks of a module share.
struct Target {
  ir::Module& module;
  ConstantEvaluator& evaluator;
  const LowerOptions& options;
  // The graphs that set up resources.
  std::map<std::string, int> initializers = {};

  // Leaves the first `count` graphs.
  void Forget(size_t count) {
    module.graphs.resize(count);
    std::erase_if(initializers, [&](const auto& made) {
      return static_cast<size_t>(made.second) >= count;
    });
  }
};

// One function's way into a graph.
class Walk : private CalledFunctions {
 public:
  Walk(const ConcreteFunction& function, Target& target, ir::Graph& graph,
       IrBuilder& ir)
      : function_(function),
        target_(target),
        module_(target.module),
        graph_(graph),
        ir_(ir) {}

  // A signature's function: inputs and outputs carry its keys.
  Result<ir::Signature> RunSignature();
  // A function that is called, as a graph of its own.
  Result<void> RunSubgraph(const std::vector<Argument>& arguments,
                           const std::vector<bool>& kept);
  // The same within the caller's graph.
  Result<std::vector<Value*>> RunInline(const std::vector<Value*>& arguments);

 private:
  Result<std::vector<Value*>> Inline(
      const std::string& function,
      const std::vector<Value*>& arguments) override;
  Result<std::vector<Value*>> Inline(
      const ConcreteFunction& function,
      const std::vector<Value*>& arguments) override;
  Result<int> Lower(const std::string& function,
                    const std::vector<Argument>& arguments,
                    const std::vector<bool>& kept) override;
  Result<int> LowerInitializer(const std::string& key,
                               const std::string& function) override;
  const ir::Graph& graph(int index) const override {
    return *module_.graphs[static_cast<size_t>(index)];
  }
  int graph_count() const override {
    return static_cast<int>(module_.graphs.size());
  }
  void Forget(int count) override {
    target_.Forget(static_cast<size_t>(count));
  }
  Result<size_t> OutputCount(const std::string& function) const override {
    TRY_ASSIGN(const ConcreteFunction* called, Called(function));
    return called->outputs.size();
  }
  bool HandsOn(const std::string& function, size_t i) const override;
  bool IsRead(size_t i) const override {
    return i < current_->read.size() && current_->read[i];
  }
  Result<const ConcreteFunction*> Called(const std::string& name) const;

  Result<void> Run();
  Result<void> CheckArguments(size_t count) const;
  void Feed(const FunctionArgument& input, Value* value) {
    const InputReference tensor = ParseInput(input.tensor);
    fed_[{tensor.node, tensor.output}] = value;
  }
  Result<Value*> OutputOf(const FunctionArgument& output) {
    const InputReference tensor = ParseInput(output.tensor);
    return Find({tensor.node, tensor.output});
  }
  void ReserveNames();
  Result<void> AddInputs();
  Result<void> LowerNode(const OrderedNode& node);
  Result<std::vector<Value*>> LowerOperation(const OrderedNode& node,
                                             std::vector<Value*> inputs);
  int OutputsRead(std::string_view name) const;
  Result<Value*> AddConst(const tf::NodeDef& def);
  Result<Blob> ConstData(const tf::NodeDef& def, const tf::TensorProto& tensor);
  // nullptr: it depends on something that could not be lowered.
  Result<Value*> Find(const TensorReference& tensor);
  Result<void> ReportFailures();
  Result<Value*> DistinctOutput(const FunctionArgument& output, Value* value);
  Result<Value*> Copy(Value* value);

  const ConcreteFunction& function_;
  Target& target_;
  ir::Module& module_;
  ir::Graph& graph_;
  IrBuilder& ir_;
  ir::Signature signature_;
  std::map<TensorReference, Value*> fed_;
  std::map<std::string_view, std::vector<Value*>> lowered_;
  std::set<std::string_view> skipped_;
  std::vector<Error> failures_;
  const OrderedNode* current_ = nullptr;  // the node that is being lowered
};

Result<void> Walk::Run() {
  TRY_ASSIGN(const std::vector<OrderedNode> nodes, NodesInOrder(function_));
  for (const OrderedNode& node : nodes) TRY(LowerNode(node));
  return ReportFailures();
}

Result<ir::Signature> Walk::RunSignature() {
  ReserveNames();
  signature_.key = function_.name;
  TRY(AddInputs());
  TRY(Run());
  for (const FunctionArgument& output : function_.outputs) {
    TRY_ASSIGN(Value * value, OutputOf(output));
    TRY_ASSIGN(value, DistinctOutput(output, value));
    graph_.AddOutput(value);
    signature_.outputs.emplace_back(output.name, value);
  }
  graph_.RemoveDead();
  return std::move(signature_);
}

//------------------------------------------------------- called functions

Result<void> Walk::CheckArguments(size_t count) const {
  if (count == function_.inputs.size()) return {};
  return InvalidModel(fmt::format("it takes {} values and is given {}",
                                  function_.inputs.size(), count));
}

Result<void> Walk::RunSubgraph(const std::vector<Argument>& arguments,
                               const std::vector<bool>& kept) {
  ReserveNames();
  TRY(CheckArguments(arguments.size()));
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Argument& argument = arguments[i];
    const FunctionArgument& input = function_.inputs[i];
    Feed(input,
         argument.constant != nullptr
             ? graph_.AddConstant(input.name, argument.type, argument.shape,
                                  argument.constant->data())
             : graph_.AddInput(input.name, argument.type, argument.shape));
  }
  TRY(Run());
  for (size_t i = 0; i < function_.outputs.size(); ++i) {
    if (i >= kept.size() || !kept[i]) continue;
    const FunctionArgument& output = function_.outputs[i];
    TRY_ASSIGN(Value * value, OutputOf(output));
    // What is handed on needs no copy.
    const bool is_input = value->producer() == nullptr;
    if (value->is_constant() || !is_input || value->is_graph_output()) {
      TRY_ASSIGN(value, DistinctOutput(output, value));
    }
    graph_.AddOutput(value);
  }
  graph_.RemoveDead();
  return {};
}

Result<std::vector<Value*>> Walk::RunInline(
    const std::vector<Value*>& arguments) {
  TRY(CheckArguments(arguments.size()));
  for (size_t i = 0; i < arguments.size(); ++i)
    Feed(function_.inputs[i], arguments[i]);
  TRY(Run());
  std::vector<Value*> outputs;
  for (const FunctionArgument& output : function_.outputs) {
    TRY_ASSIGN(Value * value, OutputOf(output));
    outputs.push_back(value);
  }
  return outputs;
}

Result<const ConcreteFunction*> Walk::Called(const std::string& name) const {
  const auto found = function_.functions.find(name);
  if (found != function_.functions.end()) return found->second.get();
  return InvalidModel(
      fmt::format("it calls function '{}', which does not exist", name));
}

Result<std::vector<Value*>> Walk::Inline(const std::string& function,
                                         const std::vector<Value*>& arguments) {
  TRY_ASSIGN(const ConcreteFunction* called, Called(function));
  auto values = Inline(*called, arguments);
  if (values) return values;
  return tl::unexpected(
      std::move(values.error()).In(fmt::format("function '{}'", function)));
}

Result<std::vector<Value*>> Walk::Inline(const ConcreteFunction& function,
                                         const std::vector<Value*>& arguments) {
  return Walk(function, target_, graph_, ir_).RunInline(arguments);
}

Result<int> Walk::Lower(const std::string& function,
                        const std::vector<Argument>& arguments,
                        const std::vector<bool>& kept) {
  TRY_ASSIGN(const ConcreteFunction* called, Called(function));
  auto graph = std::make_unique<ir::Graph>();
  graph->name = function;
  IrBuilder ir(*graph, target_.evaluator);
  Walk walk(*called, target_, *graph, ir);
  if (auto done = walk.RunSubgraph(arguments, kept); !done) {
    return tl::unexpected(
        std::move(done.error()).In(fmt::format("function '{}'", function)));
  }
  module_.graphs.push_back(std::move(graph));
  return static_cast<int>(module_.graphs.size()) - 1;
}

Result<int> Walk::LowerInitializer(const std::string& key,
                                   const std::string& function) {
  if (const auto made = target_.initializers.find(key);
      made != target_.initializers.end())
    return made->second;
  TRY_ASSIGN(const int graph, Lower(function, {}, {}));
  target_.initializers[key] = graph;
  return graph;
}

bool Walk::HandsOn(const std::string& function, size_t i) const {
  const auto called = Called(function);
  if (!called || i >= (*called)->inputs.size() ||
      i >= (*called)->outputs.size())
    return false;
  const ConcreteFunction& f = **called;
  std::string_view tensor = ParseInput(f.outputs[i].tensor).node;
  // Through Identities, which are many in bodies of loops.
  for (int steps = 0; steps < f.graph.node_size(); ++steps) {
    if (tensor == ParseInput(f.inputs[i].tensor).node) return true;
    const auto node =
        std::find_if(f.graph.node().begin(), f.graph.node().end(),
                     [&](const tf::NodeDef& n) { return n.name() == tensor; });
    if (node == f.graph.node().end() || node->op() != "Identity" ||
        node->input_size() < 1)
      return false;
    tensor = ParseInput(node->input(0)).node;
  }
  return false;
}

//---------------------------------------------------------------- inputs

void Walk::ReserveNames() {
  for (const FunctionArgument& input : function_.inputs)
    ir_.ReserveName(input.name);
  for (const FunctionArgument& output : function_.outputs)
    ir_.ReserveName(output.name);
  for (const tf::NodeDef& node : function_.graph.node())
    ir_.ReserveName(node.name());
}

Result<void> Walk::AddInputs() {
  std::set<std::string_view> keys;
  for (const FunctionArgument& input : function_.inputs) {
    const std::string place = fmt::format("input '{}'", input.name);
    if (!keys.insert(input.name).second)
      return InvalidModel(place + " occurs twice");
    if (input.type == DataType::kNone)
      return InvalidModel(place + " has no element type");
    if (input.type == DataType::kFloat64) {
      return Unsupported(
          place +
          " is float64, which TFLite's kernels do not compute in; "
          "build the model in float32");
    }
    Value* value = graph_.AddInput(input.name, input.type, input.shape);
    Feed(input, value);
    signature_.inputs.emplace_back(input.name, value);
  }
  return {};
}

//----------------------------------------------------------------- nodes

Result<Value*> Walk::Find(const TensorReference& tensor) {
  if (const auto fed = fed_.find(tensor); fed != fed_.end()) return fed->second;
  if (skipped_.count(tensor.first) > 0) return nullptr;
  const auto& outputs = lowered_.at(tensor.first);
  const auto index = static_cast<size_t>(tensor.second);
  if (index >= outputs.size() || outputs[index] == nullptr) {
    return InvalidModel(
        fmt::format("output {} of node '{}' is read, which does not exist or "
                    "has no value in inference",
                    tensor.second, tensor.first));
  }
  return outputs[index];
}

Result<void> Walk::LowerNode(const OrderedNode& node) {
  const tf::NodeDef& def = *node.def;
  const std::string place = fmt::format("node '{}' ({})", def.name(), def.op());
  std::vector<Value*> inputs;
  for (const TensorReference& tensor : node.inputs) {
    auto value = Find(tensor);
    if (!value) return tl::unexpected(std::move(value.error()).In(place));
    if (*value == nullptr) {
      skipped_.insert(def.name());
      return {};
    }
    inputs.push_back(*value);
  }
  ir_.SetSource(def.name());
  auto outputs = LowerOperation(node, std::move(inputs));
  if (outputs) {
    lowered_[def.name()] = *std::move(outputs);
    return {};
  }
  Error error = std::move(outputs.error()).In(place);
  if (error.code != ErrorCode::kUnsupported)
    return tl::unexpected(std::move(error));
  failures_.push_back(std::move(error));
  skipped_.insert(def.name());
  return {};
}

Result<std::vector<Value*>> Walk::LowerOperation(const OrderedNode& node,
                                                 std::vector<Value*> inputs) {
  const tf::NodeDef& def = *node.def;
  if (def.op() == "Const") {
    TRY_ASSIGN(Value * value, AddConst(def));
    return std::vector<Value*>{value};
  }
  if (def.op() == "Placeholder") {
    return InvalidModel(
        "it is needed but is none of the function's inputs; name it as one");
  }
  current_ = &node;
  const TfOp* op = FindTfOp(def.op());
  const size_t least = op == nullptr ? 0 : static_cast<size_t>(op->inputs);
  if (inputs.size() < least) {
    return InvalidModel(
        fmt::format("it has {} inputs and needs {}; the graph is damaged",
                    inputs.size(), least));
  }
  LowerContext context(def, std::move(inputs), ir_, *this);
  if (op != nullptr) {
    const bool complex = std::ranges::any_of(
        context.inputs(), [](const Value* input) { return IsComplex(*input); });
    TRY(complex ? LowerOnComplex(context, *op) : op->lower(context));
  } else {
    TRY(LowerCustom(context, OutputsRead(def.name())));
  }
  return context.outputs();
}

// How many outputs of a node something reads: up to the last one.
int Walk::OutputsRead(std::string_view name) const {
  int count = 1;
  const auto count_read = [&](const std::string& text) {
    const InputReference input = ParseInput(text);
    if (!input.control && input.node == name)
      count = std::max(count, input.output + 1);
  };
  for (const tf::NodeDef& node : function_.graph.node()) {
    for (const std::string& input : node.input()) count_read(input);
  }
  for (const FunctionArgument& output : function_.outputs)
    count_read(output.tensor);
  return count;
}

Result<void> Walk::ReportFailures() {
  if (failures_.empty()) return {};
  if (failures_.size() == 1) return tl::unexpected(std::move(failures_[0]));
  std::string list;
  for (const Error& failure : failures_)
    list += (list.empty() ? "" : "\n  ") + failure.ToString();
  return Unsupported(fmt::format("{} nodes cannot be converted:\n  {}",
                                 failures_.size(), list));
}

//-------------------------------------------------------------- constants

Result<Blob> Walk::ConstData(const tf::NodeDef& def,
                             const tf::TensorProto& tensor) {
  const auto beside = function_.constants.find(def.name());
  if (beside != function_.constants.end()) return beside->second;
  return DecodeTensor(tensor);
}

Result<Value*> Walk::AddConst(const tf::NodeDef& def) {
  const auto found = def.attr().find("value");
  if (found == def.attr().end() || !found->second.has_tensor())
    return InvalidModel(
        "attribute 'value' is missing or no tensor; the graph is damaged");
  const tf::TensorProto& tensor = found->second.tensor();
  const DataType type = FromTensorFlow(tensor.dtype());
  const Shape shape = FromTensorFlow(tensor.tensor_shape());
  if (type == DataType::kString) {
    TRY_ASSIGN(const auto strings, DecodeStrings(tensor));
    TRY_ASSIGN(auto packed, PackStrings(strings));
    return graph_.AddConstant(def.name(), type, shape,
                              Blob::Own(std::move(packed)));
  }
  if (BitWidth(type) == 0) {
    return Unsupported(fmt::format("constants of type {} cannot be converted",
                                   tf::DataType_Name(tensor.dtype())));
  }
  const int64_t bytes =
      shape.IsStatic() ? ByteSize(type, shape.elements()) : -1;
  if (bytes < 0)
    return InvalidModel("the constant's shape " + shape.ToString() +
                        " is not one of a tensor");
  TRY_ASSIGN(Blob data, ConstData(def, tensor));
  if (data.size() != static_cast<size_t>(bytes)) {
    return InvalidModel(fmt::format("the constant has {} bytes; {} has {}",
                                    data.size(), Describe(type, shape), bytes));
  }
  return graph_.AddConstant(def.name(), type, shape, std::move(data));
}

//---------------------------------------------------------------- outputs

// A value that can carry the output's name: inputs and values that are outputs
// already are copied, constants doubled.
Result<Value*> Walk::DistinctOutput(const FunctionArgument& output,
                                    Value* value) {
  const ComplexParts* parts = ir_.FindParts(value);
  if (parts != nullptr && parts->only) {
    return Unsupported(fmt::format(
        "output '{}' is complex, which TFLite has no operator for; end in its "
        "real and imaginary parts",
        output.name));
  }
  if (value->is_constant()) {
    return graph_.AddConstant(output.name, value->type, value->shape,
                              value->data());
  }
  if (value->producer() == nullptr || value->is_graph_output()) {
    ir_.SetSource(output.name);
    TRY_ASSIGN(value, Copy(value));
  }
  value->name = output.name;
  return value;
}

Result<Value*> Walk::Copy(Value* value) {
  Value* dims;
  if (CanReshapeTo(value->shape)) {
    const auto known = value->shape.dims();
    dims = ir_.Int32s({known.begin(), known.end()});
  } else {
    TRY_ASSIGN(dims, ir_.ShapeOf(value, DataType::kInt32));
  }
  return ir_.Emit(Op::kReshape, ReshapeOptions{}, {value, dims});
}

// The function's graph comes in front of those that it calls.
Result<ir::Signature> LowerSignature(const ConcreteFunction& function,
                                     Target& target) {
  TRY(UnknownOps(target.options).Check(function));
  auto& graphs = target.module.graphs;
  const auto index = static_cast<int>(graphs.size());
  graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *graphs.back();
  graph.name = function.name;
  IrBuilder ir(graph, target.evaluator);
  TRY_ASSIGN(ir::Signature signature,
             Walk(function, target, graph, ir).RunSignature());
  signature.graph = index;
  return signature;
}

}  // namespace

Result<std::unique_ptr<ir::Module>> Lower(
    std::span<const ConcreteFunction> functions, ConstantEvaluator& evaluator,
    const LowerOptions& options) {
  if (functions.empty())
    return InvalidArgument("there is no function to convert; give one");
  auto module = std::make_unique<ir::Module>();
  Target target{*module, evaluator, options};
  std::set<std::string_view> keys;
  for (const ConcreteFunction& function : functions) {
    if (!keys.insert(function.name).second)
      return InvalidArgument(fmt::format(
          "two functions are named '{}'; give each a name of its own",
          function.name));
    const size_t graphs = module->graphs.size();
    auto signature = LowerSignature(function, target);
    if (signature) {
      module->signatures.push_back(*std::move(signature));
      continue;
    }
    Error error = functions.size() == 1
                      ? std::move(signature.error())
                      : std::move(signature.error())
                            .In(fmt::format("signature '{}'", function.name));
    if (options.left_out == nullptr || module->signatures.empty() ||
        error.code != ErrorCode::kUnsupported)
      return tl::unexpected(std::move(error));
    options.left_out->push_back(std::move(error));
    target.Forget(graphs);
  }
  return module;
}

Result<std::unique_ptr<ir::Module>> Lower(const ConcreteFunction& function,
                                          ConstantEvaluator& evaluator) {
  return Lower(std::span(&function, 1), evaluator);
}

}  // namespace liteforge
