// SPDX-License-Identifier: Apache-2.0
// What the vision module (liteforge_vision.so, folder opencv/) offers. The
// rest of liteforge knows it through these classes alone and opens it at the
// first use: linking OpenCV would cost every start 0.15 s and 77 MB.
//
// The module is built with liteforge, by the same compiler; it finds itself
// checked by kVisionModuleVersion.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "liteforge/detection.h"
#include "liteforge/image.h"
#include "liteforge/result.h"

namespace liteforge {

// Pictures one after the other.
class FrameSource {
 public:
  virtual ~FrameSource() = default;

  // False at the end. Errors: a file that cannot be read, a camera that gives
  // no more.
  virtual Result<bool> Next(Image& frame) = 0;
  // Starts again. Errors: what cannot.
  virtual Result<void> Rewind() = 0;
  // Whether frames come when they come; of those only the newest counts.
  virtual bool is_live() const = 0;
  // Of a video; 0 when it is not known.
  virtual double fps() const = 0;
  // The file of the last frame; empty for frames of a video.
  virtual std::string file() const { return {}; }
};

// What a video source is.
enum class CaptureKind { kCamera, kPipeline, kUrl, kVideo };

struct CaptureRequest {
  CaptureKind kind = CaptureKind::kVideo;
  std::string name;  // camera number, pipeline, address or path
  int width = 0, height = 0;
};

class VideoWriter {
 public:
  virtual ~VideoWriter() = default;
  // All frames have the size of the first.
  virtual Result<void> Write(const Image& frame) = 0;
  // Completes the file.
  virtual void Finish() = 0;
};

class Window {
 public:
  virtual ~Window() = default;
  // False once it was closed, or q or Esc pressed in it.
  virtual Result<bool> Show(const Image& frame) = 0;
};

// Shows the newest picture to browsers: `/` the page, `/stream` the pictures,
// `/status` what was published with the newest one.
class PreviewServer {
 public:
  virtual ~PreviewServer() = default;
  virtual std::string url() const = 0;
  // Whether anyone is looking; pictures need not be made for nobody.
  virtual bool has_viewers() const = 0;
  virtual void Publish(std::vector<std::byte> jpeg, std::string status) = 0;
};

// Never throws: what OpenCV throws becomes an Error. May be used by several
// threads at once.
class Vision {
 public:
  virtual ~Vision() = default;

  // An image file's bytes. Errors: kInvalidModel.
  virtual Result<Image> Decode(std::span<const std::byte> file) const = 0;

  // The file's bytes; `extension` (".png") names the format, `quality` [0, 100]
  // is JPEG's. Errors: kUnsupported for a format that OpenCV does not write.
  virtual Result<std::vector<std::byte>> Encode(const Image& image,
                                                std::string_view extension,
                                                int quality = 95) const = 0;

  // Draws on the image.
  virtual Result<void> Draw(const Findings& findings, Image& image) const = 0;

  // Errors: what cannot be opened, saying what to look at.
  virtual Result<std::unique_ptr<FrameSource>> Capture(
      const CaptureRequest& request) const = 0;
  // The ending chooses the format: .avi, .mp4, .mkv.
  virtual Result<std::unique_ptr<VideoWriter>> WriteVideo(
      const std::string& file, double fps, int width, int height) const = 0;
  // Use it in the thread that opened it.
  virtual Result<std::unique_ptr<Window>> OpenWindow() const = 0;
  virtual Result<std::unique_ptr<PreviewServer>> Serve(
      const std::string& address, int port) const = 0;
};

constexpr int kVisionModuleVersion = 1;

// The module's only symbol, `liteforge_vision`: itself when asked for its own
// version, else nullptr. It lives until the process ends.
using VisionModuleEntry = const Vision* (*)(int version);

// Opens the module once. Errors: kUnsupported, saying what to install.
Result<const Vision*> LoadVision();

}  // namespace liteforge
