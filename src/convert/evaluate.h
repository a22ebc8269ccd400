// SPDX-License-Identifier: Apache-2.0
// Evaluating a model that is bytes in memory.
#pragma once

#include "convert/compare.h"
#include "liteforge/evaluate.h"

namespace liteforge {

// As EvaluateModel.
Result<Evaluation> EvaluateBytes(const NamedModel& model,
                                 const std::filesystem::path& directory,
                                 const EvaluateOptions& options);

}  // namespace liteforge
