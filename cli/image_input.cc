// SPDX-License-Identifier: Apache-2.0
#include "cli/image_input.h"

#include "liteforge/inspect.h"

using liteforge::NpyArray;
using liteforge::Result;

bool IsImageInput(const std::string& file) {
  return liteforge::IsImageFile(file);
}

Result<NpyArray> ReadImageInput(const std::string& file,
                                const liteforge::TensorDetails& input,
                                const std::string& model,
                                liteforge::ImageInput how) {
  auto image = liteforge::ReadImage(file);
  if (!image) return tl::unexpected(std::move(image).error());
  if (how.mean.empty() && how.std.empty()) {
    auto details = liteforge::Inspect(model);
    if (!details) return tl::unexpected(std::move(details).error());
    how.mean = details->image_mean;
    how.std = details->image_std;
  }
  auto array = liteforge::ImageToInput(*image, input, how);
  if (!array) return tl::unexpected(std::move(array.error()).In(file));
  return array;
}
