// SPDX-License-Identifier: Apache-2.0
#include "convert/evaluate.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/try.h"
#include "convert/evaluate_detector.h"
#include "convert/example_model.h"
#include "convert/examples.h"
#include "convert/model_notes.h"
#include "liteforge/detection.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

size_t Largest(const std::vector<float>& scores) {
  return static_cast<size_t>(std::ranges::max_element(scores) - scores.begin());
}

// Class numbers by name.
using ClassNumbers = std::map<std::string, int64_t>;

ClassNumbers NumbersOf(const std::vector<std::string>& labels) {
  ClassNumbers numbers;
  for (size_t i = 0; i < labels.size(); ++i)
    numbers.emplace(labels[i], static_cast<int64_t>(i));
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

Result<std::vector<ClassFolder>> ClassFolders(const fs::path& directory,
                                              const ClassNumbers& labels) {
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

// Whether every folder's name is a label.
bool FoldersAreLabels(const fs::path& directory,
                      const std::vector<std::string>& labels) {
  const ClassNumbers numbers = NumbersOf(labels);
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    if (entry.is_directory() &&
        !numbers.contains(entry.path().filename().string()))
      return false;
  }
  return true;
}

class Classifier {
 public:
  explicit Classifier(ExampleModel model) : model_(std::move(model)) {}

  std::vector<TensorDetails> Inputs() const { return model_.Inputs(); }

  Result<void> Try(std::span<const NpyArray> example, int64_t label,
                   Evaluation& evaluation, Evaluation::Class& of_class) {
    TRY(model_.Run(example));
    TRY_ASSIGN(const auto scores, model_.Output(0));
    if (scores.size() < 2)
      return InvalidArgument("output '" + model_.Outputs()[0].name +
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
  ExampleModel model_;
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
                             const std::vector<std::string>& labels,
                             const EvaluateOptions& options,
                             Evaluation& evaluation) {
  TRY_ASSIGN(const auto folders, ClassFolders(directory, NumbersOf(labels)));
  if (folders.empty())
    return InvalidArgument(
        "holds neither a folder for each class nor examples.npy and "
        "labels.npy");
  for (size_t f = 0; f < folders.size(); ++f) {
    const ClassFolder& folder = folders[f];
    TRY_ASSIGN(
        const Dataset data,
        Dataset::Open(folder.path, classifier.Inputs(), options.dataset));
    Evaluation::Class of_class{folder.name, 0, 0};
    for (size_t i = 0; i < data.size(); ++i) {
      TRY_ASSIGN(const auto example, data.Example(i));
      TRY(classifier.Try(example, folder.number, evaluation, of_class));
    }
    evaluation.classes.push_back(std::move(of_class));
    if (options.progress)
      options.progress(static_cast<double>(f + 1) /
                       static_cast<double>(folders.size()));
  }
  return {};
}

Result<Evaluation> EvaluateClassifier(const NamedModel& model,
                                      const fs::path& directory,
                                      const std::vector<std::string>& labels,
                                      const EvaluateOptions& options) {
  auto opened =
      ExampleModel::OpenWithOneInput(model.bytes, options.num_threads);
  if (!opened)
    return tl::unexpected(std::move(opened.error()).InFile(model.name));
  Classifier classifier(*std::move(opened));
  Evaluation evaluation;
  std::error_code none;
  const bool pair = fs::exists(directory / "labels.npy", none);
  auto done = pair ? EvaluatePair(classifier, directory, options, evaluation)
                   : EvaluateFolders(classifier, directory, labels, options,
                                     evaluation);
  if (!done)
    return tl::unexpected(std::move(done.error()).InFile(directory.string()));
  const auto n = static_cast<double>(std::max<int64_t>(evaluation.examples, 1));
  evaluation.top1 /= n;
  evaluation.top5 /= n;
  return evaluation;
}

// Where a detector's outputs are; nothing for other models.
Result<std::optional<OutputRoles>> DetectorRoles(
    const TfliteModel& model, const ModelDescriptionParts& notes,
    std::span<const std::byte> bytes) {
  TRY_ASSIGN(const Interpreter interpreter, Interpreter::FromBuffer(bytes));
  const auto outputs = interpreter.OutputDetails();
  const auto roles = FindRoles(model, notes, outputs, interpreter.Signatures());
  const bool detects = roles && roles->task == ModelTask::kDetection;
  return detects ? std::optional(*roles) : std::nullopt;
}

}  // namespace

Result<Evaluation> EvaluateBytes(const NamedModel& model,
                                 const fs::path& directory,
                                 const EvaluateOptions& given) {
  auto opened = TfliteModel::FromBytes(Blob::Copy(model.bytes));
  if (!opened)
    return tl::unexpected(std::move(opened.error()).InFile(model.name));
  EvaluateOptions options = given;
  const auto notes = NotesOf(*opened).value_or(ModelDescriptionParts());
  UseMetadata(notes, options.dataset);
  std::vector<std::string> labels = LabelsOf(model.bytes, notes);
  if (!options.labels.empty()) {
    TRY_ASSIGN(labels, ReadLabels(options.labels));
  }
  auto roles = DetectorRoles(*opened, notes, model.bytes);
  if (!roles)
    return tl::unexpected(std::move(roles.error()).InFile(model.name));
  if (*roles)
    return EvaluateDetector(model, **roles, directory, labels, options);
  // A model's own labels need not be the folders' names.
  if (options.labels.empty() && !FoldersAreLabels(directory, labels))
    labels.clear();
  return EvaluateClassifier(model, directory, labels, options);
}

Result<Evaluation> EvaluateModel(const fs::path& model,
                                 const fs::path& directory,
                                 const EvaluateOptions& options) {
  TRY_ASSIGN(const auto bytes, TfliteBytes(model));
  return EvaluateBytes({model.string(), bytes}, directory, options);
}

}  // namespace liteforge
