// SPDX-License-Identifier: Apache-2.0
// The driver: source -> concrete function -> TFLite operators -> passes ->
// bytes (ARCHITECTURE.md, "Life of a model").
#include "liteforge/converter.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/atomic_file.h"
#include "base/try.h"
#include "convert/calibrate.h"
#include "convert/compile.h"
#include "convert/describe_model.h"
#include "convert/detect.h"
#include "convert/model_notes.h"
#include "convert/optimize.h"
#include "convert/report.h"
#include "convert/self_check.h"
#include "convert/store_sparse.h"
#include "emit/check_runtime.h"
#include "emit/emit.h"
#include "formats/keras/keras_file.h"
#include "formats/tflite/model_metadata.h"
#include "function/trace.h"
#include "function/write_saved_model.h"
#include "import/detection/cut_detector.h"
#include "import/detection/import_detection.h"
#include "import/keras/import_keras.h"
#include "import/saved_model/import_saved_model.h"
#include "import/saved_model/narrow_types.h"
#include "import/tflite/import_tflite.h"
#include "quantize/calibration.h"

namespace liteforge {
namespace {

// Each becomes a signature; the first is the one that runs unasked.
using Functions = std::vector<ConcreteFunction>;

constexpr std::string_view kCutNotice =
    "a detector of the Object Detection API: its preprocessing is left out, "
    "the "
    "input is the resized and normalized image (docs/detection.md), and its "
    "suppression is TFLite_Detection_PostProcess";

DetectionOptions DetectionOptionsOf(const ConvertOptions& options) {
  return {options.config_override, options.max_detections,
          options.use_regular_nms};
}

bool Fits(const Shape& wanted, const Shape& declared) {
  if (!declared.has_rank()) return true;
  if (wanted.rank() != declared.rank()) return false;
  for (int axis = 0; axis < wanted.rank(); ++axis) {
    if (declared[axis] >= 0 && wanted[axis] != declared[axis]) return false;
  }
  return true;
}

// Gives an input of the function a more definite shape.
Result<void> FixInputShape(ConcreteFunction& function, FunctionArgument& input,
                           const Shape& shape) {
  if (!Fits(shape, input.shape)) {
    return InvalidArgument("input '" + input.name + "' is " +
                           input.shape.ToString() + ", which cannot become " +
                           shape.ToString() +
                           "; only unknown dimensions can be given");
  }
  input.shape = shape;
  for (tf::NodeDef& node : *function.graph.mutable_node()) {
    if (node.name() != ParseInput(input.tensor).node) continue;
    *(*node.mutable_attr())["shape"].mutable_shape() = ToTensorFlow(shape);
  }
  return {};
}

// The same in every function that has an input of this name.
Result<void> FixInputShape(Functions& functions, const std::string& name,
                           const Shape& shape) {
  std::string names;
  bool found = false;
  for (ConcreteFunction& function : functions) {
    for (FunctionArgument& input : function.inputs) {
      names += (names.empty() ? "" : ", ") + input.name;
      if (input.name != name) continue;
      found = true;
      TRY(FixInputShape(function, input, shape));
    }
  }
  if (found) return {};
  return InvalidArgument("has no input '" + name +
                         "'; its inputs are: " + names);
}

std::string NamesOf(const std::vector<FunctionArgument>& arguments) {
  std::string names;
  for (const FunctionArgument& argument : arguments)
    names += (names.empty() ? "" : ", ") + argument.name;
  return names.empty() ? "none" : names;
}

std::set<std::string> CustomOps(const ConvertOptions& options) {
  return {options.custom_ops.begin(), options.custom_ops.end()};
}

// "signature 'a': node 'b' (Op): …" -> "signature 'a' is left out: node …".
std::string LeftOutNotice(const Error& error) {
  std::string text = error.ToString();
  if (const size_t colon = text.find(": "); colon != std::string::npos)
    text.insert(colon, " is left out");
  return text;
}

// TFLite gives what is unknown the size 1 until it is set, which nobody wants
// of a height.
void TellOfOpenShapes(const ConcreteFunction& function,
                      std::vector<std::string>& notices) {
  for (const FunctionArgument& input : function.inputs) {
    const auto dims = input.shape.dims();
    const bool open =
        !input.shape.has_rank() ||
        (!dims.empty() &&
         std::ranges::count(dims.subspan(1), Shape::kUnknownDim) > 0);
    if (!open) continue;
    const std::string what =
        input.shape.has_rank()
            ? " is " + input.shape.ToString() +
                  ": dimensions other than the batch are open, and 1 until "
                  "ResizeInputTensor sets them"
            : " has no known number of dimensions: it is a single value until "
              "ResizeInputTensor gives it a shape";
    std::string notice = "input '" + input.name + "'" + what +
                         "; --input-shape " + input.name + "=… fixes them";
    if (std::ranges::find(notices, notice) == notices.end())
      notices.push_back(std::move(notice));
  }
}

Result<Functions> One(Result<ConcreteFunction> function) {
  TRY_ASSIGN(ConcreteFunction only, std::move(function));
  Functions functions;
  functions.push_back(std::move(only));
  return functions;
}

}  // namespace

class Converter::Impl {
 public:
  // May add notices.
  using Import = std::function<Result<Functions>(const ConvertOptions&,
                                                 std::vector<std::string>&)>;

