// SPDX-License-Identifier: Apache-2.0
#include "convert/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "base/mapped_file.h"
#include "base/try.h"
#include "convert/detect.h"
#include "convert/example_model.h"
#include "convert/examples.h"
#include "convert/model_notes.h"
#include "convert/time_models.h"
#include "liteforge/converter.h"
namespace liteforge {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTimedExamples = 16;

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
  Result<void> Open(const NamedModel& model, bool watch) {
    InterpreterOptions options;
    options.num_threads = 0;
    if (watch) {
      options.observer = [this](const ObservedTensor& t) { Remember(t); };
    }
    auto opened = ExampleModel::Open(model.bytes, options);
    if (!opened)
      return tl::unexpected(std::move(opened.error()).In(model.name));
    model_.emplace(*std::move(opened));
    details_ = model_->Tensors();
    return {};
  }

  Result<void> Run(std::span<const NpyArray> example) {
    seen_.clear();
    order_.clear();
    return model_->Run(example);
  }

  struct Seen {
    DataType type;
    std::vector<float> values;
  };
  const std::map<std::string, Seen>& seen() const { return seen_; }
  const std::vector<std::string>& order() const { return order_; }
  const ExampleModel& model() const { return *model_; }

 private:
  void Remember(const ObservedTensor& t) {
    // What is known beforehand is computed while the model is opened.
    if (t.subgraph != 0 || details_.empty()) return;
    const TensorDetails& details = details_[static_cast<size_t>(t.tensor)];
    std::string name(t.name);
    auto values = RealValues(t.dtype, details.quantization, t.shape, t.data);
    if (!seen_.contains(name)) order_.push_back(name);
    seen_[name] = {t.dtype, std::move(values)};
  }

  std::optional<ExampleModel> model_;
  std::vector<TensorDetails> details_;
  std::map<std::string, Seen> seen_;
  std::vector<std::string> order_;
};

Result<void> CheckAlike(const ExampleModel& a, const ExampleModel& b) {
  const auto in_a = a.Inputs(), in_b = b.Inputs();
  const auto out_a = a.Outputs(), out_b = b.Outputs();
  if (in_a.size() == in_b.size() && out_a.size() == out_b.size()) return {};
  return InvalidArgument("the models have " + std::to_string(in_a.size()) +
                         " and " + std::to_string(in_b.size()) + " inputs, " +
                         std::to_string(out_a.size()) + " and " +
                         std::to_string(out_b.size()) + " outputs");
}

RepresentativeDataset RandomExamples(const std::vector<TensorDetails>& inputs,
                                     const CompareOptions& options) {
  auto generator = std::make_shared<std::mt19937_64>(options.seed);
  auto left = std::make_shared<int>(options.random_examples);
  return [=](std::vector<NpyArray>& example) -> Result<bool> {
    if ((*left)-- <= 0) return false;
    example.clear();
    for (const TensorDetails& input : inputs)
      example.push_back(DrawInput(input, *generator));
    return true;
  };
}

size_t Largest(const std::vector<float>& scores) {
  return static_cast<size_t>(std::ranges::max_element(scores) - scores.begin());
}

class Comparer {
 public:
  Comparer(const NamedModel& a, const NamedModel& b) : models_{a, b} {}

  Result<void> Open(bool watch) {
    TRY(a_.Open(models_[0], watch));
    TRY(b_.Open(models_[1], watch));
    TRY(CheckAlike(a_.model(), b_.model()));
    outputs_ = a_.model().Outputs();
    distances_.resize(outputs_.size());
    return {};
  }

  std::vector<TensorDetails> Inputs() { return a_.model().Inputs(); }

  Result<void> Add(const std::vector<NpyArray>& example) {
    TRY_IN(models_[0].name, a_.Run(example));
    TRY_IN(models_[1].name, b_.Run(example));
    for (size_t i = 0; i < outputs_.size(); ++i) TRY(AddOutput(i));
    for (const std::string& name : a_.order()) AddLayer(name);
    if (timed_.size() < kTimedExamples) timed_.push_back(example);
    ++examples_;
    return {};
  }

