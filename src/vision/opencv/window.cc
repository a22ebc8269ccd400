// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <cstdlib>
#include <opencv2/highgui.hpp>
#include <string>

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

// Of the environment; empty when it is not set.
std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Whether the X server of DISPLAY answers; true when that cannot be told.
bool ServerAnswers() {
  void* x11 = dlopen("libX11.so.6", RTLD_NOW | RTLD_LOCAL);
  if (x11 == nullptr) return true;
  const auto open =
      reinterpret_cast<void* (*)(const char*)>(dlsym(x11, "XOpenDisplay"));
  const auto close =
      reinterpret_cast<int (*)(void*)>(dlsym(x11, "XCloseDisplay"));
  if (open == nullptr || close == nullptr) return true;
  void* display = open(nullptr);
  if (display != nullptr) close(display);
  return display != nullptr;
}

// Why there is no screen; empty when there is one.
std::string NoScreen() {
  if (!Variable("WAYLAND_DISPLAY").empty()) return "";
  const std::string display = Variable("DISPLAY");
  if (display.empty()) return "DISPLAY is not set";
  return ServerAnswers() ? "" : "nothing answers at DISPLAY " + display;
}

}  // namespace

// Toolkits end the process when there is no screen, so that is asked first.
Result<std::unique_ptr<Window>> OpenPreviewWindow() {
  using Opened = Result<std::unique_ptr<Window>>;
  if (const std::string why = NoScreen(); !why.empty())
    return Fail(ErrorCode::kIo, "there is no screen for a window (" + why +
                                    "); use --serve PORT and a browser");
  return Guarded("open a window", []() -> Opened {
    cv::namedWindow(kTitle, cv::WINDOW_AUTOSIZE);
    return std::make_unique<OpenCvWindow>();
  });
}

}  // namespace liteforge
