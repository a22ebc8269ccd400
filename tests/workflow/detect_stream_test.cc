// SPDX-License-Identifier: Apache-2.0
// `liteforge detect` on what is live: streams, pipelines, Ctrl-C, and the page
// that a browser shows.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "liteforge/image.h"
#include "tests/workflow/detect_testing.h"

namespace {

namespace fs = std::filesystem;
using liteforge::Image;
using liteforge_tests::Background;
using liteforge_tests::Lines;
using liteforge_tests::Quarters;
using liteforge_tests::ReadText;
using std::chrono::milliseconds;
using testing::HasSubstr;

class DetectStream : public liteforge_tests::DetectTest {};

TEST_F(DetectStream, CtrlCEndsWithAWholeVideo) {
  MakeFrames(2);
  const Background run(folder_.path(),
                       "model.tflite --source frames --loop --save out.avi "
                       "--serve 0");
  ASSERT_NE(run.Url(), "") << run.err();
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(run.End(SIGINT), 0) << run.err();
  EXPECT_THAT(run.err(), HasSubstr(" ms a frame"));
  const auto again = Run("model.tflite --source out.avi --json");
  EXPECT_EQ(again.exit_status, 0) << again.err;
  EXPECT_GT(Lines(again.out).size(), 2u);
}

// A camera in the network: motion JPEG over HTTP, to one viewer at a time.
class NetworkCamera {
 public:
  // Sends `frames` pictures, one every `pace`, and closes the connection; of
  // none it is silent.
  NetworkCamera(std::string jpeg, int frames, milliseconds pace)
      : jpeg_(std::move(jpeg)), frames_(frames), pace_(pace) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~NetworkCamera() {
    ended_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/video";
  }
  int sent() const { return sent_; }
  bool was_called() const { return called_; }

 private:
  void Serve() {
    for (int viewer; (viewer = accept(listener_, nullptr, nullptr)) >= 0;) {
      char request[4096];
      if (recv(viewer, request, sizeof(request), 0) > 0) Send(viewer);
      close(viewer);
    }
  }
  void Send(int viewer) {
    called_ = true;
    while (frames_ == 0 && !ended_) std::this_thread::sleep_for(pace_);
    const auto write = [viewer](const std::string& text) {
      return send(viewer, text.data(), text.size(), MSG_NOSIGNAL) > 0;
    };
    bool goes_on = write(
        "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; "
        "boundary=frame\r\n\r\n");
    for (int k = 0; k < frames_ && goes_on && !ended_; ++k) {
      goes_on =
          write("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: " +
                std::to_string(jpeg_.size()) + "\r\n\r\n" + jpeg_ + "\r\n");
      if (goes_on) ++sent_;
      std::this_thread::sleep_for(pace_);
    }
  }

