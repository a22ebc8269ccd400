// SPDX-License-Identifier: Apache-2.0
// Images in another size, as Keras' backend resizes them.
#pragma once

#include <string_view>

#include "function/builder.h"

namespace liteforge {

// x [N, H, W, C] as [N, height, width, C]; `method` is Keras' interpolation:
// nearest, bilinear, bicubic, area, lanczos3, lanczos5, gaussian or
// mitchellcubic. With `antialias` each pixel takes part in all that it covers.
// float32, but for nearest. kUnsupported: another method, or, where every pixel
// has weights of its own, images of unknown size.
// Source: resize_images_v2 of tensorflow/python/ops/image_ops_impl.py.
Result<Tensor> ResizeImages(FunctionBuilder& f, const Tensor& x, int32_t height,
                            int32_t width, std::string_view method,
                            bool antialias);

}  // namespace liteforge
