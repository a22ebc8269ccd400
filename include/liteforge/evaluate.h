// SPDX-License-Identifier: Apache-2.0
// How often a model is right: classifiers by the classes they put first,
// detectors by average precision.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "liteforge/dataset.h"
#include "liteforge/result.h"

namespace liteforge {

struct Evaluation {
  int64_t examples = 0;
  bool is_detector = false;
  // Classifiers: the part of the examples whose class comes first, or among
  // the first five.
  double top1 = 0;
  double top5 = 0;
  // Detectors, 0 to 1: average precision of all classes, as COCO defines it:
  // the mean over IoU 0.5, 0.55 … 0.95, and of 0.5 and 0.75 alone.
  double map = 0;
  double ap50 = 0;
  double ap75 = 0;
  struct Class {
    std::string name;
    int64_t examples = 0;  // detectors: objects that are no crowd
    int64_t right = 0;     // classifiers: how many came first
    double ap = 0;         // detectors: over IoU 0.5 to 0.95
  };
  std::vector<Class> classes;  // those with examples
};

struct EvaluateOptions {
  std::filesystem::path labels;  // one class a line, in the model's order
  DatasetOptions dataset;
  int num_threads = 0;
  // Told of the part that is done, 0 to 1.
  std::function<void(double)> progress;
};

// `directory` holds for a classifier either a folder of .npy files or images
// for each class, named by the class's number or by a line of `labels` (else
// classes are counted in the order of the folders' names), or examples.npy and
// labels.npy (integers). For a detector it holds images, and one .json of
// COCO's instances, whose categories are found among `labels`, or the model's
// own labels, by name, else by id. Errors: kInvalidArgument for a model whose
// first output is no list of scores, labels beyond it, and an empty directory.
Result<Evaluation> EvaluateModel(const std::filesystem::path& model,
                                 const std::filesystem::path& directory,
                                 const EvaluateOptions& options = {});

// As `liteforge evaluate` and `liteforge evaluate --json` print it.
std::string ToText(const Evaluation& evaluation);
std::string ToJson(const Evaluation& evaluation);

}  // namespace liteforge
