// SPDX-License-Identifier: Apache-2.0
// Cameras, pipelines, addresses and video files: cv::VideoCapture. Motion JPEG
// is taken out of it undecoded (jpeg.h), and pictures that come as luma and
// chroma are taken as they come, for OpenCV would copy them twice on their way
// to red, green and blue.
#include <dlfcn.h>

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <string>

#include "vision/opencv/guard.h"
#include "vision/opencv/jpeg.h"
#include "vision/opencv/opencv_vision.h"

namespace liteforge {
namespace {

// How a pipeline must end for OpenCV: pictures of three bytes in a sink that
// keeps only the newest.
constexpr const char* kPipelineEnd =
    " ! videoconvert ! video/x-raw,format=BGR ! appsink drop=true "
    "max-buffers=1 sync=false";

// What is wrong with a pipeline's text; empty when nothing is, or when it
// cannot be told. OpenCV runs what remains of a wrong one, and waits for
// pictures that never come.
std::string PipelineError(const std::string& pipeline) {
  void* gst = dlopen("libgstreamer-1.0.so.0", RTLD_NOW | RTLD_LOCAL);
  if (gst == nullptr) return "";
  struct Problem {  // GError
    uint32_t domain;
    int code;
    char* message;
  };
  constexpr int kFatalErrors = 1;  // GST_PARSE_FLAG_FATAL_ERRORS
  const auto init = reinterpret_cast<int (*)(void*, void*, void*)>(
      dlsym(gst, "gst_init_check"));
  const auto parse =
      reinterpret_cast<void* (*)(const char*, void*, int, Problem**)>(
          dlsym(gst, "gst_parse_launch_full"));
  const auto unref =
      reinterpret_cast<void (*)(void*)>(dlsym(gst, "gst_object_unref"));
  if (init == nullptr || parse == nullptr || unref == nullptr ||
      init(nullptr, nullptr, nullptr) == 0)
    return "";
  Problem* problem = nullptr;
  void* parsed = parse(pipeline.c_str(), nullptr, kFatalErrors, &problem);
  if (parsed != nullptr) unref(parsed);
  return problem == nullptr ? "" : problem->message;
}

std::string WithSink(const std::string& pipeline) {
  return pipeline.find("appsink") == std::string::npos ? pipeline + kPipelineEnd
                                                       : pipeline;
}

void Open(const CaptureRequest& request, cv::VideoCapture& capture) {
  switch (request.kind) {
    case CaptureKind::kCamera:
      capture.open(std::atoi(request.name.c_str()), cv::CAP_V4L2);
      if (request.width > 0) {
        capture.set(cv::CAP_PROP_FRAME_WIDTH, request.width);
        capture.set(cv::CAP_PROP_FRAME_HEIGHT, request.height);
      }
      break;
    case CaptureKind::kPipeline:
      capture.open(WithSink(request.name), cv::CAP_GSTREAMER);
      break;
    default:
      // OpenCV's others look for cameras at all ports first.
      for (const int backend : {cv::CAP_FFMPEG, cv::CAP_GSTREAMER,
                                cv::CAP_IMAGES, cv::CAP_OPENCV_MJPEG}) {
        if (capture.open(request.name, backend)) return;
      }
  }
}

// What pictures come as: in OpenCV's blue, green and red, or as they are.
enum class Form { kBgr, kJpeg, kYuyv, kI420 };

// "mjpg", "yuyv": of four letters that OpenCV gives as a number.
std::string LettersOf(const cv::VideoCapture& capture,
                      cv::VideoCaptureProperties property) {
  const auto code = static_cast<uint32_t>(capture.get(property));
  std::string letters;
  for (int shift = 0; shift < 32; shift += 8)
    letters += static_cast<char>(std::tolower(code >> shift & 0xFF));
  return letters;
}

// What a camera or a file of FFmpeg's gives. FFmpeg makes "mjpe" of motion
// JPEG's name where the file says none, and has no name for what is not packed.
Form OwnForm(const cv::VideoCapture& capture, bool is_ffmpeg) {
  const std::string codec = LettersOf(capture, cv::CAP_PROP_FOURCC);
  if (codec == "mjpg" || codec == "jpeg" || codec == "mjpe") return Form::kJpeg;
  if (is_ffmpeg) {
    const bool is_raw = codec == "i420" || codec == std::string(4, '\0');
    return is_raw &&
                   LettersOf(capture, cv::CAP_PROP_CODEC_PIXEL_FORMAT) == "i420"
               ? Form::kI420
               : Form::kBgr;
  }
  return codec == "yuyv" ? Form::kYuyv : Form::kBgr;
}

// Asks for pictures as they are, where that is known and FFmpeg would not turn
// them.
Form AskForOwnForm(cv::VideoCapture& capture) {
  const std::string backend = capture.getBackendName();
  const bool is_ffmpeg = backend == "FFMPEG";
  if (!is_ffmpeg && backend != "V4L2") return Form::kBgr;
  const Form form = OwnForm(capture, is_ffmpeg);
  if (form == Form::kBgr) return form;
  const bool given = is_ffmpeg
                         ? capture.get(cv::CAP_PROP_ORIENTATION_META) == 0 &&
                               capture.set(cv::CAP_PROP_FORMAT, -1)
                         : capture.set(cv::CAP_PROP_CONVERT_RGB, 0);
  return given ? form : Form::kBgr;
}

int WidthOf(const cv::VideoCapture& capture) {
  return static_cast<int>(capture.get(cv::CAP_PROP_FRAME_WIDTH));
}
int HeightOf(const cv::VideoCapture& capture) {
  return static_cast<int>(capture.get(cv::CAP_PROP_FRAME_HEIGHT));
}

class Capture : public FrameSource {
 public:
  Capture(CaptureRequest request, cv::VideoCapture capture)
      : request_(std::move(request)),
        capture_(std::move(capture)),
        form_(AskForOwnForm(capture_)) {}

