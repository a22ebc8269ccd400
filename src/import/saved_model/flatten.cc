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
#include "formats/tensorflow/text_format.h"
#include "function/detection_postprocess.h"
#include "function/image_normalization.h"

namespace liteforge {
namespace {

// A graph may multiply by functions calling functions; what no model needs is
// refused before memory is.
constexpr int kMaxNodes = 4'000'000;
constexpr size_t kMaxCallDepth = 128;

using OpSet = std::set<std::string_view>;

bool IsVariable(std::string_view op) {
  static const OpSet kOps = {"VarHandleOp", "VariableV2", "Variable"};
  return kOps.contains(op);
}

bool IsCall(std::string_view op) {
  static const OpSet kOps = {"PartitionedCall", "StatefulPartitionedCall"};
  return kOps.contains(op);
}

// Operators that call functions by attributes, and which.
const std::vector<const char*>* CalledLater(std::string_view op) {
  static const std::map<std::string_view, std::vector<const char*>> kOps = {
      {"While", {"cond", "body"}},
      {"StatelessWhile", {"cond", "body"}},
      {"If", {"then_branch", "else_branch"}},
      {"StatelessIf", {"then_branch", "else_branch"}},
      {"Case", {"branches"}},
      {"StatelessCase", {"branches"}},
  };
  const auto found = kOps.find(op);
  return found == kOps.end() ? nullptr : &found->second;
}

bool Assigns(std::string_view op) {
  return op.starts_with("Assign") || op.starts_with("ResourceScatter") ||
         op.starts_with("ScatterUpdate");
}

bool IsWhile(std::string_view op) { return op.ends_with("While"); }

Operand Tensor(std::string name, bool is_node = false) {
  Operand operand;
  operand.tensor = std::move(name);
  operand.is_node = is_node;
  return operand;
}

tf::NameAttrList Named(const std::string& function) {
  tf::NameAttrList call;
  call.set_name(function);
  return call;
}

int ToInt(std::string_view text) {
  int value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : -1;
}

}  // namespace

struct Flattener::Scope {
  const tf::FunctionDef* function = nullptr;  // null: the top graph
  std::string prefix;                         // of new nodes' names
  const AttributeMap* attributes = nullptr;   // that the caller gives
  std::unordered_map<std::string_view, const tf::NodeDef*> nodes;
  std::unordered_map<std::string_view, Operands> arguments;
  std::map<std::pair<std::string_view, int>, Operand> fed;
  std::unordered_map<std::string_view, Operands> done;
  std::unordered_set<std::string_view> open;
};

struct Flattener::Point {
  std::string_view node;
  int output = 0;
  bool control = false;
  const Operand* known = nullptr;  // an argument, or fed
};

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
    TRY_ASSIGN(const int output,
               model_.OutputIndex(*node->second, rest.substr(0, second),
                                  ToInt(rest.substr(second + 1))));
    return Point{name, output};
  }
  return InvalidModel(fmt::format(
      "'{}' is read, which does not exist; the graph is damaged", input));
}

//-------------------------------------------------------------------- walk

