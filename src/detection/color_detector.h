// SPDX-License-Identifier: Apache-2.0
// For tests: a detector whose findings are plain to see. Its image has 2 x 2
// pixels, float32, x / 255; a pixel's green is the score of class 0 in that
// quarter of the picture, its blue that of class 1, its red the background's.
//
//   image [1,2,2,3] -> RESHAPE -> scores [1,4,3] ┐
//   encodings [1,4,4], all 0 ────────────────────┼->
//   TFLite_Detection_PostProcess anchors [4,4], the quarters ─────────────────┘
#pragma once

#include <flatbuffers/flexbuffers.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "formats/tflite/model_metadata.h"
#include "formats/tflite/test_models.h"

namespace liteforge {

struct ColorDetectorOptions {
  // Slots of the operator in the order of the model's outputs: 0 boxes,
  // 1 classes, 2 scores, 3 count.
  std::vector<int> outputs = {0, 1, 2, 3};
  std::vector<std::string> labels;  // packed into the file; none: no metadata
};

inline std::vector<uint8_t> PostProcessOptions() {
  flexbuffers::Builder builder;
  builder.Map([&] {
    builder.Int("max_detections", 4);
    builder.Int("max_classes_per_detection", 1);
    builder.Int("num_classes", 2);
    builder.Float("nms_score_threshold", 0.1f);
    builder.Float("nms_iou_threshold", 0.5f);
    for (const char* scale : {"y_scale", "x_scale", "h_scale", "w_scale"})
      builder.Float(scale, 1.0f);
  });
  builder.Finish();
  return builder.GetBuffer();
}

// The .tflite file.
inline std::vector<std::byte> ColorDetector(
    const ColorDetectorOptions& options = {}) {
  using tflite::TensorType;
  tflite::ModelT model;
  model.version = 3;
  Append(model.buffers);
  tflite::SubGraphT& graph = Append(model.subgraphs);
  AppendTensor(graph, "image", {1, 2, 2, 3});
  AppendTensor(graph, "shape", {3}, TensorType::INT32,
               AppendBuffer(model, BytesOf<int32_t>({1, 4, 3})));
  AppendTensor(graph, "scores", {1, 4, 3});
  AppendTensor(graph, "encodings", {1, 4, 4}, TensorType::FLOAT32,
               AppendBuffer(model, BytesOf(std::vector<float>(16))));
  AppendTensor(
      graph, "anchors", {4, 4}, TensorType::FLOAT32,
      AppendBuffer(
          model, BytesOf<float>({.25f, .25f, .5f, .5f, .25f, .75f, .5f, .5f,
                                 .75f, .25f, .5f, .5f, .75f, .75f, .5f, .5f})));
  constexpr int kFirstSlot = 5;
  AppendTensor(graph, "detections", {1, 4, 4});
  AppendTensor(graph, "detections:1", {1, 4});
  AppendTensor(graph, "detections:2", {1, 4});
  AppendTensor(graph, "detections:3", {1});
  AppendCode(model, tflite::BuiltinOperator::RESHAPE);
  AppendCode(model, tflite::BuiltinOperator::CUSTOM).custom_code =
      "TFLite_Detection_PostProcess";
  AppendOperator(graph, 0, {0, 1}, {2});
  AppendOperator(graph, 1, {3, 2, 4}, {5, 6, 7, 8}).custom_options =
      PostProcessOptions();
  graph.inputs = {0};
  for (const int slot : options.outputs)
    graph.outputs.push_back(kFirstSlot + slot);

  std::vector<std::pair<std::string, std::string>> files;
  if (!options.labels.empty()) {
    ModelDescriptionParts parts;
    parts.inputs.resize(1);
    parts.inputs[0].name = "image";
    parts.inputs[0].content = TensorDescription::Content::kImage;
    parts.inputs[0].mean = {0};
    parts.inputs[0].std = {255};
    constexpr std::array<const char*, 4> kNames = {
        "location", "category", "score", "number of detections"};
    std::string lines;
    for (const std::string& label : options.labels) lines += label + "\n";
    for (const int slot : options.outputs) {
      TensorDescription& output = parts.outputs.emplace_back();
      output.name = kNames[static_cast<size_t>(slot)];
      if (slot == 1) output.labels = "labels.txt";
      output.labels_are_of_values = slot == 1;
    }
    const Blob packed = PackMetadata(parts);
    tflite::MetadataT& entry = Append(model.metadata);
    entry.name = kMetadataName;
    entry.buffer = AppendBuffer(model, packed.ToVector<uint8_t>());
    files = {{"labels.txt", lines}};
  }
  const Blob bytes = PackPlainly(model);
  std::vector<std::byte> file = bytes.ToVector<std::byte>();
  if (files.empty()) return file;
  const auto archive = PackFiles(files, file.size());
  file.insert(file.end(), archive.begin(), archive.end());
  return file;
}

}  // namespace liteforge
