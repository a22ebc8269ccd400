// SPDX-License-Identifier: Apache-2.0
// What tests of `liteforge detect` share: a detector whose findings are plain
// to see (detection/color_detector.h) and pictures that it finds two things in.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "detection/color_detector.h"
#include "liteforge/image.h"
#include "tests/command.h"

namespace liteforge_tests {

// Green in the quarter above left, blue below right, else gray.
inline liteforge::Image Quarters(int width, int height) {
  liteforge::Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool top = y < height / 2, left = x < width / 2;
      const std::array<uint8_t, 3> color =
          top && left     ? std::array<uint8_t, 3>{0, 255, 0}
          : !top && !left ? std::array<uint8_t, 3>{0, 0, 255}
                          : std::array<uint8_t, 3>{100, 100, 100};
      image.pixels.insert(image.pixels.end(), color.begin(), color.end());
    }
  }
  return image;
}

// The objects of JSON, one text a line.
inline std::vector<nlohmann::json> Lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

// quarters.png and model.tflite, which finds a leaf and the sky in it, in a
// folder of their own. Skips where liteforge was built without OpenCV.
class DetectTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto written =
        liteforge::WriteImage(At("quarters.png"), Quarters(64, 48));
    if (!written) GTEST_SKIP() << written.error().ToString();
    const auto model =
        liteforge::ColorDetector({{2, 0, 3, 1}, {"leaf", "sky"}});
    std::ofstream(At("model.tflite"), std::ios::binary)
        .write(reinterpret_cast<const char*>(model.data()),
               static_cast<std::streamsize>(model.size()));
  }

  std::filesystem::path At(const std::string& name) const {
    return folder_.path() / name;
  }
  // The directory `frames` with `count` images.
  void MakeFrames(int count, int width = 64, int height = 48) const {
    std::filesystem::create_directory(At("frames"));
    for (int k = 0; k < count; ++k)
      ASSERT_TRUE(
          liteforge::WriteImage(At("frames/f" + std::to_string(k) + ".png"),
                                Quarters(width, height)));
  }
  CommandResult Run(const std::string& arguments) const {
    return RunLiteforge("detect " + arguments, folder_.path());
  }

  TemporaryFolder folder_;
};

// Until it holds, for 20 seconds.
inline bool WaitFor(const std::function<bool()>& condition) {
  for (int i = 0; i < 400; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return condition();
}

// A run of detect in the background, ended by a signal.
class Background {
 public:
  Background(const std::filesystem::path& folder, const std::string& arguments)
      : folder_(folder) {
    const std::string command =
        "cd '" + folder.string() + "' && (('" LITEFORGE_EXECUTABLE "' detect " +
        arguments + " >out.txt 2>err.txt & echo $! >pid.txt; wait $!; " +
        "echo $? >status.txt) &)";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
  ~Background() {
    if (!has_ended()) End(SIGKILL);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Waits for the address on stderr; empty when there is none.
  std::string Url() const {
    const std::regex url("serving (http://\\S+)\n");
    std::smatch match;
    std::string text;
    WaitFor([&] {
      text = err();
      return std::regex_search(text, match, url);
    });
    return match.empty() ? "" : match[1].str();
  }
  bool has_ended() const { return !ReadText(folder_ / "status.txt").empty(); }
  int Status() const {
    WaitFor([this] { return has_ended(); });
    const std::string status = ReadText(folder_ / "status.txt");
    return status.empty() ? -1 : std::stoi(status);
  }
  int End(int signal) const {
    WaitFor([this] { return !ReadText(folder_ / "pid.txt").empty(); });
    const int pid = std::stoi(ReadText(folder_ / "pid.txt"));
    // Until it has begun to listen to Ctrl-C.
    if (signal == SIGINT)
      WaitFor([&] { return has_ended() || Catches(pid, signal); });
    kill(pid, signal);
    return Status();
  }
  std::string err() const { return ReadText(folder_ / "err.txt"); }
  std::string out() const { return ReadText(folder_ / "out.txt"); }

 private:
  // /proc/PID/status, "SigCgt:\t<mask in hexadecimal>".
  static bool Catches(int pid, int signal) {
    const std::string status =
        ReadText("/proc/" + std::to_string(pid) + "/status");
    const size_t at = status.find("SigCgt:");
    if (at == std::string::npos) return false;
    const uint64_t mask = std::stoull(status.substr(at + 7), nullptr, 16);
    return (mask >> (signal - 1) & 1) != 0;
  }

  std::filesystem::path folder_;
};

}  // namespace liteforge_tests
