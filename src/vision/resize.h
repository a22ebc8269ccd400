// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "liteforge/image.h"

namespace liteforge {

// Gives the rows of Resize(image, width, height, fit), from the top, each of
// width * 3 bytes that hold until the next.
void ForEachResizedRow(const Image& image, int width, int height, Fit fit,
                       const std::function<void(const uint8_t* row)>& take);

}  // namespace liteforge
