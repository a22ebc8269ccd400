// SPDX-License-Identifier: Apache-2.0
// Calls of functions: inlined, or kept as functions of their own where a node
// calls them later.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"
#include "formats/tensorflow/text_format.h"
#include "function/detection_postprocess.h"
#include "import/saved_model/flatten.h"
#include "import/saved_model/flatten_scope.h"

namespace liteforge {
namespace {

constexpr size_t kMaxCallDepth = 128;

// Operators that call functions by attributes, and which.
const std::vector<const char*>* CalledLater(std::string_view op) {
  static const std::map<std::string_view, std::vector<const char*>> kOps = {
      {"While", {"cond", "body"}},
      {"StatelessWhile", {"cond", "body"}},
      {"If", {"then_branch", "else_branch"}},
      {"StatelessIf", {"then_branch", "else_branch"}},
      {"Case", {"branches"}},
      {"StatelessCase", {"branches"}},
      {"XlaIf", {"then_branch", "else_branch"}},
      {"XlaReduce", {"reducer"}},
      {"XlaReduceWindow", {"computation"}},
      {"XlaScatter", {"update_computation"}},
      {"XlaVariadicReduce", {"reducer"}},
      {"XlaVariadicReduceV2", {"reducer"}},
      {"XlaVariadicSort", {"comparator"}},
      {"XlaWhile", {"cond", "body"}},
  };
  const auto found = kOps.find(op);
  return found == kOps.end() ? nullptr : &found->second;
}

bool IsWhile(std::string_view op) { return op.ends_with("While"); }

// How many values an argument of a function is.
int64_t ArgumentCount(
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

bool CallsLater(std::string_view op) { return CalledLater(op) != nullptr; }

Result<void> Flattener::Enter(Scope& scope, const tf::FunctionDef& function) {
  const std::string& name = function.signature().name();
  if (std::ranges::find(calls_, name) != calls_.end() ||
      calls_.size() >= kMaxCallDepth) {
    return InvalidModel(
        fmt::format("function '{}' calls itself, which has no end", name));
  }
  scope.function = &function;
  scope.behind_effects = &source_.effects.Behind(&function);
  for (const tf::NodeDef& node : function.node_def()) {
    if (!scope.nodes.emplace(node.name(), &node).second) {
      return InvalidModel(fmt::format("function '{}' has two nodes named '{}'",
                                      name, node.name()));
    }
  }
  calls_.push_back(name);
  ++spent_;
  return CheckSize();
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
  TRY(RunEffects(scope));
  calls_.pop_back();
  return outputs;
}

// What a function does beyond what it returns. Files older than control_ret run
// whatever has an effect.
Result<void> Flattener::RunEffects(Scope& scope) {
  if (scope.behind_effects->empty()) return {};
  const tf::FunctionDef& function = *scope.function;
  for (const auto& name : function.signature().control_output()) {
    const auto node = function.control_ret().find(name);
    if (node != function.control_ret().end() &&
        scope.behind_effects->contains(node->second))
      TRY(Visit(scope, node->second));
  }
  if (!function.control_ret().empty()) return {};
  for (const tf::NodeDef& node : function.node_def()) {
    if (scope.behind_effects->contains(node.name()))
      TRY(Visit(scope, node.name()));
  }
  return {};
}

Result<const tf::FunctionDef*> Flattener::Called(
    const tf::NameAttrList& call) const {
  if (const tf::FunctionDef* found = source_.model.FindFunction(call.name()))
    return found;
  return InvalidModel(fmt::format(
      "it calls function '{}', which does not exist; the graph is damaged",
      call.name()));
}

namespace {

// Functions that lower/composites.cc has an operator for.
constexpr std::string_view kKeptAsCalls[] = {
    "addons:DenseImageWarp", "addons:MaxUnpooling2D", "embedding_matmul",
    "non_max_suppression_padded_v2"};

bool IsKeptAsCall(std::string_view name) {
  return std::ranges::find(kKeptAsCalls, name) != std::end(kKeptAsCalls);
}

// What a function says it stands for, in an attribute that is a name, or a name
// with attributes as text; null for those whose body is as good.
Result<std::optional<tf::NameAttrList>> CompositeOf(
    const tf::FunctionDef& function, const std::set<std::string>& custom_ops) {
  const auto found = function.attr().find("_implements");
  if (found == function.attr().end()) return std::nullopt;
  const std::string& text = found->second.s();
  tf::NameAttrList composite;
  if (custom_ops.contains(text) || IsKeptAsCall(text)) {
    composite.set_name(text);
    return composite;
  }
  const auto is_named = [&](const std::string& name) {
    return text.find(name) != std::string::npos;
  };
  const auto is_view_named = [&](std::string_view name) {
    return is_named(std::string(name));
  };
  if (!is_view_named(kDetectionPostProcess) &&
      std::ranges::none_of(kKeptAsCalls, is_view_named) &&
      std::ranges::none_of(custom_ops, is_named))
    return std::nullopt;
  TRY_IN(fmt::format("function '{}': _implements", function.signature().name()),
         ParseText(text, UnknownFields::kSkip, composite));
  const std::string& name = composite.name();
  if (name != kDetectionPostProcess && !custom_ops.contains(name) &&
      !IsKeptAsCall(name))
    return std::nullopt;
  return composite;
}

}  // namespace

Result<Flattener::Operands> Flattener::CopyComposite(
    Scope& scope, const tf::NodeDef& def, const tf::FunctionDef& function,
    const tf::NameAttrList& composite, const Operands& inputs) {
  tf::NodeDef node;
  node.set_name(def.name());
  node.set_op(composite.name());
  *node.mutable_attr() = composite.attr();
  const bool detects = composite.name() == kDetectionPostProcess;
  const auto& results = function.signature().output_arg();
  if (!detects) {
    auto& types = *(*node.mutable_attr())["Tout"].mutable_list();
    for (const auto& result : results)
      types.add_type(ToTensorFlow(TypeOfArgument(result, def.attr())));
  }
  TRY_ASSIGN(const Operands copied, Copy(scope, node, inputs));
  Operands outputs = copied;
  for (int i = 1; i < (detects ? kDetectionOutputs : results.size()); ++i)
    outputs.push_back(TensorOperand(fmt::format("{}:{}", copied[0].tensor, i)));
  return outputs;
}

Result<Flattener::Operands> Flattener::KeepCall(
    Scope& scope, const tf::NodeDef& def, const tf::NameAttrList& call,
    const tf::NameAttrList& composite, const Branch& body,
    const Operands& inputs) {
  tf::NodeDef node;
  node.set_name(def.name());
  node.set_op("PartitionedCall");
  *node.mutable_attr() = composite.attr();
  (*node.mutable_attr())["_implements"].set_s(composite.name());
  (*node.mutable_attr())["f"].mutable_func()->set_name(
      AddFunction(scope.prefix + call.name(), body));
  for (const auto& [key, arguments] :
       {std::pair("Tin", &body.function->inputs),
        std::pair("Tout", &body.function->outputs)}) {
    auto& types = *(*node.mutable_attr())[key].mutable_list();
    for (const FunctionArgument& argument : *arguments)
      types.add_type(ToTensorFlow(argument.type));
  }
  TRY_ASSIGN(const Operands copied, Copy(scope, node, inputs));
  Operands outputs = copied;
  for (size_t i = 1; i < body.function->outputs.size(); ++i)
    outputs.push_back(TensorOperand(fmt::format("{}:{}", copied[0].tensor, i)));
  return outputs;
}

Result<Flattener::Operands> Flattener::Inline(Scope& outer,
                                              const tf::NodeDef& def,
                                              const tf::NameAttrList& call,
                                              const Operands& inputs) {
  TRY_ASSIGN(const tf::FunctionDef* function, Called(call));
  TRY_ASSIGN(const auto composite, CompositeOf(*function, source_.custom_ops));
  const bool of_tensors = std::ranges::none_of(
      inputs, [](const Operand& input) { return input.resource != nullptr; });
  if (composite && (!IsKeptAsCall(composite->name()) ||
                    source_.custom_ops.contains(composite->name())))
    return CopyComposite(outer, def, *function, *composite, inputs);
  if (composite && of_tensors) {
    TRY_ASSIGN(const Branch body, FlattenBranch(call, inputs));
    if (!body.has_effect)
      return KeepCall(outer, def, call, *composite, body, inputs);
  }
  Scope scope;
  scope.prefix = outer.prefix + def.name() + "/";
  scope.attributes = call.attr().empty() ? &def.attr() : &call.attr();
  TRY(Enter(scope, *function));
  size_t next = 0;
  for (const auto& argument : function->signature().input_arg()) {
    Operands& bound = scope.arguments[argument.name()];
    for (int64_t i = ArgumentCount(argument, *scope.attributes); i > 0; --i) {
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
    for (int64_t i = ArgumentCount(argument, call.attr()); i > 0; --i, ++next) {
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
  TieEffects();
  return std::move(function_);
}

Result<Flattener::Branch> Flattener::FlattenBranch(const tf::NameAttrList& call,
                                                   const Operands& arguments) {
  TRY_ASSIGN(const tf::FunctionDef* function, Called(call));
  Flattener inner(source_);
  inner.calls_ = calls_;
  inner.spent_ = spent_;
  inner.repeated_bytes_ = repeated_bytes_;
  TRY_ASSIGN(ConcreteFunction flat,
             inner.FlattenFunction(*function, arguments, call));
  spent_ = inner.spent_ + flat.graph.node_size();
  repeated_bytes_ = inner.repeated_bytes_;
  return Branch{std::make_shared<ConcreteFunction>(std::move(flat)),
                !inner.last_effect_.empty()};
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
  std::vector<Branch> branches;
  for (const char* role : *CalledLater(def.op())) {
    tf::AttrValue& called = (*node.mutable_attr())[role];
    if (called.has_func()) {
      TRY_ASSIGN(Branch branch, FlattenBranch(called.func(), arguments));
      called.mutable_func()->set_name(AddFunction(
          fmt::format("{}{}/{}", scope.prefix, def.name(), role), branch));
      branches.push_back(std::move(branch));
      continue;
    }
    for (const tf::NameAttrList& call : called.list().func()) {
      TRY_ASSIGN(Branch branch, FlattenBranch(call, arguments));
      branches.push_back(std::move(branch));
    }
  }
  const bool has_effect = std::ranges::any_of(branches, &Branch::has_effect);
  if (def.op().ends_with("Case")) {
    TRY_ASSIGN(node, CaseAsIf(scope.prefix + def.name(), std::move(branches),
                              tensors));
    node.set_name(def.name());
  }
  TRY_ASSIGN(const Operands copied, Copy(scope, node, tensors));
  tf::NodeDef& added =
      *function_.graph.mutable_node(function_.graph.node_size() - 1);
  if (has_effect) {
    After(added);
    HasEffect(added);
  }
  if (!IsWhile(def.op())) return copied;
  Operands outputs;
  int result = 0;
  for (const Operand& input : inputs) {
    outputs.push_back(
        input.resource != nullptr
            ? input
            : TensorOperand(fmt::format("{}:{}", copied[0].tensor, result++)));
  }
  return outputs;
}

std::string Flattener::AddFunction(const std::string& name,
                                   const Branch& branch) {
  const std::string key = NewName(name);
  function_.functions[key] = branch.function;
  return key;
}

//-------------------------------------------------------------------- Case

namespace {

tf::NodeDef IfNode(const std::string& name, const std::string& then,
                   const std::string& otherwise) {
  tf::NodeDef node;
  node.set_name(name);
  node.set_op("If");
  (*node.mutable_attr())["then_branch"].mutable_func()->set_name(then);
  (*node.mutable_attr())["else_branch"].mutable_func()->set_name(otherwise);
  return node;
}

void AddPlaceholder(ConcreteFunction& function, FunctionArgument argument) {
  tf::NodeDef& node = *function.graph.add_node();
  node.set_name(argument.tensor);
  node.set_op("Placeholder");
  (*node.mutable_attr())["dtype"].set_type(ToTensorFlow(argument.type));
  function.inputs.push_back(std::move(argument));
}

// The types of what the functions take and give, for the nodes that call them.
void SetTypes(tf::NodeDef& node, const ConcreteFunction& called) {
  auto& attributes = *node.mutable_attr();
  for (const auto& [key, arguments] :
       {std::pair("Tin", &called.inputs), std::pair("Tout", &called.outputs)}) {
    auto& list = *attributes[key].mutable_list();
    for (const FunctionArgument& argument : *arguments)
      list.add_type(ToTensorFlow(argument.type));
  }
}

// if is[0] then first(rest…) else other(is[1…], rest…), `count` conditions.
ConcreteFunction ElseOf(std::shared_ptr<const ConcreteFunction> first,
                        std::shared_ptr<const ConcreteFunction> other,
                        size_t count) {
  ConcreteFunction function;
  function.name = "otherwise";
  for (size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("is_{}", i);
    AddPlaceholder(function, {name, name, DataType::kBool, Shape()});
  }
  for (size_t i = count - 1; i < other->inputs.size(); ++i) {
    FunctionArgument argument = other->inputs[i];
    argument.name = argument.tensor = fmt::format("argument_{}", i);
    AddPlaceholder(function, std::move(argument));
  }
  tf::NodeDef node = IfNode("if", "then", "else");
  SetTypes(node, *other);
  for (const FunctionArgument& input : function.inputs)
    node.add_input(input.tensor);
  function.outputs = other->outputs;
  for (size_t i = 0; i < function.outputs.size(); ++i)
    function.outputs[i].tensor = OutputName("if", static_cast<int>(i));
  *function.graph.add_node() = std::move(node);
  function.functions["then"] = std::move(first);
  function.functions["else"] = std::move(other);
  return function;
}

// The same function, with `count` conditions more that it does not look at.
std::shared_ptr<const ConcreteFunction> Ignoring(const ConcreteFunction& called,
                                                 size_t count) {
  auto function = std::make_shared<ConcreteFunction>(called);
  std::vector<FunctionArgument> inputs;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("unused/is_{}", i);
    AddPlaceholder(*function, {name, name, DataType::kBool, Shape()});
    inputs.push_back(std::move(function->inputs.back()));
    function->inputs.pop_back();
  }
  function->inputs.insert(function->inputs.begin(), inputs.begin(),
                          inputs.end());
  return function;
}

}  // namespace

// if index = 0 then branch 0, else if index = 1 then branch 1 … else the last.
// An If hands the same values to both of its branches, the conditions that are
// left to look at among them.
Result<tf::NodeDef> Flattener::CaseAsIf(const std::string& name,
                                        std::vector<Branch> branches,
                                        Operands& tensors) {
  if (branches.empty()) return InvalidModel("it has no branches");
  std::vector<std::string> conditions;
  for (size_t i = 0; i < std::max<size_t>(branches.size(), 2) - 1; ++i) {
    const std::string index = AddInt(name + "/index", static_cast<int32_t>(i));
    tf::NodeDef& equal =
        AddNode("Equal", name + "/is", {tensors[0].tensor, index});
    (*equal.mutable_attr())["T"].set_type(tf::DT_INT32);
    conditions.push_back(equal.name());
  }
  const size_t count = conditions.size();
  // From the last branch backwards; a part looks at conditions i, i+1, ….
  std::shared_ptr<const ConcreteFunction> part = branches.back().function;
  for (size_t i = count - 1; i > 0; --i) {
    const size_t left = count - 1 - i;
    part = std::make_shared<ConcreteFunction>(ElseOf(
        Ignoring(*branches[i].function, left), std::move(part), left + 1));
  }
  tensors.erase(tensors.begin());
  for (size_t i = 0; i < count; ++i)
    tensors.insert(tensors.begin() + static_cast<ptrdiff_t>(i),
                   TensorOperand(conditions[i]));
  const Branch first{std::make_shared<ConcreteFunction>(
      *Ignoring(*branches.front().function, count - 1))};
  const Branch rest{std::make_shared<ConcreteFunction>(*part)};
  tf::NodeDef node = IfNode(name, AddFunction(name + "/then", first),
                            AddFunction(name + "/else", rest));
  SetTypes(node, *rest.function);
  return node;
}

}  // namespace liteforge
