// SPDX-License-Identifier: Apache-2.0
#include "detection/outputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "base/try.h"
#include "detection/sources.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;
using Output = std::unique_ptr<PictureOutput>;

class ImageOutput : public PictureOutput {
 public:
  explicit ImageOutput(fs::path file) : file_(std::move(file)) {}
  Result<bool> Show(const Image& image, const FrameReport&) override {
    TRY(WriteImage(file_, image));
    return true;
  }

 private:
  fs::path file_;
};

class DirectoryOutput : public PictureOutput {
 public:
  explicit DirectoryOutput(fs::path directory)
      : directory_(std::move(directory)) {}
  Result<bool> Show(const Image& image, const FrameReport& frame) override {
    const std::string name = frame.file.empty()
                                 ? fmt::format("frame_{:06}.png", frame.index)
                                 : fs::path(frame.file).filename().string();
    TRY(WriteImage(directory_ / name, image));
    return true;
  }

 private:
  fs::path directory_;
};

constexpr double kLiveFps = 15;
constexpr double kFileFps = 25;

// Written beside and renamed at the end, so that the name stands for a whole
// video. Frames of a live source are repeated or left out, so that it plays
// as fast as it happened.
class VideoOutput : public PictureOutput {
 public:
  VideoOutput(fs::path file, bool is_live, double fps)
      : file_(std::move(file)),
        part_(file_.parent_path() / fmt::format(".{}.{}{}",
                                                file_.stem().string(), getpid(),
                                                file_.extension().string())),
        is_live_(is_live),
        fps_(is_live   ? kLiveFps
             : fps > 0 ? fps
                       : kFileFps) {}
  ~VideoOutput() override {
    std::error_code ignored;
    if (writer_ != nullptr) fs::remove(part_, ignored);
  }

  Result<bool> Show(const Image& image, const FrameReport& frame) override {
    if (writer_ == nullptr) TRY(Open(image, frame));
    const auto until = static_cast<int64_t>((frame.seconds - start_) * fps_);
    const int64_t times = is_live_ ? until + 1 - written_ : 1;
    if (image.width == width_ && image.height == height_)
      TRY(Write(image, times));
    else if (times > 0)
      TRY(Write(Resize(image, width_, height_, Fit::kLetterbox), times));
    return true;
  }

  Result<void> Finish() override {
    if (writer_ == nullptr) return {};
    writer_->Finish();
    writer_.reset();
    std::error_code failed;
    fs::rename(part_, file_, failed);
    if (failed)
      return Fail(ErrorCode::kIo,
                  file_.string() + ": cannot be written: " + failed.message());
    return {};
  }

 private:
  Result<void> Open(const Image& image, const FrameReport& frame) {
    // MPEG-4 has even sizes only.
    width_ = std::max(2, image.width & ~1);
    height_ = std::max(2, image.height & ~1);
    start_ = frame.seconds;
    TRY_ASSIGN(const Vision* vision, LoadVision());
    auto writer = vision->WriteVideo(part_.string(), fps_, width_, height_);
    if (!writer)
      return tl::unexpected(std::move(writer.error()).In(file_.string()));
    writer_ = *std::move(writer);
    return {};
  }

  Result<void> Write(const Image& image, int64_t times) {
    for (int64_t i = 0; i < times; ++i, ++written_) TRY(writer_->Write(image));
    return {};
  }

  fs::path file_, part_;
  bool is_live_;
  double fps_, start_ = 0;
  int width_ = 0, height_ = 0;
  int64_t written_ = 0;
  std::unique_ptr<VideoWriter> writer_;
};

class WindowOutput : public PictureOutput {
 public:
  explicit WindowOutput(std::unique_ptr<Window> window)
      : window_(std::move(window)) {}
  Result<bool> Show(const Image& image, const FrameReport&) override {
    return window_->Show(image);
  }

 private:
  std::unique_ptr<Window> window_;
};

