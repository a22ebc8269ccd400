// SPDX-License-Identifier: Apache-2.0
#include "convert/optimize.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/try.h"
#include "convert/calibrate.h"
#include "convert/model_notes.h"
#include "convert/prune_layers.h"
#include "convert/recipe.h"
#include "emit/emit.h"
#include "quantize/prune.h"
#include "quantize/quantize.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

Result<void> WriteCalibration(const Calibration& calibration,
                              const fs::path& path) {
  const std::string text = calibration.ToJson();
  return WriteFileAtomically(path, std::as_bytes(std::span(text)));
}

class Optimizer {
 public:
  Optimizer(ir::Module& module, const OptimizeOptions& options,
            std::vector<std::string>& notices)
      : module_(module), options_(options), notices_(notices) {}

  Result<void> Run() {
    TRY_ASSIGN(const QuantizeSettings settings, Settings());
    TRY(CheckBorderTypes(settings));
    const bool quantizes = UsesRanges(settings);
    const bool sees = HasExamples() || !options_.calibration_in.empty();
    if (!sees && !options_.calibration_out.empty())
      return InvalidArgument(
          "a calibration file was asked for, but there is no representative "
          "data");
    optimized_.mode = ModeText(settings);
    NameUniquely(module_);
    TRY(PruneAndCluster());
    if (settings.mode == QuantizeMode::kFloat && settings.layers.empty() &&
        options_.calibration_out.empty())
      return {};
    Calibration& calibration = optimized_.calibration;
    if (sees && (quantizes || !options_.calibration_out.empty())) {
      TRY_ASSIGN(calibration, See());
      WarnOfRanges(calibration);
    }
    if (quantizes && !sees && !HasFakeQuant())
      return InvalidArgument(
          "activations are quantized by representative data, and there is "
          "none; give --representative-data, or --optimize default for int8 "
          "weights alone");
    TRY_ASSIGN(QuantizeReport report, Quantize(module_, calibration, settings));
    Tell(report);
    optimized_.left_float = std::move(report.left_float);
    return {};
  }

  // What Run has done, in words and numbers.
  Optimized TakeOptimized() { return std::move(optimized_); }

 private:
  bool HasExamples() const {
    return options_.representative_dataset != nullptr ||
           !options_.representative_data.empty() ||
           !options_.signature_data.empty();
  }

  QuantizeMode Mode() const {
    switch (options_.mode) {
      case Optimize::kNone:
        return QuantizeMode::kFloat;
      case Optimize::kFloat16:
        return QuantizeMode::kFloat16;
      case Optimize::kInt8:
        return QuantizeMode::kInt8;
      case Optimize::kInt16x8:
        return QuantizeMode::kInt16x8;
      case Optimize::kInt4:
        return QuantizeMode::kInt4;
      case Optimize::kDefault:
        break;
    }
    return HasExamples() || !options_.calibration_in.empty() || HasFakeQuant()
               ? QuantizeMode::kInt8
               : QuantizeMode::kDynamic;
  }

  Result<QuantizeSettings> Settings() const {
    QuantizeSettings settings;
    settings.mode = Mode();
    settings.strict = options_.strict_int8;
    settings.bias_correction = options_.bias_correction;
    settings.input_type = options_.input_type;
    settings.output_type = options_.output_type;
    const auto method = CalibrationMethodFromName(options_.calibration);
    if (!method)
      return InvalidArgument("calibration '" + options_.calibration +
                             "' is not known; there are minmax, average, "
                             "percentile, mse and kl");
    settings.method = *method;
    for (const std::string& name : options_.keep_float)
      settings.layers.emplace_back(name, QuantizeMode::kFloat);
    if (!options_.recipe.empty()) {
      TRY_ASSIGN(const Recipe recipe, ReadRecipe(options_.recipe));
      if (recipe.mode) settings.mode = *recipe.mode;
      settings.layers.insert(settings.layers.end(), recipe.layers.begin(),
                             recipe.layers.end());
    }
    return settings;
  }

  std::string ModeText(const QuantizeSettings& settings) const {
    std::string text(Name(settings.mode));
    if (!settings.layers.empty()) text += ", other modes for some layers";
    if (options_.prune_pattern == "2:4") {
      text += ", two of four weights pruned";
    } else if (options_.prune > 0) {
      text += ", " + std::to_string(std::lround(options_.prune * 100)) +
              " % of the weights pruned";
    }
    if (options_.cluster > 0)
      text += ", " + std::to_string(options_.cluster) + " weights a layer";
    return text;
  }

