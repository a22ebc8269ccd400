// SPDX-License-Identifier: Apache-2.0
#include "cli/image_input.h"

bool IsImageInput(const std::string& file) { return !file.ends_with(".npy"); }

liteforge::Result<liteforge::NpyArray> ReadImageInput(
    const std::string& file, const liteforge::TensorDetails&,
    const std::string&, liteforge::ImageInput) {
  return liteforge::Fail(liteforge::ErrorCode::kUnsupported,
                         file +
                             ": liteforge-run reads .npy files only; `liteforge "
                             "run` reads images");
}
