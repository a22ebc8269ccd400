// SPDX-License-Identifier: Apache-2.0
// Inputs of nodes are written differently in a graph and in a function body:
//
//   graph     "node" | "node:1" | "^node"
//   function  "argument" | "argument:1" | "node:output_argument:0" | "^node"
//             (and "node:1" where raise_control_flow.h made the body)
//
// Source: tensorflow/core/framework/function.proto.
#include "import/saved_model/flatten.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"
#include "function/image_normalization.h"
#include "import/saved_model/flatten_scope.h"

namespace liteforge {
namespace {

// A graph may multiply by functions calling functions; what no model needs is
// refused before memory is.
constexpr int64_t kMostNodes = 4'000'000, kAlwaysNodes = 100'000;
constexpr int64_t kMostCopies = 100;  // of a node, on average

bool IsCall(std::string_view op) {
  return op == "PartitionedCall" || op == "StatefulPartitionedCall";
}

// Nodes that do something for the program, nothing for the result. They are met
// where an effect comes after them.
bool IsDropped(std::string_view op) {
  static const std::set<std::string_view> kOps = {
      "Assert",        "ControlTrigger", "MergeV2Checkpoints", "NoOp",
      "PrintV2",       "Save",           "SaveSlices",         "SaveV2",
      "ScalarSummary", "Stage",          "MutexLock",          "WriteSummary",
  };
  return kOps.contains(op);
}

tf::NameAttrList CallTo(const std::string& function) {
  tf::NameAttrList call;
  call.set_name(function);
  return call;
}

// -1 for what is no number of an output.
int ToInt(std::string_view text) {
  constexpr int kMostOutputs = 1 << 24;
  int value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_one = error == std::errc() &&
                      end == text.data() + text.size() && value >= 0 &&
                      value < kMostOutputs;
  return is_one ? value : -1;
}

}  // namespace

//------------------------------------------------------------------- names

std::string Flattener::NewName(const std::string& name) {
  if (names_.insert(name).second) return name;
  for (int i = 1;; ++i) {
    std::string next = fmt::format("{}_{}", name, i);
    if (names_.insert(next).second) return next;
  }
}

Result<Flattener::Point> Flattener::Locate(const Scope& scope,
                                           std::string_view input) const {
  const bool control = input.starts_with('^');
  if (scope.function == nullptr) {
    const InputReference at = ParseInput(input);
    const auto fed = scope.fed.find({at.node, at.output});
    return Point{at.node, at.output, control,
                 fed == scope.fed.end() ? nullptr : &fed->second};
  }
  if (control) return Point{input.substr(1), 0, true, nullptr};
  const size_t first = input.find(':');
  const std::string_view name = input.substr(0, first);
  const std::string_view rest =
      first == std::string_view::npos ? "0" : input.substr(first + 1);
  const auto argument = scope.arguments.find(name);
  const size_t second = rest.find(':');
  if (second == std::string_view::npos) {
    const int index = ToInt(rest);
    if (argument == scope.arguments.end()) return Point{name, index};
    if (index >= 0 && static_cast<size_t>(index) < argument->second.size())
      return Point{name, index, false,
                   &argument->second[static_cast<size_t>(index)]};
  } else if (const auto node = scope.nodes.find(name);
             node != scope.nodes.end()) {
    const int offset = ToInt(rest.substr(second + 1));
    if (offset >= 0) {
      TRY_ASSIGN(const int output,
                 source_.model.OutputIndex(*node->second,
                                           rest.substr(0, second), offset));
      return Point{name, output};
    }
  }
  return InvalidModel(fmt::format(
      "'{}' is read, which does not exist; the graph is damaged", input));
}

//-------------------------------------------------------------------- walk

const tf::NodeDef* Flattener::FindNode(const Scope& scope,
                                       std::string_view name) const {
  if (scope.function == nullptr) return source_.model.FindNode(name);
  const auto found = scope.nodes.find(name);
  return found == scope.nodes.end() ? nullptr : found->second;
}

// Depth first without recursion: graphs are deep. A control input counts where
// an effect lies behind it.
Result<void> Flattener::Visit(Scope& scope, std::string_view root) {
  struct Step {
    const tf::NodeDef* def;
    int next_input;
  };
  std::vector<Step> stack;
  const auto enter = [&](std::string_view name) -> Result<void> {
    const tf::NodeDef* def = FindNode(scope, name);
    if (def == nullptr) {
      return InvalidModel(fmt::format(
          "node '{}' is read, which does not exist; the graph is damaged",
          name));
    }
    if (!scope.open.insert(def->name()).second) {
      return InvalidModel(fmt::format(
          "node '{}' depends on itself; the graph is damaged", name));
    }
    stack.push_back({def, 0});
    return {};
  };
  if (scope.done.contains(root)) return {};
  TRY(enter(root));
  while (!stack.empty()) {
    Step& step = stack.back();
    const tf::NodeDef& def = *step.def;
    if (step.next_input < def.input_size()) {
      TRY_ASSIGN(const Point at, Locate(scope, def.input(step.next_input++)));
      const bool counts = at.control ? scope.behind_effects->contains(at.node)
                                     : at.known == nullptr;
      if (counts && !scope.done.contains(at.node)) TRY(enter(at.node));
      continue;
    }
    auto outputs = Expand(scope, def);
    if (!outputs) {
      Error error = std::move(outputs.error());
      if (!error.where.empty()) return tl::unexpected(std::move(error));
      return tl::unexpected(std::move(error).In(
          fmt::format("node '{}' ({})", def.name(), def.op())));
    }
    scope.done[def.name()] = *std::move(outputs);
    scope.open.erase(def.name());
    stack.pop_back();
    TRY(CheckSize());
  }
  return {};
}

Result<void> Flattener::CheckSize() const {
  const int64_t most = std::min(
      kMostNodes, kAlwaysNodes + kMostCopies * source_.model.node_count());
  if (spent_ + function_.graph.node_size() <= most) return {};
  return Unsupported(fmt::format(
      "the graph has more than {} nodes with its functions inlined", most));
}

Result<Operand> Flattener::Resolve(Scope& scope, std::string_view input) {
  TRY_ASSIGN(const Point at, Locate(scope, input));
  if (at.known != nullptr) return *at.known;
  TRY(Visit(scope, at.node));
  const Operands& outputs = scope.done.at(at.node);
  if (at.output < 0 || static_cast<size_t>(at.output) >= outputs.size()) {
    if (at.output > 0 && outputs.size() == 1 && outputs[0].is_node)
      return TensorOperand(fmt::format("{}:{}", outputs[0].tensor, at.output));
    return InvalidModel(
        fmt::format("output {} of node '{}' is read, which does not exist",
                    at.output, at.node));
  }
  return outputs[static_cast<size_t>(at.output)];
}

Result<Flattener::Operands> Flattener::ResolveInputs(Scope& scope,
                                                     const tf::NodeDef& def) {
  Operands operands;
  for (const std::string& input : def.input()) {
    if (input.starts_with('^')) continue;
    TRY_ASSIGN(Operand operand, Resolve(scope, input));
    operands.push_back(std::move(operand));
  }
  return operands;
}

//------------------------------------------------------------------- nodes

Result<Flattener::Operands> Flattener::Expand(Scope& scope,
                                              const tf::NodeDef& def) {
  const std::string& op = def.op();
  if (IsDropped(op)) return Operands{};
  TRY_ASSIGN(const Operands inputs, ResolveInputs(scope, def));
  if (IsVariableOp(op) || IsTableOp(op)) {
    Operand handle;
    handle.resource = std::make_shared<Resource>(
        Resource{&def, -1, def.name(), IsTableOp(op)});
    handle.by_reference = !IsTableOp(op) && op != "VarHandleOp";
    return Operands{handle};
  }
  if (op == "Const") return CopyConst(NewName(scope.prefix + def.name()), def);
  if (op == "PlaceholderWithDefault" && inputs.size() == 1) return inputs;
  const bool passes_on = op == "Identity" || op == "IdentityN";
  if (passes_on && std::ranges::any_of(inputs, &Operand::is_handle))
    return inputs;
  if (IsCall(op)) {
    const tf::AttrValue* called = FindAttribute(def, "f");
    if (called == nullptr) return InvalidModel("it names no function");
    return Inline(scope, def, called->func(), inputs);
  }
  if (source_.model.FindFunction(op) != nullptr)
    return Inline(scope, def, CallTo(op), inputs);
  if (CallsLater(op)) return CallLater(scope, def, inputs);
  const bool assigns =
      AssignsVariable(op) && !inputs.empty() && inputs[0].resource != nullptr;
  if (assigns || std::ranges::any_of(inputs, &Operand::is_handle))
    return OnResource(scope, def, inputs);
  return Copy(scope, def, inputs);
}

Result<Flattener::Operands> Flattener::Copy(Scope& scope,
                                            const tf::NodeDef& def,
                                            const Operands& inputs) {
  std::vector<std::string> tensors;
  for (const Operand& input : inputs) {
    TRY_ASSIGN(std::string tensor, TensorOf(input));
    tensors.push_back(std::move(tensor));
  }
  tf::NodeDef& node = *function_.graph.add_node();
  node.set_name(NewName(scope.prefix + def.name()));
  node.set_op(def.op());
  for (std::string& tensor : tensors) node.add_input(std::move(tensor));
  for (const auto& [key, value] : def.attr()) {
    if (value.value_case() != tf::AttrValue::kPlaceholder) {
      (*node.mutable_attr())[key] = value;
    } else if (scope.attributes != nullptr) {
      const auto given = scope.attributes->find(value.placeholder());
      if (given != scope.attributes->end())
        (*node.mutable_attr())[key] = given->second;
    }
  }
  return Operands{TensorOperand(node.name(), true)};
}

// A file says one value, and that it stands for many; all such values together
// must not take more memory than any model needs.
Result<void> Flattener::CheckRepeated(int64_t bytes,
                                      const tf::TensorProto& tensor) {
  constexpr int64_t kMostBytes = int64_t{1} << 29;
  constexpr int64_t kFewTimes = 16;
  if (bytes / kFewTimes <= static_cast<int64_t>(tensor.ByteSizeLong()))
    return {};
  repeated_bytes_ += bytes;
  if (repeated_bytes_ <= kMostBytes) return {};
  return Unsupported(fmt::format(
      "constants that repeat one value take more than {} MB together",
      kMostBytes >> 20));
}

Result<Flattener::Operands> Flattener::CopyConst(const std::string& name,
                                                 const tf::NodeDef& def) {
  const tf::AttrValue* value = FindAttribute(def, "value");
  if (value == nullptr || !value->has_tensor())
    return InvalidModel("it has no value; the graph is damaged");
  const tf::TensorProto& tensor = value->tensor();
  const DataType type = FromTensorFlow(tensor.dtype());
  const Shape shape = FromTensorFlow(tensor.tensor_shape());
  if (type == DataType::kString || type == DataType::kNone) {
    tf::NodeDef& node = *function_.graph.add_node();
    node = def;
    node.set_name(name);
    node.clear_input();
    return Operands{TensorOperand(name)};
  }
  const std::string& content = tensor.tensor_content();
  const int64_t bytes = ByteSize(type, shape.elements());
  Blob data;
  if (!content.empty() && bytes == static_cast<int64_t>(content.size())) {
    data =
        Blob::View(std::as_bytes(std::span(content)), source_.model.keeper());
  } else {
    TRY(CheckRepeated(bytes, tensor));
    TRY_ASSIGN(data, DecodeTensor(tensor));
  }
  return Operands{TensorOperand(AddConst(name, type, shape, std::move(data)))};
}

tf::NodeDef& Flattener::AddNode(const std::string& op, const std::string& name,
                                std::initializer_list<std::string> inputs) {
  tf::NodeDef& node = *function_.graph.add_node();
  node.set_name(NewName(name));
  node.set_op(op);
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

std::string Flattener::AddConst(const std::string& name, DataType type,
                                const Shape& shape, Blob data) {
  tf::NodeDef& node = *function_.graph.add_node();
  node.set_name(name);
  node.set_op("Const");
  auto& attributes = *node.mutable_attr();
  attributes["dtype"].set_type(ToTensorFlow(type));
  tf::TensorProto& tensor = *attributes["value"].mutable_tensor();
  tensor.set_dtype(ToTensorFlow(type));
  *tensor.mutable_tensor_shape() = ToTensorFlow(shape);
  function_.constants[name] = std::move(data);
  return name;
}

std::string Flattener::AddInt(const std::string& name, int32_t value) {
  return AddConst(NewName(name), DataType::kInt32, Shape(),
                  Blob::Own(std::vector<int32_t>{value}));
}

Operand Flattener::AddPlaceholder(FunctionArgument argument) {
  tf::NodeDef& node = *function_.graph.add_node();
  argument.tensor = NewName(argument.tensor);
  node.set_name(argument.tensor);
  node.set_op("Placeholder");
  (*node.mutable_attr())["dtype"].set_type(ToTensorFlow(argument.type));
  *(*node.mutable_attr())["shape"].mutable_shape() =
      ToTensorFlow(argument.shape);
  Operand operand = TensorOperand(argument.tensor);
  function_.inputs.push_back(std::move(argument));
  return operand;
}

//------------------------------------------------------------------- graph

namespace {

// The type of a tensor as the nodes that read it name it.
DataType TypeByReaders(const tf::GraphDef& graph, const InputReference& at) {
  for (const tf::NodeDef& node : graph.node()) {
    for (const std::string& input : node.input()) {
      const InputReference read = ParseInput(input);
      if (read.control || read.node != at.node || read.output != at.output)
        continue;
      for (const char* key : {"SrcT", "T"}) {
        if (const tf::AttrValue* type = FindAttribute(node, key))
          return FromTensorFlow(type->type());
      }
    }
  }
  return DataType::kNone;
}

}  // namespace

Result<ConcreteFunction> Flattener::FlattenGraph(
    const std::string& name, const std::vector<FunctionArgument>& inputs,
    const std::vector<FunctionArgument>& outputs) {
  function_.name = name;
  Scope scope;
  scope.behind_effects = &source_.effects.Behind(nullptr);
  for (const FunctionArgument& input : inputs) {
    const InputReference at = ParseInput(input.tensor);
    const tf::NodeDef* node = source_.model.FindNode(at.node);
    if (node == nullptr) {
      return InvalidModel(fmt::format("input '{}': the graph has no node '{}'",
                                      input.name, at.node));
    }
    FunctionArgument argument = input;
    argument.tensor = std::string(at.node);
    for (const char* key : {"dtype", "T"}) {
      const tf::AttrValue* type = FindAttribute(*node, key);
      if (argument.type == DataType::kNone && type != nullptr)
        argument.type = FromTensorFlow(type->type());
    }
    if (argument.type == DataType::kNone)
      argument.type = TypeByReaders(source_.model.meta().graph_def(), at);
    const tf::AttrValue* shape = FindAttribute(*node, "shape");
    if (!argument.shape.has_rank() && shape != nullptr &&
        node->op().starts_with("Placeholder"))
      argument.shape = FromTensorFlow(shape->shape());
    scope.fed[{node->name(), at.output}] = AddPlaceholder(std::move(argument));
    tf::NodeDef& placeholder =
        *function_.graph.mutable_node(function_.graph.node_size() - 1);
    for (const auto& [key, value] : node->attr()) {
      if (key.starts_with(kImageAttribute))
        (*placeholder.mutable_attr())[key] = value;
    }
  }
  for (const FunctionArgument& output : outputs) {
    auto operand = Resolve(scope, output.tensor);
    if (!operand) return tl::unexpected(std::move(operand.error()));
    FunctionArgument argument = output;
    TRY_ASSIGN(argument.tensor, TensorOf(*operand));
    function_.outputs.push_back(std::move(argument));
  }
  TieEffects();
  return std::move(function_);
}

}  // namespace liteforge
