// SPDX-License-Identifier: Apache-2.0
#include "liteforge/compare.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "base/mapped_file.h"
#include "base/try.h"
#include "convert/detect.h"
#include "convert/examples.h"
#include "liteforge/converter.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

Result<std::vector<std::byte>> TfliteBytes(const fs::path& path) {
  TRY_ASSIGN(const FileKind kind, DetectKind(path));
  if (kind == FileKind::kTflite) {
    TRY_ASSIGN(const Blob file, MapFile(path));
    return file.ToVector<std::byte>();
  }
  TRY_ASSIGN(Converter converter, Converter::FromFile(path));
  return converter.Convert();
}

// Sums over examples of what a Difference says.
class Distance {
 public:
  void Add(std::span<const float> a, std::span<const float> b) {
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      const double signal = static_cast<double>(a[i]);
      const double noise = std::abs(static_cast<double>(b[i]) - signal);
      largest_ = std::max(largest_, noise);
      sum_ += noise;
      signal_ += signal * signal;
      noise_ += noise * noise;
    }
    count_ += static_cast<int64_t>(std::min(a.size(), b.size()));
  }

  Difference Result(std::string name, DataType type) const {
    Difference d;
    d.name = std::move(name);
    d.dtype = Name(type);
    const auto n = static_cast<double>(std::max<int64_t>(count_, 1));
    d.max_abs = largest_;
    d.mean_abs = sum_ / n;
    d.rmse = std::sqrt(noise_ / n);
    d.sqnr_db = noise_ == 0 ? std::numeric_limits<double>::infinity()
                            : 10 * std::log10(signal_ / noise_);
    d.elements = count_;
    return d;
  }

 private:
  double largest_ = 0, sum_ = 0, signal_ = 0, noise_ = 0;
  int64_t count_ = 0;
};

// One of the two models, with what it showed of its insides at the last run.
class Side {
 public:
  Result<void> Open(const fs::path& path, bool watch) {
    TRY_ASSIGN(bytes_, TfliteBytes(path));
    InterpreterOptions options;
    if (watch) {
      options.observer = [this](const ObservedTensor& t) { Remember(t); };
    }
    auto opened = Interpreter::FromBuffer(bytes_, options);
    if (!opened)
      return tl::unexpected(std::move(opened.error()).In(path.string()));
    interpreter_.emplace(*std::move(opened));
    TRY_IN(path.string(), interpreter_->AllocateTensors());
    for (const TensorDetails& details : interpreter_->AllTensorDetails())
      details_.push_back(details);
    return {};
  }

  Result<void> Run(std::span<const NpyArray> example) {
    seen_.clear();
    order_.clear();
    TRY(SetExample(*interpreter_, example));
    const auto start = std::chrono::steady_clock::now();
    TRY(interpreter_->Invoke());
    microseconds_.push_back(std::chrono::duration<double, std::micro>(
                                std::chrono::steady_clock::now() - start)
                                .count());
    interpreter_->ResetVariableTensors();
    return {};
  }

  Result<std::vector<float>> Output(size_t i) const {
    const TensorDetails details = interpreter_->OutputDetails()[i];
    TRY_ASSIGN(const auto data, interpreter_->GetTensor(details.index));
    return RealValues(details.dtype, details.quantization, details.shape, data);
  }

  struct Seen {
    DataType type;
    std::vector<float> values;
  };
  const std::map<std::string, Seen>& seen() const { return seen_; }
  const std::vector<std::string>& order() const { return order_; }
  Interpreter& interpreter() { return *interpreter_; }
  int64_t bytes() const { return static_cast<int64_t>(bytes_.size()); }
  double Median() {
    std::ranges::sort(microseconds_);
    return microseconds_.empty() ? 0 : microseconds_[microseconds_.size() / 2];
  }

 private:
  void Remember(const ObservedTensor& t) {
    if (t.subgraph != 0) return;
    const TensorDetails& details = details_[static_cast<size_t>(t.tensor)];
    std::string name(t.name);
    auto values = RealValues(t.dtype, details.quantization, t.shape, t.data);
    if (!seen_.contains(name)) order_.push_back(name);
    seen_[name] = {t.dtype, std::move(values)};
  }

