// SPDX-License-Identifier: Apache-2.0
// A model that examples run through, and the numbers it gives.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "liteforge/result.h"

namespace liteforge {

class ExampleModel {
 public:
  // `model` must outlive this.
  static Result<ExampleModel> Open(std::span<const std::byte> model,
                                   const InterpreterOptions& options);
  // Errors: kInvalidArgument for a model of none or several inputs.
  static Result<ExampleModel> OpenWithOneInput(std::span<const std::byte> model,
                                               int num_threads);

  std::vector<TensorDetails> Inputs() const {
    return interpreter_.InputDetails();
  }
  std::vector<TensorDetails> Outputs() const {
    return interpreter_.OutputDetails();
  }
  std::vector<TensorDetails> Tensors() const {
    return interpreter_.AllTensorDetails();
  }

  // One array for each input, as SetExample takes them. What the model keeps
  // from one run to the next is zero again afterwards.
  Result<void> Run(std::span<const NpyArray> example);

  // What the elements of an output stand for, as RealValues.
  Result<std::vector<float>> Output(size_t i) const;

 private:
  explicit ExampleModel(Interpreter interpreter)
      : interpreter_(std::move(interpreter)) {}

  Interpreter interpreter_;
};

}  // namespace liteforge