  std::string jpeg_;
  int frames_;
  milliseconds pace_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> called_ = false, ended_ = false;
  std::atomic<int> sent_ = 0;
  std::thread thread_;
};

TEST_F(DetectStream, NetworkCameraUntilItEnds) {
  ASSERT_TRUE(liteforge::WriteImage(At("shot.jpg"), Quarters(64, 48)));
  const NetworkCamera camera(ReadText(At("shot.jpg")), 60, milliseconds(20));
  const auto run = Run("model.tflite --json --source " + camera.url());
  EXPECT_EQ(run.exit_status, 0) << run.err;
  const auto lines = Lines(run.out);
  ASSERT_GT(lines.size(), 1u) << run.err;
  // Each picture was looked at or dropped, none waited; those at the beginning
  // went into telling what kind of stream it is.
  const int64_t dropped = lines.back()["dropped"];
  EXPECT_LE(static_cast<int64_t>(lines.size()) + dropped, camera.sent());
  for (const auto& line : lines) {
    EXPECT_EQ(line["width"], 64);
    ASSERT_EQ(line["objects"].size(), 2u);
    EXPECT_EQ(line["objects"][0]["label"], "leaf");
  }
}

TEST_F(DetectStream, NetworkCameraUntilCtrlC) {
  ASSERT_TRUE(liteforge::WriteImage(At("shot.jpg"), Quarters(64, 48)));
  const NetworkCamera camera(ReadText(At("shot.jpg")), 1 << 20,
                             milliseconds(20));
  const Background run(
      folder_.path(),
      "model.tflite --json --save out.avi --source " + camera.url());
  EXPECT_TRUE(liteforge_tests::WaitFor([&] { return run.out().size() > 1000; }))
      << run.err();
  EXPECT_EQ(run.End(SIGINT), 0) << run.err();
  EXPECT_EQ(Run("model.tflite --source out.avi").exit_status, 0);
}

// A pipe that nobody writes into: opening it never ends.
TEST_F(DetectStream, OneCtrlCEndsWhatStillOpens) {
  ASSERT_EQ(mkfifo(At("pipe.avi").c_str(), 0600), 0);
  const Background run(folder_.path(), "model.tflite --source pipe.avi");
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_FALSE(run.has_ended()) << run.err();
  EXPECT_EQ(run.End(SIGINT), 0) << run.err();
  EXPECT_EQ(run.out() + run.err(), "");
}

// A camera in the network that takes the call and says nothing.
TEST_F(DetectStream, OneCtrlCEndsWhatNeverAnswers) {
  const NetworkCamera camera("", 0, milliseconds(20));
  const Background run(folder_.path(), "model.tflite --source " + camera.url());
  EXPECT_TRUE(liteforge_tests::WaitFor([&] { return camera.was_called(); }));
  EXPECT_EQ(run.End(SIGINT), 0) << run.err();
}

TEST_F(DetectStream, PipelineUntilItEnds) {
  const auto run =
      Run("model.tflite --json --source 'videotestsrc num-buffers=20 ! "
          "video/x-raw,width=64,height=48'");
  if (run.err.find("GStreamer cannot run") != std::string::npos)
    GTEST_SKIP() << "GStreamer's plugins are not installed: " << run.err;
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.err.find("WARN"), std::string::npos) << run.err;
  const auto lines = Lines(run.out);
  ASSERT_GE(lines.size(), 1u);
  EXPECT_EQ(lines[0]["height"], 48);
}

//------------------------------------------------------- the window, the page

bool IsInstalled(const std::string& program) {
  const std::string found = "command -v " + program + " >/dev/null 2>&1";
  return std::system(found.c_str()) == 0;
}

// An X server without a screen, which keeps what is on it in a file.
class VirtualScreen {
 public:
  explicit VirtualScreen(const fs::path& folder) : folder_(folder) {
    const std::string start =
        "cd '" + folder.string() +
        "' && (Xvfb -displayfd 3 -fbdir . -screen 0 "
        "1024x768x24 -nolisten tcp 3>display.txt >/dev/null 2>&1 & "
        "echo $! >xvfb.txt)";
    EXPECT_EQ(std::system(start.c_str()), 0);
    liteforge_tests::WaitFor(
        [&] { return !ReadText(folder_ / "display.txt").empty(); });
  }
  ~VirtualScreen() { kill(std::stoi(ReadText(folder_ / "xvfb.txt")), SIGTERM); }
  std::string display() const {
    const std::string number = ReadText(folder_ / "display.txt");
    return ":" + number.substr(0, number.find('\n'));
  }
  // How many pixels have exactly a color, blue in the lowest byte. The file is
  // an X window dump: a header that begins with its own size, 256 colors of 12
  // bytes at the most, 1024 * 768 pixels of 4 bytes at the end.
  size_t CountOf(uint32_t color) const {
    const std::string dump = ReadText(folder_ / "Xvfb_screen0");
    constexpr size_t kBytes = size_t{1024} * 768 * 4;
    if (dump.size() < kBytes) return 0;
    size_t count = 0;
    for (size_t at = dump.size() - kBytes; at < dump.size(); at += 4) {
      uint32_t pixel = 0;
      std::memcpy(&pixel, &dump[at], sizeof(pixel));
      count += (pixel & 0xFFFFFF) == color;
    }
    return count;
  }

