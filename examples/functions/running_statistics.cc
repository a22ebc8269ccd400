// SPDX-License-Identifier: Apache-2.0
// A model written as C++ functions: it keeps the mean and the deviation of all
// samples it has been given, and says how unusual new ones are.
//
//   running_statistics OUT.tflite
//
// "add" takes samples in; "score" gives (x - mean) / deviation. The sums are
// variables of the model, which both signatures share.
#include <fmt/core.h>

#include <span>
#include <vector>

#include "liteforge/converter.h"
#include "liteforge/function.h"
#include "liteforge/interpreter.h"

namespace {

using liteforge::DataType;
using liteforge::Tensor;

struct Sums {
  liteforge::Variable count{"count", liteforge::ArrayOf<float>({0}, {})};
  liteforge::Variable sum{"sum", liteforge::ArrayOf<float>({0}, {})};
  liteforge::Variable squares{"squares", liteforge::ArrayOf<float>({0}, {})};
};

liteforge::Function TraceAdd(const Sums& sums) {
  return liteforge::Trace(
      "add", {{DataType::kFloat32, {-1}, "samples"}}, [&](Tensor x) {
        sums.count.AssignAdd(Sum(OnesLike(x), {0}));
        sums.sum.AssignAdd(Sum(x, {0}));
        sums.squares.AssignAdd(Sum(x * x, {0}));
        return liteforge::Outputs{{"count", sums.count.Read()}};
      });
}

liteforge::Function TraceScore(const Sums& sums) {
  return liteforge::Trace(
      "score", {{DataType::kFloat32, {-1}, "samples"}}, [&](Tensor x) {
        const Tensor count = sums.count.Read();
        const Tensor mean = sums.sum.Read() / count;
        const Tensor variance = sums.squares.Read() / count - mean * mean;
        // One sample has no deviation.
        const auto score = If(
            variance > 0, [&] { return (x - mean) / Sqrt(variance); },
            [&] { return ZerosLike(x); });
        return liteforge::Outputs{{"score", score[0]}};
      });
}

liteforge::Result<std::vector<float>> Run(liteforge::Interpreter& interpreter,
                                          const char* signature,
                                          const char* output,
                                          const std::vector<float>& samples) {
  auto runner = interpreter.Signature(signature);
  if (!runner) return tl::unexpected(runner.error());
  const liteforge::Shape shape{static_cast<int32_t>(samples.size())};
  auto done = runner->ResizeInput("samples", shape);
  if (done) done = runner->AllocateTensors();
  if (done) done = runner->SetInput("samples", std::span<const float>(samples));
  if (done) done = runner->Invoke();
  if (!done) return tl::unexpected(done.error());
  return runner->Values<float>(output);
}

liteforge::Result<void> Main(const char* path) {
  const Sums sums;
  auto converter = liteforge::Converter::FromConcreteFunctions(
      {TraceAdd(sums), TraceScore(sums)});
  if (!converter) return tl::unexpected(converter.error());
  if (auto written = converter->ConvertToFile(path); !written) return written;
  auto interpreter = liteforge::Interpreter::FromFile(path);
  if (!interpreter) return tl::unexpected(interpreter.error());
  for (const std::vector<float>& samples :
       {std::vector<float>{2, 4, 4, 4}, std::vector<float>{5, 5, 7, 9}}) {
    const auto count = Run(*interpreter, "add", "count", samples);
    if (!count) return tl::unexpected(count.error());
    fmt::print("{} samples seen\n", (*count)[0]);
  }
  // Mean 5, deviation 2.
  const auto scores = Run(*interpreter, "score", "score", {5, 9, 1});
  if (!scores) return tl::unexpected(scores.error());
  for (const float score : *scores) fmt::print("score {:.2f}\n", score);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: running_statistics OUT.tflite\n");
    return 2;
  }
  if (auto done = Main(argv[1]); !done) {
    fmt::print(stderr, "error: {}\n", done.error().ToString());
    return 1;
  }
  return 0;
}
