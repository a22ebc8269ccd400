// SPDX-License-Identifier: Apache-2.0
// What a model sees in a picture, and in a stream of them.
//
//   auto detector = Detector::FromFile("detector.tflite");
//   auto findings = detector->Detect(*ReadImage("street.jpg"));
//   for (const DetectedObject& object : findings->objects)
//     use(object.name, object.score, object.box);
//
//   StreamOptions options;
//   options.source = "camera";
//   options.on_frame = [](const FrameReport& frame) { … };
//   DetectStream(*detector, options);
//
// Detectors, classifiers, segmentation and pose models are told apart by their
// outputs. A detector's are known by the slots of TFLite_Detection_PostProcess
// that they come from, else by TFLite Metadata or the Object Detection API's
// names; never by their order.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "liteforge/image.h"
#include "liteforge/result.h"

namespace liteforge {

// In fractions of the picture, within [0, 1].
struct Box {
  float top = 0, left = 0, bottom = 0, right = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

struct DetectedObject {
  int label = 0;     // the model's number of the class, from 0
  std::string name;  // of the labels; the number where they have none
  float score = 0;
  Box box;
};

struct ScoredLabel {
  int label = 0;
  std::string name;
  float score = 0;
};

// In fractions of the picture; may lie outside.
struct KeyPoint {
  float y = 0, x = 0;
  float score = 0;
};

// A class for each cell of a grid over the picture; 0 is the background.
struct Segmentation {
  int width = 0, height = 0;
  std::vector<int32_t> labels;  // width * height, rows from the top
};

enum class ModelTask { kDetection, kClassification, kSegmentation, kPose };

// "detection", "classification", "segmentation", "pose".
std::string_view Name(ModelTask task);

// What the model's task fills; the rest is empty.
struct Findings {
  ModelTask task = ModelTask::kDetection;
  std::vector<DetectedObject> objects;  // best first
  // Classification: the best ones. Segmentation: the classes that are there,
  // with their shares of the picture.
  std::vector<ScoredLabel> classes;
  Segmentation segmentation;
  std::vector<KeyPoint> points;  // in the model's order
};

struct DetectorOptions {
  float threshold = 0.6f;  // objects and key points below are not given
  int top = 5;             // classes a classifier gives
  // Names of classes 0, 1, …; empty: those in the model's metadata. A first
  // "???" or "background" that a detector's classes do not count is skipped.
  std::vector<std::string> labels;
  // mean and std empty: of the metadata; without those (x - 127.5) / 127.5 for
  // float inputs, of which a notice tells.
  ImageInput input;
  int num_threads = 1;
};

// Milliseconds of each stage of a frame.
struct StageTimes {
  double capture = 0, pre = 0, infer = 0, post = 0;
};

// A model with one image input. Not thread-safe; movable.
class Detector {
 public:
  // Errors: the interpreter's; kUnsupported for inputs and outputs that are
  // none of the tasks', saying what they are.
  static Result<Detector> FromFile(const std::filesystem::path& model,
                                   const DetectorOptions& options = {});
  Detector(Detector&&) noexcept;
  Detector& operator=(Detector&&) noexcept;
  ~Detector();

  ModelTask task() const;
  // What was assumed of the model, a sentence each.
  const std::vector<std::string>& notices() const;

  // `times`: where pre, infer and post go; may be nullptr.
  Result<Findings> Detect(const Image& image, StageTimes* times = nullptr);

 private:
  class Impl;
  explicit Detector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Draws boxes with class and score, labels in the corner, classes as colors
// over the picture, or points. Errors: kUnsupported without the vision module.
Result<void> Draw(const Findings& findings, Image& image);

// Labels of classes 0, 1, …: the lines of a text file, lines "7 name" by their
// numbers, or the items of a label map (.pbtxt), which counts from 1; "???"
// where there is a gap. Errors name the file: kIo, kInvalidModel.
Result<std::vector<std::string>> ReadLabels(const std::filesystem::path& path);

//-------------------------------------------------------------------- streams

struct FrameReport {
  int64_t index = 0;    // of the frames that were looked at
  std::string file;     // of an image; empty for a video's frames
  double seconds = 0;   // since the stream began
  int64_t dropped = 0;  // frames so far that came while the model was busy
  double fps = 0;       // over about the last second
  StageTimes times;
  int width = 0, height = 0;  // of the picture, pixels
  Findings findings;
};

// One line of JSON.
std::string ToJson(const FrameReport& frame);

struct StreamOptions {
  // camera[:N]     a V4L2 camera, /dev/videoN
  // picamera       a Raspberry Pi's camera, through libcamera and GStreamer
  // a ! b ! c      a GStreamer pipeline; what it lacks at the end is added
  // scheme://…     a stream that OpenCV opens (rtsp, http, …)
  // a file         an image or a video
  // a directory    its images, in the order of their names
  std::string source;
  int width = 0, height = 0;  // to ask of a camera; 0: as it likes
  bool loop = false;          // files start again at their end

  // What to do with the pictures drawn on. An image's or a video's name; a
  // directory (existing, or named with a final /) for many images.
  std::filesystem::path save;
  bool display = false;  // in a window; q or Esc ends
  // "PORT" or "ADDRESS:PORT": a page for browsers. Without an address only
  // this machine reaches it. Port 0 is any that is free.
  std::string serve;

  // Called in the caller's thread, in order.
  std::function<void(const FrameReport&)> on_frame;
  std::function<void(const std::string& url)> on_serve;
  // Ends the stream as its end does, once true. May be nullptr.
  const std::atomic<bool>* stop = nullptr;
};

struct StreamSummary {
  int64_t frames = 0, dropped = 0;
  double seconds = 0;
  StageTimes mean;
};

// Runs the detector over a source until its end. Capture, inference and output
// overlap, each in a thread. Of cameras, pipelines and URLs the newest frame
// is taken and older ones are dropped; files are looked at frame by frame.
// What is saved is complete whichever way it ends. Errors name the source; a
// camera that stops is one.
Result<StreamSummary> DetectStream(Detector& detector,
                                   const StreamOptions& options);

}  // namespace liteforge
