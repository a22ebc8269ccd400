// SPDX-License-Identifier: Apache-2.0
// Where the pictures of a stream go: a file, a window, a browser.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "liteforge/detection.h"
#include "vision/module.h"

namespace liteforge {

class PictureOutput {
 public:
  virtual ~PictureOutput() = default;
  // Whether Show would use a picture now.
  virtual bool wants_picture() const { return true; }
  // `image` is drawn on if it was wanted. False ends the stream.
  virtual Result<bool> Show(const Image& image, const FrameReport& frame) = 0;
  // Completes what was written; called once, whichever way the stream ended.
  virtual Result<void> Finish() { return {}; }
};

// Those the options ask for. `fps` of the source, 0 when not known. Errors:
// what cannot be opened, and what would overwrite the source.
Result<std::vector<std::unique_ptr<PictureOutput>>> OpenOutputs(
    const StreamOptions& options, bool is_live, double fps);

}  // namespace liteforge
