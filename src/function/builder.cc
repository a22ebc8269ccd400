// SPDX-License-Identifier: Apache-2.0
#include "function/builder.h"

#include <algorithm>
#include <set>

#include "base/try.h"

namespace liteforge {
namespace {

// The GraphDef version TensorFlow 2 writes: readers accept it as current.
constexpr int kProducerVersion = 1645;

template <class T>
ConstantValue Constant(DataType type, Shape shape, std::vector<T> values) {
  return {type, shape, Blob::Own(std::move(values))};
}

}  // namespace

ConstantValue FloatConstant(Shape shape, std::vector<float> values) {
  return Constant(DataType::kFloat32, shape, std::move(values));
}

ConstantValue IntConstant(Shape shape, std::vector<int32_t> values) {
  return Constant(DataType::kInt32, shape, std::move(values));
}

ConstantValue IntVector(std::vector<int32_t> values) {
  const Shape shape{static_cast<int32_t>(values.size())};
  return IntConstant(shape, std::move(values));
}

ConstantValue FloatScalar(float value) {
  return FloatConstant(Shape(), {value});
}

ConstantValue IntScalar(int32_t value) { return IntConstant(Shape(), {value}); }

Attributes& Attributes::Int(std::string_view name, int64_t value) {
  values_.emplace_back(name, tf::AttrValue()).second.set_i(value);
  return *this;
}

Attributes& Attributes::Float(std::string_view name, float value) {
  values_.emplace_back(name, tf::AttrValue()).second.set_f(value);
  return *this;
}

Attributes& Attributes::Bool(std::string_view name, bool value) {
  values_.emplace_back(name, tf::AttrValue()).second.set_b(value);
  return *this;
}

Attributes& Attributes::String(std::string_view name, std::string_view value) {
  values_.emplace_back(name, tf::AttrValue()).second.set_s(std::string(value));
  return *this;
}

Attributes& Attributes::Function(std::string_view name,
                                 std::string_view function) {
  values_.emplace_back(name, tf::AttrValue())
      .second.mutable_func()
      ->set_name(std::string(function));
  return *this;
}

Attributes& Attributes::Type(std::string_view name, DataType value) {
  values_.emplace_back(name, tf::AttrValue())
      .second.set_type(ToTensorFlow(value));
  return *this;
}

Attributes& Attributes::Types(std::string_view name,
                              std::span<const Tensor> tensors) {
  auto* list =
      values_.emplace_back(name, tf::AttrValue()).second.mutable_list();
  for (const Tensor& tensor : tensors)
    list->add_type(ToTensorFlow(tensor.type()));
  return *this;
}

Attributes& Attributes::ShapeOf(std::string_view name, const Shape& value) {
  *values_.emplace_back(name, tf::AttrValue()).second.mutable_shape() =
      ToTensorFlow(value);
  return *this;
}

Attributes& Attributes::Ints(std::string_view name,
                             std::span<const int64_t> values) {
  auto* list =
      values_.emplace_back(name, tf::AttrValue()).second.mutable_list();
  for (int64_t value : values) list->add_i(value);
  return *this;
}

Attributes& Attributes::Ints(std::string_view name,
                             std::initializer_list<int64_t> values) {
  return Ints(name, std::span(values.begin(), values.size()));
}

FunctionBuilder::FunctionBuilder(std::string name)
    : self_(std::make_shared<FunctionBuilder*>(this)) {
  function_.name = std::move(name);
  function_.graph.mutable_versions()->set_producer(kProducerVersion);
}

FunctionBuilder::FunctionBuilder(std::string name, FunctionBuilder& outer)
    : FunctionBuilder(std::move(name)) {
  outer_ = &outer;
  root_ = outer.root_;
  root_->active_ = this;
}

FunctionBuilder::~FunctionBuilder() {
  Close();
  *self_ = nullptr;
}

void FunctionBuilder::Close() {
  if (outer_ != nullptr && root_->active_ == this) root_->active_ = outer_;
}

Tensor FunctionBuilder::NewTensor(std::string name, DataType type,
                                  const Shape& shape) const {
  Tensor tensor;
  tensor.owner_ = self_;
  tensor.name_ = std::move(name);
  tensor.type_ = type;
  tensor.shape_ = shape;
  return tensor;
}

Tensor FunctionBuilder::Here(const Tensor& tensor) {
  if (tensor.builder() == this) return tensor;
  if (outer_ == nullptr || tensor.empty()) return {};
  const Tensor outside = outer_->Here(tensor);
  if (outside.empty()) return {};
  Tensor& here = here_[outside.name()];
  if (!here.empty()) return here;
  const auto constant = outer_->function_.constants.find(outside.name());
  if (constant != outer_->function_.constants.end()) {
    here = AddConstant({outside.type(), outside.shape(), constant->second},
                       outside.name());
    return here;
  }
  here = AddCaptured(outside);
  return here;
}

Tensor FunctionBuilder::AddCaptured(const Tensor& outside) {
  const std::string name = "captured_" + std::to_string(captured_.size());
  captured_.push_back(outside);
  return Input(name, outside.type(), outside.shape());
}

std::vector<Tensor> FunctionBuilder::Capture(std::span<const Tensor> tensors) {
  for (const Tensor& tensor : tensors) {
    if (!here_.contains(tensor.name()))
      here_[tensor.name()] = AddCaptured(tensor);
  }
  const size_t declared = function_.inputs.size() - captured_.size();
  std::vector<Tensor> here;
  std::vector<FunctionArgument> inputs(
      function_.inputs.begin(),
      function_.inputs.begin() + static_cast<ptrdiff_t>(declared));
  for (const Tensor& tensor : tensors) {
    here.push_back(here_.at(tensor.name()));
    inputs.push_back(*std::ranges::find(function_.inputs, here.back().name(),
                                        &FunctionArgument::tensor));
  }
  function_.inputs = std::move(inputs);
  captured_.assign(tensors.begin(), tensors.end());
  return here;
}

std::string FunctionBuilder::UniqueName(std::string_view name) {
  std::string full = scope_ + std::string(name);
  int& count = names_[full];
  while (count > 0) {
    std::string numbered = full + "_" + std::to_string(count++);
    if (names_.try_emplace(numbered, 1).second) return numbered;
  }
  count = 1;
  return full;
}

Tensor FunctionBuilder::Input(std::string_view name, DataType type,
                              Shape shape) {
  tf::NodeDef& node = *function_.graph.add_node();
  node.set_name(UniqueName(name));
  node.set_op("Placeholder");
  (*node.mutable_attr())["dtype"].set_type(ToTensorFlow(type));
  *(*node.mutable_attr())["shape"].mutable_shape() = ToTensorFlow(shape);
  function_.inputs.push_back({std::string(name), node.name(), type, shape});
  return NewTensor(node.name(), type, shape);
}

std::string FunctionBuilder::AddFunction(std::string_view name,
                                         ConcreteFunction function) {
  if (&active() != this) return active().AddFunction(name, std::move(function));
  std::string unique = UniqueName(name);
  function.name = unique;
  function_.functions[unique] =
      std::make_shared<ConcreteFunction>(std::move(function));
  return unique;
}

Tensor FunctionBuilder::Constant(ConstantValue value, std::string_view name) {
  return active().AddConstant(std::move(value), name);
}

Tensor FunctionBuilder::AddConstant(ConstantValue value,
                                    std::string_view name) {
  const int64_t bytes = ByteSize(value.type, value.shape.elements());
  if (bytes != static_cast<int64_t>(value.data.size())) {
    return Fail({ErrorCode::kInvalidModel,
                 "a constant " + Describe(value.type, value.shape) + " holds " +
                     std::to_string(value.data.size()) + " bytes",
                 std::string(name)});
  }
  tf::NodeDef& node = *function_.graph.add_node();
  node.set_name(UniqueName(name.empty() ? "Const" : name));
  node.set_op("Const");
  (*node.mutable_attr())["dtype"].set_type(ToTensorFlow(value.type));
  tf::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
  tensor.set_dtype(ToTensorFlow(value.type));
  *tensor.mutable_tensor_shape() = ToTensorFlow(value.shape);
  function_.constants[node.name()] = std::move(value.data);
  return NewTensor(node.name(), value.type, value.shape);
}

Tensor FunctionBuilder::Variable(ConstantValue value, std::string_view name) {
  Tensor tensor = Constant(std::move(value), name);
  if (!tensor.empty()) function_.variables.insert(tensor.name());
  return tensor;
}

void FunctionBuilder::Output(std::string_view name, const Tensor& tensor) {
  Tensor here = Here(tensor);
  if (here.empty()) {
    Fail({ErrorCode::kInvalidArgument,
          "output '" + std::string(name) +
              "' was not built here; what a loop or a branch computes leaves "
              "it as its result only",
          ""});
    return;
  }
  if (writes_state()) {
    here = AddNode("Identity", {here}, Attributes().Type("T", here.type()),
                   here.type(), here.shape());
    if (!ok()) return;
    function_.graph.mutable_node()->rbegin()->add_input("^" + last_write_);
  }
  function_.outputs.push_back(
      {std::string(name), here.name_, here.type_, here.shape_});
}

std::vector<Tensor> FunctionBuilder::AddNode(
    std::string_view op, std::span<const Tensor> inputs, Attributes attributes,
    std::span<const OutputType> outputs) {
  if (&active() != this)
    return active().AddNode(op, inputs, std::move(attributes), outputs);
  std::vector<Tensor> results(outputs.size());
  if (!ok()) return results;
  std::vector<std::string> names;
  for (const Tensor& input : inputs) {
    const Tensor here = Here(input);
    if (!here.empty()) {
      names.push_back(here.name());
      continue;
    }
    Fail({ErrorCode::kInvalidArgument,
          std::string(op) +
              " takes a tensor of another function; what a loop or a branch "
              "computes leaves it as its result only",
          ""});
    return results;
  }
  tf::NodeDef& node = *function_.graph.add_node();
  node.set_name(UniqueName(op));
  node.set_op(std::string(op));
  for (std::string& name : names) node.add_input(std::move(name));
  for (auto& [name, value] : attributes.values_) {
    (*node.mutable_attr())[name] = std::move(value);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    results[i] =
        NewTensor(i == 0 ? node.name() : node.name() + ":" + std::to_string(i),
                  outputs[i].type, outputs[i].shape);
  }
  return results;
}

Tensor FunctionBuilder::AddNode(std::string_view op,
                                std::initializer_list<Tensor> inputs,
                                Attributes attributes, DataType type,
                                const Shape& shape) {
  const OutputType output{type, shape};
  return AddNode(op, std::span(inputs.begin(), inputs.size()),
                 std::move(attributes), std::span(&output, 1))[0];
}

std::vector<Tensor> FunctionBuilder::AddEffect(
    std::string_view op, std::span<const Tensor> inputs, Attributes attributes,
    std::span<const OutputType> outputs, bool writes) {
  if (&active() != this)
    return active().AddEffect(op, inputs, std::move(attributes), outputs,
                              writes);
  auto results = AddNode(op, inputs, std::move(attributes), outputs);
  if (!ok()) return results;
  tf::NodeDef& node = *function_.graph.mutable_node()->rbegin();
  if (writes_state()) node.add_input("^" + last_write_);
  if (!writes) {
    reads_.push_back(node.name());
    return results;
  }
  for (const std::string& read : reads_) node.add_input("^" + read);
  reads_.clear();
  last_write_ = node.name();
  return results;
}

Tensor FunctionBuilder::After(std::string_view op,
                              std::initializer_list<Tensor> inputs,
                              Attributes attributes, Tensor x) {
  if (&active() != this)
    return active().After(op, inputs, std::move(attributes), std::move(x));
  AddNode(op, std::span(inputs.begin(), inputs.size()), std::move(attributes),
          {});
  if (!ok()) return {};
  const std::string effect =
      function_.graph.node(function_.graph.node_size() - 1).name();
  Tensor then = AddNode("Identity", {x}, Attributes().Type("T", x.type()),
                        x.type(), x.shape());
  if (!ok()) return {};
  function_.graph.mutable_node(function_.graph.node_size() - 1)
      ->add_input("^" + effect);
  return then;
}

Tensor FunctionBuilder::Fail(Error error) {
  if (ok()) {
    if (error.where.empty() && !scope_.empty()) {
      error.where = scope_.substr(0, scope_.size() - 1);
    }
    error_ = std::make_unique<Error>(std::move(error));
  }
  return {};
}

FunctionBuilder::Scope::Scope(FunctionBuilder& builder, std::string_view name)
    : builder_(builder), length_(builder.scope_.size()) {
  builder.scope_ += std::string(name) + "/";
}

FunctionBuilder::Scope::~Scope() { builder_.scope_.resize(length_); }

Result<ConcreteFunction> FunctionBuilder::Finish() {
  Close();
  if (error_) return tl::unexpected(*error_);
  if (function_.outputs.empty()) {
    return InvalidModel("the model has no outputs");
  }
  for (const auto* list : {&function_.inputs, &function_.outputs}) {
    std::set<std::string_view> names;
    for (const FunctionArgument& argument : *list) {
      if (names.insert(argument.name).second) continue;
      return InvalidModel("two inputs or two outputs are named '" +
                          argument.name + "'");
    }
  }
  return std::move(function_);
}

}  // namespace liteforge