  Result<bool> Next(Image& frame) override {
    return Guarded("take a picture", [&]() -> Result<bool> {
      // A camera's cable, or a network, may damage one or the other.
      for (int tried = 0; tried < kMostDamaged; ++tried) {
        if (!capture_.read(picture_) || picture_.empty()) break;
        if (Convert(frame)) {
          ++frames_;
          return true;
        }
        if (IsDoubtful(tried) && Reopen()) form_ = Form::kBgr;
      }
      if (request_.kind == CaptureKind::kCamera)
        return Fail(ErrorCode::kIo, "gives no more pictures after " +
                                        std::to_string(frames_) +
                                        "; look whether the camera is "
                                        "plugged in and not in use elsewhere");
      if (frames_ == 0)
        return Fail(ErrorCode::kIo,
                    "gives no picture; look whether it plays elsewhere");
      return false;
    });
  }
  Result<void> Rewind() override {
    if (is_live()) return InvalidArgument("a live source cannot start again");
    return Guarded("start again", [&]() -> Result<void> {
      if (!Reopen()) return Fail(ErrorCode::kIo, "is gone");
      if (form_ != Form::kBgr) form_ = AskForOwnForm(capture_);
      frames_ = 0;
      return {};
    });
  }
  bool is_live() const override { return request_.kind != CaptureKind::kVideo; }
  double fps() const override {
    const double fps = capture_.get(cv::CAP_PROP_FPS);
    return fps > 0 && fps < 1000 ? fps : 0;
  }

 private:
  static constexpr int kMostDamaged = 100;

  bool Reopen() {
    capture_.release();
    Open(request_, capture_);
    return capture_.isOpened();
  }

  // Whether what seemed to be of a form may be of another. A camera's first
  // ones are often damaged.
  bool IsDoubtful(int tried) const {
    const int patience = request_.kind == CaptureKind::kCamera ? 3 : 0;
    return frames_ == 0 && tried == patience;
  }

  // False for a picture that is no good.
  bool Convert(Image& frame) {
    if (form_ == Form::kBgr) {
      FromOpenCv(picture_, frame);
      return true;
    }
    if (form_ != Form::kJpeg) return ConvertLuma(frame);
    const auto* first = reinterpret_cast<const std::byte*>(picture_.data);
    const size_t bytes = picture_.total() * picture_.elemSize();
    if (!DecodeJpeg({first, bytes}, frame)) return false;
    return frames_ > 0 || HasSize(frame);
  }

  // YUYV has two bytes a pixel; I420 a plane of luma and two of a quarter.
  bool ConvertLuma(Image& frame) {
    const bool packed = form_ == Form::kYuyv;
    const int width = WidthOf(capture_), height = HeightOf(capture_);
    const int rows = packed ? height : height / 2 * 3;
    const size_t bytes = static_cast<size_t>(width) *
                         static_cast<size_t>(rows) * (packed ? 2 : 1);
    if (width % 2 != 0 || height % 2 != 0 || !picture_.isContinuous() ||
        picture_.total() * picture_.elemSize() != bytes)
      return false;
    const cv::Mat luma(rows, width, packed ? CV_8UC2 : CV_8UC1, picture_.data);
    frame.width = width;
    frame.height = height;
    frame.pixels.resize(static_cast<size_t>(width) *
                        static_cast<size_t>(height) * 3);
    cv::Mat rgb(height, width, CV_8UC3, frame.pixels.data());
    cv::cvtColor(luma, rgb,
                 packed ? cv::COLOR_YUV2RGB_YUYV : cv::COLOR_YUV2RGB_I420);
    return true;
  }

  // Interlaced video has half the rows in a picture.
  bool HasSize(const Image& frame) const {
    return frame.width == WidthOf(capture_) &&
           frame.height == HeightOf(capture_);
  }

  CaptureRequest request_;
  cv::VideoCapture capture_;
  Form form_;
  cv::Mat picture_;
  int64_t frames_ = 0;
};

std::string WhatToLookAt(const CaptureRequest& request) {
  switch (request.kind) {
    case CaptureKind::kCamera:
      return "there is no such camera, or it is in use; `ls /dev/video*` "
             "shows those there are, camera:N takes /dev/videoN";
    case CaptureKind::kPipeline:
      return "GStreamer cannot run the pipeline; try it with `gst-launch-1.0`, "
             "ending in fakesink";
    case CaptureKind::kUrl:
      return "cannot be opened; look whether the address is right and "
             "answers";
    default:
      return "is no video or image that OpenCV can read; give .mp4, .avi, "
             ".jpg or .png";
  }
}

}  // namespace

Result<std::unique_ptr<FrameSource>> OpenCapture(
    const CaptureRequest& request) {
  using Opened = Result<std::unique_ptr<FrameSource>>;
  return Guarded("open it", [&]() -> Opened {
    if (request.kind == CaptureKind::kPipeline) {
      const std::string wrong = PipelineError(WithSink(request.name));
      if (!wrong.empty())
        return Fail(ErrorCode::kIo, WhatToLookAt(request) + ": " + wrong);
    }
    cv::VideoCapture capture;
    Open(request, capture);
    if (!capture.isOpened()) return Fail(ErrorCode::kIo, WhatToLookAt(request));
    return std::make_unique<Capture>(request, std::move(capture));
  });
}

}  // namespace liteforge
