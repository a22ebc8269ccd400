// SPDX-License-Identifier: Apache-2.0
// The variables of an object-based checkpoint, each asked for by its path of
// attributes from the root, and an account of them.
//
// A path joins names by '/'; a '/' within a name is written ".S" and a '.'
// "..", as in a checkpoint's own keys:
//   model/_feature_extractor/classification_backbone/layer_with_weights-0/kernel
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tensorflow/checkpoint.pb.h"
#include "formats/tensorflow/tensor_bundle.h"
#include "function/builder.h"

namespace liteforge {

class CheckpointWeights {
 public:
  // `prefix` as TensorBundle::Open wants it.
  static Result<CheckpointWeights> Open(const std::filesystem::path& prefix);

  // The float32 value at `path`. One that is missing, of another shape or
  // unreadable is noted for Finish() and zeros take its place, so that all
  // that is wrong is found in one go; or nothing, once that would be too much.
  ConstantValue Take(std::string_view path, const Shape& shape);
  // The shape of the variable at `path`; of no known rank when there is none.
  Shape ShapeOf(std::string_view path) const;
  // Whether there is a variable at `path`.
  bool Contains(std::string_view path) const { return !KeyOf(path).empty(); }

  // What to do about misfits, if there are any; the first one is kept.
  void Advise(std::string text) {
    if (advice_.empty()) advice_ = std::move(text);
  }
  // What is wrong with the variables taken so far, all of it. kInvalidModel.
  Result<void> Finish() const;
  // Paths of the model's variables that nobody took, sorted. Those of the
  // training (optimizer, counters) are not the model's.
  std::vector<std::string> Unused() const;

 private:
  std::string KeyOf(std::string_view path) const;
  Result<Blob> Read(std::string_view path, const Shape& shape);

  std::filesystem::path prefix_;
  TensorBundle bundle_;
  tf::TrackableObjectGraph objects_;
  std::set<std::string> taken_;  // keys
  std::vector<std::string> problems_;
  std::string advice_;
  size_t asked_ = 0;
  int64_t zero_bytes_ = 0;  // in place of values that do not fit
};

}  // namespace liteforge