  std::vector<std::byte> bytes_;
  std::optional<Interpreter> interpreter_;
  std::vector<TensorDetails> details_;
  std::map<std::string, Seen> seen_;
  std::vector<std::string> order_;
  std::vector<double> microseconds_;
};

Result<void> CheckAlike(Side& a, Side& b) {
  const auto in_a = a.interpreter().InputDetails(),
             in_b = b.interpreter().InputDetails();
  const auto out_a = a.interpreter().OutputDetails(),
             out_b = b.interpreter().OutputDetails();
  if (in_a.size() == in_b.size() && out_a.size() == out_b.size()) return {};
  return InvalidArgument("the models have " + std::to_string(in_a.size()) +
                         " and " + std::to_string(in_b.size()) + " inputs, " +
                         std::to_string(out_a.size()) + " and " +
                         std::to_string(out_b.size()) + " outputs");
}

Result<RepresentativeDataset> Examples(Side& a, const CompareOptions& options) {
  const auto inputs = a.interpreter().InputDetails();
  if (!options.data.empty()) {
    TRY_ASSIGN(Dataset data,
               Dataset::Open(options.data, inputs, options.dataset));
    return GeneratorOf(std::move(data));
  }
  auto generator = std::make_shared<std::mt19937_64>(options.seed);
  auto left = std::make_shared<int>(options.random_examples);
  return RepresentativeDataset(
      [=](std::vector<NpyArray>& example) -> Result<bool> {
        if ((*left)-- <= 0) return false;
        example.clear();
        for (const TensorDetails& input : inputs)
          example.push_back(DrawInput(input, *generator));
        return true;
      });
}

size_t Largest(const std::vector<float>& scores) {
  return static_cast<size_t>(std::ranges::max_element(scores) - scores.begin());
}

}  // namespace

Result<Comparison> CompareModels(const fs::path& path_a, const fs::path& path_b,
                                 const CompareOptions& options) {
  Side a, b;
  TRY(a.Open(path_a, options.per_layer));
  TRY(b.Open(path_b, options.per_layer));
  TRY(CheckAlike(a, b));
  TRY_ASSIGN(const RepresentativeDataset examples, Examples(a, options));
  const auto outputs = a.interpreter().OutputDetails();
  std::vector<Distance> distances(outputs.size());
  std::map<std::string, Distance> layers;
  std::map<std::string, DataType> types;
  std::vector<std::string> order;
  Comparison comparison;
  int64_t same = 0;
  std::vector<NpyArray> example;
  while (true) {
    TRY_ASSIGN(const bool more, examples(example));
    if (!more) break;
    TRY_IN(path_a.string(), a.Run(example));
    TRY_IN(path_b.string(), b.Run(example));
    for (size_t i = 0; i < outputs.size(); ++i) {
      TRY_ASSIGN(const auto of_a, a.Output(i));
      TRY_ASSIGN(const auto of_b, b.Output(i));
      if (of_a.size() != of_b.size())
        return InvalidArgument("output " + std::to_string(i) + " has " +
                               std::to_string(of_a.size()) +
                               " elements in one model and " +
                               std::to_string(of_b.size()) + " in the other");
      distances[i].Add(of_a, of_b);
      if (i == 0 && !of_a.empty()) same += Largest(of_a) == Largest(of_b);
    }
    for (const std::string& name : a.order()) {
      const auto other = b.seen().find(name);
      const auto& mine = a.seen().at(name);
      if (other == b.seen().end() || mine.type != DataType::kFloat32) continue;
      if (!layers.contains(name)) order.push_back(name);
      layers[name].Add(mine.values, other->second.values);
      types[name] = other->second.type;
    }
    ++comparison.examples;
  }
  if (comparison.examples == 0)
    return InvalidArgument(options.data.string() + ": holds no example");
  const auto outputs_b = b.interpreter().OutputDetails();
  for (size_t i = 0; i < outputs.size(); ++i)
    comparison.outputs.push_back(
        distances[i].Result(outputs[i].name, outputs_b[i].dtype));
  for (const std::string& name : order)
    comparison.layers.push_back(layers[name].Result(name, types[name]));
  comparison.bytes[0] = a.bytes();
  comparison.bytes[1] = b.bytes();
  comparison.median_us[0] = a.Median();
  comparison.median_us[1] = b.Median();
  const bool scores = outputs.size() == 1 && outputs[0].shape.rank() == 2 &&
                      outputs[0].shape[0] == 1 && outputs[0].shape[1] > 1;
  if (scores)
    comparison.same_top1 =
        static_cast<double>(same) / static_cast<double>(comparison.examples);
  return comparison;
}

