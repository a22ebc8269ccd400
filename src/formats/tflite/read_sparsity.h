// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/tflite/model_reader.h"
#include "liteforge/interpreter.h"

namespace liteforge {

// `from` has been verified.
Sparsity ReadSparsity(const tflite::SparsityParameters& from);

// How tensor `tensor` of subgraph `graph` is stored; empty when it is dense.
// Both exist.
Sparsity ReadSparsity(const TfliteModel& file, int graph, int tensor);

}  // namespace liteforge
