// SPDX-License-Identifier: Apache-2.0
// Functions called once with symbolic tensors. Which one is being traced is
// known to the thread, as it is in TensorFlow, so that constants and variables
// need not be told.
#include "function/trace.h"

#include <fmt/format.h>

#include "base/try.h"
#include "function/freeze_variables.h"
#include "function/ops.h"

namespace liteforge {

thread_local FunctionTrace* FunctionTrace::current_ = nullptr;

namespace {

ConstantValue ValueOf(const NpyArray& array) {
  return {array.type, array.shape, Blob::Copy(array.data)};
}

std::vector<TensorSpec> SpecsOf(
    const Result<ConcreteFunction>& function,
    std::vector<FunctionArgument> ConcreteFunction::*arguments) {
  std::vector<TensorSpec> specs;
  if (!function) return specs;
  for (const FunctionArgument& argument : (*function).*arguments)
    specs.push_back({argument.type, argument.shape, argument.name});
  return specs;
}

}  // namespace

const TracedFunction& TracedOf(const Function& function) {
  return FunctionTrace::Of(function);
}

std::vector<Tensor> FunctionTrace::Call(FunctionBuilder& f,
                                        std::string_view what,
                                        const std::vector<Tensor>& arguments,
                                        const TensorFunction& function,
                                        std::vector<std::string>* names) {
  const auto given = static_cast<int>(arguments.size());
  if (function.arity() >= 0 && function.arity() != given) {
    f.Fail({ErrorCode::kInvalidArgument,
            fmt::format("{} takes {} tensors and is given {}", what,
                        function.arity(), given),
            ""});
    return {};
  }
  std::vector<Tensor> tensors;
  const Outputs outputs = function(arguments);
  for (const auto& [name, tensor] : outputs.named()) {
    if (names != nullptr)
      names->push_back(name.empty() ? fmt::format("output_{}", tensors.size())
                                    : name);
    tensors.push_back(tensor);
  }
  return tensors;
}

Tensor FunctionTrace::HandleOf(
    const std::shared_ptr<const VariableState>& variable) {
  const auto known = variables_.emplace(variable->name, variable).first;
  if (known->second != variable) {
    return builder_.Fail(
        {ErrorCode::kInvalidArgument,
         fmt::format("two variables are named '{}'; give each a name of its "
                     "own",
                     variable->name),
         ""});
  }
  FunctionBuilder& f = builder_.active();
  Tensor& handle = handles_[{&f, variable->name}];
  if (handle.empty()) {
    handle =
        VariableHandle(f, variable->name,
                       {variable->type, variable->shape, variable->initial});
  }
  return handle;
}

Function FunctionTrace::Finish() {
  Function function;
  function.traced_ = std::make_shared<TracedFunction>(
      TracedFunction{name_, builder_.Finish(), std::move(variables_)});
  return function;
}

//------------------------------------------------------------------ constants

Tensor Constant(const NpyArray& value) {
  FunctionTrace* trace = FunctionTrace::Current();
  return trace == nullptr ? Tensor()
                          : trace->builder().Constant(ValueOf(value));
}

//------------------------------------------------------------------ variables

Variable::Variable(std::string name, NpyArray initial)
    : state_(std::make_shared<const VariableState>(
          VariableState{std::move(name), initial.type, initial.shape,
                        Blob::Own(std::move(initial.data))})) {}

const std::string& Variable::name() const { return state_->name; }
DataType Variable::type() const { return state_->type; }
const Shape& Variable::shape() const { return state_->shape; }

Tensor Variable::Read() const {
  FunctionTrace* trace = FunctionTrace::Current();
  if (trace == nullptr) return {};
  const Tensor handle = trace->HandleOf(state_);
  if (handle.empty()) return {};
  const FunctionBuilder::OutputType output{type(), shape()};
  return handle.builder()->AddEffect(
      "ReadVariableOp", std::span(&handle, 1),
      Attributes().Type("dtype", type()).ShapeOf("shape", shape()),
      std::span(&output, 1), /*writes=*/false)[0];
}

void Variable::Assign(const Tensor& value) const {
  FunctionTrace* trace = FunctionTrace::Current();
  if (trace == nullptr || value.empty()) return;
  if (value.type() != type() || !(value.shape() == shape())) {
    trace->builder().Fail(
        {ErrorCode::kInvalidArgument,
         fmt::format("variable '{}' is {}, and is assigned {}", name(),
                     Describe(type(), shape()),
                     Describe(value.type(), value.shape())),
         ""});
    return;
  }
  const Tensor inputs[] = {trace->HandleOf(state_), value};
  if (inputs[0].empty()) return;
  inputs[0].builder()->AddEffect("AssignVariableOp", inputs,
                                 Attributes().Type("dtype", type()), {},
                                 /*writes=*/true);
}

//------------------------------------------------------------------ functions

const std::string& Function::name() const { return traced_->name; }

std::vector<TensorSpec> Function::inputs() const {
  return SpecsOf(traced_->function, &ConcreteFunction::inputs);
}

std::vector<TensorSpec> Function::outputs() const {
  return SpecsOf(traced_->function, &ConcreteFunction::outputs);
}

Result<void> Function::status() const {
  if (traced_->function) return {};
  return tl::unexpected(traced_->function.error());
}

Function Trace(std::string_view name, std::vector<TensorSpec> inputs,
               const TensorFunction& function) {
  FunctionTrace trace(name);
  std::vector<Tensor> arguments;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorSpec& spec = inputs[i];
    arguments.push_back(trace.builder().Input(
        spec.name.empty() ? fmt::format("args_{}", i) : spec.name, spec.type,
        spec.shape));
  }
  std::vector<std::string> names;
  const auto outputs = FunctionTrace::Call(trace.builder(), "the function",
                                           arguments, function, &names);
  for (size_t i = 0; i < outputs.size(); ++i)
    trace.builder().Output(names[i], outputs[i]);
  return trace.Finish();
}

Result<std::vector<ConcreteFunction>> FunctionsOfModel(
    std::span<const Function> functions) {
  std::vector<ConcreteFunction> model;
  std::map<std::string, std::shared_ptr<const VariableState>> variables;
  for (const Function& function : functions) {
    const TracedFunction& traced = TracedOf(function);
    if (!traced.function) {
      Error error = traced.function.error();
      return tl::unexpected(
          std::move(error).In(fmt::format("function '{}'", traced.name)));
    }
    for (const auto& [name, variable] : traced.variables) {
      if (variables.emplace(name, variable).first->second == variable) continue;
      return InvalidArgument(fmt::format(
          "two variables are named '{}'; give each a name of its own", name));
    }
    model.push_back(*traced.function);
  }
  FreezeVariables(model, variables);
  return model;
}

}  // namespace liteforge