//---------------------------------------------------------------- evaluation

namespace {

// Class numbers by folder name.
Result<std::map<std::string, int64_t>> ReadLabels(const fs::path& path) {
  std::map<std::string, int64_t> numbers;
  if (path.empty()) return numbers;
  TRY_ASSIGN(const Blob file, MapFile(path));
  const std::string_view text(reinterpret_cast<const char*>(file.data()),
                              file.size());
  int64_t line = 0;
  for (size_t at = 0; at < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view name = text.substr(at, end - at);
    if (name.ends_with('\r')) name.remove_suffix(1);
    numbers[std::string(name)] = line;
    at = end + 1;
  }
  return numbers;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 10 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct ClassFolder {
  fs::path path;
  std::string name;
  int64_t number;
};

Result<std::vector<ClassFolder>> ClassFolders(
    const fs::path& directory, const std::map<std::string, int64_t>& labels) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  if (failed)
    return tl::unexpected(
        Error{ErrorCode::kIo, failed.message(), directory.string()});
  std::ranges::sort(names);
  const bool numbered = std::ranges::all_of(names, IsNumber);
  std::vector<ClassFolder> folders;
  for (size_t i = 0; i < names.size(); ++i) {
    auto number = static_cast<int64_t>(i);
    if (const auto known = labels.find(names[i]); known != labels.end()) {
      number = known->second;
    } else if (numbered) {
      number = std::stoll(names[i]);
    } else if (!labels.empty()) {
      return InvalidArgument("folder '" + names[i] +
                             "' is no line of the labels");
    }
    folders.push_back({directory / names[i], names[i], number});
  }
  return folders;
}

class Classifier {
 public:
  Result<void> Open(const fs::path& model, const EvaluateOptions& options) {
    TRY_ASSIGN(const auto bytes, TfliteBytes(model));
    InterpreterOptions interpreter_options;
    interpreter_options.num_threads = options.num_threads;
    TRY_ASSIGN(auto opened,
               Interpreter::FromBuffer(bytes, interpreter_options));
    interpreter_.emplace(std::move(opened));
    TRY(interpreter_->AllocateTensors());
    if (interpreter_->InputDetails().size() != 1)
      return InvalidArgument(
          "has " + std::to_string(interpreter_->InputDetails().size()) +
          " inputs; only models of one are evaluated");
    return {};
  }

  // The input as examples are wanted: quantized ones are given as float32.
  std::vector<TensorDetails> Inputs() const {
    auto inputs = interpreter_->InputDetails();
    for (TensorDetails& input : inputs) {
      if (!input.quantization.empty() && input.dtype != DataType::kUInt8)
        input.dtype = DataType::kFloat32;
    }
    return inputs;
  }

  Result<void> Try(std::span<const NpyArray> example, int64_t label,
                   Evaluation& evaluation, Evaluation::Class& of_class) {
    TRY(SetExample(*interpreter_, example));
    TRY(interpreter_->Invoke());
    interpreter_->ResetVariableTensors();
    const TensorDetails output = interpreter_->OutputDetails()[0];
    TRY_ASSIGN(const auto data, interpreter_->GetTensor(output.index));
    const auto scores =
        RealValues(output.dtype, output.quantization, output.shape, data);
    if (scores.size() < 2)
      return InvalidArgument("output '" + output.name +
                             "' holds no scores of classes");
    if (label < 0 || static_cast<size_t>(label) >= scores.size())
      return InvalidArgument("class " + std::to_string(label) +
                             " is none of the model's " +
                             std::to_string(scores.size()));
    const auto before = std::ranges::count_if(scores, [&](float s) {
      return s > scores[static_cast<size_t>(label)];
    });
    const bool first =
        before == 0 && Largest(scores) == static_cast<size_t>(label);
    evaluation.top1 += first;
    evaluation.top5 += before < 5;
    ++evaluation.examples;
    ++of_class.examples;
    of_class.right += first;
    return {};
  }

