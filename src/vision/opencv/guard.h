// SPDX-License-Identifier: Apache-2.0
// The border to OpenCV: its exceptions, and its pictures in blue, green, red.
#pragma once

#include <exception>
#include <opencv2/core.hpp>
#include <type_traits>

#include "liteforge/image.h"
#include "liteforge/result.h"

namespace liteforge {

// The result of `work`; what it throws becomes kIo, which reads "cannot
// `what`: …".
template <class Work>
auto Guarded(const char* what, Work work) -> std::invoke_result_t<Work> {
  try {
    return work();
  } catch (const cv::Exception& thrown) {
    return Fail(ErrorCode::kIo,
                std::string("cannot ") + what + ": " + thrown.err);
  } catch (const std::exception& thrown) {
    return Fail(ErrorCode::kIo,
                std::string("cannot ") + what + ": " + thrown.what());
  }
}

// A picture of one, three or four channels of 8 bits; `image`'s memory is used
// again.
void FromOpenCv(const cv::Mat& picture, Image& image);
cv::Mat ToOpenCv(const Image& image);

}  // namespace liteforge
