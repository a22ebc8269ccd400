// SPDX-License-Identifier: Apache-2.0
// What the vision module (liteforge_vision.so, folder opencv/) offers. The
// rest of liteforge knows it through these classes alone and opens it at the
// first use: linking OpenCV would cost every start 0.15 s and 77 MB.
//
// The module is built with liteforge, by the same compiler; it finds itself
// checked by kVisionModuleVersion.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "liteforge/image.h"
#include "liteforge/result.h"

namespace liteforge {

// Never throws: what OpenCV throws becomes an Error. May be used by several
// threads at once.
class Vision {
 public:
  virtual ~Vision() = default;

  // An image file's bytes. Errors: kInvalidModel.
  virtual Result<Image> Decode(std::span<const std::byte> file) const = 0;

  // The file's bytes; `extension` (".png") names the format, `quality` [0, 100]
  // is JPEG's. Errors: kUnsupported for a format that OpenCV does not write.
  virtual Result<std::vector<std::byte>> Encode(const Image& image,
                                                std::string_view extension,
                                                int quality = 95) const = 0;
};

constexpr int kVisionModuleVersion = 1;

// The module's only symbol, `liteforge_vision`: itself when asked for its own
// version, else nullptr. It lives until the process ends.
using VisionModuleEntry = const Vision* (*)(int version);

// Opens the module once. Errors: kUnsupported, saying what to install.
Result<const Vision*> LoadVision();

}  // namespace liteforge
