// SPDX-License-Identifier: Apache-2.0
#include "kernels/scalar_function.h"

#include <cstring>
#include <string>

namespace liteforge {
namespace {

Result<void> CheckOutput(const RuntimeTensor& output, DataType type,
                         const Shape& shape) {
  if (output.type == type && output.shape == shape) return {};
  return InvalidModel("the subgraph that it runs gives " +
                      Describe(output.type, output.shape) + " for " +
                      Describe(type, shape));
}

}  // namespace

Result<void> ScalarFunction::Check(DataType type) {
  if (graph_.input_count() != 2 || graph_.output_count() != 1)
    return InvalidModel(
        "the subgraph that it runs must have two inputs and one output");
  for (int i = 0; i < 2; ++i) {
    if (graph_.Input(i).type != type || graph_.Input(i).is_constant)
      return InvalidModel("the subgraph that it runs must take two values of " +
                          std::string(Name(type)));
  }
  const Shape shapes[] = {Shape{2}, Shape{2}};
  TRY(graph_.SetShapes(shapes));
  return CheckOutput(graph_.Output(0), type, shapes[0]);
}

Result<void> ScalarFunction::Run(DataType type, int64_t count, std::byte* a,
                                 std::byte* b) {
  RuntimeTensor values[2];
  const Quantization none;
  for (size_t i = 0; i < 2; ++i) {
    values[i].type = type;
    values[i].shape = Shape{static_cast<int32_t>(count)};
    values[i].quantization = &none;
    values[i].data = i == 0 ? a : b;
    values[i].bytes = static_cast<size_t>(ByteSize(type, count));
  }
  const RuntimeTensor* const inputs[] = {&values[0], &values[1]};
  TRY(graph_.SetInputs(inputs));
  TRY(graph_.Invoke());
  TRY(CheckOutput(graph_.Output(0), type, values[0].shape));
  std::memcpy(a, graph_.Output(0).data, values[0].bytes);
  return {};
}

}  // namespace liteforge
