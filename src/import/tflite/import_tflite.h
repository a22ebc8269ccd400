// SPDX-License-Identifier: Apache-2.0
// An existing .tflite -> ir::Module: the inverse of emit/.
#pragma once

#include <memory>

#include "formats/tflite/model_reader.h"
#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

// Every subgraph, signature and metadata entry. Shapes are the file's
// shape_signature where it has one. Constants stay in the file's memory, which
// the module's blobs keep alive. Errors: kUnsupported for sparse constants and
// operators with intermediate tensors, which ir::Graph does not hold.
Result<std::unique_ptr<ir::Module>> ImportTflite(const TfliteModel& file);

}  // namespace liteforge
