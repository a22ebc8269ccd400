// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "detection/outputs.h"
#include "liteforge/detection.h"
#include "vision/module.h"

namespace liteforge {

// DetectStream for a source and outputs that are open.
Result<StreamSummary> RunStream(
    Detector& detector, std::unique_ptr<FrameSource> source,
    std::vector<std::unique_ptr<PictureOutput>> outputs,
    const StreamOptions& options);

}  // namespace liteforge