  static bool UsesRanges(const QuantizeSettings& settings) {
    return QuantizesActivations(settings.mode) ||
           std::ranges::any_of(settings.layers, [](const auto& layer) {
             return QuantizesActivations(layer.second);
           });
  }

  Result<void> CheckBorderTypes(const QuantizeSettings& settings) const {
    for (const DataType type : {settings.input_type, settings.output_type}) {
      if (type == DataType::kFloat32) continue;
      if (type != DataType::kInt8 && type != DataType::kUInt8 &&
          type != DataType::kInt16)
        return InvalidArgument(
            "inputs and outputs can be float32, int8, uint8 "
            "or int16, not " +
            std::string(Name(type)));
      if (!UsesRanges(settings))
        return InvalidArgument(
            "inputs and outputs of type " + std::string(Name(type)) +
            " need quantized activations; use --optimize int8 or int16x8 with "
            "--representative-data");
    }
    return {};
  }

  bool HasFakeQuant() const {
    return std::ranges::any_of(module_.graphs, [](const auto& graph) {
      return std::ranges::any_of(graph->nodes(), [](const auto& node) {
        return node->op() == Op::kFakeQuant;
      });
    });
  }

  Result<Calibration> See() {
    TRY_ASSIGN(Calibration calibration,
               ReadCalibrations(options_.calibration_in));
    if (HasExamples()) {
      TRY_ASSIGN(const Calibration seen, SeeExamples());
      TRY(calibration.Merge(seen));
    }
    if (!options_.calibration_out.empty())
      TRY(WriteCalibration(calibration, options_.calibration_out));
    return calibration;
  }