constexpr int kPreviewQuality = 80;

class PreviewOutput : public PictureOutput {
 public:
  PreviewOutput(std::unique_ptr<PreviewServer> server, const Vision& vision)
      : server_(std::move(server)), vision_(vision) {}
  bool wants_picture() const override { return server_->has_viewers(); }
  Result<bool> Show(const Image& image, const FrameReport& frame) override {
    std::vector<std::byte> jpeg;
    if (wants_picture()) {
      TRY_ASSIGN(jpeg, vision_.Encode(image, ".jpg", kPreviewQuality));
    }
    server_->Publish(std::move(jpeg), ToJson(frame));
    return true;
  }

 private:
  std::unique_ptr<PreviewServer> server_;
  const Vision& vision_;
};

Result<Output> OpenSave(const StreamOptions& options, bool is_live,
                        double fps) {
  const fs::path& save = options.save;
  std::error_code failed;
  if (!save.has_filename() || fs::is_directory(save, failed)) {
    fs::create_directories(save, failed);
    const fs::path from = fs::is_directory(options.source, failed)
                              ? fs::path(options.source)
                              : fs::path(options.source).parent_path();
    if (fs::equivalent(save, from.empty() ? "." : from, failed))
      return InvalidArgument(save.string() +
                             " is where the images come from, which would be "
                             "overwritten; name another directory");
    return std::make_unique<DirectoryOutput>(save);
  }
  if (!IsImageFile(save))
    return std::make_unique<VideoOutput>(save, is_live, fps);
  if (!IsOneImage(options.source))
    return InvalidArgument(save.string() +
                           " keeps one image, the source gives many; name a "
                           "video (.avi, .mp4) or a directory");
  if (fs::equivalent(save, options.source, failed))
    return InvalidArgument(save.string() +
                           " is the source, which would be overwritten; name "
                           "another file");
  return std::make_unique<ImageOutput>(save);
}

// "8080", "0.0.0.0:8080", "[::1]:8080"
struct Address {
  std::string host = "127.0.0.1";
  int port = 0;
};
Result<Address> ParseAddress(const std::string& text) {
  Address address;
  const size_t colon = text.rfind(':');
  const std::string port =
      colon == std::string::npos ? text : text.substr(colon + 1);
  if (colon != std::string::npos) address.host = text.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  const auto [end, wrong] =
      std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (wrong != std::errc() || end != port.data() + port.size() ||
      port.empty() || address.port < 0 || address.port > 65535 ||
      address.host.empty())
    return InvalidArgument("'" + text +
                           "' is no place to serve at; give PORT or "
                           "ADDRESS:PORT, as 8080 or 0.0.0.0:8080");
  return address;
}

Result<Output> OpenPreview(const StreamOptions& options, const Vision& vision) {
  TRY_ASSIGN(const Address address, ParseAddress(options.serve));
  TRY_ASSIGN(auto server, vision.Serve(address.host, address.port));
  if (options.on_serve) options.on_serve(server->url());
  return std::make_unique<PreviewOutput>(std::move(server), vision);
}

}  // namespace

Result<std::vector<Output>> OpenOutputs(const StreamOptions& options,
                                        bool is_live, double fps) {
  std::vector<Output> outputs;
  if (!options.save.empty()) {
    TRY_ASSIGN(Output save, OpenSave(options, is_live, fps));
    outputs.push_back(std::move(save));
  }
  if (!options.display && options.serve.empty()) return outputs;
  TRY_ASSIGN(const Vision* vision, LoadVision());
  if (options.display) {
    TRY_ASSIGN(auto window, vision->OpenWindow());
    outputs.push_back(std::make_unique<WindowOutput>(std::move(window)));
  }
  if (!options.serve.empty()) {
    TRY_ASSIGN(Output preview, OpenPreview(options, *vision));
    outputs.push_back(std::move(preview));
  }
  return outputs;
}

}  // namespace liteforge
