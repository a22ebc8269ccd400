// SPDX-License-Identifier: Apache-2.0
// The walk: order the nodes, lower each through its row in all_ops.cc, bind
// names to inputs and outputs.
//
// A node that cannot be expressed does not stop the walk; whatever depends on
// it is skipped, and all such failures are reported together.
#include "lower/lower.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/try.h"
#include "lower/all_ops.h"
#include "lower/context.h"
#include "lower/graph_order.h"
#include "lower/ir_builder.h"

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

Result<void> CheckOps(const std::vector<OrderedNode>& nodes) {
  std::map<std::string, std::vector<std::string>> missing;
  for (const OrderedNode& node : nodes) {
    const tf::NodeDef& def = *node.def;
    if (def.op() != "Placeholder" && def.op() != "Const" &&
        FindTfOp(def.op()) == nullptr)
      missing[def.op()].push_back(def.name());
  }
  if (missing.empty()) return {};
  std::string list;
  for (const auto& [op, names] : missing)
    list += (list.empty() ? "" : ", ") + DescribeNodes(op, names);
  return Unsupported(
      fmt::format("{} TensorFlow operation{} cannot be converted: {}; build "
                  "the model without {}",
                  missing.size(), missing.size() == 1 ? "" : "s", list,
                  missing.size() == 1 ? "it" : "them"));
}

class Walk {
 public:
  Walk(const ConcreteFunction& function, ir::Graph& graph,
       ConstantEvaluator& evaluator)
      : function_(function), graph_(graph), ir_(graph, evaluator) {}

  Result<ir::Signature> Run();

 private:
  void ReserveNames();
  Result<void> AddInputs();
  Result<void> LowerNode(const OrderedNode& node);
  Result<std::vector<Value*>> Lower(const OrderedNode& node,
                                    std::vector<Value*> inputs);
  Result<Value*> AddConst(const tf::NodeDef& def);
  Result<Blob> ConstData(const tf::NodeDef& def, const tf::TensorProto& tensor);
  // nullptr: it depends on something that could not be lowered.
  Result<Value*> Find(const TensorReference& tensor);
  Result<void> ReportFailures();
  Result<Value*> DistinctOutput(const FunctionArgument& output, Value* value);
  Result<Value*> Copy(Value* value);

  const ConcreteFunction& function_;
  ir::Graph& graph_;
  IrBuilder ir_;
  ir::Signature signature_;
  std::map<TensorReference, Value*> fed_;
  std::map<std::string_view, std::vector<Value*>> lowered_;
  std::set<std::string_view> skipped_;
  std::vector<Error> failures_;
};

Result<ir::Signature> Walk::Run() {
  TRY_ASSIGN(const std::vector<OrderedNode> nodes,
             NodesInOrder(function_, CheckOps));
  ReserveNames();
  signature_.key = function_.name;
  TRY(AddInputs());
  for (const OrderedNode& node : nodes) TRY(LowerNode(node));
  TRY(ReportFailures());
  for (const FunctionArgument& output : function_.outputs) {
    const InputReference tensor = ParseInput(output.tensor);
    TRY_ASSIGN(Value * value, Find({tensor.node, tensor.output}));
    TRY_ASSIGN(value, DistinctOutput(output, value));
    graph_.AddOutput(value);
    signature_.outputs.emplace_back(output.name, value);
  }
  graph_.RemoveDead();
  return std::move(signature_);
}

void Walk::ReserveNames() {
  for (const FunctionArgument& input : function_.inputs)
    ir_.ReserveName(input.name);
  for (const FunctionArgument& output : function_.outputs)
    ir_.ReserveName(output.name);
  for (const tf::NodeDef& node : function_.graph.node())
    ir_.ReserveName(node.name());
}

//---------------------------------------------------------------- inputs

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
    const InputReference tensor = ParseInput(input.tensor);
    Value* value = graph_.AddInput(input.name, input.type, input.shape);
    fed_[{tensor.node, tensor.output}] = value;
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
  auto outputs = Lower(node, std::move(inputs));
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

Result<std::vector<Value*>> Walk::Lower(const OrderedNode& node,
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
  const TfOp& op = *FindTfOp(def.op());
  if (static_cast<int>(inputs.size()) < op.inputs) {
    return InvalidModel(
        fmt::format("it has {} inputs and needs {}; the graph is damaged",
                    inputs.size(), op.inputs));
  }
  LowerContext context(def, std::move(inputs), ir_);
  TRY(op.lower(context));
  return context.outputs();
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

}  // namespace

Result<std::unique_ptr<ir::Module>> Lower(const ConcreteFunction& function,
                                          ConstantEvaluator& evaluator) {
  auto module = std::make_unique<ir::Module>();
  module->graphs.push_back(std::make_unique<ir::Graph>());
  module->graphs[0]->name = "main";
  Walk walk(function, *module->graphs[0], evaluator);
  TRY_ASSIGN(ir::Signature signature, walk.Run());
  module->signatures.push_back(std::move(signature));
  return module;
}

}  // namespace liteforge
