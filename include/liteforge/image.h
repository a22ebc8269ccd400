// SPDX-License-Identifier: Apache-2.0
// Pictures, and how they become a model's input.
//
//   auto image = ReadImage("street.jpg");
//   auto input = ImageToInput(*image, interpreter->InputDetails()[0]);
//   interpreter->SetTensor(0, input->type, input->shape, input->data);
//
// Files are read and written by a module, liteforge_vision.so, that holds
// OpenCV and is opened at the first use; it lies beside the executable or in
// the library folder's liteforge/. Where it is missing, the error says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "liteforge/result.h"

namespace liteforge {

// Rows from the top, pixels from the left, each red, green, blue in [0, 255];
// no gaps between rows.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;  // width * height * 3

  friend bool operator==(const Image&, const Image&) = default;
};

// Whether the name ends like an image's: .jpg .jpeg .png .bmp .webp .tif
// .tiff .ppm .pgm, in either case.
bool IsImageFile(const std::filesystem::path& path);

// Gray images become three equal channels, transparency is dropped, and the
// orientation that a camera noted is applied. Errors name the file: kIo,
// kInvalidModel for what is no image or larger than 2^26 pixels, kUnsupported
// without the module.
Result<Image> ReadImage(const std::filesystem::path& path);

// The name's ending chooses the format: .png, .jpg, .bmp, …. The file is
// there whole or not at all. Errors as ReadImage's.
Result<void> WriteImage(const std::filesystem::path& path, const Image& image);

// How a picture fills a rectangle of another shape.
enum class Fit {
  kStretch,    // both sides scaled on their own
  kLetterbox,  // scaled alike, in the middle, gray (128) beside it
};

// Where the picture lies in the rectangle it was fitted into, in pixels.
struct Placement {
  int left = 0, top = 0, width = 0, height = 0;
  friend bool operator==(const Placement&, const Placement&) = default;
};
Placement Place(int image_width, int image_height, int width, int height,
                Fit fit);

// Bilinear; the filter widens when the image shrinks, so that no pixel is
// skipped. The image must not be empty.
Image Resize(const Image& image, int width, int height,
             Fit fit = Fit::kStretch);

struct ImageInput {
  Fit fit = Fit::kStretch;
  // The model was trained on (x - mean) / std of x in [0, 255]; one number or
  // one a channel. Empty: on x itself. uint8 inputs always take x; int8 ones
  // take x - 128 when both are empty.
  std::vector<float> mean, std;
};

// An image as `input` wants it: [1, h, w, c] or [1, c, h, w], c 3 or 1 (gray:
// 0.299 red + 0.587 green + 0.114 blue), of float32, uint8, int8 or int16;
// unknown dimensions become the image's size, an unknown c 3. Errors:
// kInvalidArgument for an input of another shape or type, and an image that is
// empty or does not have the bytes of its size.
Result<NpyArray> ImageToInput(const Image& image, const TensorDetails& input,
                              const ImageInput& options = {});
// The same into `array`, whose memory is used again.
Result<void> ImageToInput(const Image& image, const TensorDetails& input,
                          const ImageInput& options, NpyArray& array);

}  // namespace liteforge