// Depth first without recursion: graphs are deep.
Result<void> Flattener::Visit(Scope& scope, std::string_view root) {
  struct Step {
    const tf::NodeDef* def;
    int next_input;
  };
  std::vector<Step> stack;
  const auto enter = [&](std::string_view name) -> Result<void> {
    const auto found = scope.nodes.find(name);
    const tf::NodeDef* def = scope.function == nullptr ? model_.FindNode(name)
                             : found == scope.nodes.end() ? nullptr
                                                          : found->second;
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
      if (!at.control && at.known == nullptr && !scope.done.contains(at.node))
        TRY(enter(at.node));
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
  if (function_.graph.node_size() <= kMaxNodes) return {};
  return Unsupported(
      fmt::format("the graph has more than {} nodes with its functions inlined",
                  kMaxNodes));
}

Result<Operand> Flattener::Resolve(Scope& scope, std::string_view input) {
  TRY_ASSIGN(const Point at, Locate(scope, input));
  if (at.known != nullptr) return *at.known;
  TRY(Visit(scope, at.node));
  const Operands& outputs = scope.done.at(at.node);
  if (at.output < 0 || static_cast<size_t>(at.output) >= outputs.size()) {
    if (at.output > 0 && outputs.size() == 1 && outputs[0].is_node)
      return Tensor(fmt::format("{}:{}", outputs[0].tensor, at.output));
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
  TRY(CheckAssignments(scope, def));
  TRY_ASSIGN(const Operands inputs, ResolveInputs(scope, def));
  if (IsVariable(op)) {
    Resource variable{&def, -1, def.name()};
    Operand handle;
    handle.resource = std::make_shared<Resource>(std::move(variable));
    handle.by_reference = op != "VarHandleOp";
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
  if (model_.FindFunction(op) != nullptr)
    return Inline(scope, def, Named(op), inputs);
  if (CalledLater(op) != nullptr) return CallLater(scope, def, inputs);
  if (std::ranges::any_of(inputs, &Operand::is_handle))
    return ReadResource(scope, def, inputs);
  return Copy(scope, def, inputs);
}

// An assignment that runs before a node would change what it reads. Nodes that
// initialize and restore are never on the way to a signature's outputs.
Result<void> Flattener::CheckAssignments(const Scope& scope,
                                         const tf::NodeDef& def) {
  for (const std::string& input : def.input()) {
    if (!input.starts_with('^')) continue;
    TRY_ASSIGN(const Point at, Locate(scope, input));
    const auto found = scope.nodes.find(at.node);
    const tf::NodeDef* before = scope.function == nullptr
                                    ? model_.FindNode(at.node)
                                : found == scope.nodes.end() ? nullptr
                                                             : found->second;
    if (before == nullptr || !Assigns(before->op())) continue;
    return Unsupported(fmt::format(
        "it runs after '{}' ({}), which changes a variable at run time; "
        "variables must keep their values during inference",
        before->name(), before->op()));
  }
  return {};
}

Result<std::string> Flattener::TensorOf(const Operand& operand) {
  if (operand.resource == nullptr) return operand.tensor;
  const Resource& variable = *operand.resource;
  if (const auto found = read_.find(variable); found != read_.end())
    return found->second;
  TRY_ASSIGN(StoredTensor value,
             variable.node != nullptr
                 ? variables_.ValueOf(*variable.node)
                 : variables_.ValueOfObject(variable.object));
  const std::string name = AddConst(NewName(variable.name), value.type,
                                    value.shape, std::move(value.data));
  function_.variables.insert(name);
  return read_[variable] = name;
}

Result<Flattener::Operands> Flattener::ReadResource(Scope& scope,
                                                    const tf::NodeDef& def,
                                                    const Operands& inputs) {
  const std::string& op = def.op();
  const auto rest = std::span(inputs).subspan(inputs.empty() ? 0 : 1);
  const bool known = (op == "ReadVariableOp" && rest.empty()) ||
                     (op == "ResourceGather" && rest.size() == 1) ||
                     (op == "ResourceGatherNd" && rest.size() == 1);
  if (!known || !inputs[0].is_handle()) {
    if (Assigns(op)) return Unsupported("it changes a variable at run time");
    return Unsupported(
        "it works on a resource in a way that has no form in "
        "TFLite");
  }
  TRY_ASSIGN(const std::string value, TensorOf(inputs[0]));
  if (rest.empty()) return Operands{Tensor(value)};
  tf::NodeDef gather = def;
  gather.set_op(op == "ResourceGather" ? "Gather" : "GatherNd");
  return Copy(scope, gather, {Tensor(value), rest[0]});
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
  return Operands{Tensor(node.name(), true)};
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
    return Operands{Tensor(name)};
  }
  const std::string& content = tensor.tensor_content();
  const int64_t bytes = ByteSize(type, shape.elements());
  Blob data;
  if (!content.empty() && bytes == static_cast<int64_t>(content.size())) {
    data = Blob::View(std::as_bytes(std::span(content)), model_.keeper());
  } else {
    TRY_ASSIGN(data, DecodeTensor(tensor));
  }
  return Operands{Tensor(AddConst(name, type, shape, std::move(data)))};
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

Operand Flattener::AddPlaceholder(FunctionArgument argument) {
  tf::NodeDef& node = *function_.graph.add_node();
  argument.tensor = NewName(argument.tensor);
  node.set_name(argument.tensor);
  node.set_op("Placeholder");
  (*node.mutable_attr())["dtype"].set_type(ToTensorFlow(argument.type));
  *(*node.mutable_attr())["shape"].mutable_shape() =
      ToTensorFlow(argument.shape);
  Operand operand = Tensor(argument.tensor);
  function_.inputs.push_back(std::move(argument));
  return operand;
}

//--------------------------------------------------------------- functions

namespace {

// How many values an argument of a function is.
int64_t CountOf(
    const tf::OpDef::ArgDef& argument,
    const google::protobuf::Map<std::string, tf::AttrValue>& given) {
  const bool number = !argument.number_attr().empty();
  if (!number && argument.type_list_attr().empty()) return 1;
  const auto found =
      given.find(number ? argument.number_attr() : argument.type_list_attr());
  if (found == given.end()) return 1;
  return number ? found->second.i() : found->second.list().type_size();
}

DataType TypeOfArgument(
    const tf::OpDef::ArgDef& argument,
    const google::protobuf::Map<std::string, tf::AttrValue>& given) {
  if (argument.type() != tf::DT_INVALID) return FromTensorFlow(argument.type());
  const auto found = given.find(argument.type_attr());
  return found == given.end() ? DataType::kNone
                              : FromTensorFlow(found->second.type());
}

}  // namespace

Result<void> Flattener::Enter(Scope& scope, const tf::FunctionDef& function) {
  const std::string& name = function.signature().name();
  if (std::ranges::find(calls_, name) != calls_.end() ||
      calls_.size() >= kMaxCallDepth) {
    return InvalidModel(
        fmt::format("function '{}' calls itself, which has no end", name));
  }
  scope.function = &function;
  for (const tf::NodeDef& node : function.node_def()) {
    if (!scope.nodes.emplace(node.name(), &node).second) {
      return InvalidModel(fmt::format("function '{}' has two nodes named '{}'",
                                      name, node.name()));
    }
  }
  calls_.push_back(name);
  return {};
}

Result<Flattener::Operands> Flattener::Leave(Scope& scope) {
  const tf::FunctionDef& function = *scope.function;
  Operands outputs;
  for (const auto& output : function.signature().output_arg()) {
    const auto returned = function.ret().find(output.name());
    if (returned == function.ret().end()) {
      return InvalidModel(fmt::format("function '{}' does not return '{}'",
                                      function.signature().name(),
                                      output.name()));
    }
    TRY_ASSIGN(Operand operand, Resolve(scope, returned->second));
    outputs.push_back(std::move(operand));
  }
  calls_.pop_back();
  return outputs;
}

Result<const tf::FunctionDef*> Flattener::Called(
    const tf::NameAttrList& call) const {
  if (const tf::FunctionDef* found = model_.FindFunction(call.name()))
    return found;
  return InvalidModel(fmt::format(
      "it calls function '{}', which does not exist; the graph is damaged",
      call.name()));
}

namespace {

// What a function says it stands for, in an attribute of text; null for those
// whose body is as good.
Result<std::optional<tf::NameAttrList>> CompositeOf(
    const tf::FunctionDef& function) {
  const auto found = function.attr().find("_implements");
  if (found == function.attr().end() ||
      found->second.s().find(kDetectionPostProcess) == std::string::npos)
    return std::nullopt;
  tf::NameAttrList composite;
  TRY_IN(fmt::format("function '{}': _implements", function.signature().name()),
         ParseText(found->second.s(), UnknownFields::kSkip, composite));
  if (composite.name() != kDetectionPostProcess) return std::nullopt;
  return composite;
}

}  // namespace

Result<Flattener::Operands> Flattener::CopyComposite(
    Scope& scope, const tf::NodeDef& def, const tf::NameAttrList& composite,
    const Operands& inputs) {
  tf::NodeDef node;
  node.set_name(def.name());
  node.set_op(composite.name());
  *node.mutable_attr() = composite.attr();
  TRY_ASSIGN(const Operands copied, Copy(scope, node, inputs));
  Operands outputs = copied;
  for (int i = 1; i < kDetectionOutputs; ++i)
    outputs.push_back(Tensor(fmt::format("{}:{}", copied[0].tensor, i)));
  return outputs;
}

Result<Flattener::Operands> Flattener::Inline(Scope& outer,
                                              const tf::NodeDef& def,
                                              const tf::NameAttrList& call,
                                              const Operands& inputs) {
  TRY_ASSIGN(const tf::FunctionDef* function, Called(call));
  TRY_ASSIGN(const auto composite, CompositeOf(*function));
  if (composite) return CopyComposite(outer, def, *composite, inputs);
  Scope scope;
  scope.prefix = outer.prefix + def.name() + "/";
  scope.attributes = call.attr().empty() ? &def.attr() : &call.attr();
  TRY(Enter(scope, *function));
  size_t next = 0;
  for (const auto& argument : function->signature().input_arg()) {
    Operands& bound = scope.arguments[argument.name()];
    for (int64_t i = CountOf(argument, *scope.attributes); i > 0; --i) {
      if (next == inputs.size()) {
        return InvalidModel(
            fmt::format("it gives {} values to function '{}', which takes more",
                        inputs.size(), function->signature().name()));
      }
      bound.push_back(inputs[next++]);
    }
  }
  return Leave(scope);
}

Result<ConcreteFunction> Flattener::FlattenFunction(
    const tf::FunctionDef& function, const std::vector<Operand>& arguments,
    const tf::NameAttrList& call) {
  function_.name = function.signature().name();
  Scope scope;
  scope.attributes = &call.attr();
  TRY(Enter(scope, function));
  size_t next = 0;
  for (const auto& argument : function.signature().input_arg()) {
    Operands& bound = scope.arguments[argument.name()];
    for (int64_t i = CountOf(argument, call.attr()); i > 0; --i, ++next) {
      if (next < arguments.size() && arguments[next].resource != nullptr) {
        bound.push_back(arguments[next]);
        continue;
      }
      FunctionArgument input{argument.name(), argument.name(),
                             TypeOfArgument(argument, call.attr()),
                             Shape::UnknownRank()};
      if (i > 1 || !bound.empty())
        input.name += fmt::format("_{}", bound.size());
      bound.push_back(AddPlaceholder(std::move(input)));
    }
  }
  TRY_ASSIGN(const Operands outputs, Leave(scope));
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].is_handle()) continue;
    const auto& output = function.signature().output_arg(static_cast<int>(i));
    TRY_ASSIGN(std::string tensor, TensorOf(outputs[i]));
    function_.outputs.push_back({output.name(), std::move(tensor),
                                 TypeOfArgument(output, call.attr()),
                                 Shape::UnknownRank()});
  }
  return std::move(function_);
}

