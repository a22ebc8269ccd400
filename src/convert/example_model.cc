// SPDX-License-Identifier: Apache-2.0
#include "convert/example_model.h"

#include <string>

#include "base/try.h"
#include "convert/examples.h"

namespace liteforge {

Result<ExampleModel> ExampleModel::Open(std::span<const std::byte> model,
                                        const InterpreterOptions& options) {
  TRY_ASSIGN(auto interpreter, Interpreter::FromBuffer(model, options));
  TRY(interpreter.AllocateTensors());
  return ExampleModel(std::move(interpreter));
}

Result<ExampleModel> ExampleModel::OpenWithOneInput(
    std::span<const std::byte> model, int num_threads) {
  InterpreterOptions options;
  options.num_threads = num_threads;
  TRY_ASSIGN(ExampleModel opened, Open(model, options));
  const size_t inputs = opened.Inputs().size();
  if (inputs == 1) return opened;
  return InvalidArgument("has " + std::to_string(inputs) +
                         " inputs; only models of one are evaluated");
}

Result<void> ExampleModel::Run(std::span<const NpyArray> example) {
  TRY(SetExample(interpreter_, example));
  TRY(interpreter_.Invoke());
  interpreter_.ResetVariableTensors();
  return {};
}

Result<std::vector<float>> ExampleModel::Output(size_t i) const {
  const TensorDetails details = interpreter_.OutputDetails()[i];
  TRY_ASSIGN(const auto data, interpreter_.GetTensor(details.index));
  return RealValues(details.dtype, details.quantization, details.shape, data);
}

}  // namespace liteforge