  // A source that is TFLite operators already.
  using Load =
      std::function<Result<std::unique_ptr<ir::Module>>(const ConvertOptions&)>;

  Impl(std::filesystem::path path, Import import)
      : path_(path.string()), import_(std::move(import)) {}
  Impl(std::filesystem::path path, Load load)
      : path_(path.string()), load_(std::move(load)) {}

  Result<std::vector<std::byte>> ConvertNamed() { return Named(Convert()); }

  Result<void> SaveNamed(const std::filesystem::path& directory) {
    if (!import_)
      return InvalidArgument(path_ +
                             ": is a .tflite, of which no SavedModel is made");
    auto functions = Named(ImportAsAsked());
    if (!functions) return tl::unexpected(std::move(functions.error()));
    return WriteSavedModel(*functions, directory);
  }

  ConvertOptions options_;
  std::vector<std::string> notices_;
  CheckReport check_;
  std::optional<Report> report_;

 private:
  // Errors of the steps speak of layers and nodes; the file comes in front.
  template <class T>
  Result<T> Named(Result<T> result) const {
    if (result) return result;
    return tl::unexpected(std::move(result.error()).InFile(path_));
  }

  Result<Functions> ImportAsAsked() {
    notices_.clear();
    for (const std::string& layer : options_.skip_layers)
      notices_.push_back("layer '" + layer +
                         "' is skipped: its input is taken for its output");
    TRY_ASSIGN(Functions functions, import_(options_, notices_));
    for (const auto& [name, shape] : options_.input_shapes) {
      TRY(FixInputShape(functions, name, shape));
    }
    return functions;
  }

  Result<std::unique_ptr<ir::Module>> LoadModule(SelfCheck* check) {
    notices_.clear();
    if (load_) {
      TRY_ASSIGN(auto module, load_(options_));
      if (check != nullptr) check->RunSource(*module);
      return module;
    }
    TRY_ASSIGN(Functions functions, ImportAsAsked());
    TRY(KeepWhatExamplesReach(functions));
    for (ConcreteFunction& function : functions) {
      TRY(NarrowTypes(function, notices_));
      TellOfOpenShapes(function, notices_);
    }
    // TFLite Metadata describes the first graph.
    TRY_ASSIGN(ModelNotes notes, DescribeModel(functions[0], options_.labels));
    std::vector<Error> left_out;
    TRY_ASSIGN(auto module,
               CompileModule(functions, options_.allow_constant_outputs,
                             [&](ir::Module& lowered) {
                               if (check != nullptr) check->RunSource(lowered);
                             },
                             {CustomOps(options_), &left_out}));
    for (const Error& error : left_out)
      notices_.push_back(LeftOutNotice(error));
    module->metadata = std::move(notes.metadata);
    files_ = std::move(notes.files);
    return module;
  }

