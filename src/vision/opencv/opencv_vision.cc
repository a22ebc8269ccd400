// SPDX-License-Identifier: Apache-2.0
#include "vision/opencv/opencv_vision.h"

#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "vision/opencv/guard.h"

namespace liteforge {
namespace {

class OpenCvVision : public Vision {
 public:
  OpenCvVision();
  Result<Image> Decode(std::span<const std::byte> file) const override;
  Result<std::vector<std::byte>> Encode(const Image& image,
                                        std::string_view extension,
                                        int quality) const override;
  Result<void> Draw(const Findings& findings, Image& image) const override {
    return DrawFindings(findings, image);
  }
  Result<std::unique_ptr<FrameSource>> Capture(
      const CaptureRequest& request) const override {
    return OpenCapture(request);
  }
  Result<std::unique_ptr<VideoWriter>> WriteVideo(const std::string& file,
                                                  double fps, int width,
                                                  int height) const override {
    return OpenVideoWriter(file, fps, width, height);
  }
  Result<std::unique_ptr<Window>> OpenWindow() const override {
    return OpenPreviewWindow();
  }
  Result<std::unique_ptr<PreviewServer>> Serve(const std::string& address,
                                               int port) const override {
    return StartPreviewServer(address, port);
  }
};

// OpenCV refuses what claims to be larger before it allocates; it reads the
// limit once, when an image is first decoded.
constexpr const char* kMostPixels = "67108864";  // 2^26

OpenCvVision::OpenCvVision() {
  setenv("OPENCV_IO_MAX_IMAGE_PIXELS", kMostPixels, 0);
  // Errors are returned; what OpenCV prints besides would come twice.
  if (std::getenv("OPENCV_LOG_LEVEL") == nullptr)
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  // Capture, inference and output have a thread each already.
  cv::setNumThreads(1);
  setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);  // AV_LOG_QUIET
}

Result<Image> OpenCvVision::Decode(std::span<const std::byte> file) const {
  if (file.empty()) return InvalidModel("is empty; give an image");
  return Guarded("read the image", [&]() -> Result<Image> {
    const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1,
                        const_cast<std::byte*>(file.data()));
    const cv::Mat picture = cv::imdecode(bytes, cv::IMREAD_COLOR);
    if (picture.empty())
      return InvalidModel(
          "is no image that OpenCV can read, or a damaged one; give a .jpg, "
          ".png or .bmp");
    Image image;
    FromOpenCv(picture, image);
    return image;
  });
}

Result<std::vector<std::byte>> OpenCvVision::Encode(const Image& image,
                                                    std::string_view extension,
                                                    int quality) const {
  using Bytes = std::vector<std::byte>;
  return Guarded("write the image", [&]() -> Result<Bytes> {
    const std::string ending(extension);
    if (ending.empty() || !cv::haveImageWriter("x" + ending))
      return Unsupported("'" + ending +
                         "' is no format that OpenCV writes; name it .png or "
                         ".jpg");
    std::vector<uchar> file;
    cv::imencode(ending, ToOpenCv(image), file,
                 {cv::IMWRITE_JPEG_QUALITY, quality});
    const auto* first = reinterpret_cast<const std::byte*>(file.data());
    return Bytes(first, first + file.size());
  });
}

}  // namespace

void FromOpenCv(const cv::Mat& picture, Image& image) {
  image.width = picture.cols;
  image.height = picture.rows;
  image.pixels.resize(static_cast<size_t>(picture.cols) *
                      static_cast<size_t>(picture.rows) * 3);
  cv::Mat rgb(picture.rows, picture.cols, CV_8UC3, image.pixels.data());
  const int conversion = picture.channels() == 1   ? cv::COLOR_GRAY2RGB
                         : picture.channels() == 4 ? cv::COLOR_BGRA2RGB
                                                   : cv::COLOR_BGR2RGB;
  cv::cvtColor(picture, rgb, conversion);
}

cv::Mat ToOpenCv(const Image& image) {
  const cv::Mat rgb(image.height, image.width, CV_8UC3,
                    const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat picture;
  cv::cvtColor(rgb, picture, cv::COLOR_RGB2BGR);
  return picture;
}

}  // namespace liteforge

extern "C" __attribute__((visibility("default"))) const liteforge::Vision*
liteforge_vision(int version) {
  static const liteforge::OpenCvVision vision;
  return version == liteforge::kVisionModuleVersion ? &vision : nullptr;
}
