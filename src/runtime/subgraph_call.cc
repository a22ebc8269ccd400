// SPDX-License-Identifier: Apache-2.0
// A subgraph as the operators of others see it.
#include <cstring>

#include "base/try.h"
#include "runtime/subgraph.h"

namespace liteforge {

int Subgraph::input_count() const {
  return static_cast<int>(graph_.inputs.size());
}

int Subgraph::output_count() const {
  return static_cast<int>(graph_.outputs.size());
}

const RuntimeTensor& Subgraph::Input(int i) const {
  return tensor(graph_.inputs[Index(i)]);
}

const RuntimeTensor& Subgraph::Output(int i) const {
  return tensor(graph_.outputs[Index(i)]);
}

// An allocated graph is left as it is: its variables are states that outlive a
// call.
Result<void> Subgraph::SetShapes(std::span<const Shape> shapes) {
  for (size_t i = 0; i < shapes.size(); ++i)
    ResizeInput(graph_.inputs[i], shapes[i]);
  if (allocated_) return {};
  return Allocate();
}

Result<void> Subgraph::SetInputs(std::span<const RuntimeTensor* const> values) {
  std::vector<Shape> shapes;
  for (const RuntimeTensor* value : values) shapes.push_back(value->shape);
  TRY(SetShapes(shapes));
  for (size_t i = 0; i < values.size(); ++i) {
    const RuntimeTensor& value = *values[i];
    TRY_ASSIGN(const std::span<std::byte> to,
               Writable(graph_.inputs[i], value.bytes));
    if (!to.empty()) std::memcpy(to.data(), value.data, value.bytes);
  }
  return {};
}

}  // namespace liteforge
