// SPDX-License-Identifier: Apache-2.0
// liteforge detect MODEL --source camera[:N]|FILE|DIR|URL|PIPELINE
//     [--labels FILE] [--threshold T] [--display] [--serve [ADDRESS:]PORT]
//     [--save FILE] [--json]
#include <fmt/core.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "liteforge/detection.h"

namespace {

using liteforge::FrameReport;
using liteforge::Result;
using liteforge::StageTimes;

struct Arguments {
  std::string model;
  std::string labels;
  std::string save;
  std::vector<int> size;
  bool letterbox = false;
  bool json = false;
  liteforge::DetectorOptions detector;
  liteforge::StreamOptions stream;
};

// Set by Ctrl-C, which ends the stream; the second time it ends the process.
std::atomic<bool> stopped = false;

void OnSignal(int signal) {
  stopped = true;
  std::signal(signal, SIG_DFL);
}

std::string Times(const StageTimes& ms) {
  return fmt::format("capture {:.1f}, pre {:.1f}, infer {:.1f}, post {:.1f}",
                     ms.capture, ms.pre, ms.infer, ms.post);
}

std::string FoundIn(const liteforge::Findings& findings) {
  std::string text;
  for (const auto& object : findings.objects)
    text += fmt::format("  {} {:.2f} at {:.3f} {:.3f} {:.3f} {:.3f}\n",
                        object.name, object.score, object.box.top,
                        object.box.left, object.box.bottom, object.box.right);
  for (const auto& label : findings.classes)
    text += fmt::format("  {} {:.2f}\n", label.name, label.score);
  for (const auto& point : findings.points)
    text += fmt::format("  point at {:.3f} {:.3f}, {:.2f}\n", point.y, point.x,
                        point.score);
  return text;
}

void PrintFrame(const FrameReport& frame) {
  const StageTimes& ms = frame.times;
  fmt::print(
      "{}: {:.1f} ms ({})\n{}",
      frame.file.empty() ? fmt::format("frame {}", frame.index) : frame.file,
      ms.pre + ms.infer + ms.post, Times(ms), FoundIn(frame.findings));
  std::fflush(stdout);
}

void PrintJson(const FrameReport& frame) {
  fmt::print("{}\n", ToJson(frame));
  std::fflush(stdout);
}

void PrintSummary(const liteforge::StreamSummary& summary) {
  if (summary.frames < 2) return;
  fmt::print(stderr,
             "{} frames in {:.1f} s, {:.1f} ms a frame, {} dropped; mean ms: "
             "{}\n",
             summary.frames, summary.seconds,
             1000 * summary.seconds / static_cast<double>(summary.frames),
             summary.dropped, Times(summary.mean));
}

Result<void> Detect(const Arguments& arguments) {
  liteforge::DetectorOptions options = arguments.detector;
  if (arguments.letterbox) options.input.fit = liteforge::Fit::kLetterbox;
  if (!arguments.labels.empty()) {
    auto labels = liteforge::ReadLabels(arguments.labels);
    if (!labels) return tl::unexpected(std::move(labels).error());
    options.labels = *std::move(labels);
  }
  auto detector = liteforge::Detector::FromFile(arguments.model, options);
  if (!detector) return tl::unexpected(std::move(detector).error());
  for (const std::string& notice : detector->notices())
    fmt::print(stderr, "note: {}\n", notice);

  liteforge::StreamOptions stream = arguments.stream;
  stream.save = arguments.save;
  if (!arguments.size.empty()) {
    stream.width = arguments.size[0];
    stream.height = arguments.size[1];
  }
  stream.stop = &stopped;
  stream.on_frame = arguments.json ? PrintJson : PrintFrame;
  stream.on_serve = [](const std::string& url) {
    fmt::print(stderr, "serving {}\n", url);
  };
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  const auto summary = liteforge::DetectStream(*detector, stream);
  if (!summary) return tl::unexpected(summary.error());
  PrintSummary(*summary);
  // A source that never answered keeps a thread inside OpenCV, which must not
  // find OpenCV's own objects gone.
  if (stopped) {
    std::fflush(nullptr);
    std::_Exit(0);
  }
  return {};
}

void AddModelOptions(CLI::App& verb, Arguments& arguments) {
  auto& options = arguments.detector;
  verb.add_option("--labels", arguments.labels,
                  "Labels, one a line, or a label map (.pbtxt); else those in "
                  "the model");
  verb.add_option("--threshold", options.threshold,
                  "Objects and points with a lower score are not shown")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb.add_option("--top", options.top, "Classes a classifier shows")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb.add_option("--mean", options.input.mean,
                  "Subtract from the pixels: one number or one a channel")
      ->delimiter(',');
  verb.add_option("--std", options.input.std, "Divide the pixels by this")
      ->delimiter(',');
  verb.add_flag("--letterbox", arguments.letterbox,
                "Keep the picture's shape in the model's input, gray beside "
                "it, instead of stretching it");
  verb.add_option("--threads", options.num_threads, "Threads to compute with")
      ->check(CLI::Range(1, 1024));
}

void AddStreamOptions(CLI::App& verb, Arguments& arguments) {
  auto& options = arguments.stream;
  verb.add_option("--source", options.source,
                  "camera[:N], picamera, an image, a directory of images, a "
                  "video, a URL, or a GStreamer pipeline 'a ! b'")
      ->required();
  verb.add_option("--size", arguments.size, "Ask the camera for WIDTH,HEIGHT")
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::Range(1, 16384));
  verb.add_flag("--loop", options.loop, "Start files again at their end");
  verb.add_flag("--display", options.display, "Show a window; q or Esc ends");
  verb.add_option("--serve", options.serve,
                  "[ADDRESS:]PORT of a page for browsers; only this machine's "
                  "when there is no address");
  verb.add_option("--save", arguments.save,
                  "Write the pictures drawn on: an image, a video (.avi, "
                  ".mp4), or a directory for many images");
  verb.add_flag("--json", arguments.json, "Print one line of JSON a frame");
}

}  // namespace

void AddDetect(CLI::App& app, Result<void>& outcome) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "detect",
      "Run a detector (or classifier, segmentation, pose model) on "
      "pictures, a video or a camera");
  verb->add_option("MODEL", arguments->model, "The .tflite file")->required();
  AddStreamOptions(*verb, *arguments);
  AddModelOptions(*verb, *arguments);
  verb->callback([arguments, &outcome] { outcome = Detect(*arguments); });
}