  // Examples that are not normalized as the model's images are.
  void WarnOfRanges(const Calibration& calibration) {
    const auto inputs = module_.graphs[0]->inputs();
    if (!notes_ || notes_->inputs.size() != inputs.size()) return;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Statistics* seen = calibration.Find(*module_.graphs[0], *inputs[i]);
      if (seen == nullptr) continue;
      const std::string warning =
          WarnOfRange(notes_->inputs[i], static_cast<double>(seen->min),
                      static_cast<double>(seen->max));
      if (!warning.empty()) notices_.push_back(warning);
    }
  }

  // Images reach a float model as they are where nobody says how it wants them.
  void WarnOfImages(const Dataset& data, const DatasetOptions& how) {
    const bool said = !how.mean.empty() || !how.std.empty() ||
                      !how.image_mean.empty() || warned_of_images_;
    if (!data.holds_images() || said ||
        module_.graphs[0]->inputs()[0]->type != DataType::kFloat32)
      return;
    warned_of_images_ = true;
    notices_.push_back(
        "images are given to the model as 0 to 255; if it was trained on other "
        "numbers, --mean and --std normalize them");
  }

  //------------------------------------------------- pruning and clustering

  Result<void> PruneAndCluster() {
    if (!Prunes(options_) && options_.cluster == 0) return {};
    const std::vector<WeightMatrix> layers = PrunableLayers(module_);
    if (Prunes(options_)) TRY(Prune(layers));
    if (options_.cluster == 0) return {};
    if (options_.cluster < 2)
      return InvalidArgument("a layer needs at least 2 different weights");
    const int clustered = ClusterWeights(layers, options_.cluster);
    notices_.push_back(std::to_string(clustered) + " layers have at most " +
                       std::to_string(options_.cluster) + " different weights");
    return {};
  }

  Result<void> Prune(const std::vector<WeightMatrix>& layers) {
    TRY_ASSIGN(const PrunePattern pattern,
               PrunePatternFromName(options_.prune_pattern));
    const float fraction =
        pattern == PrunePattern::kTwoOfFour ? 0.5f : options_.prune;
    if (!(fraction > 0 && fraction < 1))
      return InvalidArgument(
          "the part of the weights to prune must lie between 0 and 1");
    OnExamples examples;
    if (HasExamples())
      examples = [this](const UseExamples& use) { return Show(use); };
    TRY_ASSIGN(const auto pruned,
               PruneLayers(module_, layers, fraction, pattern, examples));
    int64_t weights = 0, zeros = 0, refitted = 0;
    for (const PrunedLayer& layer : pruned) {
      weights += layer.weights;
      zeros += layer.zeros;
      refitted += layer.refitted;
    }
    notices_.push_back(std::to_string(zeros) + " of " +
                       std::to_string(weights) + " weights of " +
                       std::to_string(pruned.size()) + " layers are zero, " +
                       std::to_string(refitted) + " layers were fitted anew");
    return {};
  }

  //------------------------------------------------------------------ examples

  // Runs `use` on the examples of each signature that has some. Those without
  // a name are the first's.
  Result<void> Show(const UseExamples& use) {
    if (options_.representative_dataset) {
      TRY_ASSIGN(const RepresentativeDataset examples, Remembered());
      TRY(use(0, examples, {}));
    } else if (!options_.representative_data.empty()) {
      TRY(Show(options_.representative_data, 0, use));
    }
    for (size_t s = 1; s < module_.signatures.size(); ++s) {
      const auto data = options_.signature_data.find(module_.signatures[s].key);
      if (data != options_.signature_data.end())
        TRY(Show(data->second, s, use));
    }
    return {};
  }

  Result<void> Show(const fs::path& path, size_t signature,
                    const UseExamples& use) {
    DatasetOptions how = options_.dataset;
    if (notes_) UseMetadata(*notes_, how);
    TRY_ASSIGN(Dataset data,
               Dataset::Open(path, InputsOf(module_, signature), how));
    WarnOfImages(data, how);
    const auto total = static_cast<double>(data.size());
    const auto finished = [&, total](size_t count) {
      if (options_.progress)
        options_.progress(static_cast<double>(count) / total);
    };
    auto used = use(signature, GeneratorOf(std::move(data)), finished);
    if (used) return {};
    return tl::unexpected(std::move(used.error()).In(path.string()));
  }

  // A generator gives its examples once; they are needed for every step.
  Result<RepresentativeDataset> Remembered() {
    while (!exhausted_) {
      std::vector<NpyArray> example;
      TRY_ASSIGN(const bool more, options_.representative_dataset(example));
      exhausted_ = !more;
      if (more) examples_.push_back(std::move(example));
    }
    auto next = std::make_shared<size_t>(0);
    return RepresentativeDataset(
        [this, next](std::vector<NpyArray>& example) -> Result<bool> {
          if (*next == examples_.size()) return false;
          example = examples_[(*next)++];
          return true;
        });
  }

  Result<Calibration> SeeExamples() {
    Calibration calibration;
    TRY(Show([&](size_t signature, const RepresentativeDataset& examples,
                 const std::function<void(size_t)>& finished) -> Result<void> {
      TRY_ASSIGN(const Calibration seen,
                 Calibrate(module_, examples, finished, signature));
      calibration.Add(seen);
      return {};
    }));
    return calibration;
  }

  void Tell(const QuantizeReport& report) {
    if (report.quantized > 0)
      notices_.push_back(std::to_string(report.quantized) +
                         " operators are quantized");
    if (report.weights > 0)
      notices_.push_back(std::to_string(report.weights) +
                         " constants are stored smaller");
    for (const FloatOperator& left : report.left_float)
      notices_.push_back(left.op + " '" + left.name +
                         "' stays float32: " + left.reason);
  }

  ir::Module& module_;
  const OptimizeOptions& options_;
  std::vector<std::string>& notices_;
  // What the model says of itself.
  std::optional<ModelDescriptionParts> notes_ = NotesOf(module_);
  bool warned_of_images_ = false;
  Optimized optimized_;
  std::vector<std::vector<NpyArray>> examples_;  // of a generator
  bool exhausted_ = false;
};

}  // namespace

Result<Calibration> ReadCalibrations(std::span<const fs::path> paths) {
  Calibration calibration;
  for (const fs::path& path : paths) {
    TRY_ASSIGN(const Blob file, MapFile(path));
    auto read = Calibration::FromJson(
        {reinterpret_cast<const char*>(file.data()), file.size()});
    if (!read) return tl::unexpected(std::move(read.error()).In(path.string()));
    TRY_IN(path.string(), calibration.Merge(*read));
  }
  return calibration;
}

Result<void> MergeCalibrations(std::span<const fs::path> from,
                               const fs::path& to) {
  TRY_ASSIGN(const Calibration calibration, ReadCalibrations(from));
  return WriteCalibration(calibration, to);
}

bool AsksForOptimization(const OptimizeOptions& options) {
  return options.mode != Optimize::kNone || options.prune != 0 ||
         !options.prune_pattern.empty() || options.cluster != 0 ||
         !options.recipe.empty();
}

Result<Optimized> OptimizeModule(ir::Module& module,
                                 const OptimizeOptions& options,
                                 std::vector<std::string>& notices) {
  Optimizer optimizer(module, options, notices);
  TRY(optimizer.Run());
  return optimizer.TakeOptimized();
}

}  // namespace liteforge
