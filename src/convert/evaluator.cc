// SPDX-License-Identifier: Apache-2.0
#include "convert/evaluator.h"

#include <utility>

#include "base/try.h"
#include "emit/emit.h"
#include "liteforge/interpreter.h"

namespace liteforge {
namespace {

ir::Value* CopyConstant(const ir::Value* value, ir::Graph& graph) {
  if (value == nullptr) return nullptr;
  ir::Value* copy =
      graph.AddConstant(value->name, value->type, value->shape, value->data());
  copy->quantization = value->quantization;
  return copy;
}

// The node alone in a module, its constants beside it.
ir::Module ModuleOf(const ir::Node& node) {
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& graph = *module.graphs[0];
  std::vector<ir::Value*> inputs;
  for (const ir::Value* input : node.inputs()) {
    inputs.push_back(CopyConstant(input, graph));
  }
  std::vector<ir::Graph::OutputType> outputs;
  for (const ir::Value* output : node.outputs()) {
    outputs.push_back({output->name, output->type, output->shape});
  }
  ir::Node* copy = graph.AddNodeWithTypes(node.op(), node.options, inputs,
                                          std::move(outputs), node.source);
  for (size_t i = 0; i < node.outputs().size(); ++i) {
    ir::Value* output = copy->output(static_cast<int>(i));
    output->quantization = node.outputs()[i]->quantization;
    graph.AddOutput(output);
  }
  return module;
}

}  // namespace

Result<std::vector<ConstantEvaluator::Output>> InterpreterEvaluator::Evaluate(
    const ir::Node& node) {
  TRY_ASSIGN(const std::vector<std::byte> bytes, Emit(ModuleOf(node)));
  TRY_ASSIGN(Interpreter interpreter,
             Interpreter::FromView(bytes, {.reference_kernels = true}));
  TRY(interpreter.AllocateTensors());
  TRY(interpreter.Invoke());
  std::vector<Output> outputs;
  for (const TensorDetails& details : interpreter.OutputDetails()) {
    TRY_ASSIGN(const auto data, interpreter.GetTensor(details.index));
    outputs.push_back({details.dtype, details.shape, Blob::Copy(data)});
  }
  return outputs;
}

}  // namespace liteforge
