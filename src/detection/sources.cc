// SPDX-License-Identifier: Apache-2.0
#include "detection/sources.h"

#include <algorithm>
#include <optional>

#include "base/try.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

class ImageFiles : public FrameSource {
 public:
  explicit ImageFiles(std::vector<fs::path> files) : files_(std::move(files)) {}

  Result<bool> Next(Image& frame) override {
    if (next_ == files_.size()) return false;
    TRY_ASSIGN(frame, ReadImage(files_[next_]));
    ++next_;
    return true;
  }
  Result<void> Rewind() override {
    next_ = 0;
    return {};
  }
  bool is_live() const override { return false; }
  double fps() const override { return 0; }
  std::string file() const override {
    return next_ == 0 ? "" : files_[next_ - 1].string();
  }

 private:
  std::vector<fs::path> files_;
  size_t next_ = 0;
};

Result<std::vector<fs::path>> ImagesIn(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed))
    if (IsImageFile(entry.path())) files.push_back(entry.path());
  if (failed) return Fail(ErrorCode::kIo, failed.message());
  if (files.empty())
    return InvalidArgument("holds no images; put .jpg or .png files there");
  std::ranges::sort(files);
  return files;
}

// "camera" and "camera:2" as "0" and "2".
std::optional<std::string> CameraNumber(const std::string& source) {
  if (source == "camera") return "0";
  if (!source.starts_with("camera:")) return std::nullopt;
  const std::string number = source.substr(7);
  const bool digits =
      !number.empty() && number.size() < 6 &&
      number.find_first_not_of("0123456789") == std::string::npos;
  return digits ? std::optional(number) : std::nullopt;
}

constexpr int kPiWidth = 640, kPiHeight = 480;

std::string PiPipeline(const StreamOptions& options) {
  const int width = options.width > 0 ? options.width : kPiWidth;
  const int height = options.height > 0 ? options.height : kPiHeight;
  return "libcamerasrc ! video/x-raw,width=" + std::to_string(width) +
         ",height=" + std::to_string(height);
}

// What the module must open; none for files of images.
std::optional<CaptureRequest> RequestOf(const StreamOptions& options) {
  const std::string& source = options.source;
  CaptureRequest request{CaptureKind::kVideo, source, options.width,
                         options.height};
  if (const auto number = CameraNumber(source)) {
    request.kind = CaptureKind::kCamera;
    request.name = *number;
  } else if (source == "picamera") {
    request.kind = CaptureKind::kPipeline;
    request.name = PiPipeline(options);
  } else if (source.find(" ! ") != std::string::npos) {
    request.kind = CaptureKind::kPipeline;
  } else if (source.find("://") != std::string::npos) {
    request.kind = CaptureKind::kUrl;
  } else {
    return std::nullopt;
  }
  return request;
}

}  // namespace

bool IsOneImage(const std::string& source) {
  std::error_code none;
  return IsImageFile(source) && fs::is_regular_file(source, none);
}

Result<std::unique_ptr<FrameSource>> OpenSource(const StreamOptions& options) {
  TRY_ASSIGN(const Vision* vision, LoadVision());
  if (const auto request = RequestOf(options)) return vision->Capture(*request);
  const fs::path path = options.source;
  std::error_code none;
  if (fs::is_directory(path, none)) {
    TRY_ASSIGN(auto files, ImagesIn(path));
    return std::make_unique<ImageFiles>(std::move(files));
  }
  if (!fs::exists(path, none))
    return Fail(ErrorCode::kIo,
                "there is no such file or directory; a camera is camera or "
                "camera:N, a stream has ://");
  if (IsImageFile(path)) return std::make_unique<ImageFiles>(std::vector{path});
  return vision->Capture({CaptureKind::kVideo, path.string(), 0, 0});
}

}  // namespace liteforge