 private:
  std::optional<Interpreter> interpreter_;
};

Result<std::vector<int64_t>> Integers(const NpyArray& array) {
  const auto values = RealValues(array.type, {}, array.shape, array.data);
  std::vector<int64_t> integers;
  for (const float v : values) integers.push_back(static_cast<int64_t>(v));
  if (integers.empty()) return InvalidArgument("labels.npy holds no integers");
  return integers;
}

Result<void> EvaluatePair(Classifier& classifier, const fs::path& directory,
                          const EvaluateOptions& options,
                          Evaluation& evaluation) {
  TRY_ASSIGN(const NpyArray stored, ReadNpy(directory / "labels.npy"));
  TRY_ASSIGN(const auto labels, Integers(stored));
  TRY_ASSIGN(const Dataset data,
             Dataset::Open(directory / "examples.npy", classifier.Inputs(),
                           options.dataset));
  if (data.size() != labels.size())
    return InvalidArgument("examples.npy holds " + std::to_string(data.size()) +
                           " examples, labels.npy " +
                           std::to_string(labels.size()) + " labels");
  std::map<int64_t, Evaluation::Class> classes;
  for (size_t i = 0; i < data.size(); ++i) {
    TRY_ASSIGN(const auto example, data.Example(i));
    auto& of_class = classes[labels[i]];
    of_class.name = std::to_string(labels[i]);
    TRY(classifier.Try(example, labels[i], evaluation, of_class));
  }
  for (auto& [number, of_class] : classes)
    evaluation.classes.push_back(std::move(of_class));
  return {};
}

Result<void> EvaluateFolders(Classifier& classifier, const fs::path& directory,
                             const EvaluateOptions& options,
                             Evaluation& evaluation) {
  TRY_ASSIGN(const auto labels, ReadLabels(options.labels));
  TRY_ASSIGN(const auto folders, ClassFolders(directory, labels));
  if (folders.empty())
    return InvalidArgument(
        "holds neither a folder for each class nor examples.npy and "
        "labels.npy");
  for (const ClassFolder& folder : folders) {
    TRY_ASSIGN(
        const Dataset data,
        Dataset::Open(folder.path, classifier.Inputs(), options.dataset));
    Evaluation::Class of_class{folder.name, 0, 0};
    for (size_t i = 0; i < data.size(); ++i) {
      TRY_ASSIGN(const auto example, data.Example(i));
      TRY(classifier.Try(example, folder.number, evaluation, of_class));
    }
    evaluation.classes.push_back(std::move(of_class));
  }
  return {};
}

}  // namespace

Result<Evaluation> EvaluateClassifier(const fs::path& model,
                                      const fs::path& directory,
                                      const EvaluateOptions& options) {
  Classifier classifier;
  auto opened = classifier.Open(model, options);
  if (!opened)
    return tl::unexpected(std::move(opened.error()).InFile(model.string()));
  Evaluation evaluation;
  std::error_code none;
  const bool pair = fs::exists(directory / "labels.npy", none);
  auto done = pair
                  ? EvaluatePair(classifier, directory, options, evaluation)
                  : EvaluateFolders(classifier, directory, options, evaluation);
  if (!done)
    return tl::unexpected(std::move(done.error()).InFile(directory.string()));
  const auto n = static_cast<double>(std::max<int64_t>(evaluation.examples, 1));
  evaluation.top1 /= n;
  evaluation.top5 /= n;
  return evaluation;
}

}  // namespace liteforge
