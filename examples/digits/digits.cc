// SPDX-License-Identifier: Apache-2.0
// Classifies sample images with a converted model, through the public API.
//
//   digits MODEL.h5 MODEL.tflite SAMPLES_DIR
//
// Samples are named digit_<truth>_<number>.npy.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/npy.h"

namespace {

using liteforge::Interpreter;
using liteforge::Result;

std::vector<std::filesystem::path> SamplesIn(
    const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> samples;
  std::error_code failed;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("digit_") && name.ends_with(".npy")) {
      samples.push_back(entry.path());
    }
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

struct Prediction {
  int digit = 0;
  float confidence = 0;
  double milliseconds = 0;
};

Result<Prediction> Classify(Interpreter& interpreter,
                            const std::filesystem::path& sample) {
  auto image = liteforge::ReadNpy(sample);
  if (!image) return tl::unexpected(image.error());
  const int input = interpreter.InputDetails()[0].index;
  auto done =
      interpreter.SetTensor(input, image->type, image->shape, image->data);
  if (!done) return tl::unexpected(done.error());

  const auto start = std::chrono::steady_clock::now();
  done = interpreter.Invoke();
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  if (!done) return tl::unexpected(done.error());

  const int output = interpreter.OutputDetails()[0].index;
  const std::vector<float> scores = interpreter.Tensor<float>(output);
  const auto best = std::max_element(scores.begin(), scores.end());
  return Prediction{static_cast<int>(best - scores.begin()), *best,
                    elapsed.count()};
}

Result<void> Run(const std::filesystem::path& source,
                 const std::filesystem::path& model,
                 const std::filesystem::path& folder) {
  auto interpreter = Interpreter::FromFile(model);
  if (!interpreter) return tl::unexpected(interpreter.error());
  if (auto done = interpreter->AllocateTensors(); !done) return done;
  for (const auto& t : interpreter->InputDetails()) {
    fmt::print("input   {}  {}\n", t.name, Describe(t.dtype, t.shape));
  }
  for (const auto& t : interpreter->OutputDetails()) {
    fmt::print("output  {}  {}\n", t.name, Describe(t.dtype, t.shape));
  }
  fmt::print("size    {} {} bytes, {} {} bytes\n\n", source.filename().string(),
             std::filesystem::file_size(source), model.filename().string(),
             std::filesystem::file_size(model));

  fmt::print("sample            truth  prediction  confidence        ms\n");
  int right = 0;
  const auto samples = SamplesIn(folder);
  for (const auto& sample : samples) {
    auto prediction = Classify(*interpreter, sample);
    if (!prediction) return tl::unexpected(prediction.error());
    const std::string name = sample.stem().string();
    const int truth = name[std::string("digit_").size()] - '0';
    right += prediction->digit == truth;
    fmt::print("{:16}  {:5}  {:10}  {:9.1f}%  {:8.3f}\n", name, truth,
               prediction->digit, 100.0f * prediction->confidence,
               prediction->milliseconds);
  }
  fmt::print("\n{} of {} right\n", right, samples.size());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: digits MODEL.h5 MODEL.tflite SAMPLES_DIR\n");
    return 2;
  }
  const auto done = Run(argv[1], argv[2], argv[3]);
  if (done) return 0;
  fmt::print(stderr, "error: {}\n", done.error().ToString());
  return 1;
}
