// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <opencv2/highgui.hpp>

#include "vision/opencv/guard.h"
#include "vision/opencv/opencv_vision.h"

namespace liteforge {
namespace {

constexpr const char* kTitle = "liteforge";
constexpr int kEscape = 27;

class OpenCvWindow : public Window {
 public:
  ~OpenCvWindow() override {
    try {
      cv::destroyAllWindows();
    } catch (const std::exception&) {
      // It was closed already.
    }
  }

  Result<bool> Show(const Image& frame) override {
    return Guarded("show the window", [&]() -> Result<bool> {
      cv::imshow(kTitle, ToOpenCv(frame));
      const int key = cv::waitKey(1) & 0xFF;
      return key != 'q' && key != kEscape &&
             cv::getWindowProperty(kTitle, cv::WND_PROP_VISIBLE) >= 1;
    });
  }
};

bool HasScreen() {
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
}

}  // namespace

// Toolkits end the process when there is no screen, so that is asked first.
Result<std::unique_ptr<Window>> OpenPreviewWindow() {
  using Opened = Result<std::unique_ptr<Window>>;
  if (!HasScreen())
    return Fail(ErrorCode::kIo,
                "there is no screen for a window (DISPLAY is not set); use "
                "--serve PORT and a browser");
  return Guarded("open a window", []() -> Opened {
    cv::namedWindow(kTitle, cv::WINDOW_AUTOSIZE);
    return std::make_unique<OpenCvWindow>();
  });
}

}  // namespace liteforge