 private:
  fs::path folder_;
};

TEST_F(DetectStream, WindowShowsThePicture) {
  if (!IsInstalled("Xvfb")) GTEST_SKIP() << "no Xvfb is installed";
  MakeFrames(2, 640, 480);
  const VirtualScreen screen(folder_.path());
  setenv("DISPLAY", screen.display().c_str(), 1);
  const Background run(folder_.path(),
                       "model.tflite --source frames --loop --display");
  unsetenv("DISPLAY");
  // A quarter of the picture each, 76800 pixels, without lines, captions and
  // what lies over the window.
  EXPECT_TRUE(liteforge_tests::WaitFor([&] {
    return screen.CountOf(0x00FF00) > 60000 && screen.CountOf(0x0000FF) > 60000;
  })) << screen.CountOf(0x00FF00)
      << " green and " << screen.CountOf(0x0000FF) << " blue pixels\n"
      << run.err();
  EXPECT_EQ(run.End(SIGINT), 0) << run.err();
}

std::string Browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"})
    if (IsInstalled(name)) return name;
  return "";
}

// How many pixels of the left part, where the picture is, have a color.
int CountOf(const Image& page, int red, int green, int blue) {
  const auto near = [](int a, int b) { return std::abs(a - b) < 40; };
  int count = 0;
  for (int y = 0; y < page.height; ++y) {
    for (int x = 0; x < page.width / 2; ++x) {
      const uint8_t* p =
          &page.pixels[static_cast<size_t>((y * page.width + x) * 3)];
      count += near(p[0], red) && near(p[1], green) && near(p[2], blue);
    }
  }
  return count;
}

// The page as a browser draws it: the picture with its boxes beside the frames
// a second, the stages and what was found. LITEFORGE_SCREENSHOT keeps it.
TEST_F(DetectStream, PageShowsThePictureAndTheNumbers) {
  const std::string browser = Browser();
  if (browser.empty()) GTEST_SKIP() << "no Chromium is installed";
  MakeFrames(2, 640, 480);
  const Background run(folder_.path(),
                       "model.tflite --source frames --loop --serve 0");
  const std::string url = run.Url();
  ASSERT_NE(url, "") << run.err();
  const std::string look =
      "cd '" + folder_.path().string() + "' && timeout 60 " + browser +
      " --headless --no-sandbox --disable-gpu --user-data-dir=profile "
      "--window-size=1100,600 --virtual-time-budget=3000 ";
  ASSERT_EQ(
      std::system(
          (look + "--dump-dom " + url + " >page.html 2>/dev/null").c_str()),
      0);
  const std::string page = ReadText(At("page.html"));
  EXPECT_THAT(page, HasSubstr("<td>leaf</td>"));
  EXPECT_THAT(page, HasSubstr("<td>sky</td>"));
  EXPECT_THAT(page, testing::ContainsRegex("id=\"fps\">[0-9]+\\.[0-9]<"));
  for (const char* stage : {"capture", "pre", "infer", "post"})
    EXPECT_THAT(page, testing::ContainsRegex(std::string("id=\"") + stage +
                                             "\">[0-9]+\\.[0-9] ms<"));
  EXPECT_THAT(page, HasSubstr("640 × 480"));

  ASSERT_EQ(
      std::system(
          (look + "--screenshot=page.png " + url + " >/dev/null 2>&1").c_str()),
      0);
  const auto shot = liteforge::ReadImage(At("page.png"));
  ASSERT_TRUE(shot) << shot.error().ToString();
  if (const char* keep = std::getenv("LITEFORGE_SCREENSHOT"))
    fs::copy_file(At("page.png"), keep, fs::copy_options::overwrite_existing);
  // The picture fills at least a third of the left half of 1100 x 600: a
  // quarter of it is green, a quarter blue.
  EXPECT_GT(CountOf(*shot, 0, 255, 0), 20000);
  EXPECT_GT(CountOf(*shot, 0, 0, 255), 20000);
  EXPECT_EQ(run.End(SIGTERM), 0) << run.err();
}

}  // namespace
