// SPDX-License-Identifier: Apache-2.0
#include "convert/optimize.h"

#include <algorithm>
#include <utility>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/try.h"
#include "convert/calibrate.h"
#include "convert/recipe.h"
#include "quantize/quantize.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

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
    if (settings.mode == QuantizeMode::kFloat && settings.layers.empty() &&
        options_.calibration_out.empty())
      return {};
    NameUniquely(module_);
    Calibration calibration;
    if (sees && (quantizes || !options_.calibration_out.empty())) {
      TRY_ASSIGN(calibration, See());
    }
    if (quantizes && !sees && !HasFakeQuant())
      return InvalidArgument(
          "activations are quantized by representative data, and there is "
          "none; give --representative-data, or --optimize default for int8 "
          "weights alone");
    TRY_ASSIGN(const QuantizeReport report,
               Quantize(module_, calibration, settings));
    Tell(report);
    return {};
  }

 private:
  bool HasExamples() const {
    return options_.representative_dataset != nullptr ||
           !options_.representative_data.empty();
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
    Calibration calibration;
    for (const fs::path& path : options_.calibration_in) {
      TRY_ASSIGN(const Blob file, MapFile(path));
      auto read = Calibration::FromJson(
          {reinterpret_cast<const char*>(file.data()), file.size()});
      if (!read)
        return tl::unexpected(std::move(read.error()).In(path.string()));
      TRY_IN(path.string(), calibration.Merge(*read));
    }
    if (HasExamples()) {
      TRY_ASSIGN(const Calibration seen, SeeExamples());
      TRY(calibration.Merge(seen));
    }
    if (!options_.calibration_out.empty()) {
      const std::string text = calibration.ToJson();
      TRY(WriteFileAtomically(options_.calibration_out,
                              std::as_bytes(std::span(text))));
    }
    return calibration;
  }

  Result<Calibration> SeeExamples() {
    if (options_.representative_dataset)
      return Calibrate(module_, options_.representative_dataset);
    TRY_ASSIGN(Dataset data,
               Dataset::Open(options_.representative_data, InputsOf(module_),
                             options_.dataset));
    const auto total = static_cast<double>(data.size());
    const auto finished = [&, total](size_t count) {
      if (options_.progress)
        options_.progress(static_cast<double>(count) / total);
    };
    auto calibration =
        Calibrate(module_, GeneratorOf(std::move(data)), finished);
    if (calibration) return calibration;
    return tl::unexpected(std::move(calibration.error())
                              .In(options_.representative_data.string()));
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
};

}  // namespace

Result<void> OptimizeModule(ir::Module& module, const OptimizeOptions& options,
                            std::vector<std::string>& notices) {
  return Optimizer(module, options, notices).Run();
}

}  // namespace liteforge
