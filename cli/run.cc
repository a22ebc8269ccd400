// SPDX-License-Identifier: Apache-2.0
// liteforge run MODEL [--input FILE.npy|IMAGE]… [--seed N] [--output-dir DIR]
//                     [--signature KEY] [--threads N] [--weight-cache FILE]
//                     [--json]
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/image_input.h"
#include "cli/json_text.h"
#include "cli/model_run.h"
#include "liteforge/image.h"
#include "liteforge/npy.h"

namespace {

using liteforge::DataType;
using liteforge::NpyArray;
using liteforge::Result;
using liteforge::TensorDetails;

struct Arguments {
  std::string model;
  std::vector<std::string> inputs;
  liteforge::ImageInput images;
  uint64_t seed = 1;
  std::string output_dir;
  std::string signature;
  int threads = 0;
  std::string weight_cache;
  bool json = false;
};

template <class To, class From>
std::vector<std::byte> Narrow(const std::vector<std::byte>& data) {
  const size_t count = data.size() / sizeof(From);
  std::vector<std::byte> narrowed(count * sizeof(To));
  for (size_t i = 0; i < count; ++i) {
    From wide;
    std::memcpy(&wide, data.data() + i * sizeof(From), sizeof(From));
    const double low = static_cast<double>(std::numeric_limits<To>::lowest());
    const double high = static_cast<double>(std::numeric_limits<To>::max());
    const auto value = static_cast<double>(wide);
    const To to = std::isnan(value) && std::is_integral_v<To>
                      ? To{}
                      : static_cast<To>(std::clamp(value, low, high));
    std::memcpy(narrowed.data() + i * sizeof(To), &to, sizeof(To));
  }
  return narrowed;
}

// Whether all elements are whole numbers, as class numbers kept in floats are.
bool AreWhole(const NpyArray& array) {
  for (size_t i = 0; i + sizeof(float) <= array.data.size();
       i += sizeof(float)) {
    float value;
    std::memcpy(&value, array.data.data() + i, sizeof(value));
    if (value != std::trunc(value)) return false;
  }
  return true;
}

// What numpy makes by default and models rarely take.
struct Narrowing {
  DataType from;
  DataType to;
  std::vector<std::byte> (*convert)(const std::vector<std::byte>&);
};
constexpr Narrowing kNarrowings[] = {
    {DataType::kFloat64, DataType::kFloat32, Narrow<float, double>},
    {DataType::kInt64, DataType::kInt32, Narrow<int32_t, int64_t>},
    {DataType::kInt64, DataType::kInt16, Narrow<int16_t, int64_t>},
    {DataType::kInt64, DataType::kInt8, Narrow<int8_t, int64_t>},
    {DataType::kInt64, DataType::kUInt8, Narrow<uint8_t, int64_t>},
    {DataType::kInt64, DataType::kFloat32, Narrow<float, int64_t>},
    {DataType::kFloat32, DataType::kInt32, Narrow<int32_t, float>},
    {DataType::kFloat32, DataType::kInt64, Narrow<int64_t, float>},
};

Result<NpyArray> ReadInput(const std::string& file, const TensorDetails& input,
                           const Arguments& arguments) {
  if (IsImageInput(file))
    return ReadImageInput(file, input, arguments.model, arguments.images);
  auto array = liteforge::ReadNpy(file);
  if (!array || array->type == input.dtype) return array;
  for (const Narrowing& row : kNarrowings) {
    if (row.from != array->type || row.to != input.dtype) continue;
    if (row.from == DataType::kFloat32 && !AreWhole(*array)) break;
    fmt::print(stderr, "note: {}: {} narrowed to {} for input '{}'\n", file,
               Name(row.from), Name(row.to), input.name);
    array->data = row.convert(array->data);
    array->type = row.to;
    break;
  }
  return array;
}

Result<void> SetInputs(ModelRun& run, const Arguments& arguments) {
  const std::vector<TensorDetails> inputs = run.Inputs();
  std::vector<NpyArray> arrays;
  for (size_t i = 0; i < arguments.inputs.size(); ++i) {
    auto array = i < inputs.size()
                     ? ReadInput(arguments.inputs[i], inputs[i], arguments)
                     : liteforge::ReadNpy(arguments.inputs[i]);
    if (!array) return tl::unexpected(std::move(array).error());
    arrays.push_back(*std::move(array));
  }
  std::mt19937_64 generator(arguments.seed);
  return run.SetInputs(arrays, generator);
}

// The element as a number for people; complex ones by their real part.
double ElementAt(DataType type, std::span<const std::byte> data, size_t i) {
  const auto read = [&](auto sample) {
    std::memcpy(&sample, data.data() + i * sizeof(sample), sizeof(sample));
    return static_cast<double>(sample);
  };
  switch (type) {
    case DataType::kFloat32:
      return read(0.0f);
    case DataType::kFloat64:
      return read(0.0);
    case DataType::kInt8:
      return read(int8_t{});
    case DataType::kUInt8:
    case DataType::kBool:
      return read(uint8_t{});
    case DataType::kInt16:
      return read(int16_t{});
    case DataType::kUInt16:
      return read(uint16_t{});
    case DataType::kInt32:
      return read(int32_t{});
    case DataType::kUInt32:
      return read(uint32_t{});
    case DataType::kInt64:
      return read(int64_t{});
    case DataType::kUInt64:
      return read(uint64_t{});
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

constexpr size_t kShownValues = 8;

std::vector<double> FirstValues(const TensorDetails& output,
                                std::span<const std::byte> data) {
  const int bits = BitWidth(output.dtype);
  const size_t count =
      bits < 8 ? 0 : data.size() / (static_cast<size_t>(bits) / 8);
  std::vector<double> values;
  for (size_t i = 0; i < std::min(count, kShownValues); ++i) {
    values.push_back(ElementAt(output.dtype, data, i));
  }
  return values;
}

struct RunReport {
  std::vector<TensorDetails> outputs;
  std::vector<std::vector<double>> first_values;
  std::vector<std::string> files;
  double milliseconds = 0;
};

Result<RunReport> CollectOutputs(const ModelRun& run,
                                 const Arguments& arguments) {
  RunReport report{run.Outputs(), {}, {}, 0};
  for (size_t k = 0; k < report.outputs.size(); ++k) {
    const TensorDetails& output = report.outputs[k];
    auto data = run.Output(k);
    if (!data) return tl::unexpected(std::move(data).error());
    report.first_values.push_back(FirstValues(output, *data));
    if (arguments.output_dir.empty()) continue;
    const std::filesystem::path file =
        std::filesystem::path(arguments.output_dir) /
        fmt::format("output_{}.npy", k);
    auto done = liteforge::WriteNpy(file, output.dtype, output.shape, *data);
    if (!done) return tl::unexpected(std::move(done).error());
    report.files.push_back(file.string());
  }
  return report;
}

void PrintText(const RunReport& report) {
  for (size_t k = 0; k < report.outputs.size(); ++k) {
    const TensorDetails& output = report.outputs[k];
    fmt::print("output {}  {}  {}:", k, output.name,
               liteforge::Describe(output.dtype, output.shape));
    for (double value : report.first_values[k]) fmt::print(" {:.6g}", value);
    const bool more = output.shape.elements() >
                      static_cast<int64_t>(report.first_values[k].size());
    fmt::print("{}\n", more ? " …" : "");
  }
  fmt::print("{:.3f} ms\n", report.milliseconds);
}

void PrintJson(const RunReport& report) {
  JsonText json;
  json.BeginObject().Key("milliseconds").Value(report.milliseconds);
  json.Key("outputs").BeginArray();
  for (size_t k = 0; k < report.outputs.size(); ++k) {
    const TensorDetails& output = report.outputs[k];
    json.BeginObject().Key("name").Value(output.name);
    json.Key("dtype").Value(Name(output.dtype));
    json.Key("shape").BeginArray();
    for (const int32_t dim : output.shape.dims()) json.Value(dim);
    json.End().Key("first_values").BeginArray();
    for (const double value : report.first_values[k]) json.Value(value);
    json.End();
    if (k < report.files.size()) json.Key("file").Value(report.files[k]);
    json.End();
  }
  fmt::print("{}\n", json.End().End().text());
}

Result<void> RunModel(const Arguments& arguments) {
  auto run = ModelRun::Open(arguments.model,
                            {.num_threads = arguments.threads,
                             .weight_cache = arguments.weight_cache},
                            arguments.signature);
  if (!run) return tl::unexpected(std::move(run).error());
  if (auto done = run->Allocate(); !done) return done;
  if (auto done = SetInputs(*run, arguments); !done) return done;
  const auto start = std::chrono::steady_clock::now();
  if (auto done = run->Invoke(); !done) return done;
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;

  if (!arguments.output_dir.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(arguments.output_dir, failed);
    if (failed) {
      return liteforge::Fail(
          liteforge::ErrorCode::kIo,
          arguments.output_dir + ": cannot be made: " + failed.message());
    }
  }
  auto report = CollectOutputs(*run, arguments);
  if (!report) return tl::unexpected(std::move(report).error());
  report->milliseconds = elapsed.count();
  arguments.json ? PrintJson(*report) : PrintText(*report);
  return {};
}

// Errors of the interpreter after loading do not know the file's name.
Result<void> Run(const Arguments& arguments) {
  Result<void> done = RunModel(arguments);
  if (done || done.error().ToString().starts_with(arguments.model)) return done;
  return tl::unexpected(std::move(done.error()).In(arguments.model));
}

}  // namespace

Command RunCommand() {
  auto a = std::make_shared<Arguments>();
  return {
      "run",
      "Run a .tflite model once",
      {{"MODEL", &a->model, "The .tflite file"},
       {"--input", &a->inputs,
        "A .npy file or an image, once per input, in model order; inputs not "
        "given are drawn at random"},
       {"--mean", &a->images.mean,
        "Subtract from images of 0 to 255: one number or one a channel"},
       {"--std", &a->images.std, "Divide images by this"},
       {"--seed", &a->seed, "Seed of the random inputs"},
       {"--output-dir", &a->output_dir,
        "Write output_0.npy, output_1.npy, … here"},
       {"--signature", &a->signature,
        "Use this signature's inputs and outputs"},
       {"--threads", &a->threads, "Threads to compute with; 0: one per core", 0,
        1024},
       {"--weight-cache", &a->weight_cache,
        "Map this file's weights instead of laying them out again; make it "
        "where it does not fit"},
       {"--json", &a->json, "Print JSON"}},
      [a] { return Run(*a); }};
}
