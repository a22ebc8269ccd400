// SPDX-License-Identifier: Apache-2.0
// pipeline.config: what the Object Detection API built and trained.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "formats/tensorflow/pipeline.pb.h"
#include "liteforge/result.h"

namespace liteforge {

namespace od = tf::detection;

// The file with `override_text` merged into it: scalars replace, repeated
// fields append, setting another member of a oneof replaces it. Unknown fields
// are errors that say where they stand.
Result<od::TrainEvalPipelineConfig> ReadPipelineConfig(
    const std::filesystem::path& path, std::string_view override_text);

// What the image is brought to before the network sees it.
struct ImageSize {
  int32_t height = 0;
  int32_t width = 0;
  int32_t channels = 0;
};

// kUnsupported for all but fixed_shape_resizer; `model` is "ssd" or
// "center_net", for the advice.
Result<ImageSize> FixedImageSize(const od::ImageResizer& resizer,
                                 std::string_view model);

}  // namespace liteforge
