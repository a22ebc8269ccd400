// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "liteforge/detection.h"
#include "vision/module.h"

namespace liteforge {

// What StreamOptions::source says. Errors do not name the source.
Result<std::unique_ptr<FrameSource>> OpenSource(const StreamOptions& options);

// Whether it is the name of one image.
bool IsOneImage(const std::string& source);

}  // namespace liteforge
