// SPDX-License-Identifier: Apache-2.0
// Average precision of a detector on annotated images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "convert/compare.h"
#include "detection/output_roles.h"
#include "liteforge/evaluate.h"

namespace liteforge {

// `labels` of classes 0, 1, …; without any class c is the category of id
// c + 1, as label maps count, or c where there is a category 0. Errors: those
// of the model, of the annotations and of each image, by its name.
Result<Evaluation> EvaluateDetector(const NamedModel& model,
                                    const OutputRoles& roles,
                                    const std::filesystem::path& directory,
                                    const std::vector<std::string>& labels,
                                    const EvaluateOptions& options);

}  // namespace liteforge
