// SPDX-License-Identifier: Apache-2.0
// A whole detector in a FunctionBuilder: input, network, outputs.
#pragma once

#include "function/image_normalization.h"
#include "import/detection/import_detection.h"
#include "import/detection/network.h"

namespace liteforge {

// Each gives what the caller has to do to the image.
Result<ImageNormalization> BuildSsd(const Network& net, const od::Ssd& config,
                                    const DetectionOptions& options);
Result<ImageNormalization> BuildCenterNet(const Network& net,
                                          const od::CenterNet& config,
                                          const DetectionOptions& options);

// Under the keys of the Object Detection API: output_0 is the count, output_3
// the boxes.
void AddDetectionOutputs(FunctionBuilder& f, const Detections& detections);

}  // namespace liteforge
