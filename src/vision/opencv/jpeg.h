// SPDX-License-Identifier: Apache-2.0
// JPEG straight into red, green and blue. OpenCV's ways give blue first, which
// costs a pass more, and decode video in FFmpeg, whose JPEG is slower.
#pragma once

#include <cstddef>
#include <span>

#include "liteforge/image.h"
#include "liteforge/result.h"

namespace liteforge {

// Decodes one picture, as cameras and motion JPEG have them; `image`'s memory
// is used again. What is damaged but for its beginning is decoded as far as it
// goes, the rest gray. Errors: kInvalidModel for what is no JPEG, has other
// colors than gray and YCbCr, or more than 2^26 pixels; `image` is undefined
// then.
Result<void> DecodeJpeg(std::span<const std::byte> file, Image& image);

}  // namespace liteforge
