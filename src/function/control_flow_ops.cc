// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {

std::vector<Tensor> While(std::span<const Tensor> values, ConcreteFunction cond,
                          ConcreteFunction body) {
  std::vector<Tensor> none(body.outputs.size());
  if (values.empty() || std::ranges::any_of(values, &Tensor::empty))
    return none;
  if (values.size() != body.inputs.size() ||
      values.size() != body.outputs.size() ||
      values.size() != cond.inputs.size() || cond.outputs.size() != 1) {
    FailOp(values[0], "While", "the functions do not fit the values");
    return none;
  }
  std::vector<FunctionBuilder::OutputType> outputs;
  for (const FunctionArgument& output : body.outputs)
    outputs.push_back({output.type, output.shape});
  FunctionBuilder& f = *values[0].builder();
  const std::string cond_name = f.AddFunction("cond", std::move(cond));
  const std::string body_name = f.AddFunction("body", std::move(body));
  return f.AddNode(
      "StatelessWhile", values,
      Attributes().Function("cond", cond_name).Function("body", body_name),
      outputs);
}

Tensor Fill(Tensor dims, float value, const Shape& result) {
  if (dims.empty()) return {};
  FunctionBuilder& f = *dims.builder();
  const Tensor element = f.Constant(FloatScalar(value), "Fill/value");
  return f.AddNode("Fill", {dims, element},
                   Attributes()
                       .Type("T", DataType::kFloat32)
                       .Type("index_type", DataType::kInt32),
                   DataType::kFloat32, result);
}

Tensor InplaceUpdate(Tensor x, Tensor rows, Tensor values) {
  if (!AllPresent({x, rows, values})) return {};
  return x.builder()->AddNode("InplaceUpdate", {x, rows, values},
                              Attributes().Type("T", x.type()), x.type(),
                              x.shape());
}

Tensor Einsum(std::string_view equation, Tensor a, Tensor b,
              const Shape& result) {
  if (!AllPresent({a, b})) return {};
  return a.builder()->AddNode(
      "Einsum", {a, b},
      Attributes().Type("T", a.type()).Int("N", 2).String("equation", equation),
      a.type(), result);
}

Tensor Reverse(Tensor x, int32_t axis) {
  if (x.empty()) return {};
  const Tensor axes = x.builder()->Constant(IntVector({axis}), "Reverse/axis");
  return x.builder()->AddNode(
      "ReverseV2", {x, axes},
      Attributes().Type("T", x.type()).Type("Tidx", DataType::kInt32), x.type(),
      x.shape());
}

}  // namespace liteforge
