// SPDX-License-Identifier: Apache-2.0
// libjpeg reports errors by a function that must not return. Ours jumps back to
// where decoding began, over libjpeg's frames alone: what lies between must
// have nothing to destroy.
#include "vision/opencv/jpeg.h"

#include <cstdio>
// jpeglib.h needs cstdio before it.
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <cstdint>

namespace liteforge {
namespace {

constexpr int64_t kMostPixels = 1 << 26;
constexpr JDIMENSION kRowsAtOnce = 8;

struct ErrorHandler {
  jpeg_error_mgr manager;  // first: libjpeg knows us by its address
  std::jmp_buf back;
};

[[noreturn]] void JumpBack(j_common_ptr info) {
  std::longjmp(reinterpret_cast<ErrorHandler*>(info->err)->back, 1);
}
void SayNothing(j_common_ptr) {}

class JpegDecoder {
 public:
  JpegDecoder() {
    info_.err = jpeg_std_error(&handler_.manager);
    handler_.manager.error_exit = JumpBack;
    handler_.manager.output_message = SayNothing;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }

  // False, as of the others, for an error.
  bool ReadHeader(std::span<const std::byte> file) {
    if (setjmp(handler_.back) != 0) return false;
    jpeg_create_decompress(&info_);
    jpeg_mem_src(&info_, reinterpret_cast<const uint8_t*>(file.data()),
                 static_cast<unsigned long>(file.size()));
    return jpeg_read_header(&info_, TRUE) == JPEG_HEADER_OK;
  }
  int width() const { return static_cast<int>(info_.image_width); }
  int height() const { return static_cast<int>(info_.image_height); }

  bool ReadPixels(uint8_t* pixels) {
    if (setjmp(handler_.back) != 0) return false;
    info_.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info_);
    const size_t row_bytes = size_t{info_.output_width} * 3;
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW rows[kRowsAtOnce];
      const JDIMENSION next = info_.output_scanline;
      const JDIMENSION count =
          std::min(kRowsAtOnce, info_.output_height - next);
      for (JDIMENSION i = 0; i < count; ++i)
        rows[i] = pixels + (next + i) * row_bytes;
      jpeg_read_scanlines(&info_, rows, count);
    }
    return jpeg_finish_decompress(&info_) != FALSE;
  }

 private:
  jpeg_decompress_struct info_{};
  ErrorHandler handler_{};
};

}  // namespace

Result<void> DecodeJpeg(std::span<const std::byte> file, Image& image) {
  const auto damaged = [] {
    return InvalidModel("is no JPEG picture, or a damaged one");
  };
  JpegDecoder decoder;
  if (file.empty() || !decoder.ReadHeader(file)) return damaged();
  image.width = decoder.width();
  image.height = decoder.height();
  const int64_t pixels = int64_t{image.width} * image.height;
  if (pixels > kMostPixels) return damaged();
  image.pixels.resize(static_cast<size_t>(pixels) * 3);
  if (!decoder.ReadPixels(image.pixels.data())) return damaged();
  return {};
}

}  // namespace liteforge