  Result<Comparison> Finish(bool per_layer) {
    Comparison c;
    c.examples = examples_;
    const auto outputs_b = b_.model().Outputs();
    for (size_t i = 0; i < outputs_.size(); ++i)
      c.outputs.push_back(
          distances_[i].Result(outputs_[i].name, outputs_b[i].dtype));
    for (const std::string& name : order_)
      c.layers.push_back(layers_[name].Result(name, types_[name]));
    for (const int side : {0, 1}) {
      c.models[side] = models_[side].name;
      c.bytes[side] = static_cast<int64_t>(models_[side].bytes.size());
    }
    const bool scores = outputs_.size() == 1 && outputs_[0].shape.rank() == 2 &&
                        outputs_[0].shape[0] == 1 && outputs_[0].shape[1] > 1;
    if (scores && examples_ > 0)
      c.same_top1 = static_cast<double>(same_) / static_cast<double>(examples_);
    TRY_ASSIGN(const Times times, TimeInTurns(models_, timed_, per_layer));
    std::ranges::copy(times.median_us, c.median_us);
    c.operators = times.operators;
    return c;
  }

 private:
  Result<void> AddOutput(size_t i) {
    TRY_ASSIGN(const auto of_a, a_.model().Output(i));
    TRY_ASSIGN(const auto of_b, b_.model().Output(i));
    if (of_a.size() != of_b.size())
      return InvalidArgument("output " + std::to_string(i) + " has " +
                             std::to_string(of_a.size()) +
                             " elements in one model and " +
                             std::to_string(of_b.size()) + " in the other");
    distances_[i].Add(of_a, of_b);
    if (i == 0 && !of_a.empty()) same_ += Largest(of_a) == Largest(of_b);
    return {};
  }

  void AddLayer(const std::string& name) {
    const auto other = b_.seen().find(name);
    const auto& mine = a_.seen().at(name);
    if (other == b_.seen().end() || mine.type != DataType::kFloat32) return;
    if (!layers_.contains(name)) order_.push_back(name);
    layers_[name].Add(mine.values, other->second.values);
    types_[name] = other->second.type;
  }

  NamedModel models_[2];
  Side a_, b_;
  std::vector<TensorDetails> outputs_;
  std::vector<Distance> distances_;
  std::map<std::string, Distance> layers_;
  std::map<std::string, DataType> types_;
  std::vector<std::string> order_;
  std::vector<std::vector<NpyArray>> timed_;
  int64_t same_ = 0, examples_ = 0;
};

}  // namespace

Result<std::vector<std::byte>> TfliteBytes(const fs::path& path) {
  TRY_ASSIGN(const FileKind kind, DetectKind(path));
  if (kind == FileKind::kTflite) {
    TRY_ASSIGN(const Blob file, MapFile(path));
    return file.ToVector<std::byte>();
  }
  TRY_ASSIGN(Converter converter, Converter::FromFile(path));
  return converter.Convert();
}

Result<Comparison> CompareBytes(const NamedModel& a, const NamedModel& b,
                                const CompareOptions& options,
                                RepresentativeDataset examples) {
  Comparer comparer(a, b);
  TRY(comparer.Open(options.per_layer));
  const bool random = !examples && options.data.empty();
  if (random) {
    examples = RandomExamples(comparer.Inputs(), options);
  } else if (!examples) {
    DatasetOptions how = options.dataset;
    TRY_ASSIGN(const TfliteModel model,
               TfliteModel::FromBytes(Blob::Copy(a.bytes)));
    if (const auto notes = NotesOf(model)) UseMetadata(*notes, how);
    TRY_ASSIGN(Dataset data,
               Dataset::Open(options.data, comparer.Inputs(), how));
    examples = GeneratorOf(std::move(data));
  }
  std::vector<NpyArray> example;
  int count = 0;
  for (; options.most_examples == 0 || count < options.most_examples; ++count) {
    TRY_ASSIGN(const bool more, examples(example));
    if (!more) break;
    TRY(comparer.Add(example));
  }
  if (count == 0)
    return InvalidArgument(options.data.string() + ": holds no example");
  TRY_ASSIGN(Comparison comparison, comparer.Finish(options.per_layer));
  comparison.random = random;
  return comparison;
}

Result<Comparison> CompareModels(const fs::path& a, const fs::path& b,
                                 const CompareOptions& options) {
  TRY_ASSIGN(const auto bytes_a, TfliteBytes(a));
  TRY_ASSIGN(const auto bytes_b, TfliteBytes(b));
  return CompareBytes({a.string(), bytes_a}, {b.string(), bytes_b}, options);
}

}  // namespace liteforge
