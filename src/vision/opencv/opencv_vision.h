// SPDX-License-Identifier: Apache-2.0
// The parts of the module, one file each.
#pragma once

#include <memory>
#include <string>

#include "vision/module.h"

namespace liteforge {

Result<void> DrawFindings(const Findings& findings, Image& image);
Result<std::unique_ptr<FrameSource>> OpenCapture(const CaptureRequest& request);
Result<std::unique_ptr<VideoWriter>> OpenVideoWriter(const std::string& file,
                                                     double fps, int width,
                                                     int height);
Result<std::unique_ptr<Window>> OpenPreviewWindow();
Result<std::unique_ptr<PreviewServer>> StartPreviewServer(
    const std::string& address, int port);

}  // namespace liteforge
