// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "vision/opencv/guard.h"
#include "vision/opencv/opencv_vision.h"

namespace liteforge {
namespace {

class OpenCvWriter : public VideoWriter {
 public:
  explicit OpenCvWriter(cv::VideoWriter writer) : writer_(std::move(writer)) {}

  Result<void> Write(const Image& frame) override {
    return Guarded("write the video", [&]() -> Result<void> {
      writer_.write(ToOpenCv(frame));
      return {};
    });
  }
  void Finish() override { writer_.release(); }

 private:
  cv::VideoWriter writer_;
};

}  // namespace

// Motion JPEG is in every OpenCV; MPEG-4 is what .mp4 players expect.
Result<std::unique_ptr<VideoWriter>> OpenVideoWriter(const std::string& file,
                                                     double fps, int width,
                                                     int height) {
  using Opened = Result<std::unique_ptr<VideoWriter>>;
  return Guarded("write the video", [&]() -> Opened {
    const bool is_mp4 = std::filesystem::path(file).extension() == ".mp4";
    const int codec = is_mp4 ? cv::VideoWriter::fourcc('m', 'p', '4', 'v')
                             : cv::VideoWriter::fourcc('M', 'J', 'P', 'G');
    cv::VideoWriter writer(file, codec, fps, cv::Size(width, height));
    if (!writer.isOpened())
      return Fail(ErrorCode::kIo,
                  "cannot be written as a video; name it .avi or .mp4, in a "
                  "folder that exists");
    return std::make_unique<OpenCvWriter>(std::move(writer));
  });
}

}  // namespace liteforge
