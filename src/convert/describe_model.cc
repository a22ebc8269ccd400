// SPDX-License-Identifier: Apache-2.0
#include "convert/describe_model.h"

#include <algorithm>
#include <optional>

#include "base/try.h"
#include "formats/tflite/model_metadata.h"
#include "function/detection_postprocess.h"
#include "function/image_normalization.h"
#include "liteforge/detection.h"

namespace liteforge {
namespace {

constexpr const char* kLabelFile = "labels.txt";

//------------------------------------------------------------------ detectors

struct Role {
  const char* key;  // of the Object Detection API's signature
  const char* name;
  const char* description;
  TensorDescription::Content content;
};
using Content = TensorDescription::Content;
// In the order of TFLite_Detection_PostProcess.
constexpr Role kRoles[] = {
    {"output_3", "location",
     "Boxes of the objects: top, left, bottom, right in fractions of the image",
     Content::kBoxes},
    {"output_2", "category", "Classes of the objects", Content::kFeature},
    {"output_1", "score", "Scores of the objects", Content::kFeature},
    {"output_0", "number of detections", "How many of them are real",
     Content::kFeature}};

TensorDescription Describe(const Role& role, bool has_labels) {
  TensorDescription tensor;
  tensor.name = role.name;
  tensor.description = role.description;
  tensor.content = role.content;
  // All but the count are lists along the second axis.
  const bool is_count = &role == &kRoles[kDetectionOutputs - 1];
  if (!is_count) tensor.first_axis = tensor.last_axis = 2;
  if (has_labels && &role == &kRoles[1]) {
    tensor.labels = kLabelFile;
    tensor.labels_are_of_values = true;
  }
  return tensor;
}

// Which role each output has; empty when the model is no detector.
// A CenterNet ends in no one operator; that it says how its image is
// normalized marks it as the Object Detection API's.
std::vector<const Role*> RolesOf(const ConcreteFunction& function,
                                 bool is_imported_detector) {
  std::vector<const Role*> roles;
  if (function.outputs.size() != kDetectionOutputs) return roles;
  if (is_imported_detector) {
    for (const FunctionArgument& output : function.outputs) {
      const auto* role =
          std::ranges::find(kRoles, output.name,
                            [](const Role& r) { return std::string(r.key); });
      if (role == std::end(kRoles)) return {};
      roles.push_back(role);
    }
    return roles;
  }
  const auto order = DetectionOutputsOf(function);
  for (const int output : order) roles.push_back(&kRoles[output]);
  return roles;
}

TensorDescription DescribeImage(
    const FunctionArgument& input,
    const std::optional<ImageNormalization>& normalization) {
  TensorDescription tensor;
  tensor.name = "image";
  tensor.description = "Input image";
  tensor.content = Content::kImage;
  tensor.grayscale = input.shape.rank() == 4 && input.shape[3] == 1;
  if (normalization) {
    tensor.mean = normalization->mean;
    tensor.std = normalization->std;
  }
  return tensor;
}

ModelDescriptionParts DescribeDetector(
    const ConcreteFunction& function, const std::vector<const Role*>& roles,
    const std::optional<ImageNormalization>& normalization, bool has_labels) {
  ModelDescriptionParts parts;
  parts.name = "Object detector";
  parts.description = "Finds objects in an image.";
  for (const FunctionArgument& input : function.inputs)
    parts.inputs.push_back(DescribeImage(input, normalization));
  for (const Role* role : roles)
    parts.outputs.push_back(Describe(*role, has_labels));
  parts.group = "detection_result";
  parts.grouped = {kRoles[0].name, kRoles[1].name, kRoles[2].name};
  return parts;
}

ModelDescriptionParts DescribeOther(const ConcreteFunction& function) {
  ModelDescriptionParts parts;
  for (const auto* arguments : {&function.inputs, &function.outputs}) {
    const bool inputs = arguments == &function.inputs;
    for (const FunctionArgument& argument : *arguments) {
      TensorDescription tensor;
      tensor.name = argument.name;
      (inputs ? parts.inputs : parts.outputs).push_back(tensor);
    }
  }
  if (!parts.outputs.empty()) parts.outputs[0].labels = kLabelFile;
  return parts;
}

}  // namespace

Result<ModelNotes> DescribeModel(const ConcreteFunction& function,
                                 const std::filesystem::path& labels) {
  const auto normalization = NormalizationOf(function);
  ModelNotes notes;
  const bool has_labels = !labels.empty();
  if (has_labels) {
    TRY_ASSIGN(const auto lines, ReadLabels(labels));
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    notes.files = {{kLabelFile, std::move(text)}};
  }
  const auto roles = RolesOf(function, normalization.has_value());
  if (roles.empty() && !has_labels) return notes;
  notes.metadata[std::string(kMetadataName)] =
      PackMetadata(roles.empty() ? DescribeOther(function)
                                 : DescribeDetector(function, roles,
                                                    normalization, has_labels));
  return notes;
}

}  // namespace liteforge
