// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/try.h"
#include "detection/decode.h"
#include "detection/labels.h"
#include "detection/output_roles.h"
#include "formats/tflite/model_metadata.h"
#include "formats/tflite/model_reader.h"
#include "liteforge/detection.h"
#include "liteforge/interpreter.h"
#include "vision/module.h"

namespace liteforge {
namespace {

using Clock = std::chrono::steady_clock;

// Milliseconds since `start`, which becomes now.
double Lap(Clock::time_point& start) {
  const auto now = Clock::now();
  const std::chrono::duration<double, std::milli> passed = now - start;
  start = now;
  return passed.count();
}

Result<ModelDescriptionParts> MetadataOf(const TfliteModel& model) {
  const auto* entries = model->metadata();
  for (uint32_t i = 0; i < Count(entries); ++i) {
    const auto* entry = entries->Get(i);
    if (Text(entry->name()) == kMetadataName)
      return UnpackMetadata(model.BufferData(entry->buffer()));
  }
  return ModelDescriptionParts{};
}

// What the metadata packs beside the outputs; a detector's classes first.
std::vector<std::string> PackedLabels(const TfliteModel& model,
                                      const ModelDescriptionParts& metadata) {
  for (const TensorDescription& output : metadata.outputs) {
    if (output.labels.empty()) continue;
    const auto text = ReadPackedFile(model.bytes().bytes(), output.labels);
    if (!text) continue;
    if (auto labels = ParseLabelLines(*text)) return *std::move(labels);
  }
  return {};
}

// A detector's classes do not count the background.
void DropBackground(std::vector<std::string>& labels) {
  if (!labels.empty() && (labels[0] == "???" || labels[0] == "background"))
    labels.erase(labels.begin());
}

}  // namespace

class Detector::Impl {
 public:
  static Result<std::unique_ptr<Impl>> Make(const std::filesystem::path& file,
                                            const DetectorOptions& options) {
    TRY_ASSIGN(const TfliteModel model, TfliteModel::Open(file));
    TRY_ASSIGN(
        Interpreter interpreter,
        Interpreter::FromFile(file, {.num_threads = options.num_threads}));
    auto impl = std::unique_ptr<Impl>(new Impl(std::move(interpreter)));
    impl->options_ = options;
    auto started = impl->Start(model);
    if (!started)
      return tl::unexpected(std::move(started.error()).InFile(file.string()));
    return impl;
  }

  ModelTask task() const { return roles_.task; }
  const std::vector<std::string>& notices() const { return notices_; }

  Result<Findings> Detect(const Image& image, StageTimes* times) {
    StageTimes ignored;
    StageTimes& spent = times == nullptr ? ignored : *times;
    auto start = Clock::now();
    TRY(SetImage(image));
    spent.pre = Lap(start);
    TRY(interpreter_.Invoke());
    spent.infer = Lap(start);
    TRY_ASSIGN(Findings findings, ReadFindings(image));
    spent.post = Lap(start);
    return findings;
  }

 private:
  explicit Impl(Interpreter interpreter)
      : interpreter_(std::move(interpreter)) {}

  Result<void> Start(const TfliteModel& model) {
    const auto inputs = interpreter_.InputDetails();
    if (inputs.size() != 1)
      return Unsupported("the model has " + std::to_string(inputs.size()) +
                         " inputs; a model of one image is wanted");
    TRY(interpreter_.AllocateTensors());
    input_ = interpreter_.InputDetails()[0];
    TRY_ASSIGN(const ModelDescriptionParts metadata, MetadataOf(model));
    TRY_ASSIGN(roles_, FindRoles(model, metadata, interpreter_.OutputDetails(),
                                 interpreter_.Signatures()));
    ChooseLabels(model, metadata);
    ChooseNormalization(metadata);
    // Tells at once whether the input is an image.
    return ImageToInput(Image{1, 1, {0, 0, 0}}, input_, options_.input)
        .map([](const NpyArray&) {});
  }

  void ChooseLabels(const TfliteModel& model,
                    const ModelDescriptionParts& metadata) {
    if (options_.labels.empty())
      options_.labels = PackedLabels(model, metadata);
    else if (roles_.task == ModelTask::kDetection)
      DropBackground(options_.labels);
    if (options_.labels.empty() && roles_.task != ModelTask::kPose)
      notices_.push_back(
          "the model holds no labels; classes are shown by number; give "
          "--labels FILE");
  }

  void ChooseNormalization(const ModelDescriptionParts& metadata) {
    ImageInput& how = options_.input;
    if (!how.mean.empty() || !how.std.empty()) return;
    if (!metadata.inputs.empty()) {
      how.mean = metadata.inputs[0].mean;
      how.std = metadata.inputs[0].std;
    }
    if (!how.mean.empty() || !how.std.empty() ||
        input_.dtype != DataType::kFloat32)
      return;
    how.mean = how.std = {127.5f};
    notices_.push_back(
        "the model does not say how its image is normalized; (x - 127.5) / "
        "127.5 is assumed; give --mean and --std if it is otherwise");
  }

  Result<void> SetImage(const Image& image) {
    TRY(ImageToInput(image, input_, options_.input, pixels_));
    if (pixels_.shape != input_.shape) {
      TRY(interpreter_.ResizeInputTensor(input_.index, pixels_.shape));
      TRY(interpreter_.AllocateTensors());
      input_.shape = pixels_.shape;
    }
    return interpreter_.SetTensor(input_.index, pixels_.type, pixels_.shape,
                                  pixels_.data);
  }

  Result<Findings> ReadFindings(const Image& image) {
    std::vector<OutputValues> outputs;
    for (const TensorDetails& output : interpreter_.OutputDetails()) {
      TRY_ASSIGN(const auto data, interpreter_.GetTensor(output.index));
      TRY_ASSIGN(OutputValues values, ReadOutput(output, data));
      outputs.push_back(std::move(values));
    }
    DecodeContext context;
    const auto is_channels = [](int32_t dim) { return dim == 1 || dim == 3; };
    const bool channels_first =
        is_channels(input_.shape[1]) && !is_channels(input_.shape[3]);
    context.input_height = input_.shape[channels_first ? 2 : 1];
    context.input_width = input_.shape[channels_first ? 3 : 2];
    context.place = Place(image.width, image.height, context.input_width,
                          context.input_height, options_.input.fit);
    context.threshold = options_.threshold;
    context.top = options_.top;
    context.labels = options_.labels;
    return Decode(roles_, outputs, context);
  }

  Interpreter interpreter_;
  DetectorOptions options_;
  TensorDetails input_;
  NpyArray pixels_;  // the image as the input wants it
  OutputRoles roles_;
  std::vector<std::string> notices_;
};

Detector::Detector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;
Detector::~Detector() = default;

Result<Detector> Detector::FromFile(const std::filesystem::path& model,
                                    const DetectorOptions& options) {
  TRY_ASSIGN(auto impl, Impl::Make(model, options));
  return Detector(std::move(impl));
}

ModelTask Detector::task() const { return impl_->task(); }
const std::vector<std::string>& Detector::notices() const {
  return impl_->notices();
}
Result<Findings> Detector::Detect(const Image& image, StageTimes* times) {
  return impl_->Detect(image, times);
}

std::string_view Name(ModelTask task) {
  constexpr std::string_view kNames[] = {"detection", "classification",
                                         "segmentation", "pose"};
  return kNames[static_cast<size_t>(task)];
}

Result<void> Draw(const Findings& findings, Image& image) {
  TRY_ASSIGN(const Vision* vision, LoadVision());
  return vision->Draw(findings, image);
}

}  // namespace liteforge