  // Of signatures without examples nothing is seen.
  Result<void> KeepWhatExamplesReach(Functions& functions) {
    const OptimizeOptions& o = options_.optimize;
    const bool of_first =
        o.representative_dataset != nullptr || !o.representative_data.empty();
    if (!of_first && o.signature_data.empty() && o.calibration_in.empty())
      return {};
    TRY_ASSIGN(const Calibration seen, ReadCalibrations(o.calibration_in));
    for (const auto& [key, path] : o.signature_data) {
      if (std::ranges::find(functions, key, &ConcreteFunction::name) ==
          functions.end())
        return InvalidArgument("has no signature '" + key +
                               "' to show examples to; there are " +
                               KeysOf(functions));
    }
    const ConcreteFunction* const first = functions.data();
    std::string left_out;
    Functions kept;
    for (ConcreteFunction& function : functions) {
      if ((of_first && &function == first) ||
          o.signature_data.contains(function.name) ||
          seen.Knows(function.name)) {
        kept.push_back(std::move(function));
      } else {
        left_out += (left_out.empty() ? "'" : ", '") + function.name + "'";
      }
    }
    if (kept.empty())
      return InvalidArgument(
          "is not the model whose calibration is given; that knows none of its "
          "signatures " +
          KeysOf(functions));
    functions = std::move(kept);
    if (!left_out.empty())
      notices_.push_back("signatures " + left_out +
                         " are left out: they have no examples; "
                         "--representative-data KEY=PATH gives them some");
    return {};
  }

  static std::string KeysOf(const Functions& functions) {
    std::string keys;
    for (const ConcreteFunction& function : functions)
      keys += (keys.empty() ? "'" : ", '") + function.name + "'";
    return keys;
  }

  Result<std::vector<std::byte>> Convert() {
    files_.clear();
    check_ = {};
    report_.reset();
    SelfCheck check;
    TRY_ASSIGN(auto module, LoadModule(options_.check ? &check : nullptr));
    const bool optimizes = AsksForOptimization(options_.optimize);
    std::vector<std::byte> before;
    if (options_.report && optimizes) {
      NameUniquely(*module);
      TRY_ASSIGN(before, EmitWithFiles(*module));
    }
    const std::vector<TensorDetails> inputs = InputsOf(*module);
    OptimizeOptions optimize = options_.optimize;
    TRY(NameFirstData(*module, optimize));
    KeepExamples(optimize);
    TRY_ASSIGN(const Optimized optimized,
               OptimizeModule(*module, optimize, notices_));
    const bool sparse = Prunes(optimize) && optimize.sparse;
    if (sparse) TellSparse(StoreSparse(*module));
    TRY_ASSIGN(auto bytes, EmitWithFiles(*module, sparse));
    if (!options_.target_runtime.empty())
      TRY(CheckRuntime(bytes, options_.target_runtime));
    // Its weights are in the file.
    if (!ReportReadsModule(optimize)) module.reset();
    if (options_.check) TRY(Check(check, bytes));
    if (options_.report)
      TRY(Measure({path_, before, bytes, module.get(), &optimized,
                   Prunes(optimize) || optimize.cluster > 0, nullptr},
                  inputs, optimize.representative_data));
    return bytes;
  }

  bool ReportReadsModule(const OptimizeOptions& optimize) const {
    return options_.report &&
           (options_.report->details || !optimize.representative_data.empty());
  }

  Result<std::vector<std::byte>> EmitWithFiles(const ir::Module& module,
                                               bool sparse = false) const {
    TRY_ASSIGN(auto bytes, Emit(module, {.sparse = sparse}));
    if (files_.empty()) return bytes;
    const auto archive = PackFiles(files_, bytes.size());
    bytes.insert(bytes.end(), archive.begin(), archive.end());
    return bytes;
  }

