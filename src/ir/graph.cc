// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/try.h"
#include "ir/value_info.h"
#include "ops/infer.h"

namespace liteforge::ir {
namespace {

void EraseOne(std::vector<Node*>& users, Node* user) {
  users.erase(std::find(users.begin(), users.end(), user));
}

}  // namespace

TensorInfo InfoOf(const Value* value) {
  // The value of a constant of no elements is known too, and never read.
  alignas(16) static constexpr std::byte kNothing[16] = {};
  if (value == nullptr) return {};
  TensorInfo info{value->type, value->shape, nullptr, &value->quantization};
  if (!value->is_constant()) return info;
  const bool nothing = value->data().empty() && value->shape.elements() == 0;
  info.data = nothing ? kNothing : value->data().data();
  return info;
}

void Node::SetInput(int i, Value* value) {
  const auto at = static_cast<size_t>(i);
  if (at >= inputs_.size()) inputs_.resize(at + 1, nullptr);
  if (inputs_[at] != nullptr) EraseOne(inputs_[at]->users_, this);
  inputs_[at] = value;
  if (value != nullptr) value->users_.push_back(this);
}

void Node::RemoveInput(int i) {
  SetInput(i, nullptr);
  inputs_.erase(inputs_.begin() + i);
}

void Node::SetOp(Op op, OpOptions new_options) {
  op_ = op;
  options = std::move(new_options);
}

Value* Graph::NewValue(std::string name, DataType type, Shape shape) {
  values_.push_back(std::make_unique<Value>());
  Value* value = values_.back().get();
  value->name = std::move(name);
  value->type = type;
  value->shape = shape;
  return value;
}

Value* Graph::AddInput(std::string name, DataType type, Shape shape) {
  inputs_.push_back(NewValue(std::move(name), type, shape));
  return inputs_.back();
}

Value* Graph::AddConstant(std::string name, DataType type, Shape shape,
                          Blob data) {
  Value* value = NewValue(std::move(name), type, shape);
  value->SetConstant(std::move(data));
  return value;
}

Result<Node*> Graph::AddNode(Op op, OpOptions options,
                             std::vector<Value*> inputs, int output_count,
                             std::string source, Node* before) {
  std::vector<TensorInfo> infos;
  infos.reserve(inputs.size());
  for (const Value* input : inputs) infos.push_back(InfoOf(input));
  const std::vector<TensorInfo> declared(static_cast<size_t>(output_count));
  InferContext context(op, options, infos, declared);
  if (auto done = InferOutputs(context); !done) {
    std::string place(Name(op));
    if (!source.empty()) place = source + " (" + place + ")";
    return tl::unexpected(std::move(done.error()).In(place));
  }
  std::vector<OutputType> outputs;
  for (const InferContext::Output& output : context.outputs()) {
    outputs.push_back({"", output.type, output.shape});
  }
  return AddNodeWithTypes(op, std::move(options), std::move(inputs),
                          std::move(outputs), std::move(source), before);
}

Node* Graph::AddNodeWithTypes(Op op, OpOptions options,
                              std::vector<Value*> inputs,
                              std::vector<OutputType> outputs,
                              std::string source, Node* before) {
  auto node = std::make_unique<Node>();
  node->op_ = op;
  node->options = std::move(options);
  node->source = std::move(source);
  node->inputs_ = std::move(inputs);
  for (Value* input : node->inputs_) {
    if (input != nullptr) input->users_.push_back(node.get());
  }
  for (OutputType& output : outputs) {
    const auto number = node->outputs_.size();
    if (output.name.empty()) {
      output.name =
          node->source + (number == 0 ? "" : ":" + std::to_string(number));
    }
    Value* value = NewValue(std::move(output.name), output.type, output.shape);
    value->producer_ = node.get();
    value->producer_output_ = static_cast<int>(number);
    node->outputs_.push_back(value);
  }
  const auto at = before == nullptr
                      ? nodes_.end()
                      : std::find_if(nodes_.begin(), nodes_.end(),
                                     [&](const std::unique_ptr<Node>& n) {
                                       return n.get() == before;
                                     });
  return nodes_.insert(at, std::move(node))->get();
}

void Graph::AddOutput(Value* value) {
  outputs_.push_back(value);
  ++value->graph_output_uses_;
}

void Graph::SetOutput(int i, Value* value) {
  Value*& slot = outputs_[static_cast<size_t>(i)];
  --slot->graph_output_uses_;
  slot = value;
  ++value->graph_output_uses_;
}

void Graph::ReplaceAllUses(Value* from, Value* to) {
  if (from == to) return;
  const std::vector<Node*> users = from->users_;
  for (Node* user : users) {
    for (size_t i = 0; i < user->inputs_.size(); ++i) {
      if (user->inputs_[i] == from) user->SetInput(static_cast<int>(i), to);
    }
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i] == from) SetOutput(static_cast<int>(i), to);
  }
}

void Graph::RemoveNode(Node* node) {
  for (const Value* output : node->outputs_) {
    CHECK(output->users_.empty() && output->graph_output_uses_ == 0);
  }
  for (size_t i = 0; i < node->inputs_.size(); ++i) {
    node->SetInput(static_cast<int>(i), nullptr);
  }
  std::erase_if(values_, [&](const std::unique_ptr<Value>& value) {
    return value->producer_ == node;
  });
  std::erase_if(
      nodes_, [&](const std::unique_ptr<Node>& n) { return n.get() == node; });
}

int Graph::RemoveDead() {
  // Backwards, so that what only dead nodes read is dead by the time it is
  // reached.
  std::unordered_set<const Node*> dead;
  for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it) {
    Node* node = it->get();
    const bool read = std::any_of(
        node->outputs_.begin(), node->outputs_.end(), [](const Value* value) {
          return !value->users_.empty() || value->graph_output_uses_ > 0;
        });
    if (read || IsStateful(node->op_)) continue;
    for (size_t i = 0; i < node->inputs_.size(); ++i) {
      node->SetInput(static_cast<int>(i), nullptr);
    }
    dead.insert(node);
  }
  const std::set<const Value*> inputs(inputs_.begin(), inputs_.end());
  std::erase_if(values_, [&](const std::unique_ptr<Value>& value) {
    if (value->producer_ != nullptr) return dead.contains(value->producer_);
    return value->users_.empty() && value->graph_output_uses_ == 0 &&
           !inputs.contains(value.get());
  });
  std::erase_if(nodes_, [&](const std::unique_ptr<Node>& node) {
    return dead.contains(node.get());
  });
  return static_cast<int>(dead.size());
}

std::vector<Node*> Graph::Nodes() const {
  std::vector<Node*> nodes;
  nodes.reserve(nodes_.size());
  for (const auto& node : nodes_) nodes.push_back(node.get());
  return nodes;
}

bool IsStateful(Op op) {
  switch (op) {
    case Op::kAssignVariable:
    case Op::kCall:
    case Op::kCallOnce:
    case Op::kCustom:
    case Op::kHashtable:
    case Op::kHashtableImport:
    case Op::kIf:
    case Op::kMultinomial:
    case Op::kRandomStandardNormal:
    case Op::kRandomUniform:
    case Op::kReadVariable:
    case Op::kStablehloRngBitGenerator:
    case Op::kVarHandle:
    case Op::kWhile:
      return true;
    default:
      return false;
  }
}

}  // namespace liteforge::ir
