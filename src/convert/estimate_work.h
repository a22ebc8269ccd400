// SPDX-License-Identifier: Apache-2.0
// How long a model is going to run, before it does.
#pragma once

#include "ir/graph.h"

namespace liteforge {

// What to take for dimensions that are unknown.
struct DimensionGuess {
  int32_t batch = 1;  // for axis 0
  int32_t other = 1;
};
Shape Guessed(const Shape& shape, const DimensionGuess& guess);

// Multiplications, and operations like them, of all graphs together. The body
// of a loop counts a few times.
double EstimateWork(const ir::Module& module, const DimensionGuess& guess);

}  // namespace liteforge