Result<std::shared_ptr<ConcreteFunction>> Flattener::FlattenBranch(
    const tf::NameAttrList& call, const Operands& arguments) {
  TRY_ASSIGN(const tf::FunctionDef* function, Called(call));
  Flattener inner(model_, variables_);
  inner.calls_ = calls_;
  TRY_ASSIGN(ConcreteFunction flat,
             inner.FlattenFunction(*function, arguments, call));
  return std::make_shared<ConcreteFunction>(std::move(flat));
}

Result<Flattener::Operands> Flattener::CallLater(Scope& scope,
                                                 const tf::NodeDef& def,
                                                 const Operands& inputs) {
  // The index or the condition is not handed on.
  const size_t own = IsWhile(def.op()) ? 0 : 1;
  if (inputs.size() < own) return InvalidModel("it has no condition");
  const Operands arguments(inputs.begin() + static_cast<ptrdiff_t>(own),
                           inputs.end());
  Operands tensors;
  std::ranges::copy_if(inputs, std::back_inserter(tensors),
                       [](const Operand& x) { return x.resource == nullptr; });
  tf::NodeDef node = def;
  const auto flatten = [&](tf::NameAttrList& call,
                           std::string_view role) -> Result<void> {
    TRY_ASSIGN(auto branch, FlattenBranch(call, arguments));
    const std::string key =
        NewName(fmt::format("{}{}/{}", scope.prefix, def.name(), role));
    function_.functions[key] = std::move(branch);
    call.set_name(key);
    return {};
  };
  for (const char* role : *CalledLater(def.op())) {
    tf::AttrValue& called = (*node.mutable_attr())[role];
    if (called.has_func()) {
      TRY(flatten(*called.mutable_func(), role));
      continue;
    }
    for (tf::NameAttrList& call : *called.mutable_list()->mutable_func())
      TRY(flatten(call, role));
  }
  TRY_ASSIGN(const Operands copied, Copy(scope, node, tensors));
  if (!IsWhile(def.op())) return copied;
  Operands outputs;
  int result = 0;
  for (const Operand& input : inputs) {
    outputs.push_back(
        input.resource != nullptr
            ? input
            : Tensor(fmt::format("{}:{}", copied[0].tensor, result++)));
  }
  return outputs;
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
  for (const FunctionArgument& input : inputs) {
    const InputReference at = ParseInput(input.tensor);
    const tf::NodeDef* node = model_.FindNode(at.node);
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
      argument.type = TypeByReaders(model_.meta().graph_def(), at);
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
  return std::move(function_);
}

}  // namespace liteforge
