// SPDX-License-Identifier: Apache-2.0
// Examples to run a model on: for calibration, comparison and evaluation.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "liteforge/result.h"

namespace liteforge {

// Gives one example a call, one array for each input of the model, in its
// order; false when there are no more. The generator of tf.lite's
// representative_dataset.
using RepresentativeDataset =
    std::function<Result<bool>(std::vector<NpyArray>& example)>;

// How stored numbers become the model's.
struct DatasetOptions {
  // (value - mean) / std, of arrays for float inputs and of images, whose
  // values lie in [0, 255]; one number, or one a channel.
  std::vector<float> mean;
  std::vector<float> std;
  // The same of images alone, where there are no others: what a model says of
  // itself.
  std::vector<float> image_mean;
  std::vector<float> image_std;
};

// Examples in files.
class Dataset {
 public:
  // `path`:
  //   .npy   for a model of one input: examples along the first axis, or one
  //          example where the array has exactly the input's shape or lacks
  //          its batch axis
  //   .npz   an array for each input, by its name (in the model's order where
  //          the names are others), examples along the first axis
  //   an image, for a model of one input [1, h, w, 3] or [1, h, w, 1]: resized
  //          to it (ImageToInput)
  //   a directory of such files, in the order of their names, and of those
  //          below it; images count where there are no arrays
  // Numbers are converted to the inputs' types: float64 and integers to
  // float32, int64 to int32. Quantized inputs get real numbers from arrays
  // (SetExample quantizes them), but for arrays of the input's own type and
  // whole numbers for uint8, which are taken as they are. Errors name the
  // file: a shape or type that does not fit, what is no image (when it is
  // read), an empty directory.
  static Result<Dataset> Open(const std::filesystem::path& path,
                              std::span<const TensorDetails> inputs,
                              const DatasetOptions& options = {});
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;
  ~Dataset();

  // How many examples there are.
  size_t size() const;
  // Whether they are images.
  bool holds_images() const;
  // One array for each input.
  Result<std::vector<NpyArray>> Example(size_t i) const;

 private:
  class Impl;
  explicit Dataset(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

// Joins what shards of a data set have shown (OptimizeOptions::calibration_out)
// into one file. Errors: files of different models.
Result<void> MergeCalibrations(std::span<const std::filesystem::path> from,
                               const std::filesystem::path& to);

// All of them, in order.
RepresentativeDataset GeneratorOf(Dataset dataset);

}  // namespace liteforge
