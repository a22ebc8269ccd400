// SPDX-License-Identifier: Apache-2.0
// What a model says of itself in TFLite Metadata: what images it was trained on
// and whether examples are such images, what its classes are called.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/tflite/model_metadata.h"
#include "formats/tflite/model_reader.h"
#include "ir/graph.h"
#include "liteforge/dataset.h"

namespace liteforge {

// Nothing where there is no metadata, or it is damaged.
std::optional<ModelDescriptionParts> NotesOf(const ir::Module& module);
std::optional<ModelDescriptionParts> NotesOf(const TfliteModel& model);

// The labels of a model's outputs, of the first that has any; `model` is the
// whole file, which they lie behind.
std::vector<std::string> LabelsOf(std::span<const std::byte> model,
                                  const ModelDescriptionParts& notes);

// Images of a data set are to be normalized as the first image among the
// model's inputs is, unless the options say how.
void UseMetadata(const ModelDescriptionParts& notes, DatasetOptions& options);

// A warning where values from `least` to `greatest` are unlike those of an
// image that is normalized as `input` says, by a quarter of their range; "" for
// values that fit, and where nothing is said.
std::string WarnOfRange(const TensorDescription& input, double least,
                        double greatest);

}  // namespace liteforge
