// SPDX-License-Identifier: Apache-2.0
// Variables. VarHandleOp names its initial value itself, in the attribute
// "initializer": a function without arguments that assigns it. (TensorFlow has
// a function of the whole model for that, run once before the first call.)
#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

Attributes OfVariable(const std::string& name, const ConstantValue& initial) {
  return Attributes()
      .String("container", "")
      .String("shared_name", name)
      .Type("dtype", initial.type)
      .ShapeOf("shape", initial.shape);
}

Result<ConcreteFunction> Initializer(const std::string& name,
                                     const ConstantValue& initial) {
  FunctionBuilder f("initialize");
  const Tensor variable =
      f.AddNode("VarHandleOp", {}, OfVariable(name, initial),
                DataType::kResource, Shape());
  const Tensor value = f.Constant(initial);
  f.Output("done", AssignVariable(variable, value, value));
  return f.Finish();
}

}  // namespace

Tensor VariableHandle(FunctionBuilder& f, std::string_view name,
                      const ConstantValue& initial) {
  const std::string shared(name);
  auto initializer = Initializer(shared, initial);
  if (!initializer) return f.Fail(std::move(initializer.error()));
  Attributes attributes = OfVariable(shared, initial);
  attributes.Function("initializer",
                      f.AddFunction("initialize", *std::move(initializer)));
  return f.AddNode("VarHandleOp", {}, std::move(attributes),
                   DataType::kResource, Shape());
}

Tensor ReadVariable(Tensor variable, DataType type, const Shape& shape) {
  if (variable.empty()) return {};
  return variable.builder()->AddNode(
      "ReadVariableOp", {variable},
      Attributes().Type("dtype", type).ShapeOf("shape", shape), type, shape);
}

Tensor AssignVariable(Tensor variable, Tensor value, Tensor then) {
  if (!AllPresent({variable, value, then})) return {};
  return variable.builder()->After("AssignVariableOp", {variable, value},
                                   Attributes().Type("dtype", value.type()),
                                   then);
}

}  // namespace liteforge
