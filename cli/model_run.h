// SPDX-License-Identifier: Apache-2.0
// A model opened for running: its own inputs and outputs, or those of one of
// its signatures, by their position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "liteforge/result.h"

class ModelRun {
 public:
  // `signature` is a key, or "" for the model's own inputs and outputs.
  static liteforge::Result<ModelRun> Open(
      const std::string& file, const liteforge::InterpreterOptions& options,
      const std::string& signature);

  liteforge::Interpreter& interpreter() { return interpreter_; }

  std::vector<liteforge::TensorDetails> Inputs() const;
  std::vector<liteforge::TensorDetails> Outputs() const;
  liteforge::Result<void> Allocate();
  // Resizes and allocates again where the shapes differ. Inputs without an
  // array of their own are drawn by `generator`; strings are left empty.
  liteforge::Result<void> SetInputs(std::span<const liteforge::NpyArray> arrays,
                                    std::mt19937_64& generator);
  liteforge::Result<void> Invoke();
  liteforge::Result<std::span<const std::byte>> Output(size_t position) const;
  size_t ArenaBytes() const;
  size_t ArenaLowerBound() const;

 private:
  explicit ModelRun(liteforge::Interpreter interpreter)
      : interpreter_(std::move(interpreter)) {}
  liteforge::Result<void> Resize(const liteforge::TensorDetails& input,
                                 const liteforge::Shape& shape);
  liteforge::Result<void> Set(const liteforge::TensorDetails& input,
                              const liteforge::NpyArray& array);

  liteforge::Interpreter interpreter_;
  std::optional<liteforge::SignatureRunner> runner_;
};

// An array for an input: floats evenly from [-1, 1), 8-bit integers over their
// range, booleans 0 or 1, other integers from 0 to 7, other types zero.
liteforge::NpyArray DrawInput(const liteforge::TensorDetails& input,
                              std::mt19937_64& generator);
