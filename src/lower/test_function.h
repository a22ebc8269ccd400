// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: functions written node by node, damaged ones
// included, and an evaluator that computes a little float arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "function/concrete_function.h"
#include "lower/lower.h"

namespace liteforge {

using TestAttribute =
    std::variant<int, float, bool, const char*, DataType, std::vector<int64_t>>;
using TestAttributes = std::vector<std::pair<const char*, TestAttribute>>;

inline tf::AttrValue ToProto(const TestAttribute& attribute) {
  tf::AttrValue value;
  if (const auto* i = std::get_if<int>(&attribute)) value.set_i(*i);
  if (const auto* f = std::get_if<float>(&attribute)) value.set_f(*f);
  if (const auto* b = std::get_if<bool>(&attribute)) value.set_b(*b);
  if (const auto* s = std::get_if<const char*>(&attribute)) value.set_s(*s);
  if (const auto* t = std::get_if<DataType>(&attribute))
    value.set_type(ToTensorFlow(*t));
  if (const auto* list = std::get_if<std::vector<int64_t>>(&attribute)) {
    value.mutable_list();
    for (int64_t i : *list) value.mutable_list()->add_i(i);
  }
  return value;
}

// A function "f" of a graph given node by node. Node names are free; inputs
// are references as a NodeDef has them.
class TestFunction {
 public:
  TestFunction& Input(const std::string& name, Shape shape,
                      DataType type = DataType::kFloat32) {
    Node("Placeholder", name, {}, {{"dtype", type}});
    function_.inputs.push_back({name, name, type, shape});
    return *this;
  }
  template <class T>
  TestFunction& Constant(const std::string& name, Shape shape,
                         std::vector<T> values, DataType type) {
    Node("Const", name, {}, {{"dtype", type}});
    tf::TensorProto* tensor =
        (*Last()->mutable_attr())["value"].mutable_tensor();
    tensor->set_dtype(ToTensorFlow(type));
    *tensor->mutable_tensor_shape() = ToTensorFlow(shape);
    function_.constants[name] = Blob::Own(std::move(values));
    return *this;
  }
  TestFunction& Floats(const std::string& name, Shape shape,
                       std::vector<float> values) {
    return Constant(name, shape, std::move(values), DataType::kFloat32);
  }
  TestFunction& Ints(const std::string& name, Shape shape,
                     std::vector<int32_t> values) {
    return Constant(name, shape, std::move(values), DataType::kInt32);
  }
  // A vector.
  TestFunction& Ints(const std::string& name, std::vector<int32_t> values) {
    return Ints(name, {static_cast<int32_t>(values.size())}, values);
  }
  // 0, 1, 2 … in float.
  TestFunction& Counting(const std::string& name, Shape shape) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i);
    return Floats(name, shape, std::move(values));
  }
  TestFunction& Node(const std::string& op, const std::string& name,
                     std::initializer_list<const char*> inputs,
                     TestAttributes attributes = {}) {
    tf::NodeDef* node = function_.graph.add_node();
    node->set_op(op);
    node->set_name(name);
    for (const char* input : inputs) node->add_input(input);
    for (const auto& [key, value] : attributes)
      (*node->mutable_attr())[key] = ToProto(value);
    return *this;
  }
  TestFunction& Output(const std::string& name, const std::string& tensor) {
    function_.outputs.push_back({name, tensor, DataType::kNone, {}});
    return *this;
  }

  tf::NodeDef* Last() {
    return function_.graph.mutable_node(function_.graph.node_size() - 1);
  }
  ConcreteFunction& function() {
    function_.name = "f";
    return function_;
  }

 private:
  ConcreteFunction function_;
};

// Computes a few elementwise operators on float constants of one shape, or one
// of them a scalar; refuses everything else.
class SmallEvaluator : public ConstantEvaluator {
 public:
  Result<std::vector<Output>> Evaluate(const ir::Node& node) override {
    ++calls;
    if (node.output()->type != DataType::kFloat32)
      return Unsupported("not float32");
    const auto function = Functions().find(node.op());
    if (function == Functions().end()) return Unsupported("not one of the few");
    const std::vector<float> a = node.input(0)->ToVector<float>();
    const std::vector<float> b = node.inputs().size() > 1
                                     ? node.input(1)->ToVector<float>()
                                     : std::vector<float>{0};
    std::vector<float> y(std::max(a.size(), b.size()));
    for (size_t i = 0; i < y.size(); ++i)
      y[i] = function->second(a[i % a.size()], b[i % b.size()]);
    const Shape shape = node.output()->shape;
    return std::vector<Output>{
        {DataType::kFloat32, shape, Blob::Own(std::move(y))}};
  }

  int calls = 0;

 private:
  using Function = float (*)(float, float);
  static const std::map<Op, Function>& Functions() {
    static const std::map<Op, Function> functions = {
        {Op::kAdd, [](float a, float b) { return a + b; }},
        {Op::kSub, [](float a, float b) { return a - b; }},
        {Op::kMul, [](float a, float b) { return a * b; }},
        {Op::kDiv, [](float a, float b) { return a / b; }},
        {Op::kMaximum, [](float a, float b) { return a > b ? a : b; }},
        {Op::kMinimum, [](float a, float b) { return a < b ? a : b; }},
        {Op::kAbs, [](float a, float) { return std::abs(a); }},
        {Op::kElu, [](float a, float) { return a > 0 ? a : std::expm1(a); }},
        {Op::kExp, [](float a, float) { return std::exp(a); }},
        {Op::kLog, [](float a, float) { return std::log(a); }},
        {Op::kRelu, [](float a, float) { return a > 0 ? a : 0.0f; }},
        {Op::kNeg, [](float a, float) { return -a; }},
        {Op::kRsqrt, [](float a, float) { return 1.0f / std::sqrt(a); }},
    };
    return functions;
  }
};

// The lowered graph as text, or "code: message".
inline std::string LowerToText(TestFunction& f) {
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  if (!module) return "error: " + module.error().ToString();
  const ir::Graph& graph = *(*module)->graphs[0];
  auto verified = ir::Verify(graph);
  if (!verified) return "not valid: " + verified.error().ToString();
  return ir::Print(graph);
}

}  // namespace liteforge
