// SPDX-License-Identifier: Apache-2.0
// Cameras, pipelines, addresses and video files: cv::VideoCapture. Motion JPEG
// is taken out of it undecoded (jpeg.h).
#include <dlfcn.h>

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <opencv2/videoio.hpp>

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
      capture.open(request.name);
  }
}

// Of motion JPEG. FFmpeg makes "mjpe" of its codec's name where the file says
// none.
bool IsMotionJpeg(const cv::VideoCapture& capture) {
  const auto code = static_cast<uint32_t>(capture.get(cv::CAP_PROP_FOURCC));
  std::string name;
  for (int shift = 0; shift < 32; shift += 8)
    name += static_cast<char>(std::tolower(code >> shift & 0xFF));
  return name == "mjpg" || name == "jpeg" || name == "mjpe";
}

// Asks for the JPEG pictures as they come, to decode them here. False where
// there are none, and where FFmpeg would turn them.
bool AskForJpegs(cv::VideoCapture& capture) {
  if (!IsMotionJpeg(capture)) return false;
  const std::string backend = capture.getBackendName();
  if (backend == "V4L2") return capture.set(cv::CAP_PROP_CONVERT_RGB, 0);
  return backend == "FFMPEG" &&
         capture.get(cv::CAP_PROP_ORIENTATION_META) == 0 &&
         capture.set(cv::CAP_PROP_FORMAT, -1);
}

class Capture : public FrameSource {
 public:
  Capture(CaptureRequest request, cv::VideoCapture capture)
      : request_(std::move(request)),
        capture_(std::move(capture)),
        gives_jpegs_(AskForJpegs(capture_)) {}

  Result<bool> Next(Image& frame) override {
    return Guarded("take a picture", [&]() -> Result<bool> {
      // A camera's cable, or a network, may damage one or the other.
      for (int tried = 0; tried < kMostDamaged; ++tried) {
        if (!capture_.read(picture_) || picture_.empty()) break;
        if (Convert(frame)) {
          ++frames_;
          return true;
        }
        if (IsDoubtful(tried) && Reopen()) gives_jpegs_ = false;
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
      gives_jpegs_ = gives_jpegs_ && AskForJpegs(capture_);
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

  // Whether what seemed to be JPEG pictures may be others. A camera's first
  // ones are often damaged.
  bool IsDoubtful(int tried) const {
    const int patience = request_.kind == CaptureKind::kCamera ? 3 : 0;
    return frames_ == 0 && tried == patience;
  }

  // False for a picture that is no good.
  bool Convert(Image& frame) {
    if (!gives_jpegs_) {
      FromOpenCv(picture_, frame);
      return true;
    }
    const auto* first = reinterpret_cast<const std::byte*>(picture_.data);
    const size_t bytes = picture_.total() * picture_.elemSize();
    if (!DecodeJpeg({first, bytes}, frame)) return false;
    return frames_ > 0 || HasSize(frame);
  }

  // Interlaced video has half the rows in a picture.
  bool HasSize(const Image& frame) const {
    return frame.width == capture_.get(cv::CAP_PROP_FRAME_WIDTH) &&
           frame.height == capture_.get(cv::CAP_PROP_FRAME_HEIGHT);
  }

  CaptureRequest request_;
  cv::VideoCapture capture_;
  bool gives_jpegs_;
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