  // What signature_data has of the first signature are the examples that need
  // no name.
  static Result<void> NameFirstData(const ir::Module& module,
                                    OptimizeOptions& optimize) {
    for (auto& [key, path] : optimize.signature_data) {
      const auto signature =
          std::ranges::find(module.signatures, key, &ir::Signature::key);
      if (signature == module.signatures.end())
        return InvalidArgument("has no signature '" + key +
                               "' to show examples to");
      if (signature == module.signatures.begin())
        optimize.representative_data = path;
    }
    if (!optimize.signature_data.empty() &&
        optimize.representative_data.empty() &&
        optimize.calibration_in.empty() &&
        optimize.representative_dataset == nullptr)
      return InvalidArgument("signature '" + module.signatures[0].key +
                             "' has no examples, and others have");
    return {};
  }

  // A generator gives its examples once; the report wants some of them, too.
  void KeepExamples(OptimizeOptions& optimize) {
    kept_.clear();
    if (!options_.report || !optimize.representative_dataset) return;
    optimize.representative_dataset =
        [this, next = optimize.representative_dataset](
            std::vector<NpyArray>& example) -> Result<bool> {
      TRY_ASSIGN(const bool more, next(example));
      if (more && kept_.size() < static_cast<size_t>(options_.report->examples))
        kept_.push_back(example);
      return more;
    };
  }

  // `inputs`: as they were before their types changed.
  Result<void> Measure(Conversion conversion,
                       std::span<const TensorDetails> inputs,
                       const std::filesystem::path& examples) {
    if (!kept_.empty()) {
      conversion.examples =
          [this, next = size_t{0}](std::vector<NpyArray>& example) mutable {
            if (next == kept_.size()) return Result<bool>(false);
            example = kept_[next++];
            return Result<bool>(true);
          };
    } else if (!examples.empty()) {
      DatasetOptions how = options_.optimize.dataset;
      if (const auto notes = NotesOf(*conversion.module))
        UseMetadata(*notes, how);
      TRY_ASSIGN(Dataset data, Dataset::Open(examples, inputs, how));
      conversion.examples = GeneratorOf(std::move(data));
    }
    TRY_ASSIGN(report_, MakeReport(conversion, *options_.report));
    report_->notices = notices_;
    return {};
  }

  void TellSparse(const std::vector<std::string>& layers) {
    if (layers.empty()) return;
    std::string names;
    for (const std::string& layer : layers)
      names += (names.empty() ? " '" : ", '") + layer + "'";
    notices_.push_back("weights are stored sparse of" + names);
  }

  Result<void> Check(const SelfCheck& check, std::span<const std::byte> bytes) {
    const bool is_plain = !AsksForOptimization(options_.optimize);
    TRY_ASSIGN(check_, check.Compare(bytes, is_plain));
    if (!check_.not_finite.empty())
      notices_.push_back("output '" + check_.not_finite +
                         "' is infinite or no number for drawn inputs, in the "
                         "source too");
    return {};
  }

