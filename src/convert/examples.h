// SPDX-License-Identifier: Apache-2.0
// Giving examples to an interpreter, and reading what it makes of them.
#pragma once

#include <random>
#include <span>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "liteforge/result.h"

namespace liteforge {

// Resizes where the example has another shape than before, and sets the
// inputs. float32 examples are quantized for quantized inputs. Errors name the
// input.
Result<void> SetExample(Interpreter& interpreter,
                        std::span<const NpyArray> example);
Result<void> SetExample(SignatureRunner& runner,
                        std::span<const NpyArray> example);

// Uniform numbers: floats from -1 to 1, 8-bit integers from all they have,
// others from 0 to 7.
NpyArray DrawInput(const TensorDetails& input, std::mt19937_64& generator);

// What the elements stand for: float32 as they are, integers through scale and
// zero point where they have them. Empty for types that are no numbers.
std::vector<float> RealValues(DataType type, const Quantization& quantization,
                              const Shape& shape,
                              std::span<const std::byte> data);

}  // namespace liteforge
