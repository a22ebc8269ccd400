// SPDX-License-Identifier: Apache-2.0
// Variables. VarHandleOp names its initial value itself, in the attribute
// "initializer": a function without arguments that assigns it. (TensorFlow has
// a function of the whole model for that, run once before the first call.)
#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

Attributes OfVariable(const std::string& name, const Shape& shape) {
  return Attributes()
      .String("container", "")
      .String("shared_name", name)
      .Type("dtype", DataType::kFloat32)
      .ShapeOf("shape", shape);
}

// Assigns zeros.
Result<ConcreteFunction> Initializer(const std::string& name,
                                     const Shape& shape) {
  FunctionBuilder f("initialize");
  const Tensor variable = f.AddNode("VarHandleOp", {}, OfVariable(name, shape),
                                    DataType::kResource, Shape());
  const Tensor zeros = f.Constant(FloatConstant(
      shape, std::vector<float>(static_cast<size_t>(shape.elements()))));
  f.Output("done", AssignVariable(variable, zeros, zeros));
  return f.Finish();
}

}  // namespace

Tensor Variable(FunctionBuilder& f, std::string_view name, const Shape& shape) {
  const std::string shared(name);
  auto initializer = Initializer(shared, shape);
  if (!initializer) return f.Fail(std::move(initializer.error()));
  Attributes attributes = OfVariable(shared, shape);
  attributes.Function("initializer",
                      f.AddFunction("initialize", *std::move(initializer)));
  return f.AddNode("VarHandleOp", {}, std::move(attributes),
                   DataType::kResource, Shape());
}

Tensor ReadVariable(Tensor variable, const Shape& shape) {
  if (variable.empty()) return {};
  return variable.builder()->AddNode(
      "ReadVariableOp", {variable},
      Attributes().Type("dtype", DataType::kFloat32).ShapeOf("shape", shape),
      DataType::kFloat32, shape);
}

Tensor AssignVariable(Tensor variable, Tensor value, Tensor then) {
  if (!AllPresent({variable, value, then})) return {};
  return variable.builder()->After("AssignVariableOp", {variable, value},
                                   Attributes().Type("dtype", value.type()),
                                   then);
}

}  // namespace liteforge