  std::string path_;
  decltype(ModelNotes::files) files_;        // go behind the model
  std::vector<std::vector<NpyArray>> kept_;  // of a representative_dataset
  Import import_;                            // one of the two
  Load load_;
};

Converter::Converter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Converter::Converter(Converter&&) noexcept = default;
Converter& Converter::operator=(Converter&&) noexcept = default;
Converter::~Converter() = default;

Result<Converter> Converter::FromKerasModel(const std::filesystem::path& path) {
  TRY_ASSIGN(KerasFile file, ReadKeras(path));
  auto shared = std::make_shared<const KerasFile>(std::move(file));
  return Converter(
      std::make_unique<Impl>(path, [shared](const ConvertOptions& o, auto&) {
        return One(ImportKeras(*shared, {o.skip_layers}));
      }));
}

Result<Converter> Converter::FromSavedModel(
    const std::filesystem::path& directory) {
  return Converter(std::make_unique<Impl>(
      directory,
      [directory](const ConvertOptions& o,
                  std::vector<std::string>& notices) -> Result<Functions> {
        TRY_ASSIGN(SavedModelFunctions imported,
                   ImportSavedModel(directory, {o.tags, o.signature, o.function,
                                                CustomOps(o)}));
        TRY_ASSIGN(auto detector,
                   CutDetector(imported.functions[0], DetectionOptionsOf(o)));
        if (detector) {
          notices.emplace_back(kCutNotice);
          return One(*std::move(detector));
        }
        for (const Error& error : imported.left_out)
          notices.push_back(LeftOutNotice(error));
        return std::move(imported.functions);
      }));
}

Result<Converter> Converter::FromFrozenGraph(
    const std::filesystem::path& path) {
  return Converter(std::make_unique<Impl>(
      path,
      [path](const ConvertOptions& o,
             std::vector<std::string>& notices) -> Result<Functions> {
        TRY_ASSIGN(ConcreteFunction function,
                   ImportGraph(path, {o.inputs, o.outputs}));
        if (o.inputs.empty())
          notices.push_back("inputs found: " + NamesOf(function.inputs));
        if (o.outputs.empty())
          notices.push_back("outputs found: " + NamesOf(function.outputs));
        return One(std::move(function));
      }));
}

Result<Converter> Converter::FromConcreteFunctions(
    std::span<const Function> functions) {
  TRY_ASSIGN(Functions model, FunctionsOfModel(functions));
  if (model.empty())
    return InvalidArgument("there is no function to convert; give one");
  const std::string name = "function '" + model[0].name + "'";
  auto shared = std::make_shared<const Functions>(std::move(model));
  return Converter(std::make_unique<Impl>(
      name,
      Impl::Import([shared](const ConvertOptions&, auto&) -> Result<Functions> {
        return *shared;
      })));
}

Result<Converter> Converter::FromTflite(const std::filesystem::path& path) {
  TRY_ASSIGN(TfliteModel file, TfliteModel::Open(path));
  auto shared = std::make_shared<const TfliteModel>(std::move(file));
  return Converter(std::make_unique<Impl>(
      path, Impl::Load([shared](const ConvertOptions& options)
                           -> Result<std::unique_ptr<ir::Module>> {
        if (!options.input_shapes.empty())
          return InvalidArgument(
              "is a .tflite already; its input shapes cannot be given");
        return ImportTflite(*shared);
      })));
}

Result<Converter> Converter::FromDetectionCheckpoint(
    const std::filesystem::path& pipeline_config,
    const std::filesystem::path& checkpoint) {
  return Converter(std::make_unique<Impl>(
      pipeline_config,
      [pipeline_config, checkpoint](
          const ConvertOptions& o,
          std::vector<std::string>& notices) -> Result<Functions> {
        TRY_ASSIGN(DetectionModel model,
                   ImportDetection(pipeline_config, checkpoint,
                                   DetectionOptionsOf(o)));
        notices = std::move(model.notices);
        return One(std::move(model.function));
      }));
}

Result<Converter> Converter::FromFile(const std::filesystem::path& path) {
  TRY_ASSIGN(const FileKind kind, DetectKind(path));
  switch (kind) {
    case FileKind::kKerasH5:
    case FileKind::kKerasZip:
      return FromKerasModel(path);
    case FileKind::kSavedModel:
      return FromSavedModel(path);
    case FileKind::kGraphDef:
      return FromFrozenGraph(path);
    case FileKind::kTflite:
      return FromTflite(path);
    default:
      return tl::unexpected(CannotConvert(path, kind));
  }
}

ConvertOptions& Converter::options() { return impl_->options_; }

const CheckReport& Converter::check() const { return impl_->check_; }

const std::vector<std::string>& Converter::notices() const {
  return impl_->notices_;
}

const std::optional<Report>& Converter::report() const {
  return impl_->report_;
}

Result<std::vector<std::byte>> Converter::Convert() {
  return impl_->ConvertNamed();
}

Result<void> Converter::ConvertToSavedModel(
    const std::filesystem::path& directory) {
  return impl_->SaveNamed(directory);
}

Result<void> Converter::ConvertToFile(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::vector<std::byte> bytes, Convert());
  return WriteFileAtomically(path, bytes);
}

}  // namespace liteforge
